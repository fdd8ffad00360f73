/** Tests of the memory of a game's last events. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createGame, EVENT_TYPES, type GameEvent, KEPT_EVENTS } from "../../lib/simulation/mod.ts";
import { RecentEvents } from "../../lib/simulation/recent_events.ts";

Deno.test("RecentEvents.last() gives the last events, the oldest first, as many as are kept", () => {
  const counts = fc.integer({ min: 0, max: 3 * KEPT_EVENTS });
  fc.assert(fc.property(counts, counts, (count, most) => {
    const recent = new RecentEvents();
    const all = Array.from({ length: count }, (_, index) => ({
      type: EVENT_TYPES[index % EVENT_TYPES.length]!,
      tour: index,
      nombre: index * 2,
      total: -index,
    }));
    for (const { type, tour, nombre, total } of all) {
      recent.add(EVENT_TYPES.indexOf(type), tour, nombre, total);
    }
    assert.equal(recent.count, count);
    const kept = Math.min(most, KEPT_EVENTS, count);
    assert.deepEqual(recent.last(most), all.slice(count - kept));
  }));
});

Deno.test("Game.recentEvents holds what onEvent is told", () => {
  const game = createGame({ seed: 4 });
  const happened: GameEvent[] = [];
  game.onEvent = (event) => happened.push(event);
  for (let turn = 0; turn < 120; turn++) game.playTurn();
  assert.ok(happened.length > 20 && happened.length <= KEPT_EVENTS);
  assert.deepEqual(
    game.recentEvents.last(KEPT_EVENTS),
    happened.map(({ type, tour, nombre, total }) => ({ type, tour, nombre, total })),
  );
});
