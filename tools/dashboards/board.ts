/** Builds Grafana's classic JSON from rows and panels. @module */

import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import { DATA_SOURCE, type Panel } from "./panels.ts";
import { game, own } from "./promql.ts";
import {
  EVENTS,
  type Language,
  LEGENDS,
  type PanelText,
  ROWS,
  type Text,
  VARIABLES,
} from "./texts.ts";

export type EventKind = keyof typeof EVENTS;

export interface Board {
  /** Name of its file, without the ending. */
  readonly file: string;
  /** What links name it by: one Grafana can have the boards of both languages. */
  readonly uid: Text;
  readonly text: PanelText;
  /** Whether it shows recorded games, from one time on: docs/history.md says how they come there. */
  readonly isRecorded?: true;
  /** Variables beyond those that every board has: the label, and a metric that carries it. */
  readonly variables?: Readonly<Partial<Record<keyof typeof VARIABLES, string>>>;
  readonly rows: readonly {
    readonly title?: keyof typeof ROWS;
    /** Whether the row is there once. Else it is repeated for each exporter, so that none is added to another. */
    readonly isOne?: true;
    readonly panels: readonly Panel[];
  }[];
}

/** What the menu of boards goes by. Recorded games have a link of their own: their time is another. */
function tagOf(language: Language, isRecorded = false): string {
  return `tradesim-${language}${isRecorded ? "-recorded" : ""}`;
}

/** The job of prometheus.yml, which rules and alerts name too. */
const JOB = "tradesim";
/** The data source that is chosen at first; grafana/provisioning has it. Elsewhere Grafana takes its default. */
const SOURCE = { text: "Prometheus", value: "tradesim-prometheus" };
/** The same for recorded games. */
const REPLAY_SOURCE = { text: "Replay", value: "tradesim-replay" };
/** From when on recorded games are shown, where `backfill` has put them, and how much of them at first. */
const RECORDED_TIME = { from: "2000-01-01T00:00:00.000Z", to: "2000-01-01T00:20:00.000Z" };

const EVENT_COLORS: Readonly<Record<EventKind, string>> = {
  inflation: "red",
  recharge_budget: "green",
  reassort: "blue",
  variation_disponibilite: "orange",
  recharge_stock_fournisseur: "purple",
};

/** A variable of the values that a label has, of which some or all may be chosen. All of them are `allValue`. */
function labelVariable(
  name: keyof typeof VARIABLES,
  series: string,
  allValue: string,
  language: Language,
): dashboard.QueryVariableBuilder {
  const query = `label_values(${series}, ${name})`;
  return new dashboard.QueryVariableBuilder(name)
    .label(VARIABLES[name][language])
    .datasource(DATA_SOURCE)
    .query({ qryType: 1, query, refId: name })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(allValue)
    .current({ text: ["All"], value: ["$__all"] });
}

function variables({ variables = {}, isRecorded }: Board, language: Language) {
  // From `up`, so that an exporter that has never answered is shown as down. A record has none.
  const present = isRecorded ? "tours_completes" : "up";
  return [
    new dashboard.DatasourceVariableBuilder("datasource")
      .label(VARIABLES.datasource[language])
      .type("prometheus")
      .current(isRecorded ? REPLAY_SOURCE : SOURCE),
    // One job is chosen at first, because Prometheus itself has `up` and `process_…` too.
    labelVariable("job", present, ".+", language).current({ text: [JOB], value: [JOB] }),
    labelVariable("instance", `${present}{job=~"$job"}`, ".+", language),
    ...isRecorded ? [baseline(language)] : [],
    // `.*`, because without --labels session no series has the label, and all shall be shown.
    labelVariable("session", own("tours_completes"), ".*", language),
    ...Object.entries(variables).map(([name, metric]) =>
      labelVariable(name as keyof typeof VARIABLES, game(metric), ".*", language)
    ),
  ];
}

/** One of the games that are chosen, which the others are compared with, or the mean of all of them. */
function baseline(language: Language): dashboard.QueryVariableBuilder {
  const query = `label_values(${own("tours_completes")}, instance)`;
  return labelVariable("baseline", own("tours_completes"), ".*", language)
    .query({ qryType: 1, query, refId: "baseline" })
    .multi(false);
}

/** Marks on all graphs of a board, at the time of the event and not of the scrape that told of it. */
function annotation(
  kind: EventKind,
  name: Text,
  language: Language,
): dashboard.AnnotationQueryBuilder {
  // Grafana takes the value for the time if asked to, and wants milliseconds.
  const expr = `${own("evenement_dernier_timestamp_seconds", `type="${kind}"`)} * 1000`;
  return new dashboard.AnnotationQueryBuilder()
    .name(name[language])
    .datasource(DATA_SOURCE)
    // In a quick game the lines of events would hide those of the graph: they are drawn when switched on.
    .enable(false)
    .iconColor(EVENT_COLORS[kind])
    .expr(expr)
    .step("1s")
    .target(new prometheus.DataqueryBuilder().refId("Anno").expr(expr).interval("1s"))
    .titleFormat(name[language])
    .tagKeys("type")
    .useValueForTime(true);
}

/**
 * What the SDK says unasked and shall not: `auto` is of another kind of variables, Grafana 13 has no
 * such footer of tables any more, and links and marks would be moved into a menu.
 */
function isUnsaid(key: string, value: unknown): boolean {
  return /^(auto|auto_min|auto_count|footer)$/.test(key) ||
    (key === "placement" && value === "inControlsMenu");
}

function build(board: Board, language: Language): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(board.text.title[language])
    .uid(board.uid[language])
    .description(board.text.about[language])
    .tags([tagOf(language, board.isRecorded)])
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time(board.isRecorded ? RECORDED_TIME : { from: "now-5m", to: "now" })
    .timezone(board.isRecorded ? "utc" : "browser")
    .refresh(board.isRecorded ? "" : "5s")
    .variables(variables(board, language))
    .annotations(
      Object.entries(EVENTS).map(([kind, name]) => annotation(kind as EventKind, name, language)),
    )
    .link(
      new dashboard.DashboardLinkBuilder(LEGENDS.boards[language])
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags([tagOf(language)])
        .asDropdown(true)
        .includeVars(!board.isRecorded)
        .keepTime(!board.isRecorded),
    );
  if (!board.isRecorded) {
    builder.link(
      new dashboard.DashboardLinkBuilder(LEGENDS.recorded[language])
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags([tagOf(language, true)])
        .asDropdown(false),
    );
  }
  for (const { title, isOne, panels } of board.rows) {
    const words = [
      ...title === undefined ? [] : [ROWS[title][language]],
      ...isOne ? [] : ["$instance"],
    ];
    const row = new dashboard.RowBuilder(words.join(" – "));
    builder.withRow(isOne ? row : row.repeat("instance"));
    for (const panel of panels) builder.withPanel(panel(language));
  }
  return builder.build();
}

/** A board in Grafana's classic JSON, as it lies in its file. */
export function boardJson(board: Board, language: Language): string {
  const made = build(board, language);
  made.panels?.forEach((panel, index) => panel.id = index + 1);
  const replacer = (key: string, value: unknown) => isUnsaid(key, value) ? undefined : value;
  return linesOf(JSON.parse(JSON.stringify(made, replacer)), DEPTH) + "\n";
}

/** How deep JSON is broken into lines: a panel is a dozen of them. */
const DEPTH = 3;

function linesOf(value: unknown, depth: number, indent = ""): string {
  if (depth === 0 || typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => inner + linesOf(item, depth - 1, inner))
    : Object.entries(value).map(([key, item]) =>
      `${inner}${JSON.stringify(key)}: ${linesOf(item, depth - 1, inner)}`
    );
  const [open, close] = isList ? "[]" : "{}";
  return parts.length === 0 ? open! + close : `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}
