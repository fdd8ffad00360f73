/** Reads the boards as Grafana reads them, and does to their queries what it does before it asks. @module */

import type { Language } from "../../tools/dashboards/texts.ts";

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource?: { readonly uid?: string };
  readonly instant?: boolean;
  /** Grafana's "min step". */
  readonly interval?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly targets?: readonly Target[];
  /** Grafana asks for no more points than this, nor than the panel has pixels. */
  readonly maxDataPoints?: number;
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly {
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}

export interface Variable {
  readonly type: string;
  readonly name: string;
  readonly label?: string;
  readonly query: string | { readonly query: string };
  readonly datasource?: { readonly uid?: string };
  readonly current?: unknown;
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
}

export interface Annotation {
  readonly name: string;
  readonly enable: boolean;
  readonly datasource?: { readonly uid?: string };
  readonly target: Target;
}

export interface Board {
  /** Name of its file, without folder and ending. */
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly tags: readonly string[];
  readonly links: readonly { readonly tags: readonly string[] }[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
}

const FOLDER = new URL("../../grafana/dashboards/", import.meta.url);

/** The text of each board of a language, by the name of its file. */
export function boardTexts(language: Language): ReadonlyMap<string, string> {
  const folder = new URL(`${language}/`, FOLDER);
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.endsWith(".json")).toSorted();
  return new Map(
    names.map((
      name,
    ) => [name.replace(/\.json$/, ""), Deno.readTextFileSync(new URL(name, folder))]),
  );
}

export function boardsIn(language: Language): Board[] {
  return Array.from(boardTexts(language), ([file, text]) => ({ ...JSON.parse(text), file }));
}

/** What is chosen in a variable: some values, or all of them by its `allValue`. */
export type Choice = readonly string[] | "all";

export interface Asking {
  readonly choices: Readonly<Record<string, Choice>>;
  readonly variables: readonly Variable[];
  /** The data source's `timeInterval`, in seconds. */
  readonly timeInterval: number;
  /** What the graphs show, and the time between two points, in seconds. */
  readonly range: number;
  readonly step: number;
}

/** A value inside a regular expression, inside a string of PromQL. */
function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\\\\\").replace(/[$^*{}[\]'+?.()|]/g, "\\\\$&");
}

function chosenText(choice: Choice, { allValue }: Variable): string {
  if (choice === "all") return allValue ?? "";
  const values = choice.map(escapeValue);
  return values.length === 1 ? values[0]! : `(${values.join("|")})`;
}

function seconds(duration: string): number {
  const [, number, unit] = /^(\d+)(s|m)$/.exec(duration) ?? [];
  if (number === undefined) throw new Error(`Cannot read the time "${duration}"`);
  return Number(number) * (unit === "m" ? 60 : 1);
}

/**
 * A query with all of Grafana's variables replaced. `$__rate_interval` is four scrapes at least, or
 * a step and a scrape, as Grafana documents it; a scrape is the query's min step or the data
 * source's `timeInterval`.
 *
 * @throws {Error} When a variable is left.
 */
export function interpolate(expr: string, asking: Asking, minStep?: string): string {
  const scrape = minStep === undefined ? asking.timeInterval : seconds(minStep);
  const step = Math.max(asking.step, scrape);
  let text = expr
    .replaceAll("$__rate_interval", `${Math.max(step + scrape, 4 * scrape)}s`)
    .replaceAll("$__range", `${asking.range}s`);
  for (const variable of asking.variables) {
    const choice = asking.choices[variable.name];
    if (choice === undefined) continue;
    text = text.replaceAll(`"$${variable.name}"`, () => `"${chosenText(choice, variable)}"`);
  }
  if (text.includes("$")) throw new Error(`Cannot replace every variable of ${expr}: ${text}`);
  return text;
}

/** The parts of `label_values(series, label)`; of a variable of another kind, undefined. */
export function labelValues(
  variable: Variable,
): { readonly series: string; readonly label: string } | undefined {
  if (variable.type !== "query" || typeof variable.query === "string") return undefined;
  const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(variable.query.query) ?? [];
  return series === undefined || label === undefined ? undefined : { series, label };
}
