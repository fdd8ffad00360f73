/** The rules of Grafana's dashboard-linter that say something about Prometheus boards in classic JSON. @module */

import * as units from "@grafana/grafana-foundation-sdk/units";
import { parser } from "@prometheus-io/lezer-promql";
import { type Board, interpolate, labelValues, type Panel, type Target } from "./boards.ts";

/** A rule that a board breaks, and where. */
export interface Finding {
  readonly rule: string;
  readonly board: string;
  readonly panel?: number;
  /** Kind of the panel. */
  readonly type?: string;
  /** The metric that it is about, where a rule is about one. */
  readonly metric?: string;
  readonly expr?: string;
}

type Tree = ReturnType<typeof parser.parse>;
type Node = Tree["topNode"];

const UNITS = new Set<unknown>(Object.values(units));
const SOURCES = ["$datasource", "${datasource}"];
/** Stands for $__rate_interval, and for nothing else. */
const RATE_INTERVAL = "4s";

/** The query with values in place of Grafana's variables. */
function plain(expr: string, { templating }: Board): string {
  const choices = Object.fromEntries(templating.list.map(({ name }) => [name, "all"] as const));
  const options = { variables: templating.list, choices, timeInterval: 1, range: 300, step: 1 };
  return interpolate(expr, options);
}

/** All nodes of a kind in a query. */
function nodes(query: string, kind: string): Node[] {
  const found: Node[] = [];
  parser.parse(query).iterate({
    enter({ node, name }) {
      if (name === kind) found.push(node);
    },
  });
  return found;
}

/** Whether Prometheus' grammar takes a query whole. */
export function isPromql(query: string): boolean {
  return query.trim() !== "" && nodes(query, "⚠").length === 0;
}

interface Selector {
  readonly metric: string;
  readonly text: string;
  /** The time in brackets behind it. */
  readonly range: string | undefined;
  /** The function that it is given to, directly. */
  readonly call: string | undefined;
}

function textOf(node: Node | null, query: string): string | undefined {
  return node === null ? undefined : query.slice(node.from, node.to);
}

/** The nearest node of a kind around another, with none of the kinds in `within` between. */
function around(node: Node, kind: string, through: readonly string[]): Node | null {
  for (let at = node.parent; at !== null; at = at.parent) {
    if (at.name === kind) return at;
    if (!through.includes(at.name)) return null;
  }
  return null;
}

/** Every series that a query asks for. */
export function selectorsOf(query: string): Selector[] {
  return nodes(query, "VectorSelector").map((node) => {
    const matrix = around(node, "MatrixSelector", []);
    const call = around(matrix ?? node, "FunctionCall", ["FunctionCallBody"]);
    return {
      metric: textOf(node.getChild("Identifier"), query) ?? "",
      text: query.slice(node.from, node.to),
      range: matrix === null ? undefined : query.slice(node.to + 1, matrix.to - 1),
      call: textOf(call?.getChild("FunctionIdentifier") ?? null, query),
    };
  });
}

/** A rule about one query of one panel. */
function lintTarget(board: Board, panel: Panel, { expr }: Target): Finding[] {
  const at = { board: board.file, panel: panel.id, type: panel.type, expr };
  const query = plain(expr, board);
  if (!isPromql(query)) return [{ rule: "target-promql", ...at }];
  const findings: Finding[] = [];
  for (const name of ["job", "instance"]) {
    const count = expr.split(`${name}=~"$${name}"`).length - 1;
    if (count < selectorsOf(query).length) findings.push({ rule: `target-${name}`, ...at });
  }
  for (const { metric, range, call } of selectorsOf(query)) {
    const isRate = call === "rate" || call === "irate";
    if (isRate && range !== RATE_INTERVAL) {
      findings.push({ rule: "target-rate-interval", metric, ...at });
    }
    if (metric.endsWith("_total") && !isRate && call !== "increase") {
      findings.push({ rule: "target-counter-agg", metric, ...at });
    }
  }
  return findings;
}

function lintPanel(board: Board, panel: Panel): Finding[] {
  const { type, title, description, datasource, targets = [], fieldConfig } = panel;
  if (type === "row") return [];
  const broken: string[] = [];
  if (!title || !description) broken.push("panel-title-description");
  if (targets.length === 0) broken.push("panel-no-targets");
  const sources = [datasource, ...targets.map(({ datasource }) => datasource)];
  if (!sources.every((source) => SOURCES.includes(source?.uid ?? ""))) {
    broken.push("panel-datasource");
  }
  const set = [
    fieldConfig?.defaults.unit,
    ...(fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
      properties.flatMap(({ id, value }) => id === "unit" ? [value] : [])
    ),
  ];
  if (!set.every((unit) => UNITS.has(unit))) broken.push("panel-units");
  return [
    ...broken.map((rule) => ({ rule, board: board.file, panel: panel.id, type })),
    ...targets.flatMap((target) => lintTarget(board, panel, target)),
  ];
}

function lintVariables(board: Board): string[] {
  const { list } = board.templating;
  const broken: string[] = [];
  const source = list.find(({ type }) => type === "datasource");
  if (source?.name !== "datasource" || source.query !== "prometheus") {
    broken.push("template-datasource");
  }
  if (source?.label !== "Data source") broken.push("template-datasource-label");
  for (const name of ["job", "instance"]) {
    const found = list.find((variable) => variable.name === name);
    const isRight = found?.type === "query" && found.multi === true &&
      found.label?.toLowerCase() === name && SOURCES.includes(found.datasource?.uid ?? "");
    if (!isRight) broken.push(`template-${name}`);
    if (found?.allValue !== ".+") broken.push(`template-${name}-all`);
  }
  for (const variable of list) {
    if (variable.type !== "query") continue;
    if (variable.refresh !== 2) broken.push("template-on-time-change-reload");
    const values = labelValues(variable);
    if (values === undefined || !isPromql(plain(values.series, board))) {
      broken.push("template-label-promql");
    }
  }
  return broken;
}

/** All rules that a board breaks. */
export function lint(board: Board): Finding[] {
  const broken = lintVariables(board);
  if (board.editable !== false) broken.push("uneditable-dashboard");
  return [
    ...broken.map((rule) => ({ rule, board: board.file })),
    ...board.panels.flatMap((panel) => lintPanel(board, panel)),
  ];
}
