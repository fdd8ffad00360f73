/** Recognizes pods with an exporter, and their ports. @module */

import { EXPORTER_CONTAINER as CONTAINER, EXPORTER_PORT, PART_OF } from "../../kubernetes/mod.ts";
import type { Container, Pod, Port } from "./objects.ts";

/** The exporter's image, in whatever registry and version. */
const IMAGE = /(^|\/)tradesim-exporter([:@]|$)/;
/** Commands of the same program that are no exporter. */
const OTHER_COMMAND = /^(?!-|serve$)/;

/** The exporter's container of a pod; undefined where it has none. Its image may have any name. */
export function exporterContainer({ containers, labels }: Pod): Container | undefined {
  const isOurs = labels["app.kubernetes.io/part-of"] === PART_OF;
  return containers.find(({ name, image, command: [_program, ...words], args }) => {
    const [first = "-"] = [...words, ...args];
    return (IMAGE.test(image) && !OTHER_COMMAND.test(first)) || (isOurs && name === CONTAINER);
  });
}

/** Whether a pod is over: nobody scrapes it any more, and that is right. */
export function isEnded({ phase }: Pod): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** Why a container does not run, as the kubelet calls it; undefined where it runs or nobody knows. */
export function stoppedBecause({ states }: Pod, container: string): string | undefined {
  const state = states.get(container);
  if (state === undefined || state.running !== undefined) return undefined;
  return state.waiting?.reason ?? state.terminated?.reason;
}

/** A port that the exporter listens on. */
export interface ExporterPort {
  readonly name: string | undefined;
  readonly number: number;
  /** Prometheus finds the ports of a pod only where its containers declare them. */
  readonly isDeclared: boolean;
}

/** The ports that the exporter's container declares; else the one of its arguments, or the default. */
export function exporterPorts(pod: Pod): readonly ExporterPort[] {
  const { args = [], ports = [] } = exporterContainer(pod) ?? {};
  if (ports.length > 0) {
    return ports.map(({ name, containerPort }) => ({
      name,
      number: containerPort,
      isDeclared: true,
    }));
  }
  const [, number] = /(?:^| )--port[= ](\d+)(?: |$)/.exec(args.join(" ")) ?? [];
  return [{ name: undefined, number: Number(number ?? EXPORTER_PORT), isDeclared: false }];
}

/** The number of a port that a container of the pod declares, by its name or number. */
export function declaredPort({ containers }: Pod, port: Port): number | undefined {
  return containers.flatMap(({ ports }) => ports)
    .find(({ name, containerPort }) => port === (typeof port === "number" ? containerPort : name))
    ?.containerPort;
}
