/** Tests which samples the turns of reports become. @module */

import assert from "node:assert/strict";
import type { Model, ModelOptions } from "../../lib/model/mod.ts";
import { StreamClock } from "../../lib/remote_write/stream.ts";
import {
  type LossReason,
  TurnFeed,
  type TurnFeedOptions,
} from "../../lib/remote_write/turn_feed.ts";
import type { Details, Report } from "../../lib/report/mod.ts";
import { by, createModel, flatten, report } from "../model/reports.ts";

/** A time at which everything begins, in seconds since 1970. */
const T0 = 1_700_000_000;

interface Added {
  /** In milliseconds after T0. */
  readonly time: number;
  readonly start: number;
  /** Values by series as Prometheus writes them; undefined = the series ends. */
  readonly values: ReadonlyMap<string, number | undefined>;
}

interface Setup {
  readonly model?: Partial<ModelOptions>;
  readonly feed?: Partial<TurnFeedOptions>;
}

const NO_DETAILS: Details = {
  tables: new Map(),
  columns: new Map(),
  recentEvents: [],
  inventory: undefined,
};

class Feeding {
  readonly model: Model;
  readonly feed: TurnFeed;
  readonly added: Added[] = [];
  readonly lost: [LossReason, number][] = [];

  constructor({ model = {}, feed = {} }: Setup = {}) {
    this.model = createModel(model);
    this.feed = new TurnFeed({
      model: this.model,
      bySession: model.bySession ?? false,
      maxSeries: 10_000,
      staleMarkers: false,
      start: (T0 - 100) * 1000,
      streams: new Map(),
      add: ({ series, start }, time, values) => {
        const named = series.map(({ labels: [first, ...rest] }, place) => {
          const name = first![1];
          const pairs = rest.map(([label, value]) => `${label}="${value}"`).join();
          return [`${name}${pairs && `{${pairs}}`}`, values?.[place]] as const;
        });
        this.added.push({
          time: time - T0 * 1000,
          start: start && start - T0 * 1000,
          values: new Map(named),
        });
        return true;
      },
      onLost: (reason, samples) => this.lost.push([reason, samples]),
      ...feed,
    });
  }

  /** Takes a report as the intake does; it arrives when it was made, unless that is said. */
  take(
    given: Report,
    columns: Readonly<Record<string, readonly number[]>> = {},
    arrival = given.timestamp ?? T0,
  ): void {
    this.feed.before(given);
    const { outcome } = this.model.take(given, arrival);
    const details = { ...NO_DETAILS, columns: new Map(Object.entries(columns)) };
    if (outcome === "taken") this.feed.taken(given, details, arrival);
  }

  /** Time and value of each sample of a series. */
  samples(series: string): [time: number, value: number | undefined][] {
    return this.added.flatMap(({ time, values }) =>
      values.has(series) ? [[time, values.get(series)]] : []
    );
  }
}

function turn(number: number, seconds: number, changes: Parameters<typeof report>[0] = {}): Report {
  return report({
    order: number,
    timestamp: T0 + seconds,
    ...changes,
    values: { budget_total: 100 - number, transactions_total: 3 * number, ...changes.values },
  });
}

Deno.test("each report becomes what a scrape would show, at the report's own time", () => {
  const feeding = new Feeding();
  feeding.take(turn(1, 0.5));
  feeding.take(turn(2, 0.75));
  assert.deepEqual(feeding.samples("budget_total"), [[500, 99], [750, 98]]);
  const { families } = feeding.model.families(T0 + 0.75);
  assert.deepEqual(feeding.added.at(-1)!.values, flatten(families));
});

Deno.test("before the first turn counters are where they were, so that nothing of it is missed", () => {
  const feeding = new Feeding();
  feeding.take(turn(1, 1));
  feeding.take(turn(1, 9, { session: "b" }));
  feeding.take(turn(2, 10, { session: "b" }));
  assert.deepEqual(feeding.samples("tours_completes"), [
    [999, 0],
    [1000, 1],
    [8999, 1],
    [9000, 2],
    [10_000, 3],
  ]);
  // Gauges were at nothing.
  assert.deepEqual(feeding.samples("budget_total").map(([time]) => time), [1000, 9000, 10_000]);
  assert.deepEqual(new Set(feeding.added.map(({ start }) => start)), new Set([-100_000]));
});

Deno.test("series of a breakdown begin at 0, and none is sent that a scrape does not show", () => {
  const feeding = new Feeding({ model: { breakdowns: ["continent"] } });
  const parts = (first: number, second: number) => ({
    breakdowns: { transactions_total: [by("continent", { Asie: first, Europe: second })] },
  });
  feeding.take(turn(1, 1, { values: { transactions_total: 3 }, ...parts(1, 2) }));
  feeding.take(turn(1, 5, { session: "b", values: { transactions_total: 3 }, ...parts(2, 1) }));
  const samples = (name: string) => feeding.samples(`transactions_total{continent="${name}"}`);
  assert.deepEqual(samples("Asie"), [[999, 0], [1000, 1], [4999, 1], [5000, 3]]);
  assert.deepEqual(samples("Europe"), [[999, 0], [1000, 2], [4999, 2], [5000, 3]]);
  assert.deepEqual(feeding.samples("transactions_total"), []);
});

Deno.test("a repeated or late report becomes nothing", () => {
  const feeding = new Feeding();
  feeding.take(turn(2, 1));
  const count = feeding.added.length;
  feeding.take(turn(2, 2));
  feeding.take(turn(1, 3));
  assert.equal(feeding.added.length, count);
});

Deno.test("turns between two reports become what their columns tell, at their own times", () => {
  const feeding = new Feeding();
  feeding.take(turn(1, 0));
  feeding.take(turn(5, 0.5), {
    // The first was reported itself, the last is the report's own.
    tour: [1, 2, 4, 5],
    timestamp: [T0, T0 + 0.2, T0 + 0.4, T0 + 0.5],
    budget_total: [1, 42.5, 41, 2],
    transactions_reussies_total: [1, 2, 3, 4],
  });
  assert.deepEqual(feeding.samples("tours_completes").slice(-3), [[200, 2], [400, 4], [500, 5]]);
  assert.deepEqual(feeding.samples("simulation_tour").slice(-3), [[200, 2], [400, 4], [500, 5]]);
  assert.deepEqual(feeding.samples("budget_total").slice(-3), [[200, 42.5], [400, 41], [500, 95]]);
  // A report that does not tell a value has no series that a column could belong to.
  assert.deepEqual(feeding.samples("transactions_reussies_total").slice(-2).map(([time]) => time), [
    0,
    500,
  ]);
});

Deno.test("columns count on what other games have counted, and gauges of several games are left out", () => {
  const feeding = new Feeding();
  feeding.take(turn(7, 0));
  const columns = { tour: [1], timestamp: [T0 + 1], budget_total: [5], evenements_total: [10] };
  const second = { session: "b", values: { evenements_total: 20 } };
  feeding.take(turn(2, 2, second), columns);
  assert.deepEqual(feeding.samples("tours_completes").slice(-2), [[1000, 8], [2000, 9]]);
  assert.deepEqual(feeding.samples("evenements_total").slice(-2), [[1000, 10], [2000, 20]]);
  assert.deepEqual(feeding.samples("budget_total").map(([time]) => time), [0, 2000]);
});

Deno.test("a turn without a time of its own gets that of its arrival", () => {
  const feeding = new Feeding();
  const { timestamp: _timestamp, ...timeless } = turn(1, 0);
  feeding.take(timeless as Report, {}, T0 + 3);
  assert.deepEqual(feeding.samples("budget_total"), [[3000, 99]]);
});

Deno.test("with a label for sessions each has its own series, times and start", () => {
  const feeding = new Feeding({ model: { bySession: true } });
  feeding.take(turn(1, 5));
  feeding.take(turn(1, 1, { session: "b" }));
  feeding.take(turn(2, 5, { session: "b" }));
  assert.deepEqual(feeding.samples('tours_completes{session="a"}'), [[4999, 0], [5000, 1]]);
  assert.deepEqual(feeding.samples('tours_completes{session="b"}'), [[999, 0], [1000, 1], [
    5000,
    2,
  ]]);
  assert.deepEqual([...new Set(feeding.added.map(({ start }) => start))], [4998, 998]);
  for (const { values } of feeding.added) {
    const sessions = [...values.keys()].map((name) => /session="(.*?)"/.exec(name)?.[1]);
    assert.equal(new Set(sessions).size, 1, "each turn is of one session");
    assert.notEqual(sessions[0], undefined);
  }
});

Deno.test("of a game that is joined in the middle nobody knows since when it counts", () => {
  const feeding = new Feeding({ model: { bySession: true } });
  feeding.take(turn(500, 1));
  assert.deepEqual(feeding.samples('tours_completes{session="a"}'), [[1000, 500]]);
  assert.equal(feeding.added[0]!.start, 0);
});

Deno.test("a later process goes on behind the last time, with the same start", () => {
  const streams = new Map([["a", { last: T0 * 1000 + 5000, start: T0 * 1000 - 7 }]]);
  const feeding = new Feeding({ model: { bySession: true }, feed: { streams } });
  feeding.take(turn(2, 4));
  assert.deepEqual(feeding.added.map(({ time, start }) => [time, start]), [[5001, -7]]);
});

Deno.test("what no receiver can read is left out, and the rest is sent", () => {
  const feeding = new Feeding();
  feeding.take(turn(1, 1, { values: { budget_total: Infinity, budget_min: 1 } }));
  feeding.take(turn(2, 2, { values: { budget_total: 5, budget_min: 2 } }));
  assert.deepEqual(feeding.samples("budget_min"), [[1000, 1], [2000, 2]]);
  assert.deepEqual(feeding.samples("budget_total"), [[2000, 5]]);
});

Deno.test("families above --max-series are not sent either", () => {
  const feeding = new Feeding({ feed: { maxSeries: 32 } });
  feeding.take(turn(1, 1));
  assert.ok(feeding.added.at(-1)!.values.has("budget_total"));
  assert.ok(!feeding.added.at(-1)!.values.has("simulation_tour"));
});

Deno.test("StreamClock gives each turn a later millisecond, near its own time", () => {
  const clock = new StreamClock();
  const now = T0 * 1000;
  assert.deepEqual([now, now, now + 0.4, now + 5].map((own) => clock.take(own, now)), [
    now,
    now + 1,
    now + 2,
    now + 5,
  ]);
  // A clock that is an hour ahead is not believed, and one that is behind cannot go back.
  assert.equal(clock.take(now + 3_600_000, now + 10), now + 10);
  assert.equal(clock.take(now - 3_600_000, now + 20), now + 11);
});

Deno.test("StreamClock begins anew when this machine's clock is set back by more than five minutes", () => {
  const now = T0 * 1000;
  const clock = new StreamClock();
  assert.equal(clock.take(now, now), now);
  // By less, turns follow each other as before.
  assert.equal(clock.take(now - 290_000, now - 290_000), now + 1);
  assert.equal(clock.take(now - 600_000, now - 600_000), now - 600_000);
  assert.equal(clock.take(now - 599_999, now - 599_999), now - 599_999);
  // It was set back while no exporter ran.
  const later = new StreamClock(now);
  assert.equal(later.take(now - 3_600_000, now - 3_600_000), now - 3_600_000);
});

Deno.test("turns that find no millisecond within five minutes are counted as lost", () => {
  const streams = new Map([["", { last: T0 * 1000 + 299_998, start: 0 }]]);
  const feeding = new Feeding({ feed: { streams } });
  for (let order = 1; order <= 4; order++) feeding.take(turn(order, 0));
  assert.deepEqual(feeding.samples("budget_total"), [[299_999, 99], [300_000, 98]]);
  assert.deepEqual(feeding.lost.map(([reason]) => reason), ["crowded", "crowded"]);
  // Once time has passed there is room again.
  feeding.take(turn(5, 1));
  assert.deepEqual(feeding.samples("budget_total").at(-1), [300_001, 95]);
});

Deno.test("what the queue cannot take is counted, and never thrown at the game", () => {
  const full = new Feeding({ feed: { add: () => false } });
  full.take(turn(1, 1));
  assert.equal(full.lost.at(-1)![0], "too_large");
  const broken = new Feeding({
    feed: {
      add: () => {
        throw new Error("no space left");
      },
    },
  });
  broken.take(turn(1, 1));
  assert.equal(broken.lost.at(-1)![0], "failed");
});

Deno.test("series end with their game only if that is asked for, and go on with the next one", () => {
  const silent = new Feeding();
  silent.take(turn(1, 1, { finished: true }));
  assert.equal(silent.samples("budget_total").at(-1)![1], 99);

  const feeding = new Feeding({ feed: { staleMarkers: true } });
  feeding.take(turn(1, 1, { finished: true }));
  assert.deepEqual(feeding.samples("budget_total"), [[1000, 99], [1001, undefined]]);
  feeding.feed.endQuiet(T0 + 100);
  assert.equal(feeding.samples("budget_total").length, 2, "they end once");
  feeding.take(turn(1, 5, { session: "b" }));
  assert.deepEqual(feeding.samples("budget_total").at(-1), [5000, 99]);
  // The game of before is not shown any more: its own series has ended, and others have not.
  const info = 'simulation_info{session="a",format="natif"}';
  assert.deepEqual(feeding.samples(info).at(-1)![1], undefined);
});

Deno.test("series of a game that falls silent end when that is seen, not while another one plays", () => {
  const feeding = new Feeding({ feed: { staleMarkers: true } });
  feeding.take(turn(1, 0));
  feeding.take(turn(1, 8, { session: "b" }));
  feeding.feed.endQuiet(T0 + 12);
  assert.notEqual(feeding.added.at(-1)!.values.get("budget_total"), undefined);
  feeding.feed.endQuiet(T0 + 30);
  assert.deepEqual(feeding.samples("budget_total").at(-1), [30_000, undefined]);
});
