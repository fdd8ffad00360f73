/** Makes inquiries for tests of single links, with servers that are not there. @module */

import type { Configuration } from "../../lib/doctor/mod.ts";
import type { Answer, Ask, Silence } from "../../lib/doctor/ask.ts";
import type { Inquiry } from "../../lib/doctor/inquiry.ts";
import { readScrape } from "../../lib/doctor/text_format.ts";

export const EXPORTER = "http://127.0.0.1:8000";
export const PROMETHEUS = "http://127.0.0.1:9090";
export const GRAFANA = "http://127.0.0.1:3000";
/** The time of all checks, in seconds since 1970. */
export const NOW = 1_795_000_000;

export const CONFIGURATION: Configuration = {
  address: { hostname: "127.0.0.1", port: 8000 },
  telemetryPath: "/metrics",
  follow: ["logs/metrics*.jsonl"],
  isFollowChosen: false,
  maxBody: 1 << 20,
  certificate: undefined,
};

export const CLOSED: Silence = { kind: "closed", reason: "nothing listens there" };

export function answer(
  text: string,
  status = 200,
  headers: Readonly<Record<string, string>> = { "content-type": "text/plain; version=0.0.4" },
): Answer {
  return { status, text, headers: new Headers(headers) };
}

export function json(value: unknown, status = 200): Answer {
  return answer(JSON.stringify(value), status, { "content-type": "application/json" });
}

/** Asks servers that answer these URLs, and nothing at any other. */
export function servers(answers: Readonly<Record<string, Answer | Silence>>): Ask {
  return (url) => Promise.resolve(answers[url] ?? CLOSED);
}

/** A scrape that shows what an exporter started a minute ago has, and these lines of gauges. */
export function scrapeOf(values: Readonly<Record<string, number>>): string {
  const all = {
    'tradesim_exporter_build_info{version="1.2.3"}': 1,
    process_start_time_seconds: NOW - 60,
    ...values,
  };
  let text = "\n";
  let family = "";
  for (const [series, value] of Object.entries(all)) {
    const name = series.replace(/\{.*$/, "");
    if (name !== family) text += `# TYPE ${name} gauge\n`;
    family = name;
    text += `${series} ${value}\n`;
  }
  return text;
}

/** An inquiry of which all links before the one under test were fine. */
export function inquiryWith(
  changes: Partial<Inquiry> & { readonly shown?: Readonly<Record<string, number>> } = {},
): Inquiry {
  const { shown, ...rest } = changes;
  const text = scrapeOf(shown ?? {});
  return {
    configuration: CONFIGURATION,
    url: EXPORTER,
    metricsUrl: `${EXPORTER}/metrics`,
    authorization: {},
    prometheus: { url: PROMETHEUS, isAsked: false },
    grafana: { url: GRAFANA, isAsked: false },
    ask: servers({}),
    command: "deno task",
    now: () => NOW,
    answer: answer(text),
    scrape: readScrape(text),
    ...rest,
  };
}
