/** Runs a real Prometheus for tests, with the project's own configuration. @module */

import { fileURLToPath } from "node:url";
import { DEBIAN, type PrometheusVersion } from "./engines.ts";
import { startListening } from "./listening.ts";

const PROMETHEUS_DIR = fileURLToPath(new URL("../../prometheus/", import.meta.url));

/** Where the project's configuration expects the exporter. */
const TARGET = '"localhost:8000"';

/** One sample: its time in seconds since 1970, and its value as text. */
export type Sample = readonly [time: number, value: string];

/** A series of an instant query's answer: `value` for a vector, `values` for a range vector. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Sample;
  readonly values?: readonly Sample[];
}

/** Asks a Prometheus, or what speaks its API. */
export interface PrometheusApi {
  readonly url: string;
  /** Calls its HTTP API; returns the `data` of the answer. */
  api(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
  /** Asks for an expression, at a time in seconds since 1970 if one is given. */
  query(expression: string, time?: number): Promise<readonly QueriedSeries[]>;
}

export interface RunningPrometheus extends PrometheusApi {
  /** @param signal Default: SIGTERM. */
  stop(signal?: Deno.Signal): Promise<void>;
}

export function prometheusApi(url: string): PrometheusApi {
  async function api(path: string, parameters: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = await response.json();
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
  return {
    url,
    api,
    async query(expression, time) {
      const at: Record<string, string> = time === undefined ? {} : { time: String(time) };
      const data = await api("query", { query: expression, ...at });
      return (data as { readonly result: readonly QueriedSeries[] }).result;
    },
  };
}

export interface PrometheusOptions {
  /** Default: Debian's. */
  readonly version?: PrometheusVersion;
  /** A folder of its own, for its configuration and data. */
  readonly dir: string;
  /** Port on 127.0.0.1 to scrape in place of the configured target. */
  readonly targetPort: number;
  /** Changes the configuration further, for tests that need to scrape faster. */
  readonly change?: (config: string) => string;
  /** How often rules are evaluated, such as `1s`, in place of the groups' own interval. */
  readonly rulesEvery?: string;
  /** Changes a rule file, by its name; only with `rulesEvery`. */
  readonly changeRules?: (text: string) => string;
  /** Runs it as an agent, which only scrapes and sends: it cannot be asked for anything. */
  readonly isAgent?: boolean;
  /** Further flags. */
  readonly args?: readonly string[];
}

/** How the project's configuration names its rules, from the folder that it lies in. */
const RULES = "- rules/*.yml";

/** The text with the only occurrence of a part of it replaced. */
function replaceOnly(text: string, part: string, by: string): string {
  const parts = text.split(part);
  if (parts.length !== 2) {
    throw new Error(`Expected ${part} once in local.yml, found ${parts.length - 1} of them`);
  }
  return parts.join(by);
}

/** The project's configuration with nothing but the target replaced, for any folder. */
function configFor(port: number, rules: string): string {
  const config = Deno.readTextFileSync(`${PROMETHEUS_DIR}local.yml`);
  const withRules = replaceOnly(config, RULES, `- ${rules}/*.yml`);
  return replaceOnly(withRules, TARGET, `"127.0.0.1:${port}"`);
}

/** Copies the project's rules, evaluated at another interval. */
async function copyRules(
  dir: string,
  every: string,
  change: (text: string) => string,
): Promise<string> {
  const folder = `${dir}/rules`;
  await Deno.mkdir(folder);
  for (const name of ["alerts.yml", "games.yml"]) {
    const rules = await Deno.readTextFile(`${PROMETHEUS_DIR}rules/${name}`);
    const text = rules.replaceAll("    interval: 15s\n", `    interval: ${every}\n`);
    await Deno.writeTextFile(`${folder}/${name}`, change(text));
  }
  return folder;
}

/** Starts Prometheus on a free port of 127.0.0.1, and waits until it is ready. */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const {
    version = DEBIAN,
    dir,
    targetPort,
    change = (config) => config,
    isAgent = false,
    rulesEvery,
    changeRules = (text) => text,
    args = [],
  } = options;
  const rules = rulesEvery === undefined
    ? `${PROMETHEUS_DIR}rules`
    : await copyRules(dir, rulesEvery, changeRules);
  await Deno.writeTextFile(`${dir}/prometheus.yml`, change(configFor(targetPort, rules)));
  return await runPrometheus(version, dir, [
    ...isAgent
      ? [version.agentFlag, `--storage.agent.path=${dir}/data`]
      : [`--storage.tsdb.path=${dir}/data`],
    ...args,
  ]);
}

/**
 * Runs Prometheus with the `prometheus.yml` of a folder on a free port of 127.0.0.1, and waits until it
 * is ready.
 *
 * @param args Its flags, but for the configuration and the port.
 */
export async function runPrometheus(
  version: PrometheusVersion,
  dir: string,
  args: readonly string[],
): Promise<RunningPrometheus> {
  const { host, stop } = await startListening(version.prometheus, {
    args: [
      `--config.file=${dir}/prometheus.yml`,
      ...args.some((arg) => arg.startsWith("--web.listen-address"))
        ? []
        : ["--web.listen-address=127.0.0.1:0"],
      ...args,
    ],
    cwd: dir,
  }, (log) => {
    const address = /msg="Listening on" .*address=(127\.0\.0\.1:\d+)/.exec(log)?.[1];
    return log.includes("Server is ready") ? address : undefined;
  });
  return { ...prometheusApi(`http://${host}`), stop };
}
