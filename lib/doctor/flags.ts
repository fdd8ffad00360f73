/** The command `doctor`: its flags and its options. @module */

import { commandLineValues } from "../cli/values.ts";
import type { Layer } from "../cli/layers.ts";
import {
  type Command,
  CONFIG_FLAG,
  FOLLOW_FLAG,
  onCommandLine,
  onOff,
  optional,
  repeatable,
  single,
} from "../cli/flag.ts";
import { FILE, oneOf, PLAIN_URL } from "../cli/kinds.ts";
import { UsageError } from "../cli/usage_error.ts";
import { type LinkName, LINKS } from "./link.ts";

/** The command whose output `doctor kubernetes` reads. */
export const KUBERNETES_GET =
  "kubectl get prometheus,servicemonitor,podmonitor,pods,services,namespaces --all-namespaces -o json";

const DOCTOR_FLAGS = onCommandLine({
  what: optional<"kubernetes">({
    name: "what",
    unit: "[kubernetes]",
    positional: true,
    kind: oneOf(["kubernetes"]),
    defaultText: "the chain from the game to Grafana",
    help: `kubernetes: check the objects of a cluster, the output of ${KUBERNETES_GET}.`,
  }),
  objects: optional({
    name: "objects",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "standard input",
    help: "File with that output, for doctor kubernetes; - is standard input.",
  }),
  config: { ...CONFIG_FLAG, help: "Configuration file of the exporter." },
  url: optional({
    name: "url",
    unit: "<URL>",
    kind: PLAIN_URL,
    defaultText: "from the exporter's configuration, else http://127.0.0.1:8000",
    help: "Address of the exporter.",
  }),
  follow: repeatable<string>({
    ...FOLLOW_FLAG,
    defaultValue: [],
    defaultText: "from the exporter's configuration",
    help: "File that the exporter follows. Repeatable.",
  }),
  userFile: optional({
    name: "user-file",
    unit: "<FILE>",
    kind: FILE,
    help: "File with user:password, if the exporter requires a password.",
  }),
  prometheus: optional({
    name: "prometheus",
    unit: "<URL>",
    kind: PLAIN_URL,
    defaultText: "http://127.0.0.1:9090, if it answers",
    help: "Address of Prometheus.",
  }),
  grafana: optional({
    name: "grafana",
    unit: "<URL>",
    kind: PLAIN_URL,
    defaultText: "http://localhost:3000, if it answers",
    help: "Address of Grafana.",
  }),
  until: single<LinkName>({
    name: "until",
    unit: "<LINK>",
    kind: oneOf(LINKS),
    defaultValue: "grafana",
    help: `Last link to check: ${LINKS.join(", ")}.`,
  }),
  json: onOff({
    name: "json",
    help: "Print the results as one JSON object.",
  }),
});

export const DOCTOR = {
  summary: "Checks each link from the game to Grafana and reports the first problem.",
  flags: DOCTOR_FLAGS,
  example: "tradesim-exporter doctor --follow logs/metrics.jsonl",
} as const satisfies Command;

/** Flags that `doctor kubernetes` has, by property. */
const OF_KUBERNETES = ["what", "objects", "json"];

/**
 * Reads the options of `doctor`; `--config` is for the exporter's.
 *
 * @throws {UsageError} When a flag is for the other kind of check.
 */
export function readDoctor(fromArguments: Layer) {
  const isKubernetes = fromArguments.has("what");
  for (const [property, { name }] of fromArguments) {
    if (property === "json" || OF_KUBERNETES.includes(property) === isKubernetes) continue;
    throw new UsageError(
      isKubernetes
        ? `Cannot use ${name} with doctor kubernetes`
        : `Cannot use ${name} without kubernetes: expected doctor kubernetes ${name}`,
    );
  }
  const { config: _config, ...options } = commandLineValues(DOCTOR.flags, fromArguments);
  return options;
}

/** What `doctor` is to do. */
export type DoctorOptions = Omit<ReturnType<typeof readDoctor>, "userFile" | "what" | "objects">;
