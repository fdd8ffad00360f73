/** The series of sessions, made once: whoever renders or sends them finds them by their identity. @module */

import { type Metric, SESSION_STATES } from "../catalogue/mod.ts";
import { TURN_SECONDS_BUCKETS } from "../turns/mod.ts";
import { boundLabel, type Family, type Series } from "./family.ts";
import type { Session } from "./session.ts";

type Labels = Series["labels"];

export const NO_LABELS: Labels = [];
/** Value of the session label for what sessions counted that are no longer remembered. */
const EVICTED_LABEL = "autres";
export const EVICTED_LABELS: Labels = [["session", EVICTED_LABEL]];

/** Labels of sessions, by their ledgers. */
const LABELS = new WeakMap<Session["ledger"], Labels>();
const PLAIN = new WeakMap<Labels, readonly Series[]>();
const MADE = new WeakMap<Labels, WeakMap<Metric, readonly Series[]>>();

/** A session that is called as the forgotten ones are is told apart, whatever others are called. */
export function sessionLabel({ id, ledger }: Session, bySession: boolean): Labels {
  if (!bySession) return NO_LABELS;
  let labels = LABELS.get(ledger);
  if (labels === undefined) {
    labels = [["session", /^autres( #2)*$/.test(id) ? `${id} #2` : id]];
    LABELS.set(ledger, labels);
  }
  return labels;
}

/** The one series that has these labels and no others. */
function plainSeriesOf(labels: Labels): readonly Series[] {
  let series = PLAIN.get(labels);
  if (series === undefined) PLAIN.set(labels, series = [{ suffix: "", labels }]);
  return series;
}

/** A family of the one series with these labels; undefined when there is no number for it. */
export function single(metric: Metric, labels: Labels, value: number): Family | undefined {
  return Number.isFinite(value)
    ? { metric, series: plainSeriesOf(labels), values: [value] }
    : undefined;
}

/** All series of a metric that have these labels. */
function seriesOf(
  labels: Labels,
  metric: Metric,
  make: () => readonly Series[],
): readonly Series[] {
  let ofLabels = MADE.get(labels);
  if (ofLabels === undefined) MADE.set(labels, ofLabels = new WeakMap());
  let series = ofLabels.get(metric);
  if (series === undefined) ofLabels.set(metric, series = make());
  return series;
}

const BUCKETS = [...TURN_SECONDS_BUCKETS, Infinity].map((bound) =>
  ["le", boundLabel(bound)] as const
);

/** The series of a histogram or a summary of turns. */
export function turnSeries(metric: Metric, labels: Labels): readonly Series[] {
  const buckets = metric.type === "histogram" ? BUCKETS : [];
  return seriesOf(labels, metric, () => [
    ...buckets.map((bound) => ({ suffix: "_bucket", labels: [...labels, bound] })),
    { suffix: "_sum", labels },
    { suffix: "_count", labels },
  ]);
}

export const STATE_SERIES: readonly Series[] = SESSION_STATES.map((state) => ({
  suffix: "",
  labels: [["etat", state]],
}));

/** The series of a session's state. */
export function stateSeries(entry: Metric, own: Labels): readonly Series[] {
  return seriesOf(
    own,
    entry,
    () => STATE_SERIES.map(({ suffix, labels }) => ({ suffix, labels: [...labels, ...own] })),
  );
}
