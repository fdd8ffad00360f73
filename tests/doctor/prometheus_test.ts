/** Tests of the look at Prometheus; tests/e2e/doctor_test.ts asks a real one. @module */

import assert from "node:assert/strict";
import type { Answer, Silence } from "../../lib/doctor/ask.ts";
import { lookAtPrometheus } from "../../lib/doctor/prometheus.ts";
import { answer, inquiryWith, json, NOW, PROMETHEUS, servers } from "./inquiries.ts";

const API = `${PROMETHEUS}/api/v1`;
const QUERY = `${API}/query?query=` + encodeURIComponent(
  "process_start_time_seconds and on (job, instance) tradesim_exporter_build_info",
);
const LABELS = { job: "tradesim", instance: "exporter:8000" };

function target(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    labels: LABELS,
    scrapeUrl: "http://exporter:8000/metrics",
    lastError: "",
    lastScrape: new Date((NOW - 0.5) * 1000).toISOString(),
    health: "up",
    ...changes,
  };
}

function series(started: number, labels: Readonly<Record<string, string>> = LABELS) {
  return { metric: labels, value: [NOW, String(started)] };
}

/** What a Prometheus with these targets answers, whose exporters tell these starts. */
function prometheus(
  targets: readonly unknown[],
  started: readonly unknown[],
): Record<string, Answer> {
  return {
    [`${API}/status/buildinfo`]: json({ status: "success", data: { version: "3.1.0" } }),
    [`${API}/targets?state=active`]: json({ data: { activeTargets: targets } }),
    [QUERY]: json({ data: { result: started } }),
  };
}

const OTHER = { job: "tradesim", instance: "other:8000" };
/** The exporter under test started a minute ago; another one earlier. */
const [STARTED, EARLIER] = [NOW - 60, NOW - 999];

const CASES: Readonly<
  Record<string, [answers: Readonly<Record<string, Answer | Silence>>, string, string]>
> = {
  "a target that is up": [
    prometheus([target()], [series(STARTED)]),
    "ok",
    `version 3.1.0 at ${PROMETHEUS} scrapes http://exporter:8000/metrics, 0.5 s ago`,
  ],
  "the right one of two targets": [
    prometheus(
      [target({ labels: OTHER, scrapeUrl: "http://other:8000/metrics" }), target()],
      [series(EARLIER, OTHER), series(STARTED)],
    ),
    "ok",
    `version 3.1.0 at ${PROMETHEUS} scrapes http://exporter:8000/metrics, 0.5 s ago`,
  ],
  "a target that is down": [
    prometheus([target({ health: "down", lastError: "connection refused" })], []),
    "FAIL",
    `version 3.1.0 at ${PROMETHEUS} cannot scrape http://exporter:8000/metrics: connection refused`,
  ],
  "a target that was not scraped yet": [
    prometheus([target({ health: "unknown", lastScrape: "0001-01-01T00:00:00Z" })], []),
    "FAIL",
    `version 3.1.0 at ${PROMETHEUS} has not scraped http://exporter:8000/metrics since this ` +
    "exporter started",
  ],
  "a target that was scraped before the exporter's restart": [
    prometheus([target({ lastScrape: new Date((NOW - 61) * 1000).toISOString() })], [
      series(EARLIER),
    ]),
    "FAIL",
    `version 3.1.0 at ${PROMETHEUS} has not scraped http://exporter:8000/metrics since this ` +
    "exporter started",
  ],
  "a target that was down before the exporter's restart": [
    prometheus([
      target({
        health: "down",
        lastError: "connection refused",
        lastScrape: new Date((NOW - 61) * 1000).toISOString(),
      }),
    ], []),
    "FAIL",
    `version 3.1.0 at ${PROMETHEUS} has not scraped http://exporter:8000/metrics since this ` +
    "exporter started",
  ],
  "no target": [
    prometheus([target({ scrapeUrl: "http://localhost:9090/metrics" })], []),
    "FAIL",
    `version 3.1.0 at ${PROMETHEUS} does not scrape this exporter`,
  ],
  "only another exporter of the same port": [
    prometheus([target()], [series(EARLIER)]),
    "FAIL",
    `version 3.1.0 at ${PROMETHEUS} does not scrape this exporter, but 1 other`,
  ],
  "a stranger at the same port": [
    prometheus([target()], []),
    "FAIL",
    `version 3.1.0 at ${PROMETHEUS} does not scrape this exporter`,
  ],
  "another server": [
    { [`${API}/status/buildinfo`]: answer("<html>", 404) },
    "skip",
    `${PROMETHEUS} is not Prometheus; set another address with --prometheus`,
  ],
  "nobody": [
    {},
    "skip",
    `${PROMETHEUS} does not answer: nothing listens there; set another address with --prometheus`,
  ],
  "a password": [
    { [`${API}/status/buildinfo`]: answer("Unauthorized", 401) },
    "skip",
    `${PROMETHEUS} requires a password, which doctor does not support`,
  ],
  "a closed API": [
    {
      ...prometheus([], []),
      [`${API}/targets?state=active`]: answer("no", 403),
    },
    "FAIL",
    `${PROMETHEUS} does not list its targets`,
  ],
};

for (const [name, [answers, state, text]] of Object.entries(CASES)) {
  Deno.test(`lookAtPrometheus() tells ${name}`, async () => {
    const finding = await lookAtPrometheus(inquiryWith({ ask: servers(answers) }));
    assert.deepEqual([finding.state, finding.text], [state, text]);
  });
}

Deno.test("lookAtPrometheus() misses one that was asked for", async () => {
  const finding = await lookAtPrometheus(
    inquiryWith({ prometheus: { url: PROMETHEUS, isAsked: true } }),
  );
  assert.deepEqual([finding.state, finding.text], [
    "FAIL",
    `${PROMETHEUS} does not answer: nothing listens there`,
  ]);
});
