/** The exporter's container, in a pod of its own and beside a simulation, from its service in compose.yml. @module */

import { stringify } from "yaml";
import {
  type Container,
  EXPORTER_CONTAINER,
  httpProbe,
  type Manifest,
  type Mount,
  nameOf,
  PORT,
  PORT_NAME,
} from "./pod.ts";
import type { Parameters } from "./parameters.ts";
import { type Files, serviceOf } from "./stack.ts";

/** Where the configuration is mounted. */
export const CONFIG_FOLDER = "/etc/tradesim-exporter";
export const CONFIG_NAME = "tradesim-exporter.yml";

/** The only flag that compose.yml may repeat. */
const HOST_FLAG = "allowed-host";
/** Setting by the environment, as in compose.yml: its flag. */
const ENVIRONMENT = /^TRADESIM_EXPORTER_(.+)$/;

/** Settings of the stack's exporter by the names of their flags; `true` for those without a value. */
function settingsOf(files: Files): Map<string, string | true> {
  const { args, environment } = serviceOf(files, "exporter");
  const settings = new Map<string, string | true>();
  for (const arg of args) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/.exec(arg) ?? [];
    const isTwice = name !== undefined && name !== HOST_FLAG && settings.has(name);
    if (name === undefined || isTwice) {
      throw new Error(`Cannot read the exporter's argument ${arg}`);
    }
    settings.set(name, value ?? true);
  }
  for (const [variable, value] of Object.entries(environment)) {
    const name = ENVIRONMENT.exec(variable)?.[1]?.toLowerCase().replaceAll("_", "-");
    if (name === undefined) throw new Error(`Cannot read the exporter's variable ${variable}`);
    if (value !== "" && value !== "false") settings.set(name, value === "true" ? true : value);
  }
  // In a cluster these names are others; see allowedHosts.
  settings.delete(HOST_FLAG);
  return settings;
}

/** The same settings as a configuration file. */
export function configText(files: Files): string {
  const header = "# Settings of the exporter; tradesim-exporter print config lists all of them.\n";
  return header + stringify(Object.fromEntries(settingsOf(files)));
}

/**
 * Hosts that may ask, besides localhost for `kubectl port-forward`: the pod's address, by which
 * Prometheus asks, and names of the service. A web page cannot make its own name one of them.
 */
function allowedHosts(names: readonly string[]): string[] {
  return ["$(POD_IP)", ...names].map((name) => `--${HOST_FLAG}=${name}`);
}

const POD_IP = { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };
const NAMESPACE = {
  name: "NAMESPACE",
  valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } },
};

/**
 * Measured: 102 MiB and 1 % of a core with a game of four turns a second, details and a scrape a second;
 * 131 MB at most (bench/README.md).
 */
const REQUESTS = { cpu: "20m", memory: "128Mi" };

function probes(): Manifest {
  return {
    // Reading the state of many games takes seconds.
    startupProbe: httpProbe("/-/ready", PORT_NAME, { periodSeconds: 1, failureThreshold: 120 }),
    readinessProbe: httpProbe("/-/ready", PORT_NAME, { periodSeconds: 5 }),
    // A busy node must not end it: games would lose reports.
    livenessProbe: httpProbe("/-/healthy", PORT_NAME, { periodSeconds: 10, timeoutSeconds: 5 }),
  };
}

function exporter(
  files: Files,
  { image }: Parameters,
  args: readonly string[],
  env: readonly Manifest[],
  mounts: readonly Mount[],
  more: Manifest = {},
): Container {
  const { image: usual, memory } = serviceOf(files, "exporter");
  return {
    name: EXPORTER_CONTAINER,
    image: image ?? usual,
    args,
    env,
    port: { name: PORT_NAME, containerPort: PORT },
    mounts,
    resources: { ...REQUESTS, memoryLimit: memory },
    more: { ...probes(), ...more },
  };
}

/** The exporter in a pod of its own: it keeps its state, and other pods report to it. */
export function standingExporter(files: Files, parameters: Parameters, mounts: readonly Mount[]) {
  const name = nameOf("exporter");
  const hosts = ["", ".$(NAMESPACE)", ".$(NAMESPACE).svc", ".$(NAMESPACE).svc.cluster.local"]
    .map((domain) => name + domain);
  const config = `--config=${CONFIG_FOLDER}/${CONFIG_NAME}`;
  return exporter(files, parameters, [config, ...allowedHosts(hosts)], [POD_IP, NAMESPACE], mounts);
}

/**
 * The exporter as a sidecar: it ends with its pod, so it keeps no state, and only its own pod reports.
 * After the others have ended it waits for a last scrape.
 */
export function sidecarExporter(files: Files, parameters: Parameters, mounts: readonly Mount[]) {
  const settings = settingsOf(files);
  settings.delete("allow-remote-ingest");
  settings.set("state", "none");
  if (mounts.length === 0) settings.delete("follow");
  const args = Array.from(
    settings,
    ([name, value]) => value === true ? `--${name}` : `--${name}=${value}`,
  );
  return exporter(files, parameters, [...args, ...allowedHosts([])], [POD_IP], mounts, {
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
  });
}
