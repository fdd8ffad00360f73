/** Tests of what is told about sessions. @module */

import assert from "node:assert/strict";

import { createSetting } from "./setting.ts";
import { TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";

const names = (summaries: readonly { session: string }[]) =>
  summaries.map(({ session }) => session);

Deno.test("sessions() tells the exporter and each game as it last reported", () => {
  const { answers, take, pass } = createSetting();
  take({ order: 1, timestamp: 10, values: { budget_total: 5, evenements_total: 1 } });
  pass(2000);
  take({
    order: 3,
    timestamp: 11,
    values: { budget_total: 4, evenements_total: 2, produits_prix_min: -1 },
  });
  assert.deepEqual(answers.sessions(), {
    exporter: {
      version: "1.2.3",
      started: 900,
      now: 1002,
      telemetryPath: "/metrics",
      command: "deno task",
    },
    sessions: [{
      session: "a",
      format: "natif",
      state: "running",
      turn: 3,
      turns_per_second: 2,
      first_report: 10,
      last_report: 11,
      // By the exporter's clock, whatever the game's is.
      last_arrival: 1002,
      from: 1,
      points: 2,
      values: { budget_total: 4, evenements_total: 2, produits_prix_min: -1 },
      violations: [{
        invariant: "prix",
        count: 1,
        first_turn: 3,
        last_turn: 3,
        cause: "a price is not above 0",
      }],
    }],
  });
});

Deno.test("sessions() tells states, and no speed of a game that stands still", () => {
  const { answers, model, take, pass } = createSetting();
  const stateOf = (session: string) => {
    const { state, turns_per_second } = answers.state(session).summary;
    return [state, turns_per_second];
  };
  take({ session: "done", order: 1, timestamp: 1 });
  take({ session: "done", order: 2, timestamp: 2, finished: true });
  take({ session: "b", order: 1, timestamp: 1 });
  take({ session: "b", order: 3, timestamp: 2 });
  assert.deepEqual([stateOf("done"), stateOf("b")], [["finished", null], ["running", 2]]);
  pass(10_000);
  assert.deepEqual(stateOf("b"), ["silent", null]);
  // One that was over when the newest of its file reported is silent, whenever the file was read.
  take({ session: "read", order: 1, timestamp: 100 });
  take({ session: "read later", order: 1, timestamp: 200 });
  model.settle(4);
  assert.deepEqual([stateOf("read"), stateOf("read later")], [["silent", null], ["running", null]]);
  // One that made room for another stays silent.
  take({ session: "c", timestamp: 300 });
  assert.deepEqual([stateOf("b"), stateOf("c")], [["silent", null], ["running", null]]);
});

Deno.test("sessions() has the hundred games that began last, the newest first", () => {
  const { answers, take } = createSetting();
  for (let game = 0; game < 120; game++) take({ session: `${game}`, timestamp: 1000 - game });
  const told = names(answers.sessions().sessions);
  assert.deepEqual(told, Array.from({ length: 100 }, (_, game) => `${game}`));
});

Deno.test("newest() is the game that began last of those that are played, else of all", () => {
  const { answers, take, pass } = createSetting();
  assert.equal(answers.newest(), undefined);
  take({ session: "old", order: 1, timestamp: 10 });
  take({ session: "new", order: 1, timestamp: 20 });
  take({ session: "old", order: 2, timestamp: 30 });
  assert.equal(answers.newest(), "new");
  take({ session: "new", order: 2, timestamp: 31, finished: true });
  assert.equal(answers.newest(), "old");
  pass(60_000);
  assert.equal(answers.newest(), "new");
});

Deno.test("values are those of the model where the past knows none, as after a restart", () => {
  const { answers, take, history } = createSetting();
  take({ order: 1, values: { budget_total: 5, evenements_total: 7 }, extra: {} });
  history.forget("a");
  const { values, points, from } = answers.state("a").summary;
  assert.deepEqual({ values, points, from }, {
    values: { budget_total: 5, evenements_total: 7 },
    points: 0,
    from: null,
  });
});

Deno.test("turns() gives turns and events from a turn on", () => {
  const { answers, take } = createSetting();
  const turns = (from: number) => JSON.parse([...answers.turns("a", from, 20)].join(""));
  for (let order = 1; order <= 4; order++) {
    take({
      order,
      timestamp: order,
      values: { budget_total: order / 2 },
      recentEvents: [{ tour: order, type: "inflation" }],
    });
  }
  assert.deepEqual(turns(3), {
    session: "a",
    from: 3,
    to: 4,
    turns: 2,
    columns: { tour: [3, 4], timestamp: [3, 4], budget_total: [1.5, 2] },
    events: [
      { tour: 3, timestamp: 3, type: "inflation" },
      { tour: 4, timestamp: 4, type: "inflation" },
    ],
  });
  assert.deepEqual(turns(5), {
    session: "a",
    from: null,
    to: null,
    turns: 0,
    columns: {},
    events: [],
  });
});

Deno.test("turns() makes small pieces, which are JSON together, also while reports come", () => {
  const { answers, take } = createSetting({ maxTurns: 100_000 });
  const tour = Array.from({ length: 30_000 }, (_, index) => index + 1);
  const timestamp = tour.map((turn) => turn / 7);
  take({ order: 30_000, columns: new Map([["tour", tour], ["timestamp", timestamp]]) });
  for (const points of [20_000, 1000]) {
    const whole: string[] = [...answers.turns("a", 0, points)];
    assert.ok(Math.max(...whole.map(({ length }) => length)) < 50_000);
    const pieces: string[] = [];
    let order = answers.lastTurn("a");
    for (const piece of answers.turns("a", 0, points)) {
      pieces.push(piece);
      take({ order: ++order });
    }
    const { columns } = JSON.parse(whole.join(""));
    assert.deepEqual(JSON.parse(pieces.join("")).columns.timestamp, columns.timestamp);
    assert.ok(columns.tour.length <= points && columns.tour.length > 10);
  }
});

Deno.test("state() has the times of turns, and the exporter's and the machine's numbers", async () => {
  const { answers, take } = createSetting();
  take({ order: 1 });
  assert.equal(answers.state("a").turn_seconds, null);
  const counts = TURN_SECONDS_BUCKETS.map((_, index) => index);
  take({ order: 2, turnSeconds: { counts: [...counts, 9], sum: 4.5 } });
  await answers.readOwn();
  const { turn_seconds, exporter, system } = answers.state("a");
  assert.deepEqual(turn_seconds, { le: TURN_SECONDS_BUCKETS, counts: [...counts, 9], sum: 4.5 });
  assert.equal(exporter.tradesim_exporter_live_readers, 0);
  assert.deepEqual(system, { cpu_usage_percent: 12.5 });
});

Deno.test("signature() changes when a game begins, ends, falls silent or is forgotten", () => {
  const { answers, take, pass } = createSetting({ maxSessions: 2 });
  const seen = new Set([answers.signature()]);
  const changes = (action: () => void) => {
    action();
    const isNew = !seen.has(answers.signature());
    seen.add(answers.signature());
    return isNew;
  };
  assert.ok(changes(() => take({ session: "a", order: 1 })));
  assert.ok(!changes(() => take({ session: "a", order: 2 })));
  assert.ok(changes(() => take({ session: "b", order: 1 })));
  assert.ok(changes(() => take({ session: "b", order: 2, finished: true })));
  assert.ok(changes(() => pass(10_000)));
  assert.ok(changes(() => take({ session: "c", order: 1 })));
});
