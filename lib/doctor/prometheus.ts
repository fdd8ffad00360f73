/** Looks at Prometheus: whether it is there and scrapes this exporter. @module */

import * as z from "zod";
import { isAnswer, readJson } from "./ask.ts";
import type { Inquiry } from "./inquiry.ts";
import { broken, type Finding, ok, skip, span } from "./link.ts";
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
type Series = z.infer<typeof VECTOR>["data"]["result"][number];

/** Series that exporters of ours, and only they, have: when each was started. */
const STARTS = "process_start_time_seconds and on (job, instance) tradesim_exporter_build_info";

export async function lookAtPrometheus(inquiry: Inquiry): Promise<Finding> {
  const { ask, prometheus: { url, isAsked }, metricsUrl } = inquiry;
  const absent = (reason: string) =>
    isAsked
      ? broken(`${url} ${reason}`, "start Prometheus, or say where it is with --prometheus")
      : skip(`${url} ${reason}; --prometheus names another place`);

  const build = await ask(`${url}/api/v1/status/buildinfo`);
  if (!isAnswer(build)) return absent(`does not answer: ${build.reason}`);
  if (build.status === 401) return skip(`${url} is behind a password, which is not asked for here`);
  const version = readJson(BUILD_INFO, build)?.data.version;
  if (version === undefined) return absent("is no Prometheus");

  const targetsAnswer = await ask(`${url}/api/v1/targets?state=active`);
  const seriesAnswer = await ask(`${url}/api/v1/query?query=${encodeURIComponent(STARTS)}`);
  const targets = isAnswer(targetsAnswer) ? readJson(TARGETS, targetsAnswer) : undefined;
  const series = isAnswer(seriesAnswer) ? readJson(VECTOR, seriesAnswer) : undefined;
  if (targets === undefined || series === undefined) {
    return broken(
      `${url} does not tell what it scrapes`,
      "see whether its API is open to this machine, and whether it is ready",
    );
  }
  const target = findTarget(inquiry, targets.data.activeTargets, series.data.result);
  const name = `version ${version} at ${url}`;
  if (target === undefined) {
    const others = series.data.result.length;
    return broken(
      `${name} does not scrape this exporter` + (others > 0 ? `, but ${others} other` : ""),
      `add a job with the target ${new URL(metricsUrl).host} to its configuration ` +
        "(tradesim-exporter print prometheus has one), and reload it",
    );
  }
  const { scrapeUrl, health, lastError, lastScrape } = target;
  if (health === "up") {
    const age = inquiry.now() - Date.parse(lastScrape) / 1000;
    return ok(`${name} scrapes ${scrapeUrl}, ${span(age)} ago`);
  }
  return health === "unknown"
    ? broken(`${name} has not scraped ${scrapeUrl} yet`, "wait for its scrape interval")
    : broken(
      `${name} cannot scrape ${scrapeUrl}: ${lastError}`,
      "name the exporter in its configuration as it is called from there; in a container, " +
        "localhost is the container itself",
    );
}

/** The port of a URL, which stays the same under every name of its host. */
function portOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed?.port || (parsed?.protocol === "https:" ? "443" : "80");
}

/**
 * The target that is this exporter: the one whose series tell the same start. Else one at the same
 * port that is not up, as of such a one there are no series.
 */
function findTarget(
  { scrape, metricsUrl }: Inquiry,
  targets: readonly Target[],
  series: readonly Series[],
): Target | undefined {
  const started = scrape && sumOf(scrape, "process_start_time_seconds");
  const own = series.find(({ value: [, text] }) => Number(text) === started)?.metric;
  if (own !== undefined) {
    return targets.find(({ labels }) => labels.job === own.job && labels.instance === own.instance);
  }
  const port = portOf(metricsUrl);
  return targets.find(({ health, scrapeUrl }) => health !== "up" && portOf(scrapeUrl) === port);
}
