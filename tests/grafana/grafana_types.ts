/** Grafana's own types of a board in classic JSON, put together for the panels that are used here. @module */

import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type {
  AnnotationQuery,
  Dashboard,
  FieldConfig,
  FieldConfigSource,
  MatcherConfig,
  Panel,
  RowPanel,
  VariableModel,
} from "@grafana/schema";
import type * as bargauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type * as xychart from "@grafana/schema/dist/esm/raw/composable/xychart/panelcfg/x/XYChartPanelCfg_types.gen";

/** The same with the values of enums in place of the enums, as they stand in JSON. */
type Json<T> = T extends string ? `${T}`
  : T extends readonly (infer U)[] ? Json<U>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;

/** Grafana's Prometheus plugin has no types in `@grafana/schema`. */
type Query = Omit<Dataquery, "_implementsDataqueryVariant">;

type PanelOf<Type extends string, Options, Custom = Record<string, never>> =
  & Omit<Panel, "type" | "options" | "fieldConfig" | "targets">
  & {
    type: Type;
    id: number;
    options: Options;
    fieldConfig: Omit<FieldConfigSource, "defaults" | "overrides"> & {
      defaults: Omit<FieldConfigSource["defaults"], "custom"> & { custom?: Custom };
      overrides: {
        matcher: MatcherConfig;
        properties: {
          id: keyof FieldConfig | `custom.${keyof Custom & string}`;
          value?: unknown;
        }[];
      }[];
    };
    targets: Query[];
  };

type AnyPanel =
  | (Omit<RowPanel, "panels"> & { panels: never[] })
  | PanelOf<"bargauge", bargauge.Options>
  | PanelOf<"heatmap", heatmap.Options, heatmap.FieldConfig>
  | PanelOf<"stat", stat.Options>
  | PanelOf<"table", table.Options, table.FieldConfig>
  | PanelOf<"timeseries", timeseries.Options, timeseries.FieldConfig>
  | PanelOf<"xychart", xychart.Options, xychart.FieldConfig>;

/** What the Prometheus plugin reads beyond what all annotations have. */
interface PrometheusAnnotation {
  expr: string;
  step: string;
  titleFormat: string;
  tagKeys: string;
  useValueForTime: boolean;
}

/** A board as it stands in its file. */
export type BoardJson = Json<
  & Omit<Dashboard, "panels" | "annotations" | "templating">
  & {
    uid: string;
    panels: AnyPanel[];
    annotations: {
      list: (Omit<AnnotationQuery, "target"> & PrometheusAnnotation & { target: Query })[];
    };
    templating: { list: VariableModel[] };
  }
>;
