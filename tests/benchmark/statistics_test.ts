/** Tests of distributions and of the estimated overhead, on data with a known effect. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DURATION_BUCKETS,
  Durations,
  estimateOverhead,
  type Pair,
  seededRandom,
} from "../../lib/benchmark/mod.ts";
import { middleMean } from "../../lib/benchmark/statistics.ts";
import { MACHINES } from "./synthetic.ts";

const duration = fc.double({ min: 1e-10, max: 1e4, noNaN: true });
const durationList = fc.array(duration, { minLength: 1, maxLength: 200 });

function durationsOf(list: readonly number[]): Durations {
  const durations = new Durations();
  for (const seconds of list) durations.add(seconds);
  return durations;
}

Deno.test("Durations.bins() gives buckets less than 1 % wide that hold what was added", () => {
  fc.assert(fc.property(duration, (seconds) => {
    const bins = [...durationsOf([seconds]).bins()];
    assert.equal(bins.length, 1);
    const { from, to, count } = bins[0]!;
    assert.ok(from <= seconds && seconds < to, `${from} <= ${seconds} < ${to}`);
    assert.ok(to / from < 1.01, `${to} / ${from}`);
    assert.equal(count, 1);
  }));
});

Deno.test("Durations.quantile() is within 0.4 % of the nearest rank", () => {
  fc.assert(fc.property(durationList, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
    const sorted = list.toSorted((a, b) => a - b);
    const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
    const found = durationsOf(list).quantile(q);
    assert.ok(Math.abs(found / exact - 1) < 0.004, `${found}, not ${exact}`);
  }));
});

Deno.test("Durations.quantile() counts repeated durations as often as they were added", () => {
  const durations = new Durations();
  durations.add(1, 990);
  durations.add(5, 10);
  const [p99, beyond] = [durations.quantile(0.99), durations.quantile(0.991)];
  assert.ok(p99 < 1.01 && beyond > 4.9, `${p99} and ${beyond}`);
  assert.equal(durations.count, 1000);
});

Deno.test("Durations.merge() is the same as adding everything to one", () => {
  fc.assert(fc.property(durationList, durationList, (left, right) => {
    const merged = durationsOf(left);
    merged.merge(durationsOf(right));
    assert.deepEqual(merged.toJSON(), durationsOf([...left, ...right]).toJSON());
    assert.equal(merged.count, left.length + right.length);
  }));
});

Deno.test("Durations.from() reads what toJSON() wrote", () => {
  fc.assert(fc.property(durationList, (list) => {
    const durations = durationsOf(list);
    const read = Durations.from(JSON.parse(JSON.stringify(durations)));
    assert.deepEqual([...read.bins()], [...durations.bins()]);
    assert.equal(read.count, durations.count);
  }));
});

Deno.test("Durations.add() takes durations that no clock should give to the ends", () => {
  const small = [0, -1, NaN, 1e-12];
  assert.deepEqual(durationsOf(small).toJSON(), { buckets: [0], counts: [4] });
  assert.equal(durationsOf(small).quantile(0.5), 0);
  const last = { buckets: [DURATION_BUCKETS - 1], counts: [2] };
  assert.deepEqual(durationsOf([1e9, Infinity]).toJSON(), last);
});

Deno.test("Durations.toJSON() keeps millions of turns small", () => {
  const durations = new Durations();
  const random = seededRandom(5);
  for (let turn = 0; turn < 1e6; turn++) durations.add(1e-6 * (1 + random() ** 8 * 100));
  const size = JSON.stringify(durations).length;
  assert.ok(size < 10_000, `${size} bytes`);
});

Deno.test("Durations.quantile() refuses to make a quantile of nothing", () => {
  assert.throws(() => new Durations().quantile(0.5), RangeError);
});

Deno.test("middleMean() leaves a quarter out at either end", () => {
  const cases: [number[], number][] = [
    [[3], 3],
    [[1, 2, 30], 11],
    [[-900, 2, 4, 900], 3],
    [[-900, -900, 1, 2, 3, 6, 900, 900], 3],
  ];
  for (const [values, expected] of cases) assert.equal(middleMean(values), expected);
});

Deno.test("seededRandom() gives evenly spread numbers, others for another seed", () => {
  const counts = new Array<number>(10).fill(0);
  const random = seededRandom(1);
  for (let draw = 0; draw < 1e5; draw++) counts[Math.floor(random() * 10)]! += 1;
  for (const count of counts) assert.ok(Math.abs(count - 1e4) < 500, `${counts}`);
  const firstOf = (seed: number) => seededRandom(seed)();
  assert.equal(firstOf(7), firstOf(7));
  assert.notEqual(firstOf(7), firstOf(8));
});

interface Truth {
  readonly ratio: number;
  readonly seconds: number;
}

const TURN = 1.5e-6;

/** Pairs of runs on a machine of some temper, off and on first in turn. */
function playedPairs(machine: string, count: number, truth: Truth, seed: number): Pair[] {
  const factorOf = MACHINES[machine]!(seededRandom(seed));
  return Array.from({ length: count }, (_, round) => {
    const first = TURN * Math.exp(factorOf(2 * round));
    const second = TURN * Math.exp(factorOf(2 * round + 1));
    const [off, on] = round % 2 === 0 ? [first, second] : [second, first];
    return { off, on: on * (1 + truth.ratio) + truth.seconds };
  });
}

const EXPERIMENTS = 100;

/** How many of the intervals hold the truth, of ratios and of seconds. */
function coverage(machine: string, count: number, effect: number): [number, number] {
  const held: [number, number] = [0, 0];
  const isIn = ([low, high]: readonly [number, number], truth: number) =>
    low <= truth && truth <= high;
  for (let seed = 1; seed <= EXPERIMENTS; seed++) {
    const options = { seed, resamples: 2000 };
    const scaled = playedPairs(machine, count, { ratio: effect, seconds: 0 }, seed);
    if (isIn(estimateOverhead(scaled, options).ratio.ci95, effect)) held[0]++;
    const shifted = playedPairs(machine, count, { ratio: 0, seconds: effect * TURN }, seed);
    if (isIn(estimateOverhead(shifted, options).seconds.ci95, effect * TURN)) held[1]++;
  }
  return held;
}

for (const machine of Object.keys(MACHINES)) {
  Deno.test(`estimateOverhead() gives intervals that hold the truth: ${machine}`, () => {
    for (const [count, effect] of [[6, 0], [6, 0.01], [9, 0.05], [12, 0], [20, 0.003]] as const) {
      const [ratio, seconds] = coverage(machine, count, effect);
      const found = `${count} pairs, effect ${effect}: ${ratio} and ${seconds} of ${EXPERIMENTS}`;
      assert.ok(ratio >= 0.9 * EXPERIMENTS && seconds >= 0.9 * EXPERIMENTS, found);
    }
  });
}

Deno.test("estimateOverhead() gives intervals narrow enough to see the effect", () => {
  const pairs = playedPairs("random walk", 20, { ratio: 0.03, seconds: 0 }, 3);
  const { ratio, seconds } = estimateOverhead(pairs);
  assert.ok(ratio.ci95[0] > 0.015 && ratio.ci95[1] < 0.045, `${ratio.ci95}`);
  assert.ok(Math.abs(ratio.value - 0.03) < 0.01, `${ratio.value}`);
  assert.ok(seconds.ci95[0] > 0.015 * TURN, `${seconds.ci95}`);
});

Deno.test("estimateOverhead() is not carried away by a few spoilt runs", () => {
  const pairs = Array.from({ length: 12 }, (_, round): Pair => {
    const spoilt = round === 3 || round === 7 ? 10 : 1;
    return { off: TURN, on: TURN * (1.01 + 0.0001 * (round % 3)) * spoilt };
  });
  const { value, ci95: [low, high] } = estimateOverhead(pairs).ratio;
  assert.ok(Math.abs(value - 0.01) < 0.001 && low > 0.0095, `${value} from ${low}`);
  assert.ok(high < 5, `${high}`);
});

Deno.test("estimateOverhead() sees a known slowness through a machine that drifts by half", () => {
  const pairs = Array.from({ length: 8 }, (_, round): Pair => {
    const level = TURN * (1 + round / 8);
    return { off: level, on: level * 1.02 };
  });
  const { value, ci95 } = estimateOverhead(pairs).ratio;
  for (const ratio of [value, ...ci95]) assert.ok(Math.abs(ratio - 0.02) < 1e-9, `${ratio}`);
});

Deno.test("estimateOverhead() gives the inverse ratio when off and on are exchanged", () => {
  const pairs = playedPairs("independent noise", 10, { ratio: 0.05, seconds: 0 }, 1);
  const { ratio, seconds } = estimateOverhead(pairs);
  const exchanged = estimateOverhead(pairs.map(({ off, on }) => ({ off: on, on: off })));
  assert.ok(Math.abs((1 + ratio.value) * (1 + exchanged.ratio.value) - 1) < 1e-12);
  assert.ok(Math.abs(seconds.value + exchanged.seconds.value) < 1e-18);
});

Deno.test("estimateOverhead() is the same for the same pairs and seed", () => {
  const pairs = playedPairs("heavy tails", 10, { ratio: 0.01, seconds: 0 }, 2);
  assert.deepEqual(estimateOverhead(pairs, { seed: 9 }), estimateOverhead(pairs, { seed: 9 }));
  const other = estimateOverhead(pairs, { seed: 10 });
  assert.notDeepEqual(other.ratio.ci95, estimateOverhead(pairs, { seed: 9 }).ratio.ci95);
});

Deno.test("estimateOverhead() refuses what it cannot estimate", () => {
  const pair = { off: 1, on: 1 };
  const wrong: Record<string, Pair[]> = {
    none: [],
    one: [pair],
    zero: [pair, { off: 0, on: 1 }],
    negative: [pair, { off: 1, on: -1 }],
    infinite: [pair, { off: Infinity, on: 1 }],
    "not a number": [pair, { off: 1, on: NaN }],
  };
  for (const [name, pairs] of Object.entries(wrong)) {
    assert.throws(() => estimateOverhead(pairs), RangeError, name);
  }
});
