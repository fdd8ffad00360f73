/** Checks Prometheus, or what stands in its place: whether it answers and scrapes this exporter. @module */

import * as z from "zod";
import { parseDuration, span } from "../text/mod.ts";
import { isAnswer, readJson } from "./ask.ts";
import type { Inquiry } from "./inquiry.ts";
import { broken, ok, type Result, skip } from "./link.ts";
import { remedyFor } from "./scrape_remedies.ts";
import { sumOf } from "./text_format.ts";

const BUILD_INFO = z.object({
  status: z.literal("success"),
  data: z.object({ version: z.string() }),
});

const TARGETS = z.object({
  data: z.object({
    activeTargets: z.array(z.object({
      labels: z.record(z.string(), z.string()),
      scrapeUrl: z.string(),
      lastError: z.string(),
      lastScrape: z.string(),
      health: z.string(),
      scrapeInterval: z.string().optional(),
      // VictoriaMetrics has the interval among these alone.
      discoveredLabels: z.record(z.string(), z.string()).default({}),
    })),
  }),
});
type Target = z.infer<typeof TARGETS>["data"]["activeTargets"][number];

const VECTOR = z.object({
  data: z.object({
    result: z.array(z.object({
      metric: z.record(z.string(), z.string()),
      value: z.tuple([z.number(), z.string()]),
    })),
  }),
});

/** Series that exporters of ours, and only they, have: when each was started. */
const STARTS = "process_start_time_seconds and on (job, instance) tradesim_exporter_build_info";

/** Rules, alerts and dashboards name it. */
const JOB = "tradesim";
/** Scraped less often than this, rates over a minute have too few samples. */
const LONGEST_INTERVAL = 15;
/** What the stack's data source is told; graphs of another interval need another one. */
const STACK_INTERVAL = 1;

/** What a server knows of exporters. */
interface Known {
  /** What it is and where. */
  readonly name: string;
  readonly targets: readonly Target[];
  /** The labels of the series of each exporter, by its start; undefined = it keeps none, as an agent. */
  readonly series:
    | readonly { readonly metric: Readonly<Record<string, string>>; readonly started: number }[]
    | undefined;
}

/** Asks for everything that the server knows; undefined parts are those that it has not. */
async function ask({ ask, prometheus: { url } }: Inquiry, version: string | undefined) {
  const targetsAnswer = await ask(`${url}/api/v1/targets?state=active`);
  // Unasked VictoriaMetrics leaves out the last 30 s; Prometheus does not know that parameter.
  const query = new URLSearchParams({ query: STARTS, latency_offset: "1ms" });
  const seriesAnswer = await ask(`${url}/api/v1/query?${query}`);
  const targets = isAnswer(targetsAnswer) ? readJson(TARGETS, targetsAnswer) : undefined;
  const series = isAnswer(seriesAnswer) ? readJson(VECTOR, seriesAnswer) : undefined;
  if (targets === undefined) return undefined;
  // An agent stores nothing: Prometheus answers 422 then, vmagent 400.
  const isAgent = isAnswer(seriesAnswer) && [400, 422].includes(seriesAnswer.status);
  if (series === undefined && !isAgent) return undefined;
  const known: Known = {
    name: version === undefined
      ? `the agent at ${url}`
      : `version ${version === "" ? "unknown" : version} at ${url}`,
    targets: targets.data.activeTargets,
    series: series?.data.result.map(({ metric, value: [, text] }) => ({
      metric,
      started: Number(text),
    })),
  };
  return known;
}

export async function checkPrometheus(inquiry: Inquiry): Promise<Result> {
  const { prometheus: { url, isAsked } } = inquiry;
  const absent = (reason: string) =>
    isAsked
      ? broken(`${url} ${reason}`, "start Prometheus, or set its address with --prometheus")
      : skip(`${url} ${reason}; set another address with --prometheus`);

  const build = await inquiry.ask(`${url}/api/v1/status/buildinfo`);
  if (!isAnswer(build)) return absent(`does not answer: ${build.reason}`);
  if (build.status === 401) {
    return skip(`${url} requires a password, which doctor does not support`);
  }
  const version = readJson(BUILD_INFO, build)?.data.version;
  const known = await ask(inquiry, version);
  if (known === undefined) {
    return version === undefined ? absent("is not Prometheus") : broken(
      `${url} does not list its targets`,
      "check that it is ready, and that this machine may use its API",
    );
  }
  if (known.series === undefined) return judgeAgent(inquiry, known);
  const result = judgeServer(inquiry, known);
  return result.state === "FAIL" && known.targets.length === 0
    ? await judgeReceiver(inquiry, known) ?? result
    : result;
}

/** Of a server that scrapes nothing: whether this exporter sends it turns, under its default labels. */
async function judgeReceiver(
  { ask, metricsUrl, prometheus: { url }, scrape }: Inquiry,
  { name }: Known,
): Promise<Result | undefined> {
  if (!(scrape && sumOf(scrape, "tradesim_exporter_remote_write_samples_sent_total"))) return;
  const turns = `tours_completes{instance=~".+:${portOf(metricsUrl)}/turns"}`;
  const query = new URLSearchParams({
    query: `group by (job, instance) (last_over_time(${turns}[1h]))`,
    latency_offset: "1ms",
  });
  const answer = await ask(`${url}/api/v1/query?${query}`);
  const labels = isAnswer(answer) ? readJson(VECTOR, answer)?.data.result.at(0)?.metric : undefined;
  if (labels === undefined) return;
  return otherJob(name, labels.job) ??
    ok(
      `${name} is sent this exporter's turns, instance ${labels.instance}; it does not scrape, ` +
        "so it has no metrics of the machine and the exporter",
    );
}

/** When this very exporter was started, in seconds since 1970. */
function startOf({ scrape }: Inquiry): number | undefined {
  return scrape && sumOf(scrape, "process_start_time_seconds");
}

/** Of a server that stores: the series of this very exporter tell its target. */
function judgeServer(inquiry: Inquiry, known: Known): Result {
  const { metricsUrl } = inquiry;
  const { name, targets, series = [] } = known;
  const started = startOf(inquiry);
  // Only the series of this very exporter have the same start time.
  const own = series.find((one) => isSame(one.started, started))?.metric;
  const target = own === undefined
    ? findSilent(metricsUrl, started, targets)
    : targets.find(({ labels }) => labels.job === own.job && labels.instance === own.instance);
  if (target !== undefined) return judgeTarget(inquiry, name, target, own !== undefined);
  if (own !== undefined) {
    return otherJob(name, own.job) ??
      ok(`${name} has its series, sent by another: job ${own.job}, instance ${own.instance}`);
  }
  if (targets.length === 0 && series.length === 0) {
    return broken(
      `${name} scrapes nothing, and nobody sends it series of this exporter`,
      "if an agent sends to it, check that one: --prometheus <URL of the agent>; " +
        addJob(metricsUrl),
    );
  }
  const others = series.length;
  return broken(
    `${name} does not scrape this exporter` + (others > 0 ? `, but ${others} other` : ""),
    addJob(metricsUrl),
  );
}

/** An agent keeps nothing that tells which exporter a target is. */
function judgeAgent(inquiry: Inquiry, { name, targets }: Known): Result {
  const { metricsUrl } = inquiry;
  const port = portOf(metricsUrl);
  const target = targets.find(({ scrapeUrl }) => portOf(scrapeUrl) === port);
  if (target === undefined) {
    return broken(`${name} does not scrape port ${port}`, addJob(metricsUrl));
  }
  const result = judgeTarget(inquiry, name, target, false);
  return result.state === "ok"
    ? ok(`${result.text}; it is an agent: check the server it sends to, with --prometheus`)
    : result;
}

function addJob(metricsUrl: string): string {
  return `add a job with the target ${new URL(metricsUrl).host} to its configuration ` +
    "(tradesim-exporter print prometheus has one), and reload it";
}

function otherJob(name: string, job: string | undefined): Result | undefined {
  return job === JOB ? undefined : broken(
    `${name} calls the job of this exporter ${job}`,
    `name it job_name: ${JOB}: rules, alerts and dashboards look for that`,
  );
}

/** @param isKnown Whether the server has series of this exporter since the exporter's start. */
function judgeTarget(inquiry: Inquiry, name: string, target: Target, isKnown: boolean): Result {
  const { metricsUrl } = inquiry;
  const { scrapeUrl, health, lastError } = target;
  const started = startOf(inquiry);
  if (health === "unknown" || (!isKnown && isBefore(started, target))) {
    return broken(
      `${name} has not scraped ${scrapeUrl} since ${isKnown ? "it was" : "this exporter"} started`,
      "wait for its scrape interval",
    );
  }
  if (health !== "up") {
    return broken(
      `${name} cannot scrape ${scrapeUrl}: ${lastError}`,
      remedyFor({ error: lastError, scrapeUrl, metricsUrl }),
    );
  }
  const interval = target.scrapeInterval ?? target.discoveredLabels["__scrape_interval__"];
  const every = parseDuration(interval ?? "");
  if (every !== undefined && every > LONGEST_INTERVAL) {
    return broken(
      `${name} scrapes ${scrapeUrl} every ${interval} only`,
      `set scrape_interval to ${LONGEST_INTERVAL}s or less: rules take rates over a minute`,
    );
  }
  const age = inquiry.now() - scraped(target);
  return otherJob(name, target.labels.job) ??
    ok(
      `${name} scrapes ${scrapeUrl}, ${span(age)} ago` +
        (every === undefined || every <= STACK_INTERVAL
          ? ""
          : `, every ${interval}; give Grafana's data source the same timeInterval`),
    );
}

/** Whether two starts are one: VictoriaMetrics may change the last digit of a number. */
function isSame(a: number, b: number | undefined): boolean {
  return b !== undefined && Math.abs(a - b) < 1e-5;
}

/** When a target was last scraped, in seconds since 1970. */
function scraped({ lastScrape }: Target): number {
  return Date.parse(lastScrape) / 1000;
}

/** Whether what Prometheus knows of a target is older than this exporter. */
function isBefore(started: number | undefined, target: Target): boolean {
  return started !== undefined && scraped(target) < started;
}

/** The port of a URL, which stays the same under every name of its host. */
function portOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed?.port || (parsed?.protocol === "https:" ? "443" : "80");
}

/** The target at the same port that shows nothing of this exporter: it is not up, or was before this start only. */
function findSilent(
  metricsUrl: string,
  started: number | undefined,
  targets: readonly Target[],
): Target | undefined {
  const port = portOf(metricsUrl);
  return targets.find((target) =>
    (target.health !== "up" || isBefore(started, target)) && portOf(target.scrapeUrl) === port
  );
}
