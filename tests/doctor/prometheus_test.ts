/** Tests of the check of Prometheus; tests/e2e/doctor_test.ts asks a real one. @module */

import assert from "node:assert/strict";
import type { Answer, Silence } from "../../lib/doctor/ask.ts";
import { checkPrometheus } from "../../lib/doctor/prometheus.ts";
import { answer, inquiryWith, json, NOW, PROMETHEUS, servers } from "./inquiries.ts";

const API = `${PROMETHEUS}/api/v1`;
const QUERY = `${API}/query?` + new URLSearchParams({
  query: "process_start_time_seconds and on (job, instance) tradesim_exporter_build_info",
  latency_offset: "1ms",
});
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

/** A failed scrape, as the server words it. */
function failed(lastError: string): Record<string, Answer> {
  return prometheus([target({ health: "down", lastError })], []);
}

/** What an agent answers: it has targets, and cannot be asked for series. */
function agent(targets: readonly unknown[]): Record<string, Answer> {
  const unavailable = { status: "error", error: "unavailable with Prometheus Agent" };
  return { ...prometheus(targets, []), [QUERY]: json(unavailable, 422) };
}

const NAME = `version 3.1.0 at ${PROMETHEUS}`;
const SCRAPES = `${NAME} scrapes http://exporter:8000/metrics`;
const FAILS = `${NAME} cannot scrape http://exporter:8000/metrics`;
const ADD_JOB = /^add a job with the target 127\.0\.0\.1:8000 to its configuration/;

/** What is found: the state, the text, and the remedy where it is told apart from others. */
const CASES: Readonly<
  Record<string, [answers: Readonly<Record<string, Answer | Silence>>, string, string, RegExp?]>
> = {
  "a scrape without the password": [
    failed("server returned HTTP status 401 Unauthorized"),
    "FAIL",
    `${FAILS}: server returned HTTP status 401 Unauthorized`,
    /^set basic_auth in its scrape job/,
  ],
  "a scrape of another path": [
    failed("server returned HTTP status 404 Not Found"),
    "FAIL",
    `${FAILS}: server returned HTTP status 404 Not Found`,
    /^set metrics_path: \/metrics in its scrape job$/,
  ],
  "a scrape of a name that the exporter does not know": [
    failed("server returned HTTP status 421 Misdirected Request"),
    "FAIL",
    `${FAILS}: server returned HTTP status 421 Misdirected Request`,
    /^start the exporter with --allowed-host exporter$/,
  ],
  "TLS to an exporter without": [
    failed('Get "https://x": http: server gave HTTP response to HTTPS client'),
    "FAIL",
    `${FAILS}: Get "https://x": http: server gave HTTP response to HTTPS client`,
    /^set scheme: http in its scrape job$/,
  ],
  "a certificate that Prometheus does not trust": [
    failed("tls: failed to verify certificate: x509: certificate signed by unknown authority"),
    "FAIL",
    `${FAILS}: tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    /^set tls_config in its scrape job: ca_file/,
  ],
  "a scrape that takes too long": [
    failed("context deadline exceeded"),
    "FAIL",
    `${FAILS}: context deadline exceeded`,
    /scrape_timeout$/,
  ],
  "a scrape of too many samples": [
    failed("sample limit exceeded"),
    "FAIL",
    `${FAILS}: sample limit exceeded`,
    /^raise sample_limit/,
  ],
  "a job of another name": [
    prometheus(
      [target({ labels: { ...LABELS, job: "game" } })],
      [series(STARTED, { ...LABELS, job: "game" })],
    ),
    "FAIL",
    `${NAME} calls the job of this exporter game`,
    /^name it job_name: tradesim: /,
  ],
  "an interval that is too long for rates over a minute": [
    prometheus([target({ scrapeInterval: "1m30s" })], [series(STARTED)]),
    "FAIL",
    `${SCRAPES} every 1m30s only`,
    /^set scrape_interval to 15s or less/,
  ],
  "an interval that Grafana must be told": [
    prometheus([target({ discoveredLabels: { __scrape_interval__: "15s" } })], [series(STARTED)]),
    "ok",
    `${SCRAPES}, 0.5 s ago, every 15s; give Grafana's data source the same timeInterval`,
  ],
  "the stack's interval": [
    prometheus([target({ scrapeInterval: "1s" })], [series(STARTED)]),
    "ok",
    `${SCRAPES}, 0.5 s ago`,
  ],
  "an agent that scrapes the port": [
    agent([target()]),
    "ok",
    `${SCRAPES}, 0.5 s ago; it is an agent: check the server it sends to, with --prometheus`,
  ],
  "an agent that scrapes another port": [
    agent([target({ scrapeUrl: "http://exporter:9000/metrics" })]),
    "FAIL",
    `${NAME} does not scrape port 8000`,
    ADD_JOB,
  ],
  "an agent that may not scrape": [
    agent([target({ health: "down", lastError: "server returned HTTP status 401 Unauthorized" })]),
    "FAIL",
    `${FAILS}: server returned HTTP status 401 Unauthorized`,
    /^set basic_auth/,
  ],
  "an agent that has not scraped since this start": [
    agent([target({ lastScrape: new Date((NOW - 61) * 1000).toISOString() })]),
    "FAIL",
    `${NAME} has not scraped http://exporter:8000/metrics since this exporter started`,
    /^wait/,
  ],
  "vmagent, which does not tell its version": [
    {
      [`${API}/status/buildinfo`]: answer("unsupported path requested", 400),
      [`${API}/targets?state=active`]: json({ data: { activeTargets: [target()] } }),
      [QUERY]: answer("unsupported path requested", 400),
    },
    "ok",
    `the agent at ${PROMETHEUS} scrapes http://exporter:8000/metrics, 0.5 s ago; ` +
    "it is an agent: check the server it sends to, with --prometheus",
  ],
  "a store that is sent this exporter's series": [
    prometheus([], [series(STARTED)]),
    "ok",
    `${NAME} has its series, sent by another: job tradesim, instance exporter:8000`,
  ],
  "a store that keeps the start with another last digit": [
    prometheus([], [series(STARTED + 3e-7)]),
    "ok",
    `${NAME} has its series, sent by another: job tradesim, instance exporter:8000`,
  ],
  "a store that is sent them under another job": [
    prometheus([], [series(STARTED, { ...LABELS, job: "game" })]),
    "FAIL",
    `${NAME} calls the job of this exporter game`,
    /^name it job_name: tradesim/,
  ],
  "a store without this exporter's series": [
    prometheus([], []),
    "FAIL",
    `${NAME} scrapes nothing, and nobody sends it series of this exporter`,
    /^if an agent sends to it, check that one: --prometheus .*; add a job/,
  ],
  "a Prometheus that was started after the scrape": [
    prometheus([target({ health: "unknown", lastScrape: "0001-01-01T00:00:00Z" })], [
      series(STARTED),
    ]),
    "FAIL",
    `${NAME} has not scraped http://exporter:8000/metrics since it was started`,
    /^wait/,
  ],
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

for (const [name, [answers, state, text, remedy]] of Object.entries(CASES)) {
  Deno.test(`checkPrometheus() tells ${name}`, async () => {
    const result = await checkPrometheus(inquiryWith({ ask: servers(answers) }));
    assert.deepEqual([result.state, result.text], [state, text]);
    if (remedy !== undefined) {
      assert.ok(result.state === "FAIL");
      assert.match(result.remedy, remedy);
    }
  });
}

/** What a server answers that scrapes nothing, and was sent turns with these labels. */
function receiver(...sent: readonly Readonly<Record<string, string>>[]): Record<string, Answer> {
  const turns = 'tours_completes{instance=~".+:8000/turns"}';
  const query = new URLSearchParams({
    query: `group by (job, instance) (last_over_time(${turns}[1h]))`,
    latency_offset: "1ms",
  });
  const result = sent.map((labels) => series(1, labels));
  return { ...prometheus([], []), [`${API}/query?${query}`]: json({ data: { result } }) };
}

Deno.test("checkPrometheus() knows a server to which this exporter sends its turns", async () => {
  const sent = { job: "tradesim", instance: "127.0.0.1:8000/turns" };
  const shown = { tradesim_exporter_remote_write_samples_sent_total: 7 };
  for (
    const [answers, numbers, state] of [
      [receiver(sent), shown, "ok"],
      [receiver({ ...sent, job: "game" }), shown, "FAIL"],
      [receiver(), shown, "FAIL"],
      // Another exporter of that port sent them.
      [receiver(sent), {}, "FAIL"],
      [receiver(sent), { tradesim_exporter_remote_write_samples_sent_total: 0 }, "FAIL"],
    ] as const
  ) {
    const result = await checkPrometheus(inquiryWith({ ask: servers(answers), shown: numbers }));
    assert.equal(result.state, state, result.text);
    if (state === "ok") {
      assert.match(result.text, /is sent this exporter's turns, instance 127\.0\.0\.1:8000\/turns/);
    }
  }
});

Deno.test("checkPrometheus() knows HTTP that is spoken to TLS by the exporter's own address", async () => {
  const result = await checkPrometheus(
    inquiryWith({ ask: servers(failed("EOF")), metricsUrl: "https://exporter:8000/metrics" }),
  );
  assert.ok(result.state === "FAIL");
  assert.match(result.remedy, /^set scheme: https and tls_config/);
});

Deno.test("checkPrometheus() misses one that was asked for", async () => {
  const result = await checkPrometheus(
    inquiryWith({ prometheus: { url: PROMETHEUS, isAsked: true } }),
  );
  assert.deepEqual([result.state, result.text], [
    "FAIL",
    `${PROMETHEUS} does not answer: nothing listens there`,
  ]);
});
