/** Checks Prometheus: whether it answers and scrapes this exporter. @module */

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

/** Series that exporters of ours, and only they, have: when each was started. */
const STARTS = "process_start_time_seconds and on (job, instance) tradesim_exporter_build_info";

export async function lookAtPrometheus(inquiry: Inquiry): Promise<Finding> {
  const { ask, prometheus: { url, isAsked }, metricsUrl, scrape } = inquiry;
  const absent = (reason: string) =>
    isAsked
      ? broken(`${url} ${reason}`, "start Prometheus, or set its address with --prometheus")
      : skip(`${url} ${reason}; set another address with --prometheus`);

  const build = await ask(`${url}/api/v1/status/buildinfo`);
  if (!isAnswer(build)) return absent(`does not answer: ${build.reason}`);
  if (build.status === 401) {
    return skip(`${url} requires a password, which doctor does not support`);
  }
  const version = readJson(BUILD_INFO, build)?.data.version;
  if (version === undefined) return absent("is not Prometheus");

  const targetsAnswer = await ask(`${url}/api/v1/targets?state=active`);
  const seriesAnswer = await ask(`${url}/api/v1/query?query=${encodeURIComponent(STARTS)}`);
  const targets = isAnswer(targetsAnswer) ? readJson(TARGETS, targetsAnswer) : undefined;
  const series = isAnswer(seriesAnswer) ? readJson(VECTOR, seriesAnswer) : undefined;
  if (targets === undefined || series === undefined) {
    return broken(
      `${url} does not list its targets`,
      "check that it is ready, and that this machine may use its API",
    );
  }
  const started = scrape && sumOf(scrape, "process_start_time_seconds");
  // Only the series of this very exporter have the same start time.
  const own = series.data.result.find(({ value: [, text] }) => Number(text) === started)?.metric;
  const { activeTargets } = targets.data;
  const target = own === undefined
    ? findSilent(metricsUrl, started, activeTargets)
    : activeTargets.find(({ labels }) =>
      labels.job === own.job && labels.instance === own.instance
    );
  const name = `version ${version} at ${url}`;
  if (target === undefined) {
    const others = series.data.result.length;
    return broken(
      `${name} does not scrape this exporter` + (others > 0 ? `, but ${others} other` : ""),
      `add a job with the target ${new URL(metricsUrl).host} to its configuration ` +
        "(tradesim-exporter print prometheus has one), and reload it",
    );
  }
  const { scrapeUrl, health, lastError } = target;
  if (own === undefined && (health === "unknown" || isBefore(started, target))) {
    return broken(
      `${name} has not scraped ${scrapeUrl} since this exporter started`,
      "wait for its scrape interval",
    );
  }
  if (health === "up") {
    const age = inquiry.now() - scraped(target);
    return ok(`${name} scrapes ${scrapeUrl}, ${span(age)} ago`);
  }
  return broken(
    `${name} cannot scrape ${scrapeUrl}: ${lastError}`,
    "use an address of the exporter that Prometheus can reach; in a container, " +
      "localhost is the container itself",
  );
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
