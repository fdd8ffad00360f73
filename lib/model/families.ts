/** Families: what the sessions come to together, read as the catalogue says. @module */

import {
  type BreakdownLabel,
  type Combine,
  GAME_METRICS,
  type LedgerFacts,
  type Metric,
  type Reading,
  SESSION_STATES,
} from "../catalogue/mod.ts";
import { TRADESIM_KEYS } from "../report/mod.ts";
import { nearest } from "./exact.ts";
import { Collector, type Family, plainFamily, type Series } from "./family.ts";
import { amountsOf, intervalOf, type Ledger, type Parts, UNKNOWN_PART } from "./ledger.ts";
import {
  EVICTED_LABELS,
  NO_LABELS,
  sessionLabel,
  single,
  STATE_SERIES,
  stateSeries,
  turnSeries,
} from "./series_of.ts";
import { type Session, splitPartKey, stateOf } from "./session.ts";

/** What families are made from; nothing of it is changed. */
export interface View {
  /** Labels from the reports that are in use, the preferred one first. */
  readonly breakdowns: readonly BreakdownLabel[];
  /** Whether each session has series of its own. */
  readonly bySession: boolean;
  /** Whether numbers outside the catalogue are shown. */
  readonly allKeys: boolean;
  readonly staleAfter: number;
  /** All sessions that are remembered, and those that are shown, the newest last. */
  readonly sessions: readonly Session[];
  readonly live: readonly Session[];
  /** What sessions counted that are no longer remembered. */
  readonly evicted: Ledger;
  /** Sessions whose ledgers are not in `evicted`. Default: all that are remembered. */
  readonly counted?: readonly Session[];
  /** Series of detail tables, found by the identity of their rows. */
  readonly detailSeries: WeakMap<object, readonly Series[]>;
  /** In seconds since 1970. */
  readonly now: number;
}

/** Value of a label for what no part of a report accounts for. */
const UNKNOWN_LABEL = "inconnu";

type Labels = Series["labels"];

/** A view with every ledger, and the labels of its session. */
interface Whole extends View {
  readonly ledgers: readonly (readonly [Labels, Ledger])[];
}

/** Every family of the game, in the order of the catalogue. */
export function familiesOf(seen: View): Family[] {
  const view = { ...seen, ledgers: ledgersOf(seen) };
  return [
    ...GAME_METRICS.map((entry) => familyOf(entry, view)),
    ...view.allKeys ? extraFamilies(view) : [],
  ].filter((family) => family !== undefined);
}

/** The families whose series say which session they are of, where sessions are told apart. */
export function sessionFamilies(view: View): Family[] {
  return familiesOf(view).filter(({ series }) =>
    series.every(({ labels }) => labels.some(([name]) => name === "session"))
  );
}

function familyOf(entry: Metric, view: Whole): Family | undefined {
  const { name, group, type, read } = entry;
  if (group === "detail") return detailFamily(entry, view);
  if (read === undefined) {
    return type === "gauge"
      ? gauge(entry, (session) => session.gauges.get(name), view)
      : counter(entry, (ledger) => reportedTotal(ledger, name), view);
  }
  if ("total" in read) return counter(entry, (ledger) => read.total(new Facts(ledger)), view);
  if ("value" in read) return gauge(entry, read.value, view);
  if ("each" in read) return each(entry, read, view);
  if ("turns" in read) return turns(entry, read, view);
  if ("rows" in read) return rows(entry, read.rows, view);
  if ("states" in read) return states(entry, view);
  return plainFamily(entry, read.count(view.live.length));
}

/** Reads of a ledger what is asked for. */
class Facts implements LedgerFacts {
  readonly #ledger: Ledger;
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }
  get turns() {
    return this.#ledger.turns;
  }
  get turnCounts() {
    return this.#ledger.turnCounts;
  }
  get turnSeconds() {
    return amountsOf(this.#ledger.turnSum);
  }
  get interval() {
    return intervalOf(this.#ledger);
  }
  get violations() {
    return this.#ledger.violations;
  }
}

/** Numbers that add up to what reports have told under a name. */
function reportedTotal({ totals }: Ledger, name: string): readonly number[] | undefined {
  const total = totals.get(name);
  return total && amountsOf(total);
}

function ledgersOf({ sessions, counted = sessions, evicted, bySession }: View): Whole["ledgers"] {
  return [
    ...counted.map((
      session,
    ): [Labels, Ledger] => [sessionLabel(session, bySession), session.ledger]),
    [bySession ? EVICTED_LABELS : NO_LABELS, evicted],
  ];
}

/** The labels of a part; what has no name is said to be unknown. */
function partLabels(key: string, entry: Metric, inUse: readonly BreakdownLabel[]): Labels {
  if (key === UNKNOWN_PART) {
    const label = inUse.find((label) => entry.breakdowns?.includes(label));
    return label === undefined ? [] : [[label, UNKNOWN_LABEL]];
  }
  const values = splitPartKey(key);
  return inUse.flatMap((label, index) => values[index] ? [[label, values[index]] as const] : []);
}

/**
 * A counter over all sessions that there ever were. It is there from the start, at 0, so that
 * its first increase is seen; only what TradeSim never sends waits for a report that has it.
 */
function counter(
  entry: Metric,
  read: (ledger: Ledger) => readonly number[] | undefined,
  view: Whole,
): Family | undefined {
  const { ledgers } = view;
  const hasParts = ledgers.some(([, ledger]) => ledger.shares.has(entry.name));
  const collector = new Collector();
  const total: number[] = [];
  /** Labels of those that have counted something, without parts. */
  const counted: Labels[] = [];
  const amountsOfEach: (readonly number[])[] = [];
  let isKnown = false;
  for (const [own, ledger] of ledgers) {
    const amounts = read(ledger);
    if (amounts === undefined || (ledger === view.evicted && nearest(amounts) === 0)) continue;
    isKnown = true;
    total.push(...amounts);
    const shares = ledger.shares.get(entry.name);
    if (shares !== undefined) {
      for (const [key, share] of shares) {
        collector.add([...partLabels(key, entry, view.breakdowns), ...own], ...amountsOf(share));
      }
    } else if (!hasParts) {
      counted.push(own);
      amountsOfEach.push(amounts);
    } else if (nearest(amounts) > 0) {
      collector.add([...partLabels(UNKNOWN_PART, entry, view.breakdowns), ...own], ...amounts);
    }
  }
  if (isKnown && view.bySession && !hasParts && counted.length === 1) {
    return single(entry, counted[0]!, nearest(total));
  }
  if (isKnown && (hasParts || view.bySession)) {
    if (!hasParts) counted.forEach((own, place) => collector.add(own, ...amountsOfEach[place]!));
    return collector.family(entry);
  }
  const fromTheStart = entry.tradesim !== undefined || entry.origin !== undefined;
  return isKnown || fromTheStart ? plainFamily(entry, nearest(total)) : undefined;
}

/** A counter by its own label. All of its values are there from the start, at 0. */
function each(
  entry: Metric,
  { each: values, of }: Extract<Reading, { each: unknown }>,
  { ledgers, bySession, evicted }: Whole,
): Family | undefined {
  const collector = new Collector();
  const [name] = entry.labels!;
  for (const [own, ledger] of ledgers) {
    const counted = of(new Facts(ledger));
    if (bySession && ledger === evicted && counted.size === 0) continue;
    for (const value of values) {
      collector.add([[name!, value], ...own], counted.get(value) ?? 0);
    }
  }
  return collector.family(entry);
}

/** A gauge over the live sessions, combined as the catalogue says. */
function gauge(
  entry: Metric,
  read: (session: Session) => number | undefined,
  { live, bySession, breakdowns }: View,
): Family | undefined {
  const found = live.flatMap((session) => {
    const value = read(session);
    return value === undefined ? [] : [{ session, value }];
  });
  if (found.length === 0) return undefined;
  const hasParts = entry.combine === "sum" &&
    found.some(({ session }) => session.parts.has(entry.name));
  if (!hasParts && !bySession) {
    const value = combine(entry.combine, found);
    return Number.isFinite(value) ? plainFamily(entry, value) : undefined;
  }
  const [first] = found;
  if (!hasParts && found.length === 1) {
    return single(entry, sessionLabel(first!.session, bySession), first!.value);
  }
  const collector = new Collector();
  for (const { session, value } of found) {
    const own = sessionLabel(session, bySession);
    if (!hasParts) {
      collector.add(own, value);
      continue;
    }
    for (const [key, part] of withRest(session.parts.get(entry.name), value)) {
      collector.add([...partLabels(key, entry, breakdowns), ...own], part);
    }
  }
  return collector.family(entry);
}

/** The parts of a gauge, and what they do not account for; the game rounds its sums to cents. */
function withRest(parts: Parts | undefined, value: number): [string, number][] {
  const known = [...parts ?? []];
  const rest = nearest([value, ...known.map(([, part]) => -part)]);
  if (Math.abs(rest) > 0.01) known.push([UNKNOWN_PART, rest]);
  return known;
}

function combine(
  how: Combine | undefined,
  found: readonly { session: Session; value: number }[],
): number {
  const values = found.map(({ value }) => value);
  switch (how) {
    case "sum":
      return values.reduce((sum, value) => sum + value, 0);
    case "min":
      return values.reduce((a, b) => Math.min(a, b));
    case "max":
      return values.reduce((a, b) => Math.max(a, b));
    case "newest":
    case undefined:
      return values.at(-1)!;
    default: {
      if (found.length === 1) return values[0]!;
      const weights = found.map(({ session }) => session.gauges.get(how.mean) ?? 1);
      const weight = weights.reduce((sum, next) => sum + next, 0);
      const sum = values.reduce((total, value, index) => total + value * weights[index]!, 0);
      return weight === 0 ? values.at(-1)! : sum / weight;
    }
  }
}

/** A histogram or a summary of turns: per session or over all, a fixed list of series each. */
function turns(
  entry: Metric,
  { turns: read, round }: Extract<Reading, { turns: unknown }>,
  view: Whole,
): Family {
  const seriesWith = (labels: Labels) => turnSeries(entry, labels);
  const valuesOf = (ledgers: readonly Ledger[]) => {
    const sums: number[] = [];
    const seconds: number[] = [];
    for (const ledger of ledgers) {
      const told = read(new Facts(ledger));
      told.counts.forEach((count, index) => sums[index] = (sums[index] ?? 0) + count);
      seconds.push(...told.seconds);
    }
    let count = 0;
    const cumulated = sums.map((own) => count += own);
    const sum = nearest(seconds);
    return [...entry.type === "histogram" ? cumulated : [], round?.(sum) ?? sum, count];
  };
  const { ledgers } = view;
  if (!view.bySession) {
    return {
      metric: entry,
      series: seriesWith(NO_LABELS),
      values: valuesOf(ledgers.map(([, own]) => own)),
    };
  }
  const known = ledgers.map(([labels, ledger]) => ({ labels, ledger, values: valuesOf([ledger]) }))
    .filter(({ ledger, values }) => ledger !== view.evicted || values.some((value) => value > 0));
  const [first, ...others] = known;
  return {
    metric: entry,
    series: first !== undefined && others.length === 0
      ? seriesWith(first.labels)
      : known.flatMap(({ labels }) => seriesWith(labels)),
    values: known.flatMap(({ values }) => values),
  };
}

/** Sessions by state: those that are shown, and all that would be missed. */
function states(entry: Metric, { sessions, bySession, staleAfter, now }: View): Family {
  const counted = sessions.map((session) => ({ session, state: stateOf(session, now) }))
    .filter(({ session, state }) =>
      session.live || (state === "silent" && now - session.arrival < staleAfter)
    );
  const count = (found: typeof counted) =>
    SESSION_STATES.map((state) => found.filter((one) => one.state === state).length);
  if (!bySession || counted.length === 0) {
    return { metric: entry, series: STATE_SERIES, values: count(counted) };
  }
  return {
    metric: entry,
    series: counted.flatMap(({ session }) => stateSeries(entry, sessionLabel(session, bySession))),
    values: counted.flatMap((one) => count([one])),
  };
}

/** What live sessions tell by label; the highest value of the same labels. */
function rows(
  entry: Metric,
  read: Extract<Reading, { rows: unknown }>["rows"],
  { live }: View,
): Family | undefined {
  const collector = new Collector();
  for (const session of live) {
    for (const [values, value] of read(session)) {
      collector.raise(values.map((text, index) => [entry.labels![index]!, text]), value);
    }
  }
  return collector.family(entry);
}

/** Tables of the newest session or, where sessions are told apart, of every live one. */
function detailFamily(entry: Metric, { live, bySession, detailSeries }: View): Family | undefined {
  const withTable = live.filter((session) => session.detail.has(entry.name));
  const shown = bySession ? withTable : withTable.slice(-1);
  if (shown.length === 0) return undefined;
  const tables = shown.map((session) => {
    const { labels, values } = session.detail.get(entry.name)!;
    let series = detailSeries.get(labels);
    if (series === undefined) {
      const own = sessionLabel(session, bySession);
      series = labels.map((row) => ({
        suffix: "",
        labels: [...row.map((value, index) => [entry.labels![index]!, value] as const), ...own],
      }));
      detailSeries.set(labels, series);
    }
    return { series, values };
  });
  if (tables.length === 1) return { metric: entry, ...tables[0]! };
  return {
    metric: entry,
    series: tables.flatMap(({ series }) => series),
    values: tables.flatMap(({ values }) => values),
  };
}

const REPORTED = new Set(GAME_METRICS.map(({ name }) => name));

function extraMetric(name: string, type: "counter" | "gauge"): Metric {
  const help = TRADESIM_KEYS.get(name)?.help ?? "Sent by the simulation under this key.";
  return { name, type, help, unit: "", group: "extra" };
}

/** What `--all-keys` adds: gauges of the newest session, and totals over all. */
function extraFamilies(view: Whole): (Family | undefined)[] {
  const gauges = new Map<string, Collector>();
  for (const session of view.bySession ? view.live : view.live.slice(-1)) {
    for (const [name, value] of session.extra) {
      let collector = gauges.get(name);
      if (collector === undefined) gauges.set(name, collector = new Collector());
      collector.add(sessionLabel(session, view.bySession), value);
    }
  }
  const counters = new Set(
    view.ledgers.flatMap(([, ledger]) => [...ledger.totals.keys()])
      .filter((name) => !REPORTED.has(name)),
  );
  return [
    ...Array.from(gauges, ([name, collector]) => collector.family(extraMetric(name, "gauge"))),
    ...Array.from(counters, (name) => familyOf(extraMetric(name, "counter"), view)),
  ];
}
