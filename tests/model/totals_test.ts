/** Tests of totals over sessions that come and go: none ever falls, and nothing counts twice. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { nearest } from "../../lib/model/exact.ts";
import type { Model, ModelOptions } from "../../lib/model/mod.ts";
import { by, createModel, flatten, report } from "./reports.ts";

/** The values of all series of counters, histograms and summaries. */
function counters(model: Model): Map<string, number> {
  const { families } = model.families(1000);
  return flatten(families.filter(({ metric: { type } }) => type !== "gauge"));
}

const amount = fc.integer({ min: 0, max: 1_000_000 }).map((cents) => cents / 100);
const step = fc.record({
  session: fc.constantFrom("a", "b", "c", "d", "e", "f"),
  isReset: fc.boolean(),
  values: fc.record({ x: amount, y: amount, other: amount }),
  hasParts: fc.boolean(),
  seconds: fc.double({ min: 0, max: 10, noNaN: true }),
});
type Step = typeof step extends fc.Arbitrary<infer Item> ? Item : never;

/** Plays steps as TradeSim would report them: totals since the last reset, each as one number. */
function player(model: Model, isDivided: (step: Step) => boolean) {
  const games = new Map<
    string,
    { turn: number; tick: number; x: number; y: number; all: number }
  >();
  let spent: number[] = [];
  return {
    /** What all games spent, exactly. */
    spent: () => nearest(spent),
    take(step: Step): void {
      const { session, isReset, values: { x, y, other } } = step;
      const game = games.get(session) ?? { turn: 0, tick: -1, x: 0, y: 0, all: 0 };
      games.set(session, game);
      if (isReset) Object.assign(game, { tick: -1, x: 0, y: 0, all: 0 });
      game.turn++;
      game.tick++;
      const before = game.all;
      game.x += x;
      game.y += y;
      game.all += x + y + other;
      spent = [...spent, game.all, -before];
      const taken = model.take(
        report({
          session,
          order: game.turn,
          tick: game.tick,
          timestamp: 1_795_000_000 + game.turn * 0.1,
          values: { transactions_montant_total: game.all },
          breakdowns: isDivided(step)
            ? { transactions_montant_total: [by("continent", { x: game.x, y: game.y })] }
            : {},
          turnSeconds: { turns: game.tick + 1, sum: game.tick * 0.1 + step.seconds },
        }),
        1000,
      );
      assert.equal(taken.outcome, "taken");
    },
  };
}

const PLAIN: Partial<ModelOptions> = { maxSessions: 2 };
const LABELLED: Partial<ModelOptions> = { maxSessions: 2, breakdowns: ["continent"] };

Deno.test("families() lets no series fall when sessions are evicted and come back, and adds up exactly", () => {
  for (const options of [PLAIN, LABELLED]) {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = createModel(options);
        const played = player(model, ({ hasParts }) => hasParts);
        let before = new Map<string, number>();
        for (const next of steps) {
          played.take(next);
          const now = counters(model);
          for (const [series, value] of before) {
            // The plain series makes room for its parts as soon as a report has some.
            if (!now.has(series) && series === "transactions_montant_total") continue;
            assert.ok(now.get(series)! >= value, `${series}: ${value}, then ${now.get(series)}`);
          }
          before = now;
        }
        const shown = [...before].filter(([series]) => /^transactions_montant_total/.test(series));
        const sum = nearest(shown.map(([, value]) => value));
        if (options.breakdowns === undefined) assert.equal(sum, played.spent());
        // Each of six games may be off by a cent for each part and the total.
        else assert.ok(Math.abs(sum - played.spent()) < 0.3, `${sum} of ${played.spent()}`);
      }),
      { numRuns: 300 },
    );
  }
});

Deno.test("families() shows the same totals whichever session is evicted, however many there are", () => {
  const few = createModel({ maxSessions: 1 });
  const many = createModel({ maxSessions: 1000 });
  for (let game = 0; game < 300; game++) {
    for (const turn of [1, 2]) {
      for (const model of [few, many]) {
        model.take(
          report({
            session: String(game),
            order: turn,
            timestamp: 1_795_000_000.123456 + game + turn * 0.871331,
            values: { transactions_montant_total: turn * 0.1 * game, evenements_total: turn },
            turnSeconds: { turns: turn, sum: turn * 0.000123 },
          }),
          1000,
        );
      }
    }
    assert.deepEqual(counters(few), counters(many));
  }
});
