/** Commands of kubectl that repair what is broken. @module */

import type { Monitor, Named } from "./objects.ts";
import type { Unmet } from "./selector.ts";

/** A word of a shell's command line, whatever is in it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command of kubectl as one line. */
export function kubectl(...words: readonly string[]): string {
  return ["kubectl", ...words].map(shellWord).join(" ");
}

/** The command that gives an object the labels that it lacks. */
export function labelCommand(object: Named, unmet: readonly Unmet[]): string {
  const isNamespace = object.kind === "Namespace";
  return kubectl(
    "label",
    object.kind.toLowerCase(),
    object.name,
    ...isNamespace ? [] : ["--namespace", object.namespace],
    "--overwrite",
    ...unmet.map(({ change }) => change),
  );
}

/** The command that merges a change into an object. */
export function patchCommand(object: Named, spec: Readonly<Record<string, unknown>>): string {
  return kubectl(
    ...["patch", object.kind.toLowerCase(), object.name, "--namespace", object.namespace],
    ...["--type", "merge", "--patch", JSON.stringify({ spec })],
  );
}

/** The field with the endpoints of a monitor. */
const ENDPOINTS = { ServiceMonitor: "endpoints", PodMonitor: "podMetricsEndpoints" } as const;

/** A step of a JSON patch (RFC 6902). */
export interface Step {
  readonly op: "add" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

/** The command that changes single places of an object. */
export function stepsCommand(object: Named, ...steps: readonly Step[]): string {
  return kubectl(
    ...["patch", object.kind.toLowerCase(), object.name, "--namespace", object.namespace],
    ...["--type", "json", "--patch", JSON.stringify(steps)],
  );
}

/** The command that sets the port of a monitor's endpoint. One of several endpoints may be right for others. */
export function portCommand(monitor: Monitor, port: Readonly<Record<string, unknown>>): string {
  const path = `/spec/${ENDPOINTS[monitor.kind]}`;
  const [only, ...others] = monitor.endpoints;
  if (only === undefined) return stepsCommand(monitor, { op: "add", path, value: [port] });
  if (others.length > 0) {
    return stepsCommand(monitor, { op: "add", path: `${path}/-`, value: port });
  }
  const stale = (["port", "portNumber", "targetPort"] as const)
    .filter((field) => only[field] !== undefined && !Object.hasOwn(port, field));
  return stepsCommand(
    monitor,
    ...stale.map((field): Step => ({ op: "remove", path: `${path}/0/${field}` })),
    ...Object.entries(port).map(([field, value]): Step => ({
      op: "add",
      path: `${path}/0/${field}`,
      value,
    })),
  );
}

/** The command that adds a relabeling to a monitor's endpoint, behind those that it has. */
export function relabelingCommand(monitor: Monitor, index: number, relabeling: unknown): string {
  const path = `/spec/${ENDPOINTS[monitor.kind]}/${index}/relabelings`;
  const isFirst = monitor.endpoints[index]?.relabelings.length === 0;
  return stepsCommand(
    monitor,
    isFirst
      ? { op: "add", path, value: [relabeling] }
      : { op: "add", path: `${path}/-`, value: relabeling },
  );
}
