/** Panels of one style: each is a description that is built for a language. @module */

import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import * as units from "@grafana/grafana-foundation-sdk/units";
import * as xychart from "@grafana/grafana-foundation-sdk/xychart";
import { TURNS } from "./promql.ts";
import { type Language, LEGENDS, type PanelText, type Text } from "./texts.ts";

/** A panel that is still to be told its language. */
export type Panel = (language: Language) => Builder<dashboard.Panel>;

export const UNIT = {
  count: units.LocaleFormat,
  euros: units.Euro,
  seconds: units.Seconds,
  bytes: units.BytesIEC,
  bytesPerSecond: units.BytesPerSecondIEC,
  percent: units.Percent,
  share: units.PercentUnit,
} as const;
export type Unit = (typeof UNIT)[keyof typeof UNIT];

export interface Query {
  readonly expr: string;
  /** Name of the line: a text of its own, or one with labels such as `{{type}}`. */
  readonly legend?: Text | string;
  /** How often the series is scraped, where that is not the data source's `timeInterval`. */
  readonly every?: string;
}

/** From which value on a colour stands; the first stands for all that is below. */
export type Thresholds = readonly [string, ...(readonly [value: number, color: string])[]];

/** A label of `--detail`, and the variable of the same name on the board of firms. */
export type Thing = "entreprise" | "produit" | "fournisseur";

/** What every kind of panel may have. */
interface Look {
  readonly text: PanelText;
  readonly unit: Unit;
  readonly decimals?: number;
  readonly thresholds?: Thresholds;
  /** What a click opens the board of firms for. */
  readonly drillDown?: Thing;
  /** Columns out of 24. */
  readonly width?: number;
}

export const DATA_SOURCE = { type: "prometheus", uid: "${datasource}" } as const;
export const FIRMS_UID = {
  fr: "tradesim-entreprises",
  en: "tradesim-firms",
} as const satisfies Text;

const STAT_WIDTH = 4;
const STAT_HEIGHT = 4;
const GRAPH_WIDTH = 12;
const GRAPH_HEIGHT = 8;
/** Every 5 s of the 5 minutes that boards show at first. */
const COARSE_POINTS = 60;

function textOf(text: Text | string, language: Language): string {
  return typeof text === "string" ? text : text[language];
}

/** What Grafana calls the query at this place of a panel. */
function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function targets(queries: readonly Query[], language: Language): prometheus.DataqueryBuilder[] {
  return queries.map(({ expr, legend = "", every }, index) => {
    const target = new prometheus.DataqueryBuilder()
      .datasource(DATA_SOURCE)
      .editorMode(prometheus.QueryEditorMode.Code)
      .refId(refId(index))
      .expr(expr)
      .legendFormat(textOf(legend, language))
      .range();
    return every === undefined ? target : target.interval(every);
  });
}

/** The setters that the builders of all kinds of panels have. */
interface AnyPanelBuilder extends Builder<dashboard.Panel> {
  title(text: string): unknown;
  description(text: string): unknown;
  datasource(reference: common.DataSourceRef): unknown;
  targets(targets: Builder<prometheus.Dataquery>[]): unknown;
  unit(unit: string): unknown;
  noValue(text: string): unknown;
  decimals(decimals: number): unknown;
  thresholds(thresholds: Builder<dashboard.ThresholdsConfig>): unknown;
  dataLinks(links: Builder<dashboard.DashboardLink>[]): unknown;
  span(width: number): unknown;
  height(height: number): unknown;
}

/** Where a click on a thing goes: to the board of firms, with `name` as Grafana's name of what was clicked. */
function drillDownUrl(thing: Thing, name: string, language: Language): string {
  const kept = ["datasource", "job", "instance", "session"].map((name) => `\${${name}:queryparam}`);
  const chosen = `var-${thing}=\${${name}:percentencode}`;
  return `/d/${FIRMS_UID[language]}?\${__url_time_range}&${[...kept, chosen].join("&")}`;
}

/** Gives a panel what all of them have. */
function dress<B extends AnyPanelBuilder>(
  builder: B,
  { text, unit, decimals, thresholds, drillDown }: Look,
  language: Language,
): B {
  builder.title(text.title[language]);
  builder.description(text.about[language]);
  builder.datasource(DATA_SOURCE);
  builder.unit(unit);
  builder.noValue("–");
  if (decimals !== undefined) builder.decimals(decimals);
  const [base, ...rest] = thresholds ?? ["green"];
  builder.thresholds(
    new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps([
      { value: null, color: base },
      ...rest.map(([value, color]) => ({ value, color })),
    ]),
  );
  if (drillDown !== undefined) {
    builder.dataLinks([
      new dashboard.DashboardLinkBuilder(LEGENDS.drillDown[language])
        .url(drillDownUrl(drillDown, `__field.labels.${drillDown}`, language)),
    ]);
  }
  return builder;
}

/** The last value that there is, for panels that show one number a series. */
function lastValue(): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).fields("").values(false);
}

function legendBelow(): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .calcs([]);
}

function colors(mode: dashboard.FieldColorModeId): dashboard.FieldColorBuilder {
  return new dashboard.FieldColorBuilder().mode(mode);
}

interface StatLook extends Look {
  readonly queries: readonly Query[];
  /** What a number is called, where it stands for something; such as 0 for "down". */
  readonly names?: Readonly<Record<string, Text>>;
  /** Shows the legend's text in place of the number. */
  readonly showName?: true;
}

/** A number now. It is asked for this moment alone: minutes after a crash a course would still end well. */
export function number(look: StatLook): Panel {
  return (language) => {
    const { queries, names, showName, thresholds, width = STAT_WIDTH } = look;
    const builder = dress(new stat.PanelBuilder(), look, language)
      .targets(targets(queries, language).map((target) => target.instant()))
      .span(width)
      .height(STAT_HEIGHT)
      .reduceOptions(lastValue())
      .graphMode(common.BigValueGraphMode.None)
      .colorMode(
        thresholds === undefined ? common.BigValueColorMode.None : common.BigValueColorMode.Value,
      )
      .justifyMode(common.BigValueJustifyMode.Auto)
      .textMode(showName ? common.BigValueTextMode.Name : common.BigValueTextMode.Auto)
      .colorScheme(colors(dashboard.FieldColorModeId.Thresholds));
    if (names !== undefined) {
      const options = Object.entries(names).map(([value, text]) =>
        [value, { text: text[language] }] as const
      );
      builder.mappings([{
        type: dashboard.MappingType.ValueToText,
        options: Object.fromEntries(options),
      }]);
    }
    return builder;
  };
}

interface GraphLook extends Look {
  readonly queries: readonly Query[];
  readonly stacked?: true;
  /** Bars in place of lines, for what happens now and then. */
  readonly bars?: true;
  /** Asks for fewer points than the panel has pixels: a histogram costs Prometheus 20 times a line. */
  readonly isCoarse?: true;
  /** What the axis shows at least. Amounts begin at 0 unless `fromZero` is false. */
  readonly fromZero?: boolean;
}

/** Lines over time. With thresholds, a line stands at each of them. */
export function graph(look: GraphLook): Panel {
  return (language) => {
    const { queries, stacked, bars, isCoarse, thresholds, fromZero = true, width = GRAPH_WIDTH } =
      look;
    const builder = dress(new timeseries.PanelBuilder(), look, language)
      .targets(targets(queries, language))
      .span(width)
      .height(GRAPH_HEIGHT)
      .legend(legendBelow())
      .tooltip(
        new common.VizTooltipOptionsBuilder()
          .mode(common.TooltipDisplayMode.Multi)
          .sort(common.SortOrder.Descending),
      )
      .colorScheme(colors(dashboard.FieldColorModeId.PaletteClassic))
      .drawStyle(bars ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
      .lineWidth(bars ? 0 : 2)
      .fillOpacity(bars ? 70 : stacked ? 30 : 8)
      .showPoints(common.VisibilityMode.Never);
    if (stacked) {
      builder.stacking(
        new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group("A"),
      );
    }
    if (fromZero) builder.axisSoftMin(0);
    if (isCoarse) builder.maxDataPoints(COARSE_POINTS);
    if (thresholds !== undefined) {
      builder.thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
      );
    }
    return builder;
  };
}

interface ByTurnLook extends Look {
  /** Each needs a legend of its own, by which its column is found. */
  readonly queries: readonly (Query & { readonly legend: Text })[];
}

/**
 * Lines over the turns that were played, not over time: a pause of the game leaves no gap, and two
 * speeds look the same. A column of turns and one a query are joined by their time, which is then
 * left out of the drawing.
 */
export function byTurn(look: ByTurnLook): Panel {
  return (language) => {
    const turns = LEGENDS.turns[language];
    const named = (name: string) => ({ matcher: { id: "byName", options: name } });
    return dress(new xychart.PanelBuilder(), look, language)
      .targets(targets([{ expr: TURNS, legend: LEGENDS.turns }, ...look.queries], language))
      .span(look.width ?? 2 * GRAPH_WIDTH)
      .height(GRAPH_HEIGHT)
      .withTransformation({ id: "joinByField", options: { byField: "Time", mode: "outer" } })
      .mapping(xychart.SeriesMapping.Manual)
      .series(look.queries.map(({ legend }) =>
        new xychart.XYSeriesConfigBuilder()
          .name({ fixed: legend[language] })
          .frame({ matcher: { id: "byIndex", options: 0 } })
          .x(named(turns))
          .y(named(legend[language]))
      ))
      .show(xychart.XYShowMode.PointsAndLines)
      .pointSize({ fixed: 3 })
      .lineWidth(1)
      .axisLabel("")
      .colorScheme(colors(dashboard.FieldColorModeId.PaletteClassic))
      .legend(legendBelow())
      .tooltip(
        new common.VizTooltipOptionsBuilder()
          .mode(common.TooltipDisplayMode.Single)
          .sort(common.SortOrder.None),
      )
      .overrideByName(turns, [
        { id: "unit", value: UNIT.count },
        { id: "custom.axisLabel", value: turns },
      ]);
  };
}

interface BarsLook extends Look {
  readonly query: Query;
}

/** A bar for each series as it is now. */
export function bars(look: BarsLook): Panel {
  return (language) =>
    dress(new bargauge.PanelBuilder(), look, language)
      .targets(targets([look.query], language).map((target) => target.instant()))
      .span(look.width ?? GRAPH_WIDTH)
      .height(GRAPH_HEIGHT)
      .reduceOptions(lastValue())
      .displayMode(common.BarGaugeDisplayMode.Gradient)
      .orientation(common.VizOrientation.Horizontal)
      .showUnfilled(true)
      .colorScheme(colors(dashboard.FieldColorModeId.Thresholds))
      .min(0);
}

interface ListLook extends Look {
  /** The label whose values are the rows. */
  readonly rows: Thing;
  readonly columns: readonly (Query & { readonly legend: Text; readonly unit: Unit })[];
}

/** A table with a row for each value of a label. */
export function list(look: ListLook): Panel {
  return (language) => {
    const { rows, columns, width = GRAPH_WIDTH } = look;
    const rowName = LEGENDS[rows][language];
    const columnNames = columns.map(({ legend }, index) =>
      [`Value #${refId(index)}`, legend[language]] as const
    );
    const builder = dress(new table.PanelBuilder(), look, language)
      .targets(
        targets(columns, language).map((target) =>
          target.instant().format(prometheus.PromQueryFormat.Table)
        ),
      )
      .span(width)
      .height(GRAPH_HEIGHT)
      .cellOptions({ type: common.TableCellDisplayMode.Auto })
      .withTransformation({ id: "merge", options: {} })
      .withTransformation({
        id: "organize",
        options: {
          excludeByName: { Time: true },
          indexByName: {},
          renameByName: { [rows]: rowName, ...Object.fromEntries(columnNames) },
        },
      })
      .overrideByName(rowName, [{
        id: "links",
        value: [{
          title: LEGENDS.drillDown[language],
          url: drillDownUrl(rows, "__value.text", language),
        }],
      }]);
    columns.forEach(({ unit, legend }) =>
      builder.overrideByName(legend[language], [{ id: "unit", value: unit }])
    );
    return builder;
  };
}

interface HeatLook extends Look {
  /** Buckets with their `le`. */
  readonly query: Query;
}

/** How often each bucket of a histogram was hit, over time. */
export function heat(look: HeatLook): Panel {
  return (language) =>
    dress(new heatmap.PanelBuilder(), look, language)
      .targets(
        targets([{ ...look.query, legend: "{{le}}" }], language)
          .map((target) => target.format(prometheus.PromQueryFormat.Heatmap)),
      )
      .span(look.width ?? GRAPH_WIDTH)
      .height(GRAPH_HEIGHT)
      .maxDataPoints(COARSE_POINTS)
      .calculate(false)
      .yAxis(new heatmap.YAxisConfigBuilder().unit(look.unit));
}
