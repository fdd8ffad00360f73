/** Recognizes pods with an exporter, and their ports. @module */

import { EXPORTER_CONTAINER as CONTAINER, PART_OF } from "../../kubernetes/mod.ts";
import type { Container, Pod, Port } from "./objects.ts";

/** The exporter's image, in whatever registry and version. */
const IMAGE = /(^|\/)tradesim-exporter([:@]|$)/;
/** Commands of the same program that are no exporter. */
const OTHER_COMMAND = /^(?!-|serve$)/;

/** The exporter's container of a pod; undefined where it has none. Its image may have any name. */
export function exporterContainer({ containers, labels }: Pod): Container | undefined {
  const isOurs = labels["app.kubernetes.io/part-of"] === PART_OF;
  return containers.find(({ name, image, args: [first = "-"] }) =>
    (IMAGE.test(image) && !OTHER_COMMAND.test(first)) || (isOurs && name === CONTAINER)
  );
}

/** Whether a pod is over: nobody scrapes it any more, and that is right. */
export function isEnded({ phase }: Pod): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** The number of a pod's port, by its name or number; undefined where it has none of that name. */
export function portNumber({ containers }: Pod, port: Port | undefined): number | undefined {
  if (typeof port === "number") return port;
  return containers.flatMap(({ ports }) => ports).find(({ name }) => name === port && port)
    ?.containerPort;
}
