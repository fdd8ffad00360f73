/** Keeps the last events of a game, in memory that is allocated once. @module */

import { EVENT_TYPES, type EventType } from "./events.ts";

/** A remembered event. */
export interface RecentEvent {
  readonly type: EventType;
  /** The turn in which it happened, from 1. */
  readonly tour: number;
  /** As an {@linkcode Effect} has them. */
  readonly nombre: number;
  readonly total: number;
}

/** Events that are kept: a power of two. */
export const KEPT_EVENTS = 128;
/** Numbers per event: type, turn, how many, how much. */
const WIDTH = 4;

export class RecentEvents {
  /** Events so far. */
  count = 0;
  readonly #numbers = new Float64Array(KEPT_EVENTS * WIDTH);

  /** @param type Index into the event types. */
  add(type: number, tour: number, nombre: number, total: number): void {
    const at = (this.count++ & (KEPT_EVENTS - 1)) * WIDTH;
    const numbers = this.#numbers;
    numbers[at] = type;
    numbers[at + 1] = tour;
    numbers[at + 2] = nombre;
    numbers[at + 3] = total;
  }

  /** The last `most` events, or as many as there are and are kept, the oldest first. */
  last(most: number): RecentEvent[] {
    const numbers = this.#numbers;
    const events: RecentEvent[] = [];
    for (let left = Math.min(most, this.count, KEPT_EVENTS); left > 0; left--) {
      const at = ((this.count - left) & (KEPT_EVENTS - 1)) * WIDTH;
      events.push({
        type: EVENT_TYPES[numbers[at]!]!,
        tour: numbers[at + 1]!,
        nombre: numbers[at + 2]!,
        total: numbers[at + 3]!,
      });
    }
    return events;
  }
}
