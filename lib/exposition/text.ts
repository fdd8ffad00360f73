/** Renders the Prometheus text format 0.0.4. Only values are formatted anew at each rendering. @module */

import { METRIC_NAME } from "../catalogue/mod.ts";
import { type Family, isSameSeries, type Series } from "../model/mod.ts";

/** The exact content type of the format; see Prometheus' "Exposition formats". */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const HELP_ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n" };
const LABEL_ESCAPES: Readonly<Record<string, string>> = { ...HELP_ESCAPES, '"': '\\"' };

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (found) => HELP_ESCAPES[found]!);
}

function escapeLabel(text: string): string {
  return text.replace(/[\\\n"]/g, (found) => LABEL_ESCAPES[found]!);
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Whether a line of this series would be one that a scraper can read. */
export function canBeRead(name: string, { suffix, labels }: Series): boolean {
  return METRIC_NAME.test(name + suffix) &&
    labels.every(([label, value], index) =>
      LABEL_NAME.test(label) && typeof value === "string" &&
      labels.findIndex(([other]) => other === label) === index
    );
}

/** All of a line but its value. */
function writtenStart(name: string, { suffix, labels }: Series): string {
  if (labels.length === 0) return `${name}${suffix} `;
  const pairs = labels.map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return `${name}${suffix}{${pairs.join(",")}} `;
}

/** All of a line but its value; nothing where a scraper could not read the line. */
export function lineStart(name: string, series: Series): string {
  return canBeRead(name, series) ? writtenStart(name, series) : "";
}

interface Layout {
  readonly series: readonly Series[];
  readonly head: string;
  readonly starts: readonly string[];
}

/** Long lists are compared by their identity: whoever makes them keeps it. */
function isKnown(known: readonly Series[], series: readonly Series[]): boolean {
  return known === series || (series.length < 100 && isSameSeries(known, series));
}

/**
 * Makes a renderer. It keeps what never changes of each family, its head and the beginning of each
 * line, as long as the family has the same series, and forgets families that are not shown any more.
 *
 * It is the last gate: a line that no scraper could read, or a value that is no finite number, never
 * gets through, wherever it comes from.
 *
 * @param onLeftOut Called with the name of a metric whenever a series of it was left out, such as a sum
 *   that is larger than any number.
 */
export function createRenderer(
  onLeftOut: (metric: string) => void = () => {},
): (families: readonly Family[]) => string {
  let layouts = new Map<string, Layout>();
  return (families) => {
    const used = new Map<string, Layout>();
    let text = "";
    for (const { metric, series, values } of families) {
      const { name } = metric;
      let layout = layouts.get(name);
      if (layout === undefined || !isKnown(layout.series, series)) {
        layout = {
          series,
          head: METRIC_NAME.test(name)
            ? `# HELP ${name} ${escapeHelp(metric.help)}\n# TYPE ${name} ${metric.type}\n`
            : "",
          starts: series.map((one) => lineStart(name, one)),
        };
      }
      used.set(name, layout);
      text += layout.head;
      const { starts } = layout;
      for (let i = 0; i < starts.length; i++) {
        const value = values[i]!;
        const start = starts[i]!;
        if (start !== "" && Number.isFinite(value)) text += start + String(value) + "\n";
        else onLeftOut(name);
      }
    }
    layouts = used;
    return text;
  };
}
