/** Tests of what is kept of the past of sessions. @module */

import assert from "node:assert/strict";
import { History, RESET } from "../../lib/history/mod.ts";
import type { Inventory } from "../../lib/report/mod.ts";
import { reportOf, take, type Told, told, type Turn, wildTurns } from "./turns.ts";

const ALL = 20_000;

function createHistory(maxTurns = 10_000, maxBytes?: number): History {
  return new History({ maxTurns, ...(maxBytes === undefined ? {} : { maxBytes }) });
}

const toursOf = (history: History, session = "a") =>
  history.turns(session, 0, ALL).columns.tour ?? [];

/** TradeSim's report of a turn. */
function tradesim(turn: number, changes: Partial<Told> = {}): Told {
  return {
    ...told({ order: turn, turn, values: { budget_total: 100 - turn } }),
    format: "tradesim",
    tick: turn - 1,
    timestamp: 1000 + turn,
    turnSeconds: { turns: turn, sum: turn * turn },
    ...changes,
  };
}

const turns = (...tours: readonly number[]): Turn[] => tours.map((tour) => ({ tour }));

Deno.test("take() keeps one turn of a TradeSim report, with the mean time of a turn", () => {
  const history = createHistory();
  for (const turn of [1, 2, 5]) take(history, tradesim(turn), 0);
  const { columns } = history.turns("a", 0, ALL);
  assert.deepEqual(columns, {
    tour: [1, 2, 5],
    timestamp: [1001, 1002, 1005],
    budget_total: [99, 98, 95],
    duree_seconds: [1, 3, 7],
  });
});

Deno.test("take() does not guess the time of turns that it has not seen", () => {
  const history = createHistory();
  for (const turn of [7, 8]) take(history, tradesim(turn), 0);
  assert.deepEqual(history.turns("a", 0, ALL).columns.duree_seconds, [NaN, 15]);
});

Deno.test("take() keeps every turn of a native report's columns, and its own one", () => {
  const history = createHistory();
  const wild = wildTurns(6);
  take(history, reportOf(wild.slice(0, 4)), 0);
  take(history, reportOf(wild.slice(4), { turn: 7, timestamp: 9, order: 7 }), 0);
  assert.deepEqual(toursOf(history), [1, 2, 3, 4, 5, 6, 7]);
  const { columns } = history.turns("a", 0, ALL);
  assert.deepEqual(columns.budget_total, [...wild.map((turn) => turn.budget_total), NaN]);
  assert.equal(columns.timestamp!.at(-1), 9);
});

Deno.test("take() takes no repeated or late report, and none of its turns twice", () => {
  const history = createHistory();
  const recentEvents = [{ tour: 2, type: "inflation" }];
  take(history, reportOf(turns(1, 2), { order: 2, recentEvents }), 0);
  take(history, reportOf(turns(1, 2), { order: 2, recentEvents }), 0);
  assert.equal(history.noted("a"), 1);
  take(history, reportOf(turns(3, 4), { order: 1 }), 0);
  assert.deepEqual(toursOf(history), [1, 2]);
  // One that overlaps with the last one, in disorder, and tells of the future.
  take(history, reportOf(turns(2, 4, 3, 99, 5), { order: 3, turn: 5 }), 0);
  assert.deepEqual(toursOf(history), [1, 2, 4, 5]);
});

Deno.test("take() says which report is the first of its session", () => {
  const history = createHistory();
  const first = (session: string, order: number) => take(history, told({ session, order }), 0);
  assert.deepEqual([first("a", 1), first("a", 2), first("a", 1), first("b", 1)], [
    true,
    false,
    false,
    true,
  ]);
});

Deno.test("take() plays a native game anew from where it was set back to", () => {
  const history = createHistory();
  const event = (tour: number) => ({ tour, type: `event ${tour}` });
  take(history, reportOf(turns(1, 2, 3, 4), { order: 1, recentEvents: [event(2), event(3)] }), 0);
  take(history, reportOf(turns(3), { order: 2 }), 0);
  assert.deepEqual(toursOf(history), [1, 2, 3]);
  assert.deepEqual(history.events("a", 0).map(({ tour }) => tour), [2]);
});

Deno.test("take() tells a reset within a TradeSim session, whose turns go on", () => {
  const history = createHistory();
  for (const turn of [1, 2, 3]) take(history, tradesim(turn), 0);
  const begunAgain = { tick: 0, turnSeconds: { turns: 1, sum: 0.5 } };
  take(history, tradesim(4, begunAgain), 0);
  assert.deepEqual(toursOf(history), [1, 2, 3, 4]);
  assert.equal(history.turns("a", 0, ALL).columns.duree_seconds!.at(-1), 0.5);
  assert.deepEqual(history.events("a", 0), [{ tour: 4, timestamp: 1004, type: RESET }]);
});

Deno.test("take() notes recent events, each with the time of its turn", () => {
  const history = createHistory();
  take(
    history,
    reportOf([{ tour: 1, timestamp: 10 }, { tour: 4, timestamp: 40 }], {
      timestamp: 41,
      recentEvents: [
        { tour: 1, type: "inflation", nombre: 2, total: 1.5 },
        { tour: 3, type: "reassort" },
        { tour: 5, type: "of a turn to come" },
      ],
    }),
    0,
  );
  assert.deepEqual(history.events("a", 0), [
    { tour: 1, timestamp: 10, type: "inflation", nombre: 2, total: 1.5 },
    { tour: 3, timestamp: 40, type: "reassort" },
  ]);
  assert.deepEqual(history.events("a", 2).length, 1);
});

Deno.test("take() notes the last times of events where that is all there is, each once", () => {
  const history = createHistory();
  const at = (order: number, times: Record<string, number>) =>
    take(history, told({ order, events: new Map(Object.entries(times)) }), 0);
  at(1, { inflation: 10 });
  at(2, { inflation: 10, reassort: 12 });
  at(3, {});
  at(4, { inflation: 14, reassort: 12 });
  assert.deepEqual(history.events("a", 3), [
    { tour: null, timestamp: 10, type: "inflation" },
    { tour: null, timestamp: 12, type: "reassort" },
    { tour: null, timestamp: 14, type: "inflation" },
  ]);
});

Deno.test("take() notes a type of event whose count grows, but none from before it came", () => {
  const history = createHistory();
  const at = (session: string, turn: number, counts: Record<string, number>) =>
    take(history, tradesim(turn, { session, eventCounts: new Map(Object.entries(counts)) }), 0);
  at("whole", 1, { inconnu: 4 });
  at("whole", 2, { inconnu: 4 });
  at("whole", 3, { inconnu: 6, inflation: 1 });
  at("late", 8, { inconnu: 20 });
  at("late", 9, { inconnu: 20, inflation: 1 });
  const told = (session: string) =>
    history.events(session, 0).map(({ tour, type }) => `${tour} ${type}`);
  assert.deepEqual(told("whole"), ["1 inconnu", "3 inconnu", "3 inflation"]);
  assert.deepEqual(told("late"), ["9 inflation"]);
});

Deno.test("eventsAfter() gives what came since, as far as it is kept", () => {
  const history = createHistory();
  const recentEvents = (order: number) =>
    Array.from({ length: 100 }, (_, index) => ({ tour: order, type: `${order}.${index}` }));
  for (let order = 1; order <= 15; order++) {
    take(history, reportOf(turns(order), { order, recentEvents: recentEvents(order) }), 0);
  }
  assert.equal(history.noted("a"), 1500);
  assert.equal(history.events("a", 0).length <= 1000, true);
  assert.equal(history.events("a", 0).at(-1)!.type, "15.99");
  assert.deepEqual(history.eventsAfter("a", 1498).map(({ type }) => type), ["15.98", "15.99"]);
  assert.deepEqual(history.eventsAfter("a", 1500), []);
  assert.deepEqual(history.eventsAfter("a", 0), history.events("a", 0));
  assert.deepEqual(history.eventsAfter("nobody", 0), []);
});

Deno.test("take() keeps the turns of all sessions in so much memory, the largest gives way", () => {
  const bytes = 96 * 4096;
  const history = createHistory(10_000, bytes);
  const play = (session: string, from: number, to: number) => {
    for (let turn = from; turn <= to; turn++) take(history, tradesim(turn, { session }), 0);
  };
  const points = (session: string) => history.extent(session).points;
  play("large", 1, 5000);
  assert.ok(points("large") > 1000 && points("large") <= 4096, `${points("large")}`);
  play("small", 1, 1500);
  assert.ok(points("large") + points("small") <= 4096);
  assert.ok(points("small") > 500, `${points("small")}`);
  for (const session of ["third", "fourth", "fifth"]) play(session, 1, 700);
  assert.equal(points("fifth"), 700);
  for (let game = 0; game < 200; game++) play(`game ${game}`, 1, 3);
  const names = [
    "large",
    "small",
    "third",
    "fourth",
    "fifth",
    ...Array.from({ length: 200 }, (_, game) => `game ${game}`),
  ];
  const tables = names.filter((name) => points(name) > 0);
  // Each takes 64 turns' memory at least.
  assert.ok(tables.length <= 64, `${tables.length} tables`);
  assert.equal(tables.at(-1), "game 199");
  assert.equal(points("game 199"), 3);
  // What is left of the others is their last report.
  assert.equal(history.values("large").get("budget_total"), 100 - 5000);
});

Deno.test("take() keeps at most so many turns of a session, and with 0 neither turns nor events", () => {
  const history = createHistory(500);
  const none = createHistory(0);
  for (let turn = 1; turn <= 3000; turn++) {
    const report = tradesim(turn, { eventCounts: new Map([["inconnu", turn]]) });
    take(history, report, 0);
    take(none, report, 0);
  }
  assert.ok(history.extent("a").points <= 500 && history.extent("a").points > 100);
  assert.deepEqual(none.extent("a"), { points: 0, from: undefined, to: undefined });
  assert.deepEqual(none.events("a", 0), []);
  assert.equal(none.values("a").get("budget_total"), 100 - 3000);
});

Deno.test("forget() and keepOnly() leave nothing of a session", () => {
  const history = createHistory();
  for (const session of ["a", "b", "c"]) take(history, tradesim(1, { session }), 0);
  history.forget("a");
  history.forget("nobody");
  history.keepOnly((session) => session === "c");
  assert.deepEqual(["a", "b", "c"].map((name) => history.extent(name).points), [0, 0, 1]);
  assert.equal(history.values("a").size, 0);
  assert.equal(take(history, tradesim(1), 0), true);
});

const EMPTY: Inventory = { produits: [], entreprises: [], fournisseurs: [] };

Deno.test("inventory() is the last one, read at most once a second unless it is asked for", () => {
  const history = createHistory();
  const read: number[] = [];
  const at = (order: number, arrival: number, changes: Partial<Told> = {}) => {
    const inventory = () => {
      read.push(order);
      return { ...EMPTY, produits: [{ nom: "Acier", prix: order }] };
    };
    take(history, { ...told({ order }), inventory, ...changes }, arrival);
  };
  const price = () => history.inventory("a")?.produits[0]?.prix;
  assert.equal(price(), undefined);
  at(1, 100);
  at(2, 100.4);
  at(3, 100.9);
  assert.deepEqual(read, [1]);
  assert.equal(price(), 3);
  assert.equal(price(), 3);
  assert.deepEqual(read, [1, 3]);
  at(4, 102);
  at(5, 102.1);
  at(6, 102.2, { finished: true });
  assert.deepEqual(read, [1, 3, 4, 6]);
  at(7, 102.3);
  // Another session's report must not be what is read of this one's.
  take(history, { ...told({ session: "b" }), inventory: () => EMPTY }, 102.3);
  assert.equal(price(), 7);
  assert.deepEqual(history.inventory("b"), EMPTY);
});

Deno.test("inventory() of a huge world has no stocks and the first of each list", () => {
  const history = createHistory();
  const stocks = new Array<number>(300).fill(1);
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ nom: `${index}` }));
  const huge = {
    produits: many(6000).map((one) => ({ ...one, prix: 1 })),
    entreprises: many(100).map((one) => ({ ...one, budget: 1, stocks })),
    fournisseurs: many(2).map((one) => ({ ...one, stocks })),
  };
  take(history, { ...told({}), inventory: () => huge }, 0);
  const kept = history.inventory("a")!;
  const size = JSON.stringify(kept).length;
  assert.ok(size <= 64 * 1024 && size > 48 * 1024, `${size}`);
  assert.deepEqual(kept.entreprises[7], { nom: "7", budget: 1, stocks: [] });
  assert.deepEqual(kept.produits.at(-1), huge.produits[kept.produits.length - 1]);
});

Deno.test("inventory() of many sessions is kept of the newest ones", () => {
  const history = createHistory();
  const stocks = new Array<number>(32_000).fill(0);
  const large = { ...EMPTY, fournisseurs: [{ nom: "F", stocks }] };
  for (let game = 0; game < 40; game++) {
    take(history, { ...told({ session: `${game}` }), inventory: () => large }, 0);
  }
  const kept = Array.from({ length: 40 }, (_, game) => history.inventory(`${game}`) !== undefined);
  const most = Math.floor(2 ** 21 / JSON.stringify(large).length);
  assert.deepEqual(kept, kept.map((_, game) => game >= 40 - most));
});

Deno.test("take() takes the last of many games as quickly as the first", () => {
  const GAMES = 24_000;
  /** How many times as long the last quarter takes as the first one does with full memory. */
  function slowdown(): number {
    const history = new History({ maxTurns: 100, maxBytes: 1 << 20 });
    const marks: number[] = [];
    for (let game = 0; game <= GAMES; game++) {
      if (game % (GAMES / 4) === 0) marks.push(performance.now());
      take(history, told({ session: `game ${game}`, order: 1, turn: 1 }), game);
    }
    const [first, second, , , last] = marks;
    return (last! - marks[3]!) / (second! - first!);
  }
  const tries: number[] = [];
  while (tries.length < 5) {
    tries.push(slowdown());
    if (tries.at(-1)! < 3) return;
  }
  assert.fail(`The last ones take ${tries.join(", ")} times as long`);
});

Deno.test("take() forgets the game that reported longest ago, beyond so many", () => {
  const history = new History({ maxTurns: 100, maxSessions: 2 });
  for (const [session, order] of [["a", 1], ["b", 1], ["a", 2], ["c", 1]] as const) {
    take(history, told({ session, order }), order);
  }
  assert.deepEqual(["a", "b", "c"].map((game) => history.extent(game).points), [2, 0, 1]);
});
