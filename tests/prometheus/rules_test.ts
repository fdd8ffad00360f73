/** Tests that the rules are right, that each is shown to work, and that each alert is explained. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { METRICS } from "../../lib/catalogue/mod.ts";
import { testWithPrometheus } from "../harness/engines.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RULES = `${ROOT}prometheus/rules/`;

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Group {
  readonly name: string;
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
  readonly promql_expr_test?: readonly {
    readonly expr: string;
    readonly exp_samples: readonly unknown[];
  }[];
}

const read = (path: string) => parse(Deno.readTextFileSync(RULES + path));
const rulesOf = (path: string): readonly Rule[] =>
  read(path).groups.flatMap((group: { readonly rules: readonly Rule[] }) => group.rules);

/** The one alert that never ends. */
const ALWAYS = "TradesimWatchdog";
const ALERTS = rulesOf("alerts.yml");
const RECORDS = rulesOf("games.yml");
const TESTS: readonly Group[] = ["tests/alerts.yml", "tests/games.yml"].flatMap((path) =>
  read(path).tests
);

for (const [verb, folder] of [["check", RULES], ["test", `${RULES}tests/`]] as const) {
  testWithPrometheus(`promtool ${verb} rules finds nothing wrong`, async ({ promtool }) => {
    const { success, stdout, stderr } = await new Deno.Command(promtool, {
      args: [verb, "rules", `${folder}alerts.yml`, `${folder}games.yml`],
    }).output();
    assert.ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
  });
}

Deno.test("every alert is shown to fire and, in a group of its own, to stay silent", () => {
  for (const { alert } of ALERTS) {
    const groups = TESTS.map(({ name, alert_rule_test: checks = [] }) => ({
      name,
      checks: checks.filter(({ alertname }) => alertname === alert),
    })).filter(({ checks }) => checks.length > 0);
    const fires = groups.filter(({ checks }) =>
      checks.some(({ exp_alerts: expected }) => expected.length > 0)
    );
    const isSilent = groups.filter((group) => !fires.includes(group));
    assert.ok(fires.some(({ name }) => name.startsWith(`${alert} fires `)), `${alert} fires`);
    if (alert !== ALWAYS) assert.ok(isSilent.length > 0, `${alert} is silent`);
    for (const { name } of isSilent) assert.ok(name.startsWith(`${alert} is silent `), name);
  }
  const names = new Set(ALERTS.map(({ alert }) => alert));
  for (const { alertname } of TESTS.flatMap((group) => group.alert_rule_test ?? [])) {
    assert.ok(names.has(alertname), `${alertname} is an alert`);
  }
});

Deno.test("every recorded series is shown to have the right value", () => {
  const expected = TESTS.flatMap((group) => group.promql_expr_test ?? [])
    .filter(({ exp_samples }) => exp_samples.length > 0).map(({ expr }) => expr);
  for (const { record } of RECORDS) {
    assert.ok(expected.some((expr) => expr.includes(record!)), record);
  }
});

/** Where the alerts' links lead: Prometheus serves it itself. */
const RUNBOOK = Deno.readTextFileSync(`${ROOT}prometheus/consoles/alerts.html`);

Deno.test("every alert tells what it is, and docs/alerts.md has its section, in the same order", () => {
  const sections = Deno.readTextFileSync(`${ROOT}docs/alerts.md`).split(/^## /m).slice(1);
  assert.deepEqual(
    sections.map((section) => section.slice(0, section.indexOf("\n"))),
    ALERTS.map(({ alert }) => alert),
  );
  for (const section of sections) {
    const parts = [...section.matchAll(/^\*\*(.+)\.\*\* \S/gm)].map(([, title]) => title);
    assert.deepEqual(parts, ["Meaning", "Look at", "Do"], section);
  }
  for (const { alert, labels, annotations = {} } of ALERTS) {
    assert.match(
      labels?.["severity"] ?? "",
      alert === ALWAYS ? /^none$/ : /^(critical|warning)$/,
      alert,
    );
    assert.deepEqual(Object.keys(annotations), ["summary", "description", "runbook_url"], alert);
    const anchor = alert!.toLowerCase();
    assert.equal(annotations["runbook_url"], `{{ $externalURL }}/consoles/alerts.html#${anchor}`);
    assert.ok(RUNBOOK.includes(` id="${anchor}"`), anchor);
  }
});

Deno.test("rules name metrics as the catalogue does", () => {
  const known = new Set(
    METRICS.flatMap(({ name, type }) =>
      type === "histogram" || type === "summary" ? [`${name}_sum`, `${name}_count`] : [name]
    ),
  );
  const prefixes =
    /(?<![\w:])(?:budget|transactions|produits|tours|temps|simulation|tradesim_exporter|http_server)_\w+/g;
  const named = [...ALERTS, ...RECORDS].flatMap(({ expr }) => expr.match(prefixes) ?? []);
  assert.ok(named.length > 10);
  for (const name of named) assert.ok(known.has(name), name);
});
