/** Makes a board of rows and panels into Grafana's classic JSON. @module */

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
  /** What links name it by, in both languages. */
  readonly uid: string;
  readonly text: PanelText;
  /**
   * The events that are drawn on its graphs unless switched off; the others are drawn when switched
   * on. In a quick game a common one would hide the lines.
   */
  readonly events: readonly EventKind[];
  /** Variables beyond those that every board has: the label, and a metric that carries it. */
  readonly variables?: Readonly<Partial<Record<keyof typeof VARIABLES, string>>>;
  readonly rows: readonly {
    readonly title?: keyof typeof ROWS;
    readonly panels: readonly Panel[];
  }[];
}

const TAG = "tradesim";
/** The data source that is chosen at first; grafana/provisioning has it. Elsewhere Grafana takes its default. */
const SOURCE_UID = "tradesim-prometheus";

const EVENT_COLORS: Readonly<Record<EventKind, string>> = {
  inflation: "red",
  recharge_budget: "green",
  reassort: "blue",
  variation_disponibilite: "orange",
  recharge_stock_fournisseur: "purple",
};

/**
 * A variable of the values that a label has, of which some or all may be chosen. All of them are
 * `allValue`, or without one the list of them.
 */
function labelVariable(
  name: keyof typeof VARIABLES,
  series: string,
  allValue: string | undefined,
  language: Language,
): dashboard.QueryVariableBuilder {
  const query = `label_values(${series}, ${name})`;
  const variable = new dashboard.QueryVariableBuilder(name)
    .label(VARIABLES[name][language])
    .datasource(DATA_SOURCE)
    .query({ qryType: 1, query, refId: name })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .current({ text: ["All"], value: ["$__all"] });
  return allValue === undefined ? variable : variable.allValue(allValue);
}

function variables({ variables = {} }: Board, language: Language) {
  return [
    new dashboard.DatasourceVariableBuilder("datasource")
      .label(VARIABLES.datasource[language])
      .type("prometheus")
      .current({ text: "Prometheus", value: SOURCE_UID }),
    // Not `.+`: Prometheus itself has `up` and `process_…` too, and is no exporter of games.
    labelVariable("job", "tours_completes", undefined, language),
    labelVariable("instance", 'tours_completes{job=~"$job"}', ".+", language),
    // `.*`, because without --labels session no series has the label, and all shall be shown.
    labelVariable("session", own("tours_completes"), ".*", language),
    ...Object.entries(variables).map(([name, metric]) =>
      labelVariable(name as keyof typeof VARIABLES, game(metric), ".*", language)
    ),
  ];
}

/** Marks on all graphs of a board, at the time of the event and not of the scrape that told of it. */
function annotation(
  kind: EventKind,
  name: Text,
  enable: boolean,
  language: Language,
): dashboard.AnnotationQueryBuilder {
  // Grafana takes the value for the time if asked to, and wants milliseconds.
  const expr = `${own("evenement_dernier_timestamp_seconds", `type="${kind}"`)} * 1000`;
  return new dashboard.AnnotationQueryBuilder()
    .name(name[language])
    .datasource(DATA_SOURCE)
    .enable(enable)
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
    .uid(board.uid)
    .description(board.text.about[language])
    .tags([TAG])
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time({ from: "now-5m", to: "now" })
    .refresh("5s")
    .variables(variables(board, language))
    .annotations(
      Object.entries(EVENTS).map(([kind, name]) =>
        annotation(kind as EventKind, name, board.events.includes(kind as EventKind), language)
      ),
    )
    .link(
      new dashboard.DashboardLinkBuilder(LEGENDS.boards[language])
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  for (const { title, panels } of board.rows) {
    if (title !== undefined) builder.withRow(new dashboard.RowBuilder(ROWS[title][language]));
    for (const panel of panels) builder.withPanel(panel(language));
  }
  return builder.build();
}

/** A board in Grafana's classic JSON, as it lies in its file. */
export function boardJson(board: Board, language: Language): string {
  const made = build(board, language);
  made.panels?.forEach((panel, index) => panel.id = index + 1);
  const replacer = (key: string, value: unknown) => isUnsaid(key, value) ? undefined : value;
  return JSON.stringify(made, replacer, 2) + "\n";
}
