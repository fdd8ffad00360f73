/** Tests of the check of Grafana, with the answers of its HTTP API. @module */

import assert from "node:assert/strict";
import type { Answer, Silence } from "../../lib/doctor/ask.ts";
import { checkGrafana } from "../../lib/doctor/grafana.ts";
import { provisionedBy } from "../../lib/doctor/provisioned.ts";
import { FILES } from "../../lib/print/files.ts";
import { answer, GRAFANA, inquiryWith, json, servers } from "./inquiries.ts";

const PROVISIONED = { dataSource: "prom", boards: [["x", "y"], ["a", "b"]] };
const HEALTH = `${GRAFANA}/api/health`;
const CHECK = `${GRAFANA}/api/datasources/uid/prom/health`;
const SEARCH = `${GRAFANA}/api/search?type=dash-db&limit=5000`;

/** What a Grafana answers that has all. */
const WHOLE = {
  [HEALTH]: json({ commit: "abc", database: "ok", version: "13.2.3" }),
  [CHECK]: json({ status: "OK", message: "Successfully queried the Prometheus API." }),
  [SEARCH]: json([{ uid: "b", title: "B" }, { uid: "a", title: "A" }, { uid: "c", title: "C" }]),
};
const NAME = `version 13.2.3 at ${GRAFANA}`;

const CASES: Readonly<
  Record<string, [answers: Readonly<Record<string, Answer | Silence>>, string, string]>
> = {
  "one that has all": [WHOLE, "ok", `${NAME}, data source prom works, 2 dashboards`],
  "one without its database": [
    { ...WHOLE, [HEALTH]: json({ database: "failing", version: "13.2.3" }, 503) },
    "FAIL",
    `${NAME} has no database: failing`,
  ],
  "a data source that cannot reach Prometheus": [
    { ...WHOLE, [CHECK]: json({ status: "ERROR", message: "connection refused" }, 400) },
    "FAIL",
    `${NAME}, its data source prom does not work: connection refused`,
  ],
  "no data source": [
    { ...WHOLE, [CHECK]: json({ message: "Unable to load datasource metadata" }, 500) },
    "FAIL",
    `${NAME}, its data source prom does not work: Unable to load datasource metadata`,
  ],
  "an answer that says nothing": [
    { ...WHOLE, [CHECK]: answer("", 502) },
    "FAIL",
    `${NAME}, its data source prom does not work: it answers 502`,
  ],
  "a missing board": [
    { ...WHOLE, [SEARCH]: json([{ uid: "b" }]) },
    "FAIL",
    `${NAME} lacks 1 dashboard: a`,
  ],
  "one that is served under another name": [
    { ...WHOLE, [CHECK]: answer("", 302, { location: "http://localhost:3000/" }) },
    "FAIL",
    `${NAME} uses another host name: http://localhost:3000/`,
  ],
  "a login": [
    { ...WHOLE, [SEARCH]: json({ message: "Unauthorized" }, 401) },
    "skip",
    `${NAME} requires a login, so its data source and dashboards were not checked`,
  ],
  "one that goes": [{ [HEALTH]: WHOLE[HEALTH]! }, "FAIL", `${NAME} stopped answering`],
  "another server": [
    { [HEALTH]: answer("<html>") },
    "skip",
    `${GRAFANA} is not Grafana; set another address with --grafana`,
  ],
  "nobody": [
    {},
    "skip",
    `${GRAFANA} does not answer: nothing listens there; set another address with --grafana`,
  ],
};

for (const [name, [answers, state, text]] of Object.entries(CASES)) {
  Deno.test(`checkGrafana() tells ${name}`, async () => {
    const result = await checkGrafana(inquiryWith({ ask: servers(answers) }), PROVISIONED);
    assert.deepEqual([result.state, result.text], [state, text]);
  });
}

Deno.test("checkGrafana() misses one that was asked for", async () => {
  const grafana = { url: GRAFANA, isAsked: true };
  const result = await checkGrafana(inquiryWith({ grafana }), PROVISIONED);
  assert.deepEqual([result.state, result.text], [
    "FAIL",
    `${GRAFANA} does not answer: nothing listens there`,
  ]);
});

Deno.test("provisionedBy() finds data source and boards in the files that the program carries", () => {
  const { dataSource, boards } = provisionedBy(FILES);
  const paths = Object.keys(FILES);
  const source = FILES["grafana/provisioning/datasources/prometheus.yml"]!;
  assert.match(source, new RegExp(`^ +uid: ${dataSource}$`, "m"));
  assert.equal(boards.length, 2);
  for (const [index, language] of ["fr", "en"].entries()) {
    const folder = `grafana/dashboards/${language}/`;
    const uids = paths.filter((path) => path.startsWith(folder))
      .map((path) => JSON.parse(FILES[path]!).uid as string);
    assert.deepEqual(uids, boards[index], language);
  }
  assert.throws(() => provisionedBy({}), /Cannot find the data source/);
});
