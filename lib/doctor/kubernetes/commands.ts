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

/**
 * The command that sets a field of a monitor's first endpoint.
 *
 * @param field Its name; the whole endpoint is made where there is none.
 */
export function endpointCommand(monitor: Monitor, field: string, value: unknown): string {
  const path = `/spec/${ENDPOINTS[monitor.kind]}`;
  const patch = monitor.endpoints.length === 0
    ? { op: "add", path, value: [{ [field]: value }] }
    : { op: "add", path: `${path}/0/${field}`, value };
  return kubectl(
    ...["patch", monitor.kind.toLowerCase(), monitor.name, "--namespace", monitor.namespace],
    ...["--type", "json", "--patch", JSON.stringify([patch])],
  );
}
