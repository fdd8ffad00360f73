/**
 * Fills the generated parts of the documents from the program's own tables, so that they cannot go
 * stale: `deno task generate`. Everything outside the markers is written by hand.
 *
 * @module
 */

import { marked } from "marked";
import * as z from "zod";
import {
  type BreakdownLabel,
  EXPORTER_METRICS,
  GAME_METRICS,
  HTTP_METRICS,
  type Metric,
  REPORTED_METRICS,
  SYSTEM_METRICS,
} from "../lib/catalogue/mod.ts";
import { flagsMarkdown } from "../lib/commands/mod.ts";
import { NATIVE_SCHEMA, readReport, TRADESIM_KEYS, useOf, WEB_SCHEMA } from "../lib/report/mod.ts";
import payload from "../tests/testdata/tour-001.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);

const FIRST = "<!-- generated: begin ";
const LAST = "<!-- generated: end -->";

/**
 * Fills the parts of a document between `<!-- generated: begin NAME -->` and `<!-- generated: end -->`.
 *
 * @throws {Error} When a part has no markers, or markers have no part.
 */
export function filled(text: string, parts: Readonly<Record<string, string>>): string {
  const left = new Set(Object.keys(parts));
  const result = text.replaceAll(
    new RegExp(`^${FIRST}(\\S+) -->\\n[^]*?^${LAST}$`, "gm"),
    (_, name: string) => {
      if (!left.delete(name)) throw new Error(`Cannot fill "${name}": there is no such part`);
      return `${FIRST}${name} -->\n\n${parts[name]}\n\n${LAST}`;
    },
  );
  if (left.size === 0) return result;
  throw new Error(`Cannot fill "${[...left].join('", "')}": the markers are missing`);
}

/** A document of `docs` with its generated parts made anew. */
function document(path: string, parts: Readonly<Record<string, string>>): [string, string] {
  return [path, filled(Deno.readTextFileSync(new URL(path, ROOT)), parts)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const code = (text: string) => `\`${text}\``;

function combination({ combine, type, group }: Metric): string {
  if (group === "exporter" || group === "system") return "";
  if (type !== "gauge") return "added up over all games";
  if (combine === undefined) return "number of games shown";
  return typeof combine === "string" ? combine : `mean, weighted by ${code(combine.mean)}`;
}

function origin({ tradesim, origin }: Metric): string {
  if (tradesim === undefined) return origin ?? "";
  return "keys" in tradesim ? tradesim.keys.map(code).join(", else ") : tradesim.from;
}

function gameTable(metrics: readonly Metric[]): string {
  return table(
    ["Name", "Type", "Unit", "Meaning", "Labels", "Several games", "In TradeSim's payload"],
    metrics.map((metric) => [
      code(metric.name),
      metric.type,
      metric.unit,
      metric.help,
      (metric.labels ?? []).map(code).join(", "),
      combination(metric),
      origin(metric),
    ]),
  );
}

function plainTable(metrics: readonly Metric[]): string {
  return table(
    ["Name", "Type", "Unit", "Meaning", "Labels"],
    metrics.map((metric) => [
      code(metric.name),
      metric.type,
      metric.unit,
      metric.option === undefined
        ? metric.help
        : `${metric.help} Only with ${code(`--${metric.option}`)}.`,
      (metric.labels ?? []).map(code).join(", "),
    ]),
  );
}

/** What TradeSim's payload can be broken down by: what a real one is. A native report can carry more. */
const TRADESIM_BREAKDOWNS = new Map(
  Array.from(
    readReport(payload, {
      breakdowns: true,
      detail: false,
      allKeys: false,
    }).report.breakdowns,
    ([name, breakdowns]) => [name, breakdowns.flatMap(({ labels }) => labels)],
  ),
);

function labelTable(): string {
  const cell = (name: string, label: BreakdownLabel, can: readonly string[] | undefined) => {
    if (!can?.includes(label)) return "";
    return TRADESIM_BREAKDOWNS.get(name)?.includes(label) ? "yes" : "native reports only";
  };
  return table(
    ["Name", "`continent`", "`produit_type`", "`session`"],
    GAME_METRICS.filter(({ group }) => group !== "detail").map(({ name, labels, breakdowns }) => [
      code(name),
      cell(name, "continent", breakdowns),
      cell(name, "produit_type", breakdowns),
      labels === undefined && name !== "simulation_sessions" ? "yes" : "",
    ]),
  );
}

function keyTable(): string {
  const uses = {
    catalogue: "used by the metrics above",
    "all-keys": "with `--all-keys`",
    "not a number": "not shown: it is not one number",
    frozen: "not shown: it stays as it was at turn 1",
    identity: "says which report it is",
  } as const;
  return table(
    ["Key", "Kind", "Type", "Meaning", "Use"],
    [...TRADESIM_KEYS.values()].map((known) => {
      const use = useOf(known);
      const type = use === "all-keys" ? (known.kind === "total" ? "counter" : "gauge") : "";
      return [code(known.key), known.kind, type, known.help, uses[use]];
    }),
  );
}

function metricsDocument(): [string, string] {
  const of = (group: Metric["group"]) => GAME_METRICS.filter((metric) => metric.group === group);
  return document("docs/metrics.md", {
    phase1: gameTable(of("phase1")),
    game: gameTable(of("game")),
    detail: gameTable(of("detail")),
    http: plainTable(HTTP_METRICS),
    system: plainTable(SYSTEM_METRICS),
    exporter: plainTable(EXPORTER_METRICS),
    labels: labelTable(),
    keys: keyTable(),
  });
}

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly required?: readonly string[];
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.type === "array") return `array of ${typeOf(schema.items ?? {})}`;
  if (schema.properties !== undefined) {
    return `object: ${Object.keys(schema.properties).map(code).join(", ")}`;
  }
  if (schema.type === "object") return `object of ${typeOf(schema.additionalProperties ?? {})}`;
  return schema.type ?? "value";
}

function schemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { unrepresentable: "any" }) as JsonSchema;
}

/** Both kinds of native reports; a report with `http` is of the second. */
function reportSchema() {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "TradeSim report",
    anyOf: [[NATIVE_SCHEMA, "A game"], [WEB_SCHEMA, "A web process"]].map(([schema, title]) => {
      const { $schema: _, ...own } = schemaOf(schema as z.ZodType) as JsonSchema & {
        $schema: string;
      };
      return { title, ...own };
    }),
  };
}

/** The rows of the keys of a web process's report, and of what is in `http`. */
function webTable(): string {
  const { properties = {}, required = [] } = schemaOf(WEB_SCHEMA);
  const http = properties.http!;
  const row = http.properties!.requests!.items!;
  const rows = [
    ["", properties, required],
    ["http.", http.properties!, http.required],
    ["http.requests[].", row.properties!, row.required],
  ] as const;
  return table(
    ["Key", "Type", "Required", "Meaning"],
    rows.flatMap(([prefix, properties, required = []]) =>
      Object.entries(properties).map(([key, schema]) => [
        code(prefix + key),
        typeOf(schema),
        required.includes(key) ? "yes" : "",
        schema.description ?? "",
      ])
    ),
  );
}

/** The rows of the keys of a native report. */
function reportTable(): string {
  const { properties = {}, required = [] } = schemaOf(NATIVE_SCHEMA);
  const counters = new Set(
    REPORTED_METRICS.filter(({ type }) => type === "counter").map(({ name }) => name),
  );
  const gauges = new Set(
    REPORTED_METRICS.filter(({ type }) => type === "gauge").map(({ name }) => name),
  );
  const rows = Object.entries(properties).map(([key, schema]) => [
    code(key),
    typeOf(schema),
    required.includes(key) ? "yes" : "",
    counters.has(key) || key === "tour" || key === "temps_simulation_tour_seconds"
      ? "total since the session began"
      : gauges.has(key)
      ? "current value"
      : "",
    schema.description ?? "",
  ]);
  return table(["Key", "Type", "Required", "Counts", "Meaning"], rows);
}

/**
 * docs/alerts.md as a page that Prometheus serves, so that the links in alerts lead somewhere wherever
 * there are alerts. Links to other documents become plain text, because those are not served.
 */
function alertsPage(): string {
  const markdown = Deno.readTextFileSync(new URL("docs/alerts.md", ROOT))
    .replaceAll(/\[([^\]]+)\]\((?!https?:)[^)]*\)/g, "$1");
  const body = (marked.parse(markdown, { async: false }))
    .replaceAll(/<h2>(\w+)<\/h2>/g, (_, name) => `<h2 id="${name.toLowerCase()}">${name}</h2>`);
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Alerts of TradeSim</title>
<!-- Made by \`deno task generate\` from docs/alerts.md. -->
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 45rem; padding: 0 1rem; }
h2:target { background: #fff3bf; }
pre { overflow-x: auto; }
</style>
${body}</html>
`;
}

/** The documents by path from the repository's top. */
export function documents(): ReadonlyMap<string, string> {
  return new Map([
    metricsDocument(),
    document("docs/configuration.md", { flags: flagsMarkdown("serve").trim() }),
    document("docs/report.md", { keys: reportTable(), "web-keys": webTable() }),
    ["prometheus/consoles/alerts.html", alertsPage()],
    ["docs/report.schema.json", JSON.stringify(reportSchema(), undefined, 2) + "\n"],
  ]);
}
