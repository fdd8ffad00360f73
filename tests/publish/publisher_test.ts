/** Tests of what a simulation calls once per turn. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { REPORTED_METRICS } from "../../lib/catalogue/mod.ts";
import { createPublisher, type PublisherOptions } from "../../lib/publish/mod.ts";
import { TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";
import type { Flat } from "../report/options.ts";
import { Clock, createNumbers, MemoryTransport, type Numbers, playTurn, read } from "./support.ts";

function setUp(options: Partial<PublisherOptions> = {}) {
  const clock = new Clock();
  const transport = new MemoryTransport();
  const numbers = createNumbers();
  const problems: string[] = [];
  const publisher = createPublisher({
    session: "20261122_102849",
    numbers,
    transport,
    now: clock.now,
    wallClock: clock.wallClock,
    onProblem: (message) => problems.push(message),
    ...options,
  });
  const play = (milliseconds: number) => {
    playTurn(numbers);
    clock.milliseconds += milliseconds;
    publisher.turn();
  };
  return { clock, transport, numbers, problems, publisher, play };
}

/** What a report must say of the numbers, by name of the metric. */
function expectedValues(numbers: Numbers): Record<string, number> {
  return {
    budget_total: numbers.budgetTotal / 100,
    budget_min: numbers.budgetMin / 100,
    budget_max: numbers.budgetMax / 100,
    transactions_total: numbers.reussies + numbers.echouees,
    transactions_reussies_total: numbers.reussies,
    transactions_echouees_total: numbers.echouees,
    transactions_montant_total: numbers.montant / 100,
    produits_total: numbers.produits,
    produits_actifs: numbers.produitsActifs,
    produits_inactifs: numbers.produits - numbers.produitsActifs,
    produits_prix_moyen: numbers.prixTotal / numbers.produits / 100,
    evenements_total: numbers.evenements,
  };
}

function valuesOf(report: Flat): Record<string, number> {
  const { simulation_publication_seconds_total: _, ...values } = Object.fromEntries(report.values);
  return values;
}

Deno.test("turn() reports the first turn at once, then one turn per interval", () => {
  const { transport, play } = setUp({ interval: 100 });
  play(1);
  assert.deepEqual(transport.reports.map(({ turn }) => turn), [1]);
  for (let turn = 0; turn < 35; turn++) play(10);
  assert.deepEqual(transport.reports.map(({ turn }) => turn), [1, 11, 21, 31]);
  assert.deepEqual(transport.reports.map(({ order }) => order), [1, 2, 3, 4]);
});

Deno.test("turn() writes a report that the exporter takes whole, every number as it is", () => {
  const { transport, play, numbers, clock } = setUp({
    rest: () => ({
      values: { budget_moyen: 25_000.01, entreprises_total: 3, produits_prix_max: 48.12 },
      evenements: { inflation: 1_795_343_329.25 },
      repartitions: Object.fromEntries(
        REPORTED_METRICS.filter(({ breakdowns }) => breakdowns)
          .map(({ name }) => [name, [{ continent: "Europe", valeur: 75_000 }]]),
      ),
      detail: {
        produits: [{ nom: 'Blé "dur"', prix: 12.5 }],
        entreprises: [{ nom: "Élan", budget: 75_000, stocks: [4] }],
        fournisseurs: [],
      },
    }),
  });
  play(3);
  const [report] = transport.reports;
  assert.ok(report);
  assert.deepEqual(report.problems, []);
  assert.equal(report.unknownKeys, 0);
  assert.equal(report.extra.size, 0);
  assert.equal(report.format, "natif");
  assert.equal(report.session, "20261122_102849");
  assert.equal(report.turn, 1);
  assert.equal(report.finished, false);
  assert.equal(report.timestamp, clock.wallClock() / 1000);
  assert.deepEqual(valuesOf(report), {
    ...expectedValues(numbers),
    budget_moyen: 25_000.01,
    entreprises_total: 3,
    produits_prix_max: 48.12,
    // The detail lists one firm.
    budget_gini_ratio: 0,
  });
  assert.deepEqual([...report.events], [["inflation", 1_795_343_329.25]]);
  assert.equal(report.breakdowns.get("budget_total")?.[0]?.parts[0]?.value, 75_000);
  assert.deepEqual(report.tables.get("entreprise_stock")?.labels, [["Élan", 'Blé "dur"']]);
  assert.deepEqual(Object.fromEntries(report.columns), {
    tour: [1],
    timestamp: [clock.wallClock() / 1000],
    budget_total: [numbers.budgetTotal / 100],
    budget_min: [numbers.budgetMin / 100],
    budget_max: [numbers.budgetMax / 100],
    transactions_reussies_total: [3],
    transactions_echouees_total: [1],
    transactions_montant_total: [123.45],
    produits_actifs: [9],
    produits_prix_moyen: [27.5],
    duree_seconds: [0.003],
    evenements_total: [1],
  });
});

Deno.test("turn() loses no turn and no number, whatever the game, the pace and the way out do", () => {
  const change = fc.integer({ min: 0, max: 1_000_000_000 });
  const turn = fc.record({
    milliseconds: fc.integer({ min: 0, max: 300 }),
    ready: fc.boolean(),
    pause: fc.constantFrom(0, 0, 1000),
    budget: change,
    montant: change,
    reussies: fc.integer({ min: 0, max: 5000 }),
    prix: change,
    actifs: fc.integer({ min: 0, max: 12 }),
  });
  fc.assert(fc.property(
    fc.array(turn, { maxLength: 300, size: "max" }),
    fc.integer({ min: 0, max: 500 }),
    (turns, interval) => {
      const { transport, numbers, publisher, clock } = setUp({ interval, maxTurns: 1000 });
      const played: number[] = [];
      for (const { milliseconds, ready, pause, budget, montant, reussies, prix, actifs } of turns) {
        clock.milliseconds += pause;
        publisher.begin();
        numbers.budgetTotal = budget;
        numbers.montant += montant;
        numbers.reussies += reussies;
        numbers.prixTotal = prix;
        numbers.produitsActifs = actifs;
        transport.isReady = ready;
        clock.milliseconds += milliseconds;
        const before = transport.lines.length;
        publisher.turn();
        played.push(milliseconds);
        const line = transport.lines[before];
        if (line) assert.deepEqual(valuesOf(read(line)), expectedValues(numbers));
      }
      publisher.finish();
      const { reports } = transport;
      const last = reports.at(-1);
      assert.ok(last?.finished);
      assert.equal(last.turn, turns.length);
      assert.deepEqual(valuesOf(last), expectedValues(numbers));
      // No report was needed for the columns: put together they are all turns, in order.
      const durations = reports.flatMap(({ columns }) => columns.get("duree_seconds") ?? []);
      assert.deepEqual(durations, played.map((milliseconds) => milliseconds / 1000));
      const tours = reports.flatMap(({ columns }) => columns.get("tour") ?? []);
      assert.deepEqual(tours, played.map((_, index) => index + 1));
      const { counts, sum } = last.turnSeconds as { counts: number[]; sum: number };
      const expected = new Array<number>(TURN_SECONDS_BUCKETS.length + 1).fill(0);
      for (const milliseconds of played) {
        const bucket = TURN_SECONDS_BUCKETS.findIndex((bound) => milliseconds / 1000 <= bound);
        expected[bucket]!++;
      }
      assert.deepEqual(counts, expected);
      assert.equal(sum, played.reduce((total, milliseconds) => total + milliseconds, 0) / 1000);
    },
  ));
});

Deno.test("turn() counts neither the time of reports nor a pause before begin() as a turn's", () => {
  const { transport, publisher, clock, play } = setUp({
    interval: 0,
    rest: () => {
      clock.milliseconds += 70;
      return {};
    },
  });
  play(2);
  play(3);
  clock.milliseconds += 5000;
  publisher.begin();
  play(4);
  const durations = transport.reports.flatMap(({ columns }) => columns.get("duree_seconds") ?? []);
  assert.deepEqual(durations, [0.002, 0.003, 0.004]);
  const spent = transport.reports.map(({ values }) =>
    values.get("simulation_publication_seconds_total")
  );
  assert.deepEqual(spent, [0, 0.07, 0.14]);
  assert.equal(publisher.stats.seconds, 0.21);
});

Deno.test("turn() waits while the way out is not ready, and tells all turns afterwards", () => {
  const { transport, play } = setUp({ interval: 10 });
  transport.isReady = false;
  for (let turn = 0; turn < 20; turn++) play(5);
  assert.equal(transport.lines.length, 0);
  transport.isReady = true;
  for (let turn = 0; turn < 2; turn++) play(5);
  const [report] = transport.reports;
  assert.equal(report?.order, 1);
  assert.equal(report?.columns.get("tour")?.length, report?.turn);
});

Deno.test("turn() keeps at most maxTurns turns in a report, and none with 0", () => {
  for (const maxTurns of [0, 8, 500, 1000]) {
    const { transport, publisher, play } = setUp({ interval: 1e9, maxTurns });
    play(1);
    for (let turn = 0; turn < 5000; turn++) play(1);
    publisher.flush();
    const columns = transport.reports.at(-1)?.columns;
    const length = columns?.get("tour")?.length ?? 0;
    assert.ok(length <= maxTurns && length >= maxTurns / 8, `${length} of ${maxTurns}`);
    assert.equal(columns?.size, maxTurns === 0 ? 0 : 12);
    const { counts } = transport.reports.at(-1)!.turnSeconds as { counts: number[]; sum: number };
    assert.equal(counts.reduce((sum, count) => sum + count), 5001);
  }
});

Deno.test("turn() looks at the clock every 0.1 to 0.2 ms, or once a turn", () => {
  for (const [microseconds, turns, most] of [[0.5, 40_000, 240], [30, 1000, 260], [150, 50, 60]]) {
    const clock = new Clock();
    let looks = 0;
    const now = () => {
      looks++;
      return clock.milliseconds;
    };
    const { publisher, numbers } = setUp({ now, interval: 1e9 });
    looks = 0;
    for (let turn = 0; turn < turns!; turn++) {
      playTurn(numbers);
      clock.milliseconds += microseconds! / 1000;
      publisher.turn();
    }
    assert.ok(looks <= most! && looks >= most! / 3, `${looks} looks at ${turns} turns`);
  }
});

Deno.test("turn() counts all short turns, and tells their extremes", () => {
  const short = fc.record({
    turns: fc.integer({ min: 1, max: 400 }),
    microseconds: fc.integer({ min: 0, max: 400 }),
    pause: fc.constantFrom(0, 0, 0, 5000),
  });
  fc.assert(fc.property(fc.array(short, { minLength: 1, maxLength: 12 }), (parts) => {
    const { clock, transport, numbers, publisher } = setUp({ maxTurns: 1000 });
    let turns = 0;
    let budgets: number[] = [];
    const lowest: number[] = [];
    for (const part of parts) {
      clock.milliseconds += part.pause;
      if (part.pause > 0) publisher.begin();
      for (let turn = 0; turn < part.turns; turn++) {
        turns++;
        clock.milliseconds += part.microseconds / 1000;
        numbers.budgetTotal = (turns * 7919) % 1009;
        budgets.push(numbers.budgetTotal);
        const before = transport.lines.length;
        publisher.turn();
        if (transport.lines.length === before) continue;
        const budget = transport.reports.at(-1)!.columns.get("budget_total")!;
        lowest.push(Math.min(...budgets) / 100, Math.max(...budgets) / 100);
        assert.deepEqual([Math.min(...budget), Math.max(...budget)], lowest.slice(-2));
        budgets = [];
      }
    }
    publisher.finish();
    const last = transport.reports.at(-1)!;
    assert.equal(last.turn, turns);
    const { counts, sum } = last.turnSeconds as { counts: number[]; sum: number };
    assert.equal(counts.reduce((all, count) => all + count, 0), turns);
    assert.equal(publisher.stats.turns, turns);
    const tours = transport.reports.flatMap(({ columns }) => columns.get("tour") ?? []);
    assert.ok(tours.every((tour, index) => index === 0 || tour > tours[index - 1]!));
    assert.equal(tours.at(-1), turns);
    // Without a pause, the time of every turn is known.
    const played = parts.reduce((all, part) => all + part.turns * part.microseconds / 1e6, 0);
    if (parts.every(({ pause }) => pause === 0)) {
      assert.ok(Math.abs(sum - played) < 1e-9, `${sum} of ${played} s`);
    }
  }));
});

Deno.test("turn() tells the extremes of every report, however few turns it has", () => {
  const clock = new Clock();
  // Every look at the clock is a millisecond later: a report after every few batches.
  const { transport, numbers, publisher } = setUp({
    now: () => clock.milliseconds,
    interval: 0.05,
  });
  let budgets: number[] = [];
  for (let turn = 1; turn <= 20_000; turn++) {
    clock.milliseconds += 0.001;
    // Wide swings in one report, narrow ones in the next: what was extreme before means nothing.
    const swing = transport.lines.length % 2 === 0 ? 10_000 : 100;
    numbers.budgetTotal = 50_000 + Math.round(swing * Math.sin(turn));
    budgets.push(numbers.budgetTotal / 100);
    const before = transport.lines.length;
    publisher.turn();
    if (transport.lines.length === before) continue;
    const told = transport.reports.at(-1)!.columns.get("budget_total")!;
    assert.deepEqual(
      [Math.min(...told), Math.max(...told)],
      [Math.min(...budgets), Math.max(...budgets)],
    );
    budgets = [];
    if (transport.lines.length > 100) break;
  }
  assert.ok(transport.lines.length > 50, `${transport.lines.length} reports`);
});

Deno.test("turn() tells of one long turn among short ones, and not of a batch that is a bit slow", () => {
  const { transport, publisher, play } = setUp({ interval: 1e9, maxTurns: 1000 });
  const longTurns = () => {
    publisher.flush();
    const durations = transport.reports.at(-1)!.columns.get("duree_seconds") ?? [];
    return durations.filter((duration) => duration > 0.00001);
  };
  for (let turn = 0; turn < 300; turn++) play(0.001);
  assert.deepEqual(longTurns(), []);
  for (let turn = 0; turn < 500; turn++) play(0.001);
  play(30);
  for (let turn = 0; turn < 500; turn++) play(0.001);
  const [longest, ...others] = longTurns();
  assert.ok(longest! > 0.0299 && longest! < 0.0302, `${longest} s`);
  assert.deepEqual(others, []);
  const { counts, sum } = transport.reports.at(-1)!.turnSeconds as {
    counts: number[];
    sum: number;
  };
  assert.equal(counts[TURN_SECONDS_BUCKETS.findIndex((bound) => bound >= 0.03)], 1);
  assert.ok(Math.abs(sum - 0.0313) < 1e-6, `${sum} s`);
  // Turns of three times the time are slow ones, all alike.
  for (let turn = 0; turn < 1000; turn++) play(0.003);
  assert.deepEqual(longTurns(), []);
});

Deno.test("pause() and finish() tell of a long turn at the end of a batch", async () => {
  const { transport, publisher, play, clock } = setUp({ interval: 1e9 });
  for (let turn = 0; turn < 300; turn++) play(0.001);
  play(50);
  publisher.pause();
  publisher.pause();
  clock.milliseconds += 4000;
  publisher.begin();
  for (let turn = 0; turn < 300; turn++) play(0.001);
  play(20);
  await publisher.finish();
  const { sum } = transport.reports.at(-1)!.turnSeconds as { counts: number[]; sum: number };
  assert.ok(Math.abs(sum - 0.0706) < 1e-6, `${sum} s`);
});

Deno.test("begin() counts the turns of an open batch as the ones before it took", () => {
  const { transport, publisher, play, clock } = setUp({ interval: 1e9 });
  for (let turn = 0; turn < 10; turn++) play(0.01);
  clock.milliseconds += 7000;
  publisher.begin();
  play(0.01);
  publisher.flush();
  const { sum } = transport.reports.at(-1)!.turnSeconds as { counts: number[]; sum: number };
  assert.ok(Math.abs(sum - 0.00011) < 1e-9, `${sum} s`);
});

Deno.test("flush() reports what is new, and only that", () => {
  const { transport, publisher, play } = setUp({ interval: 1e9 });
  play(1);
  publisher.flush();
  assert.equal(transport.lines.length, 1);
  play(1);
  publisher.flush();
  assert.deepEqual(transport.reports.map(({ turn }) => turn), [1, 2]);
});

Deno.test("finish() says that the game is over, once, also when no turn was played", async () => {
  const { transport, publisher, play } = setUp();
  await Promise.all([publisher.finish(), publisher.finish()]);
  play(1000);
  publisher.flush();
  await publisher.finish();
  assert.equal(transport.lines.length, 1);
  assert.equal(transport.reports[0]?.finished, true);
  assert.equal(transport.reports[0]?.turn, 0);
  assert.equal(transport.ended, true);
});

Deno.test("createPublisher() hands the moment of the report to whoever makes its rest", async () => {
  const moments: unknown[] = [];
  const { publisher, play, clock } = setUp({
    rest: (moment) => {
      moments.push(moment);
      return {};
    },
  });
  play(1);
  await publisher.finish();
  const timestamp = clock.wallClock() / 1000;
  assert.deepEqual(moments, [
    { timestamp, tour: 1, fini: false },
    { timestamp, tour: 1, fini: true },
  ]);
});

Deno.test("createPublisher() reports without the rest that throws, and says so once", () => {
  const { transport, play, problems, numbers } = setUp({
    interval: 0,
    rest: () => {
      throw new Error("no firms");
    },
  });
  play(1);
  play(1);
  assert.equal(transport.lines.length, 2);
  assert.deepEqual(valuesOf(transport.reports[1]!), expectedValues(numbers));
  assert.deepEqual(problems, ["Cannot complete a report; the game continues: no firms"]);
});

Deno.test("createPublisher() leaves out the whole rest where part of it cannot be written", () => {
  const { transport, play, problems } = setUp({
    rest: () => ({
      values: {
        budget_moyen: 1,
        get entreprises_total(): number {
          throw new Error("no firms");
        },
      },
    }),
  });
  play(1);
  assert.equal(transport.reports[0]?.turn, 1);
  assert.equal(transport.reports[0]?.values.has("budget_moyen"), false);
  assert.deepEqual(problems, ["Cannot complete a report; the game continues: no firms"]);
});

Deno.test("createPublisher() goes on where whoever is told of a report throws", () => {
  const { transport, play, problems } = setUp({
    interval: 0,
    onReport: () => {
      throw new Error("not now");
    },
  });
  play(1);
  play(1);
  assert.equal(transport.lines.length, 2);
  assert.deepEqual(problems, ["The report callback failed; the game continues: not now"]);
});

Deno.test("createPublisher() lets no rest speak for the publisher", () => {
  const { transport, play } = setUp({
    rest: () => ({
      values: { budget_total: 1, rapport: 99, tour: 99, session: 7, version: 2, type: 3 },
    }),
  });
  play(1);
  const [report] = transport.reports;
  assert.equal(report?.order, 1);
  assert.equal(report?.turn, 1);
  assert.equal(report?.values.get("budget_total"), 74_876.55);
  assert.equal(report?.session, "20261122_102849");
});

Deno.test("createPublisher() writes JSON also where the game's numbers are none", () => {
  const { transport, numbers, play } = setUp({
    rest: () => ({ values: { budget_moyen: NaN, entreprises_total: 3 } }),
  });
  numbers.budgetTotal = NaN;
  numbers.produits = 0;
  play(1);
  const [report] = transport.reports;
  assert.equal(report?.values.get("entreprises_total"), 3);
  assert.equal(report?.values.get("produits_prix_moyen"), 330);
  const keys = report?.problems.map(({ key }) => key).sort();
  assert.deepEqual(keys, ["budget_moyen", "budget_total", "colonnes"]);
});

Deno.test("createPublisher() writes one line, whatever the session's name", () => {
  const session = 'a\n"b"\u2028é';
  const { transport, play } = setUp({ session });
  play(1);
  assert.equal(transport.lines[0]?.indexOf("\n"), transport.lines[0]!.length - 1);
  assert.equal(transport.reports[0]?.session, session);
});

Deno.test("createPublisher() refuses what it cannot do", () => {
  for (const maxTurns of [-1, 1, 7, 1001, NaN]) {
    assert.throws(() => setUp({ maxTurns }), RangeError, String(maxTurns));
  }
  for (const session of ["", "é".repeat(65)]) {
    assert.throws(() => setUp({ session }), RangeError, session);
  }
  setUp({ session: "é".repeat(64) });
});

Deno.test("createPublisher() tells of each report's time and size, and counts", () => {
  const told: [number, number][] = [];
  const { transport, play, publisher, clock } = setUp({
    interval: 10,
    rest: () => {
      clock.milliseconds += 3;
      return {};
    },
    onReport: (seconds, bytes) => told.push([seconds, bytes]),
  });
  play(1);
  play(1);
  play(20);
  assert.deepEqual(told, transport.lines.map((line) => [0.003, line.length]));
  assert.deepEqual(publisher.stats, { turns: 3, reports: 2, seconds: 0.006 });
});

Deno.test("turn() uses the real clocks by default", async () => {
  const transport = new MemoryTransport();
  const before = Date.now();
  const publisher = createPublisher({
    session: "s",
    numbers: createNumbers(),
    transport,
    interval: 0,
  });
  publisher.turn();
  publisher.turn();
  await publisher.finish();
  const after = Date.now();
  for (const { timestamp, columns } of transport.reports) {
    assert.ok(timestamp! * 1000 >= before && timestamp! * 1000 <= after);
    for (const time of columns.get("timestamp") ?? []) {
      assert.ok(time * 1000 >= before - 1 && time <= timestamp!);
    }
    for (const duration of columns.get("duree_seconds") ?? []) assert.ok(duration >= 0);
  }
});
