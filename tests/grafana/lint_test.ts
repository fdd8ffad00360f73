/** Tests that the boards keep the rules of Grafana's dashboard-linter. @module */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { METRICS } from "../../lib/catalogue/mod.ts";
import { LANGUAGES } from "../../tools/dashboards/texts.ts";
import { type Board, boardsIn, type Panel, type Target, type Variable } from "./boards.ts";
import { type Finding, lint, selectorsOf } from "./lint.ts";

interface Exception {
  readonly reason: string;
  readonly covers: (finding: Finding) => boolean;
}

const GAUGES = new Set(METRICS.filter(({ type }) => type === "gauge").map(({ name }) => name));

/** Rules that a board breaks for a reason. Each must still be needed. */
const EXCEPTIONS: readonly Exception[] = [
  {
    reason: "the French boards say it in French",
    covers: ({ rule }) => rule === "template-datasource-label",
  },
  {
    reason: "TradeSim's plan named some gauges as if they were counters",
    covers: ({ rule, metric = "" }) => rule === "target-counter-agg" && GAUGES.has(metric),
  },
  {
    reason: "what is shown is the total itself, so far in the game or up to a turn",
    covers: ({ rule, type = "", metric = "", expr = "" }) =>
      rule === "target-counter-agg" && ["stat", "bargauge", "xychart"].includes(type) &&
      !GAUGES.has(metric) && !expr.includes("["),
  },
  {
    reason: "Prometheus' own series have a job of their own, which prometheus.yml fixes",
    covers: ({ rule, expr = "" }) =>
      rule.startsWith("target-") && expr.includes('{job="prometheus"'),
  },
];

Deno.test("the boards keep the linter's rules, but for exceptions that are still needed", () => {
  const findings = LANGUAGES.flatMap((language) => boardsIn(language).flatMap(lint));
  const unexcused = findings.filter((finding) => !EXCEPTIONS.some(({ covers }) => covers(finding)));
  assert.deepEqual(unexcused, []);
  for (const { reason, covers } of EXCEPTIONS) assert.ok(findings.some(covers), reason);
});

Deno.test("the boards ask only for metrics that there are", () => {
  const known = new Set(METRICS.map(({ name }) => name));
  // What Prometheus adds to every scrape.
  for (const name of ["up", "scrape_duration_seconds", "scrape_samples_scraped"]) known.add(name);
  const { groups } = parse(
    Deno.readTextFileSync(new URL("../../prometheus/rules/games.yml", import.meta.url)),
  );
  for (const { rules } of groups) for (const { record } of rules) known.add(record);
  for (const { panels } of boardsIn("en")) {
    for (const { expr } of panels.flatMap(({ targets = [] }) => targets)) {
      if (expr.includes('{job="prometheus"')) continue;
      for (const { metric } of selectorsOf(expr.replaceAll(/\$__\w+/g, "4s"))) {
        assert.ok(known.has(metric.replace(/_(bucket|sum|count)$/, "")), `${metric} is known`);
      }
    }
  }
});

Deno.test("lint() finds each rule that is broken", () => {
  const BOTH = 'job=~"$job", instance=~"$instance"';
  const right = `rate(a_total{${BOTH}}[$__rate_interval])`;
  const [some] = boardsIn("en");
  const [first] = some!.panels.filter(({ type }) => type !== "row");
  const panel = { ...first!, targets: [{ ...first!.targets![0]!, expr: right }] };
  const good: Board = { ...some!, panels: [panel] };
  const withPanel = (change: Partial<Panel>): Board => ({
    ...good,
    panels: [{ ...panel, ...change }],
  });
  const withTarget = (change: Partial<Target>): Board =>
    withPanel({ targets: [{ ...panel.targets[0]!, ...change }] });
  const withVariable = (name: string, change: Partial<Variable>): Board => ({
    ...good,
    templating: {
      list: good.templating.list.map((variable) =>
        variable.name === name ? { ...variable, ...change } : variable
      ),
    },
  });
  const cases: Record<string, [Board, string[]]> = {
    "nothing": [good, []],
    "editable": [{ ...good, editable: true }, ["uneditable-dashboard"]],
    "no data source variable": [
      withVariable("datasource", { name: "source" }),
      ["template-datasource"],
    ],
    "label of the data source": [
      withVariable("datasource", { label: "Source" }),
      ["template-datasource-label"],
    ],
    "job of one value": [withVariable("job", { multi: false }), ["template-job"]],
    "all jobs": [withVariable("job", { allValue: ".*" }), ["template-job-all"]],
    "no instance in a variable": [
      withVariable("instance", { type: "custom" }),
      ["template-instance"],
    ],
    "reload": [withVariable("session", { refresh: 1 }), ["template-on-time-change-reload"]],
    "series of a variable": [
      withVariable("session", { query: { query: "label_values(a{, session)" } }),
      ["template-label-promql"],
    ],
    "no description": [
      withPanel({ description: "" }),
      ["panel-title-description"],
    ],
    "no queries": [withPanel({ targets: [] }), ["panel-no-targets"]],
    "fixed data source": [
      withTarget({ datasource: { uid: "abc" } }),
      ["panel-datasource"],
    ],
    "unit": [
      withPanel({ fieldConfig: { defaults: { unit: "euros" }, overrides: [] } }),
      ["panel-units"],
    ],
    "no PromQL": [withTarget({ expr: "sum(" }), ["target-promql"]],
    "no query": [withTarget({ expr: "" }), ["target-promql"]],
    "fixed range": [
      withTarget({ expr: `rate(a_total{${BOTH}}[1m])` }),
      ["target-rate-interval"],
    ],
    "another range for increase": [
      withTarget({ expr: `increase(a_total{${BOTH}}[$__range])` }),
      [],
    ],
    "no job": [withTarget({ expr: 'up{instance=~"$instance"}' }), ["target-job"]],
    "job of one series of two": [
      withTarget({ expr: `up{${BOTH}} + up{instance=~"$instance"}` }),
      ["target-job"],
    ],
    "no instance": [withTarget({ expr: 'up{job=~"$job"}' }), ["target-instance"]],
    "counter as it is": [withTarget({ expr: `sum(a_total{${BOTH}})` }), ["target-counter-agg"]],
    "other function": [
      withTarget({ expr: `changes(a_total{${BOTH}}[$__rate_interval])` }),
      ["target-counter-agg"],
    ],
  };
  for (const [name, [board, rules]] of Object.entries(cases)) {
    assert.deepEqual(lint(board).map(({ rule }) => rule), rules, name);
  }
});
