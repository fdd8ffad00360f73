/**
 * The target of the public suite prometheus/compliance: it does what the exporter does not, and scrapes, in
 * order to feed what the suite serves into the exporter's own encoder, queue and sender.
 *
 *   deno run … tests/compliance/target.ts SCRAPED_URL RECEIVER_URL auto|1.0|2.0
 *
 * Ends with SIGINT, and fails if it has not sent what it was to scrape until then: many tests of the suite
 * pass without a request.
 *
 * @module
 */

import type { MetricType } from "../../lib/catalogue/mod.ts";
import { createLog } from "../../lib/log/mod.ts";
import type { Layout, QueuedSeries } from "../../lib/remote_write/layout.ts";
import { openSending } from "../../lib/remote_write/remote_write.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";

/** As often as Prometheus sends what it has: the suite counts requests. */
const INTERVAL_MS = 5000;
const TYPES: readonly MetricType[] = ["counter", "gauge", "histogram", "summary"];

interface Scraped extends QueuedSeries {
  readonly value: number;
  /** In milliseconds since 1970, where the text says it. */
  readonly time: number | undefined;
}

function unescape(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, letter) => letter === "n" ? "\n" : letter);
}

function numberOf(text: string): number {
  const special = /^([+-]?)inf$/i.exec(text);
  return special === null ? Number(text) : special[1] === "-" ? -Infinity : Infinity;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LINE = new RegExp(`^(${NAME})(?:\\{(.*?)\\})? (\\S+)(?: (-?[\\d.]+))?(?: # .*)?$`);

/** Reads the text format, as far as the suite writes it. */
export function parse(text: string): Scraped[] {
  const types = new Map<string, MetricType>();
  const helps = new Map<string, string>();
  const isOpenMetrics = text.trimEnd().endsWith("# EOF");
  return text.split("\n").flatMap((line): Scraped[] => {
    const [, kind, name = "", rest = ""] = /^# (TYPE|HELP) (\S+) ?(.*)$/.exec(line) ?? [];
    const type = TYPES.find((type) => type === rest);
    if (kind === "TYPE" && type !== undefined) types.set(name, type);
    if (kind === "HELP") helps.set(name, unescape(rest));
    const found = LINE.exec(line);
    if (line.startsWith("#") || found === null) return [];
    const [, metric = "", pairs = "", value = "", time] = found;
    const labels = Array.from(
      pairs.matchAll(/([^=,{}\s]+)="((?:[^"\\]|\\.)*)"/g),
      ([, label, value]) => [label!, unescape(value!)] as const,
    );
    const family = [metric, metric.replace(/_(bucket|sum|count|total)$/, "")]
      .find((name) => types.has(name) || helps.has(name)) ?? metric;
    return [{
      labels: [["__name__", metric], ...labels],
      type: types.get(family),
      help: helps.get(family) ?? "",
      value: numberOf(value),
      time: time === undefined ? undefined : Number(time) * (isOpenMetrics ? 1000 : 1),
    }];
  });
}

/** Scrapes now and then, and sends what it finds, until the suite has seen enough; says whether it has. */
async function run(
  scraped: string,
  receiver: string,
  protocol: "auto" | "1.0" | "2.0",
): Promise<boolean> {
  // First of all: the suite ends it after a few seconds, however long its start took.
  const ended = new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", () => resolve()));
  const directory = await Deno.makeTempDir();
  const telemetry = createTelemetry();
  const { queue, close } = openSending({
    url: receiver,
    protocol,
    labels: [["job", "test"], ["instance", new URL(scraped).host]],
    readSecrets: () => ({
      headers: { "user-agent": "tradesim-exporter/test" },
      tls: { ca: undefined, cert: undefined, key: undefined },
    }),
    queue: `${directory}/queue`,
    queueSize: 16 << 20,
    staleMarkers: false,
    telemetry,
    log: createLog({ level: "info", format: "logfmt" }),
  });
  /** Since when this target counts. */
  const start = Date.now() - 1;
  let last = "";
  /** The most samples that a scrape has found; undefined = there was none. */
  let found: number | undefined;
  let layout: Layout = { stream: "", start, series: [] };
  const scrape = async () => {
    const response = await fetch(scraped);
    const samples = parse(await response.text());
    found = Math.max(found ?? 0, samples.length);
    const series = samples.map(({ labels, type, help }) => ({ labels, type, help }));
    const key = JSON.stringify(series);
    if (key !== last) layout = { stream: "", start, series };
    last = key;
    const time = samples.find(({ time }) => time !== undefined)?.time ?? Date.now();
    queue.add(layout, Math.round(time), samples.map(({ value }) => value));
  };
  // The suite may have closed what is scraped.
  const timer = setInterval(() => scrape().catch(() => {}), INTERVAL_MS);
  scrape().catch(() => {});
  await ended;
  clearInterval(timer);
  await close(500);
  await Deno.remove(directory, { recursive: true });
  const requests = (await telemetry.values()).get("tradesim_exporter_remote_write_requests_total");
  return found === 0 || (requests ?? 0) > 0;
}

if (import.meta.main) {
  const [scraped = "", receiver = "", protocol = "auto"] = Deno.args;
  const isSent = await run(scraped, receiver, protocol as "auto" | "1.0" | "2.0");
  Deno.exit(isSent ? 0 : 1);
}
