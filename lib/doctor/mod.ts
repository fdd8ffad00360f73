/** The command `doctor`: checks the chain from the configuration to Grafana and reports the first problem. @module */

import type { DoctorOptions } from "./flags.ts";
import { basicAuthorization, createAsk } from "./ask.ts";
import { checkExporter, checkMetrics, checkPort } from "./exporter.ts";
import { checkFiles } from "./file.ts";
import { checkGrafana } from "./grafana.ts";
import { type Configuration, type Inquiry, localUrl, type Neighbour } from "./inquiry.ts";
import { broken, type LinkName, LINKS, ok, type Result, skip } from "./link.ts";
import { checkPrometheus } from "./prometheus.ts";
import { provisionedBy } from "./provisioned.ts";
import { createReporter } from "./reporter.ts";
import { checkSimulation } from "./simulation.ts";

export type { DoctorOptions } from "./flags.ts";
export type { Configuration } from "./inquiry.ts";
export { doctorKubernetes, KUBERNETES_LINKS } from "./kubernetes/mod.ts";
export { LINKS } from "./link.ts";

export interface DoctorContext {
  /** Reads the exporter's configuration. A problem is returned as a sentence. */
  readonly configure: () => Configuration | { readonly problem: string };
  /** `user:password` for the exporter, if it asks for one. */
  readonly user: string | undefined;
  /** Writes to standard output. */
  readonly write: (text: string) => void;
  /** What stands before a command's name on the command line of this program. */
  readonly command: string;
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

const PROMETHEUS_URL = "http://127.0.0.1:9090";
/** The stack's Grafana is served under this name alone. */
const GRAFANA_URL = "http://localhost:3000";

/** The checks of the links after the first. */
const CHECKS: Readonly<
  Record<Exclude<LinkName, "configuration">, (inquiry: Inquiry) => Result | Promise<Result>>
> = {
  port: checkPort,
  exporter: checkExporter,
  metrics: checkMetrics,
  file: checkFiles,
  simulation: checkSimulation,
  prometheus: checkPrometheus,
  grafana: async (inquiry) => {
    // Loaded only now: nothing else needs the files' texts.
    const { FILES } = await import("../print/files.ts");
    return await checkGrafana(inquiry, provisionedBy(FILES));
  },
};

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

function neighbour(asked: string | undefined, usual: string): Neighbour {
  return { url: withoutSlash(asked ?? usual), isAsked: asked !== undefined };
}

function createInquiry(
  options: DoctorOptions,
  { user, command, now }: DoctorContext,
  read: Configuration,
): Inquiry {
  const configuration = options.follow.length === 0
    ? read
    : { ...read, follow: options.follow, isFollowChosen: true };
  const url = withoutSlash(options.url ?? localUrl(configuration));
  return {
    configuration,
    url,
    metricsUrl: url + configuration.telemetryPath,
    authorization: user === undefined ? {} : basicAuthorization(user),
    prometheus: neighbour(options.prometheus, PROMETHEUS_URL),
    grafana: neighbour(options.grafana, GRAFANA_URL),
    ask: createAsk({ certificate: configuration.certificate }),
    command,
    now,
  };
}

function configure(options: DoctorOptions, context: DoctorContext): [Result, Inquiry?] {
  const read = context.configure();
  if ("problem" in read) {
    return [broken(
      `the exporter would not start: ${read.problem}`,
      "fix the configuration; tradesim-exporter --check-config reports the same",
    )];
  }
  if (read.address.port === 0 && options.url === undefined) {
    return [broken(
      "the exporter listens on a free port that the system selects",
      "set --url to the address that it logs (Listening)",
    )];
  }
  return [ok("can be read"), createInquiry(options, context, read)];
}

/** Checks the chain and writes the results. Returns the exit code: 1 if a link is broken. */
export async function doctor(options: DoctorOptions, context: DoctorContext): Promise<0 | 1> {
  const { until, json } = options;
  const reporter = createReporter(LINKS, { json, write: context.write });
  const [first, inquiry] = configure(options, context);
  reporter.tell("configuration", first);
  for (const name of LINKS.slice(1, LINKS.indexOf(until) + 1)) {
    if (name === "configuration") continue;
    const result = reporter.isBroken() || inquiry === undefined
      ? skip("not checked")
      : await CHECKS[name](inquiry);
    reporter.tell(name, result);
  }
  return reporter.end();
}
