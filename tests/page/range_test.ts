/** Tests of the part of a game that is in view. @module */

import assert from "node:assert/strict";
import { type Extent, Range } from "../../lib/page/src/range.ts";

const GAME: Extent = [1, 101];

/** What is in view after some moves, and whether it follows the game. */
function after(move: (range: Range) => void, extent = GAME) {
  const range = new Range();
  move(range);
  return [...range.window(extent), range.isLive];
}

Deno.test("Range shows all and follows the game at first", () => {
  assert.deepEqual(after(() => {}), [1, 101, true]);
  assert.deepEqual(after(() => {}, [1, 500]), [1, 500, true]);
  assert.deepEqual(after(() => {}, [0, 0]), [0, 0, true]);
});

Deno.test("Range moves stay within the game, and at its end it is live", () => {
  const cases: Record<string, [(range: Range) => void, unknown[]]> = {
    "select": [(range) => range.select(20, 40, GAME), [20, 40, false]],
    "select backwards": [(range) => range.select(40, 20, GAME), [20, 40, false]],
    "select too little": [(range) => range.select(40, 40, GAME), [36, 40, false]],
    "select too little at the beginning": [(range) => range.select(1, 1, GAME), [1, 5, false]],
    "select beyond the end": [(range) => range.select(81, 900, GAME), [81, 101, true]],
    "select everything": [(range) => range.select(-5, 900, GAME), [1, 101, true]],
    "zoom at the end": [(range) => range.zoom(0.5, GAME), [51, 101, true]],
    "zoom at a turn": [(range) => range.zoom(0.5, GAME, 21), [11, 61, false]],
    "zoom out of it": [(range) => range.zoom(4, GAME), [1, 101, true]],
    "zoom far in": [(range) => range.zoom(1e-9, GAME), [97, 101, true]],
    "pan back": [(range) => {
      range.zoom(0.5, GAME);
      range.pan(-0.5, GAME);
    }, [26, 76, false]],
    "pan too far back": [(range) => {
      range.zoom(0.5, GAME);
      range.pan(-5, GAME);
    }, [1, 51, false]],
    "pan to the end": [(range) => {
      range.select(20, 40, GAME);
      range.pan(9, GAME);
    }, [81, 101, true]],
    "pan all of it": [(range) => range.pan(-0.5, GAME), [1, 101, true]],
    "slide": [(range) => range.slide(30, GAME), [1, 30, false]],
    "slide to the end": [(range) => {
      range.slide(30, GAME);
      range.slide(101, GAME);
    }, [1, 101, true]],
    "slide with a width": [(range) => {
      range.zoom(0.2, GAME);
      range.slide(50, GAME);
    }, [30, 50, false]],
    "go live with a width": [(range) => {
      range.select(20, 40, GAME);
      range.goLive();
    }, [81, 101, true]],
    "show all": [(range) => {
      range.select(20, 40, GAME);
      range.showAll();
    }, [1, 101, true]],
  };
  for (const [name, [move, wanted]] of Object.entries(cases)) {
    const [from, to, isLive] = after(move) as [number, number, boolean];
    assert.deepEqual([Math.round(from), Math.round(to), isLive], wanted, name);
  }
});

Deno.test("Range stands still while the game goes on, unless it is live", () => {
  assert.deepEqual(after((range) => range.select(20, 40, GAME), [1, 900]), [20, 40, false]);
  assert.deepEqual(after((range) => range.zoom(0.5, GAME), [1, 900]), [850, 900, true]);
});
