/** Tests of the checks of the port, the exporter and its metrics. @module */

import assert from "node:assert/strict";
import type { Answer, Ask, Silence } from "../../lib/doctor/ask.ts";
import { checkExporter, checkMetrics, checkPort } from "../../lib/doctor/exporter.ts";
import { answer, EXPORTER, inquiryWith, json, NOW, scrapeOf, servers } from "./inquiries.ts";

const OURS = "127.0.0.1:8000 is an exporter";
const HTML = { "content-type": "text/html" };
const CHALLENGE = { "www-authenticate": 'Basic realm="tradesim-exporter"' };

/** Who answers at `/metrics`, `/about` and `/`, and what is said of that. */
const PORTS: Readonly<
  Record<
    string,
    { metrics: Answer | Silence; about?: Answer; page?: Answer; state: string; text: RegExp }
  >
> = {
  "an exporter": { metrics: answer(scrapeOf({})), state: "ok", text: new RegExp(OURS) },
  "an exporter behind a password": {
    metrics: answer("Unauthorized\n", 401, CHALLENGE),
    state: "ok",
    text: new RegExp(OURS),
  },
  "an exporter whose metrics are elsewhere": {
    metrics: answer("Not found\n", 404),
    about: answer("<title>tradesim-exporter</title>", 200, HTML),
    state: "ok",
    text: new RegExp(OURS),
  },
  "an exporter under a name that it does not serve": {
    metrics: answer("This host name is not accepted; see --allowed-host\n", 421),
    state: "FAIL",
    text: /^127\.0\.0\.1:8000 is an exporter that does not accept this host name$/,
  },
  "nobody": {
    metrics: { kind: "closed", reason: "nothing listens there" },
    state: "FAIL",
    text: /^127\.0\.0\.1:8000 does not answer: nothing listens there$/,
  },
  "what may not be reached": {
    metrics: { kind: "denied", reason: "this program may not connect there" },
    state: "FAIL",
    text: /may not connect there$/,
  },
  "TradeSim's own exporter": {
    metrics: answer('python_info{version="3"} 1.0\ntradesim_budget_total 1.0\n'),
    state: "FAIL",
    text: /^127\.0\.0\.1:8000 is used by TradeSim's own exporter, not by this exporter$/,
  },
  "Prometheus": {
    metrics: answer('prometheus_build_info{version="3"} 1\n'),
    state: "FAIL",
    text: /used by Prometheus,/,
  },
  "Grafana": {
    metrics: answer('grafana_build_info{version="3"} 1\n'),
    state: "FAIL",
    text: /used by Grafana,/,
  },
  "a server with a page": {
    metrics: answer("no", 404),
    page: answer("<html><title>\nMy page</title>", 200, HTML),
    state: "FAIL",
    text: /used by a server with a page titled "My page",/,
  },
  "a server with a name": {
    metrics: json({ detail: "Not Found" }, 404),
    page: answer("{}", 200, { server: "uvicorn" }),
    state: "FAIL",
    text: /used by a server that calls itself "uvicorn",/,
  },
  "a server without a name": {
    metrics: answer("x".repeat(1000), 500),
    state: "FAIL",
    text: /used by a server that answers "x{60}" \(500\),/,
  },
};

for (const [name, { metrics, about, page, state, text }] of Object.entries(PORTS)) {
  Deno.test(`checkPort() tells ${name}`, async () => {
    const ask = servers({
      [`${EXPORTER}/metrics`]: metrics,
      ...about === undefined ? {} : { [`${EXPORTER}/about`]: about },
      ...page === undefined ? {} : { [`${EXPORTER}/`]: page },
    });
    const result = await checkPort(inquiryWith({ ask }));
    assert.equal(result.state, state);
    assert.match(result.text, text);
  });
}

Deno.test("checkPort() says that TradeSim takes the port only if it is told to", async () => {
  const metrics = answer('python_info{version="3"} 1.0\ntradesim_tours_completes 1.0\n');
  const result = await checkPort(
    inquiryWith({ ask: servers({ [`${EXPORTER}/metrics`]: metrics }) }),
  );
  assert.ok(result.state === "FAIL");
  assert.match(result.remedy, /^start TradeSim without its --with-metrics, .*--follow …/);
});

Deno.test("checkPort() shows the password to an exporter that asks for it, and to nobody else", async () => {
  const authorization = { authorization: "Basic dTpw" };
  const shownTo = async (answers: Readonly<Record<string, Answer>>) => {
    const shown: string[] = [];
    const ask: Ask = (url, headers) => {
      if (headers?.authorization !== undefined) shown.push(url);
      return servers(answers)(url);
    };
    await checkPort(inquiryWith({ ask, authorization }));
    return shown;
  };
  const metrics = `${EXPORTER}/metrics`;
  assert.deepEqual(await shownTo({ [metrics]: answer("Unauthorized\n", 401, CHALLENGE) }), [
    metrics,
  ]);
  const strange = { "www-authenticate": 'Basic realm="router"' };
  assert.deepEqual(await shownTo({ [metrics]: answer("Unauthorized\n", 401, strange) }), []);
  assert.deepEqual(await shownTo({ [metrics]: answer("Not found\n", 404) }), []);
});

Deno.test("checkPort() knows a remedy for each silence", async () => {
  const remedies = await Promise.all([
    { kind: "closed", reason: "nothing listens there" } as const,
    { kind: "denied", reason: "this program may not connect there" } as const,
    { kind: "other", reason: "invalid peer certificate: UnknownIssuer" } as const,
    { kind: "other", reason: "invalid HTTP version parsed" } as const,
  ].map(async (silence) => {
    const ask = servers({ [`${EXPORTER}/metrics`]: silence });
    const result = await checkPort(inquiryWith({ ask }));
    return result.state === "FAIL" ? result.remedy : "";
  }));
  const expected = [/start the exporter/, /--allow-net=127\.0\.0\.1$/, /certificate/, /its log/];
  expected.forEach((pattern, index) => assert.match(remedies[index]!, pattern));
});

Deno.test("checkExporter() tells version and state", async () => {
  const ask = servers({ [`${EXPORTER}/-/ready`]: answer("Ready\n") });
  assert.deepEqual(await checkExporter(inquiryWith({ ask })), {
    state: "ok",
    text: `version 1.2.3 at ${EXPORTER}, ready, up for 60 s`,
  });
  const shown = { tradesim_exporter_state_errors_total: 2 };
  const { text } = await checkExporter(inquiryWith({ ask, shown }));
  assert.match(text, /, its state could not be saved \(2 times\)$/);
  const behind = answer("Unauthorized\n", 401, CHALLENGE);
  assert.deepEqual(await checkExporter(inquiryWith({ ask, answer: behind })), {
    state: "ok",
    text: `ready at ${EXPORTER}`,
  });
});

Deno.test("checkExporter() finds one that is stopping, and one that has gone", async () => {
  const ask = servers({ [`${EXPORTER}/-/ready`]: answer("Not ready\n", 503) });
  const stopping = await checkExporter(inquiryWith({ ask }));
  assert.deepEqual([stopping.state, stopping.text], [
    "FAIL",
    "it is not ready (503): it is starting or stopping",
  ]);
  const gone = await checkExporter(inquiryWith());
  assert.deepEqual([gone.state, gone.text], [
    "FAIL",
    "it stopped answering: nothing listens there",
  ]);
});

const METRICS: Readonly<Record<string, [got: Answer, state: string, text: string]>> = {
  "valid ones": [answer(scrapeOf({ a: 1 })), "ok", "valid, 3 series of 3 metrics"],
  "valid ones of too many": [
    answer(scrapeOf({ 'tradesim_exporter_series{state="dropped"}': 7 })),
    "ok",
    "valid, 3 series of 3 metrics; --max-series drops 7 more",
  ],
  "a password": [answer("Unauthorized\n", 401), "FAIL", "they require a password"],
  "another path": [
    answer("Not found\n", 404),
    "FAIL",
    "http://127.0.0.1:8000/metrics answers 404",
  ],
  "another content type": [
    answer(scrapeOf({}), 200, { "content-type": "text/html" }),
    "FAIL",
    'their content type is "text/html", expected text/plain',
  ],
  "nonsense": [
    answer(scrapeOf({}) + "oops\n"),
    "FAIL",
    "they are not valid: line 6: it is neither a comment nor a sample",
  ],
};

for (const [name, [got, state, text]] of Object.entries(METRICS)) {
  Deno.test(`checkMetrics() tells ${name}`, () => {
    const { scrape: _scrape, ...rest } = inquiryWith({ answer: got });
    const inquiry = { ...rest };
    const result = checkMetrics(inquiry);
    assert.deepEqual([result.state, result.text], [state, text]);
    assert.equal("scrape" in inquiry, state === "ok");
  });
}

Deno.test("NOW is a minute after the start that scrapes show", () => {
  assert.match(scrapeOf({}), new RegExp(`^process_start_time_seconds ${NOW - 60}$`, "m"));
});
