/** Web processes: what they have answered together, and what each does now. @module */

import * as z from "zod";
import {
  ACTIVE_REQUESTS,
  HTTP_LABELS,
  HTTP_SECONDS_BUCKETS,
  REQUEST_DURATION,
} from "../catalogue/mod.ts";
import {
  MAX_WEB_ROWS,
  OTHER_ROUTE,
  type Outcome,
  restLabels,
  UNMATCHED_ROUTE,
  type WebReport,
  type WebRow,
} from "../report/mod.ts";
import { add, EXACT, nearest } from "./exact.ts";
import { boundLabel, type Family, type Series } from "./family.ts";

/** Routes that are told apart; all others are `other`. */
const MAX_ROUTES = 200;
/** Processes whose numbers are remembered, so that the next ones only add what is new. */
const MAX_PROCESSES = 256;
/** Rows of all these processes together. */
const MAX_REMEMBERED_ROWS = 20_000;
/** Processes that have ended or were forgotten: what comes of them late changes nothing. */
const MAX_FORMER = 2000;
/** After so many seconds without a report a process is over, and answers nothing any more. */
const OVER_AFTER = 15;

const NUMBER = z.number();
const BUCKETS = HTTP_SECONDS_BUCKETS.length + 1;
const LABELS = z.tuple([z.string(), z.string(), z.string(), z.string()]).readonly();
const COUNTS = z.array(NUMBER.nonnegative()).length(BUCKETS);

/** What all processes that there ever were have answered of one kind. */
const TOTAL = z.strictObject({ labels: LABELS, counts: COUNTS, sum: EXACT });
type Total = z.infer<typeof TOTAL>;

/** The numbers of a process's last report. Times are in seconds since 1970. */
const PROCESS = z.strictObject({
  id: z.string(),
  order: NUMBER,
  arrival: NUMBER,
  /** By the labels, joined. */
  rows: z.map(z.string(), z.strictObject({ counts: COUNTS.readonly(), sum: NUMBER })),
  /** By method. */
  active: z.map(z.string(), NUMBER).readonly(),
});
type Process = z.infer<typeof PROCESS>;

/** Plain data that is saved as it is. */
export const WEB_STATE = z.strictObject({
  totals: z.array(TOTAL).readonly(),
  processes: z.array(PROCESS).readonly(),
  /** Each with its last order, oldest first. */
  former: z.array(z.tuple([z.string(), NUMBER]).readonly()).readonly(),
  /** Methods of which there was a request. */
  methods: z.array(z.string()).readonly(),
}).readonly();
export type WebState = z.infer<typeof WEB_STATE>;

/**
 * Adds up what web processes report. The totals do not depend on how many of them there were: a
 * report adds to them what it has more than the last one of its process.
 */
export class Web {
  readonly #totals = new Map<string, Total>();
  readonly #routes = new Set<string>([UNMATCHED_ROUTE, OTHER_ROUTE]);
  /** The one that has been quiet for longest comes first. */
  readonly #processes = new Map<string, Process>();
  readonly #former = new Map<string, number>();
  readonly #methods = new Set<string>();
  #remembered = 0;
  /** The series of {@linkcode #totals}, as long as there is none more. */
  #series: readonly Series[] = [];

  /** Takes a report that arrived at `arrival`, in seconds since 1970, and says what became of it. */
  take(report: WebReport, arrival: number): Outcome {
    const { session, order, finished, rows, active } = report;
    const known = this.#processes.get(session);
    const last = known?.order ?? this.#former.get(session);
    if (last !== undefined && order <= last) return order === last ? "repeat" : "late";
    // What it has counted already is not known any more.
    if (this.#former.has(session)) return "late";
    const process = known ?? { id: session, order, arrival, rows: new Map(), active };
    this.#processes.delete(session);
    this.#processes.set(session, process);
    process.order = order;
    process.arrival = arrival;
    process.active = active;
    for (const method of active.keys()) this.#methods.add(method);
    for (const row of rows) this.#count(process, row);
    if (finished) this.#forget(process);
    while (this.#isFull() && this.#processes.size > 1) {
      this.#forget(this.#processes.values().next().value!);
    }
    return "taken";
  }

  #isFull(): boolean {
    return this.#processes.size > MAX_PROCESSES || this.#remembered > MAX_REMEMBERED_ROWS;
  }

  /** Adds to the totals what a row has more than before; none of them ever falls. */
  #count(process: Process, { labels, counts, sum }: WebRow): void {
    const key = labels.join("\0");
    const before = process.rows.get(key);
    const total = this.#totalOf(labels);
    const next = {
      counts: counts.map((count, index) => Math.max(count, before?.counts[index] ?? 0)),
      sum: Math.max(sum, before?.sum ?? 0),
    };
    next.counts.forEach((count, index) =>
      total.counts[index]! += count - (before?.counts[index] ?? 0)
    );
    add(total.sum, next.sum);
    add(total.sum, -(before?.sum ?? 0));
    if (before === undefined) this.#remembered++;
    process.rows.set(key, next);
  }

  /** The total that counts requests of these labels. */
  #totalOf([method, route, status, error]: WebRow["labels"]): Total {
    if (!this.#routes.has(route) && this.#routes.size < MAX_ROUTES + 2) this.#routes.add(route);
    const own = this.#routes.has(route) ? route : OTHER_ROUTE;
    const labels = [method, own, status, error] as const;
    const known = this.#totals.get(labels.join("\0"));
    if (known !== undefined) return known;
    if (this.#totals.size < MAX_WEB_ROWS) return this.#begin(labels);
    const rest = restLabels(status, error);
    return this.#totals.get(rest.join("\0")) ?? this.#begin(rest);
  }

  #begin(labels: WebRow["labels"]): Total {
    const total = { labels, counts: new Array<number>(BUCKETS).fill(0), sum: [] };
    this.#totals.set(labels.join("\0"), total);
    this.#methods.add(labels[0]);
    return total;
  }

  #forget({ id, order, rows }: Process): void {
    this.#processes.delete(id);
    this.#remembered -= rows.size;
    this.#former.set(id, order);
    for (const oldest of this.#former.keys()) {
      if (this.#former.size <= MAX_FORMER) break;
      this.#former.delete(oldest);
    }
  }

  /** What a later process needs; undefined when no web process has reported. Serialise it at once. */
  state(): WebState | undefined {
    if (this.#processes.size + this.#former.size === 0) return undefined;
    return {
      totals: [...this.#totals.values()],
      processes: [...this.#processes.values()],
      former: [...this.#former],
      methods: [...this.#methods],
    };
  }

  /**
   * Goes on from a saved state, which must not be used elsewhere.
   *
   * @param now The time in seconds since 1970, after which nothing can have arrived.
   */
  restore({ totals, processes, former, methods }: WebState, now: number): void {
    for (const total of totals) {
      this.#totals.set(total.labels.join("\0"), total);
      this.#routes.add(total.labels[1]);
    }
    for (const process of processes) {
      process.arrival = Math.min(process.arrival, now);
      this.#processes.set(process.id, process);
      this.#remembered += process.rows.size;
    }
    for (const [id, order] of former) this.#former.set(id, order);
    for (const method of methods) this.#methods.add(method);
  }

  /** Moves all arrivals by so many seconds, because the clock they were taken from was set by as much. */
  shift(seconds: number): void {
    for (const process of this.#processes.values()) process.arrival += seconds;
  }

  /** Both families as they are at `now`, and until when they stay so if no report comes. */
  families(now: number): { families: Family[]; until: number } {
    if (this.#methods.size === 0) return { families: [], until: Infinity };
    const active = new Map(Array.from(this.#methods, (method) => [method, 0]));
    let until = Infinity;
    for (const process of this.#processes.values()) {
      const over = process.arrival + OVER_AFTER;
      if (over <= now) continue;
      for (const [method, count] of process.active) {
        if (count === 0) continue;
        active.set(method, active.get(method)! + count);
        until = Math.min(until, over);
      }
    }
    const methods = [...active].sort(([a], [b]) => a < b ? -1 : 1);
    const gauge = {
      metric: ACTIVE_REQUESTS,
      series: methods.map(([method]) => ({
        suffix: "",
        labels: [[HTTP_LABELS[0], method] as const],
      })),
      values: methods.map(([, count]) => count),
    };
    return { families: this.#totals.size > 0 ? [this.#durations(), gauge] : [gauge], until };
  }

  #durations(): Family {
    const totals = [...this.#totals.values()];
    const size = BOUNDS.length + 2;
    if (this.#series.length !== totals.length * size) this.#series = totals.flatMap(seriesOf);
    const values: number[] = [];
    for (const { counts, sum } of totals) {
      let count = 0;
      for (const own of counts) values.push(count += own);
      values.push(nearest(sum), count);
    }
    return { metric: REQUEST_DURATION, series: this.#series, values };
  }
}

const BOUNDS = [...HTTP_SECONDS_BUCKETS, Infinity].map((bound) =>
  ["le", boundLabel(bound)] as const
);

/** An empty label is none. */
function seriesOf({ labels: values }: Total): Series[] {
  const labels = HTTP_LABELS.map((name, index) => [name, values[index]!] as const)
    .filter(([, value]) => value !== "");
  return [
    ...BOUNDS.map((bound) => ({ suffix: "_bucket", labels: [...labels, bound] })),
    { suffix: "_sum", labels },
    { suffix: "_count", labels },
  ];
}
