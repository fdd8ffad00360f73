/** What the servers of kubernetes/overlays/stack have in common: one pod, a volume that lasts, a service. @module */

import {
  type Component,
  type Container,
  deployment,
  HTTP,
  type Manifest,
  nameOf,
  service,
  serviceAccount,
  volumeClaim,
  writePaths,
} from "./pod.ts";
import { yamlFile } from "./text.ts";

export interface Server {
  readonly component: Component;
  /** Its container; name and port follow from the others. */
  readonly container: Omit<Container, "name" | "port">;
  readonly port: number;
  /** User of its image. */
  readonly user: number;
  /** Size of the volume `data`, whose claim has the name of the server. */
  readonly storage: string;
  /** All other volumes. */
  readonly volumes: readonly Manifest[];
  /** What else its pod needs. */
  readonly more?: Manifest;
}

/** The file of a server. */
export function serverFile(
  { component, container, port, user, storage, volumes, more = {} }: Server,
  storageClass: string | undefined,
): string {
  const name = nameOf(component);
  const named = { ...container, name: component, port: { name: HTTP, containerPort: port } };
  const data = { name: "data", persistentVolumeClaim: { claimName: name } };
  return yamlFile(
    writePaths([named]),
    deployment({ component, containers: [named], user, volumes: [data, ...volumes], more }),
    service(component, HTTP, port),
    serviceAccount(component),
    volumeClaim(component, name, storage, storageClass),
  );
}
