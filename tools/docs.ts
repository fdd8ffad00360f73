/**
 * Writes the documents that are made from the program's own tables, so that they cannot go stale:
 * `deno task generate`.
 *
 * @module
 */

import { marked } from "marked";
import * as z from "zod";
import {
  type BreakdownLabel,
  EXPORTER_METRICS,
  GAME_METRICS,
  type Metric,
  SYSTEM_METRICS,
} from "../lib/catalogue/mod.ts";
import { flagsMarkdown } from "../lib/cli/mod.ts";
import {
  MAX_COLUMN_LENGTH,
  NATIVE_SCHEMA,
  readReport,
  TRADESIM_KEYS,
  useOf,
} from "../lib/report/mod.ts";
import payload from "../tests/testdata/tour-001.json" with { type: "json" };

const MADE = "<!-- Made by `deno task generate`; change tools/docs.ts or the tables behind it. -->";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const code = (text: string) => `\`${text}\``;

function combination({ combine, type, group }: Metric): string {
  if (group === "exporter" || group === "system") return "";
  if (type !== "gauge") return "added over all games ever seen";
  if (combine === undefined) return "counted over the games shown";
  return typeof combine === "string" ? combine : `mean, weighed by ${code(combine.mean)}`;
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
      metric.help,
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
    }).breakdowns,
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

function metricsDocument(): string {
  const of = (group: Metric["group"]) => GAME_METRICS.filter((metric) => metric.group === group);
  return `# Metrics

${MADE}

All metrics stand in one catalogue, \`lib/catalogue/\`; this page is made from it. Boards, rules and
alerts ask for these names; to store them under others, use \`metric_relabel_configs\` of Prometheus.

Counters are totals over all games that this exporter has seen. They never go down: a new game adds
to them, a repeated or late report changes nothing, and a restart goes on where it stopped. Gauges
are those of the games shown now; with none left their series are absent, never 0. Only
\`simulation_sessions\` and \`simulation_etat\` count the games themselves, down to 0.

## Phase 1

These five names are fixed by TradeSim's own plan, without prefix. \`tours_completes\` is a counter
without \`_total\`, and \`budget_total\`, \`entreprises_total\` and \`produits_total\` are gauges with it:
the names are the game's, not Prometheus'.

${gameTable(of("phase1"))}

## The game

${gameTable(of("game"))}

## Detail, with \`--detail\`

One series per firm, product and stock, zeros included; never one per turn. With several games it is
that of the newest one, or with \`--labels session\` of each. Two things of one name are told apart by
a number behind the second. Above \`--max-series\` these families go first, then those of
\`--all-keys\`, the system's, and the game's; phase 1 and the exporter's own never do.

${gameTable(of("detail"))}

## The system

Read every \`--system-interval\`, never on a scrape. What cannot be read is absent.

${plainTable(SYSTEM_METRICS)}

## The exporter

${plainTable(EXPORTER_METRICS)}

## Labels, with \`--labels\`

Off by default. Labelled series replace the plain one, and their sum is its value; for minima,
maxima and means there is one series per game and nothing to sum. What no part of a
report accounts for is under \`inconnu\`, what forgotten games counted under \`session="autres"\`.
A total and its parts are shown as the game sent them, and the game rounds each to cents: so the
labelled series of a counter may add up to more or less than the total, per game by at most a cent
for each part and one for the total. Beyond that what parts fall short of the total by is counted
under \`inconnu\`, which never falls either, and of parts that claim more than the total has gained
only that is counted.
Where a metric can carry both \`continent\` and \`produit_type\` but the parts are known for one at a
time only, as \`transactions_reussies_total\` from TradeSim's payload, and both are asked for, it has
\`continent\`.

With \`session\` every remembered game keeps counters of its own, so that their sum stays the total:
some 40 series a game. Where many games are played, lower \`--max-sessions\`; what a forgotten game
counted then moves to \`session="autres"\`.

${labelTable()}

## TradeSim's keys

Numbers that nothing above uses come with \`--all-keys\`, under their own key. So do numbers under keys
that are not in this table, as gauges, where the key is a valid name and free; those that are not
shown are counted by \`tradesim_exporter_unknown_keys_total\`.

${keyTable()}
`;
}

function configurationDocument(): string {
  return `# Configuration

${MADE}

Flags beat the environment, the environment beats the configuration file, the file beats the
defaults. An unknown flag, key or value stops the start with two lines and exit code 2; a port that
another program uses stops it with exit code 1.

${flagsMarkdown("serve").trim()}

Sizes take KiB, MiB and GiB; times take ms, s, m and h.

## The configuration file

\`--config\` reads YAML. Its keys are the flags' names without the dashes:

\`\`\`yaml
port: 8000
follow:
  - logs/metrics.jsonl
labels: continent,produit_type
stale-after: 30m
\`\`\`

\`tradesim-exporter print config\` (\`deno task -q print config\`) gives one with every key, its meaning
and its default.

It also reads TradeSim's own \`config/config.py\`, without running it: the constants below, where
they are plain literals. Any other form is left out, and the log says so.

| Constant | Sets |
| --- | --- |
| \`METRICS_EXPORTER_PORT\` | \`--port\` |
| \`METRICS_COLLECTION_INTERVAL\` | \`--collect-interval\`, in seconds |
| \`METRICS_SYSTEM_INTERVAL\`, \`METRICS_SYSTEM_ENABLED\` | \`--system-interval\`, in seconds; 0 when it is off |
| \`METRICS_LABELS_ENABLED\`, \`METRICS_LABELS_CONTINENT\`, \`METRICS_LABELS_PRODUIT_TYPE\` | \`--labels\` |
| \`METRICS_ENABLED\` | when False, the exporter says so and ends |
| \`METRICS_EXPORTER_HOST\` | nothing: it is reported, and only \`--host\` or our own file opens the network |
`;
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

function reportSchema(): JsonSchema & Record<string, unknown> {
  return {
    title: "TradeSim report",
    ...z.toJSONSchema(NATIVE_SCHEMA, { unrepresentable: "any" }) as JsonSchema,
  };
}

function reportDocument(): string {
  const { properties = {}, required = [] } = reportSchema();
  const counters = new Set(
    GAME_METRICS.filter(({ type, reported }) => reported && type === "counter").map(({ name }) =>
      name
    ),
  );
  const gauges = new Set(
    GAME_METRICS.filter(({ type, reported }) => reported && type === "gauge").map(({ name }) =>
      name
    ),
  );
  const rows = Object.entries(properties).map(([key, schema]) => [
    code(key),
    typeOf(schema),
    required.includes(key) ? "required" : "",
    counters.has(key) || key === "tour" || key === "temps_simulation_tour_seconds"
      ? "total since the session began"
      : gauges.has(key)
      ? "of now"
      : "",
    schema.description ?? "",
  ]);
  return `# The report

${MADE}

A report is one JSON object that tells the state of a game. Its numbers are absolute: totals since
the session began or values of now, never increments. So a report that is lost loses nothing, one
that comes twice changes nothing, and a game may report as often or as seldom as it likes.

It is posted to \`/update_metrics\` with content type \`application/json\`, plain or gzip, or appended
as one line to a file that the exporter follows. The same is done with TradeSim's own payload, which
is told from this form by its \`type\` and turned into it; [metrics.md](metrics.md) says what each of
its keys becomes.

\`\`\`json
{
  "type": "tradesim.report",
  "version": 1,
  "session": "20261122_102849",
  "rapport": 7,
  "tour": 70,
  "timestamp": 1795343329.5,
  "budget_total": 189211.92,
  "produits_actifs": 13,
  "transactions_total": 415,
  "transactions_montant_total": 45459.15
}
\`\`\`

${table(["Key", "Type", "", "Counts", "Meaning"], rows)}

A machine-readable form is [report.schema.json](report.schema.json).

- A report whose \`rapport\` is not higher than the last one of its session changes nothing: equal is
  a repeat, lower is late. Numbers never begin again within a session; a new game is a new session.
  A report of turn 1 with a lower \`rapport\` and a later \`timestamp\` than all before is a new game
  even so, and a session of its own: \`NAME #2\`.
- \`fini\` stands in the last report of a game. A game that has finished, or has said nothing for 10 s
  and for three of its usual intervals, is not shown any more as soon as another one reports, or has
  begun after its last report.
- A key of the wrong type or not finite is left out and counted by
  \`tradesim_exporter_keys_left_out_total\`; the rest of the report is taken. Without a required key
  it is refused.
- \`repartitions\` are read with \`--labels\`, \`detail\` with \`--detail\`. \`detail\` may be left out of
  some reports: the last one stands, and while it is younger than 3 s gauges
  are shown as that report had them, so that a scrape shows one moment.
- \`colonnes\` carries the turns since the last report, at most ${MAX_COLUMN_LENGTH} of them, one number
  per turn in each column, so that nothing between two reports is lost to a history of turns.
  \`/metrics\` needs none of it: totals and bucket counts hold every turn already.

## Answers

| Status | Body | When |
| --- | --- | --- |
| 200 | \`{"status":"success","message":"Métriques mises à jour"}\` | the report was taken, or was a repeat or late |
| 400 | \`{"status":"error","message":…}\` | not a JSON object, an empty one, or no report |
| 401, 403 | | the sender may not post; see [security.md](security.md) |
| 408 | \`{"status":"error","message":…}\` | the body took longer than 10 s |
| 413 | \`{"status":"error","message":…}\` | larger than \`--max-body\`, counted after decompression |
| 415 | \`{"status":"error","message":…}\` | another content type than JSON, another encoding than gzip |
| 503 | \`{"status":"error","message":…}\` | too many reports at once; try again |

Bounds: 2 000 keys, 64 levels, label values of 128 bytes, 100 parts of a metric.
`;
}

/**
 * docs/alerts.md as a page that Prometheus serves, so that the links in alerts lead somewhere wherever
 * there are alerts. Links to other documents become plain text, because those are not served.
 */
function alertsPage(): string {
  const markdown = Deno.readTextFileSync(new URL("../docs/alerts.md", import.meta.url))
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
    ["docs/metrics.md", metricsDocument()],
    ["docs/configuration.md", configurationDocument()],
    ["docs/report.md", reportDocument()],
    ["prometheus/consoles/alerts.html", alertsPage()],
    ["docs/report.schema.json", JSON.stringify(reportSchema(), undefined, 2) + "\n"],
  ]);
}
