/** Tests of when turns are shown. @module */

import assert from "node:assert/strict";
import { Apart, createTimeline } from "../../lib/backfill/timeline.ts";

const SPAN = { firstTurn: 11, lastTurn: 20, begun: 1_795_000_000.25, ended: 1_795_000_009.5 };
const DAY = { ms: Date.UTC(2000, 0) };
const NOW = 1_796_000_000_000;

Deno.test("createTimeline() shows turns at their own times, moved to the anchor", () => {
  const at = (anchor: "real" | "now" | typeof DAY) => {
    const timeline = createTimeline(SPAN, { anchor, turnSeconds: undefined, now: NOW });
    return [timeline.at(11, SPAN.begun), timeline.at(20, SPAN.ended), timeline.isReal];
  };
  assert.deepEqual(at("real"), [1_795_000_000_250, 1_795_000_009_500, true]);
  assert.deepEqual(at("now"), [NOW - 9250, NOW, false]);
  assert.deepEqual(at(DAY), [DAY.ms, DAY.ms + 9250, false]);
});

Deno.test("createTimeline() shows turns at even distances, such that games lie over each other", () => {
  const at = (anchor: "real" | "now" | typeof DAY) => {
    const timeline = createTimeline(SPAN, { anchor, turnSeconds: 0.5, now: NOW });
    return [timeline.at(11, undefined), timeline.at(20, 1), timeline.isReal];
  };
  assert.deepEqual(at("real"), [1_795_000_000_250, 1_795_000_004_750, false]);
  assert.deepEqual(at("now"), [NOW - 4500, NOW, false]);
  // Turn 1 would be at midnight.
  assert.deepEqual(at(DAY), [DAY.ms + 5000, DAY.ms + 9500, false]);
});

Deno.test("createTimeline() knows no time of what has none", () => {
  const own = createTimeline(SPAN, { anchor: "real", turnSeconds: undefined, now: NOW });
  assert.ok(Number.isNaN(own.at(12, undefined)));
  const even = createTimeline(SPAN, { anchor: DAY, turnSeconds: 1, now: NOW });
  assert.ok(Number.isNaN(even.at(undefined, 1_795_000_001)));
});

Deno.test("Apart.next() keeps times a millisecond apart and in order", () => {
  const apart = new Apart();
  assert.deepEqual([5, 5, 5, 9, 2].map((ms) => apart.next(ms)), [5, 6, 7, 9, 10]);
  assert.equal(apart.mostShift, 8);
});
