/** A game as the page knows it: turns, events and state, with gaps filled from the history. @module */

import type {
  Inventory,
  PastEvent,
  State,
  Summary,
  TurnSeconds,
  TurnsMessage,
} from "../../live/api.ts";
import { askHistory } from "./api.ts";
import { rowAt } from "../../turns/row_at.ts";
import { Turns } from "./turns.ts";

/** Maximum number of events; the oldest are dropped first. */
const MAX_EVENTS = 5000;
/** Maximum number of messages that wait for a history; after a longer gap it is fetched again. */
const MAX_WAITING = 600;
const RETRY_MS = 1000;

/** What the drawing needs to know of an event once its turn has been found. */
export interface Mark extends PastEvent {
  /** The turn that it happened in, or the nearest one that is known. */
  readonly at: number;
}

export class Game {
  readonly turns = new Turns();
  /** In the order in which they happened. */
  events: Mark[] = [];
  summary: Summary | undefined;
  turnSeconds: TurnSeconds | null = null;
  detail: Inventory | undefined;
  /** Grows with every change. */
  version = 0;
  #filling = false;
  /** Whether messages were missed since the history was asked for. */
  #isGapOpen = false;
  #waiting: TurnsMessage[] = [];

  constructor(
    readonly session: string,
    readonly onChange: () => void,
    private readonly ask: typeof askHistory = askHistory,
  ) {}

  /**
   * Fetches the turns after the last known one. Messages that arrive meanwhile wait, so that no gap is left.
   * Resolves when the turns are there, or the exporter does not know the game.
   */
  async fill(): Promise<void> {
    this.#isGapOpen = true;
    if (this.#filling) return;
    this.#filling = true;
    while (this.#isGapOpen) {
      this.#isGapOpen = false;
      this.#waiting = [];
      try {
        // TradeSim's turns may begin at 0.
        const from = this.turns.length === 0 ? 0 : this.turns.last + 1;
        const history = await this.ask(this.session, from);
        if (history !== undefined) this.#add(history);
      } catch {
        this.#isGapOpen = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#filling = false;
    for (const message of this.#waiting) this.#add(message);
    this.#waiting = [];
    this.#changed();
  }

  take(message: TurnsMessage): void {
    if (this.#filling) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message);
      else this.#isGapOpen = true;
      return;
    }
    if ((message.columns.tour?.at(-1) ?? Infinity) < this.turns.last) {
      // The game was set back. The message has only few of the earlier turns, and none of their events.
      this.turns.clear();
      this.events = [];
      this.fill();
      return;
    }
    this.#add(message);
    this.#changed();
  }

  show(state: Pick<State, "summary" | "turn_seconds">): void {
    this.summary = state.summary;
    this.turnSeconds = state.turn_seconds;
    this.#changed();
  }

  #changed(): void {
    this.version++;
    this.onChange();
  }

  #add({ columns, events }: TurnsMessage): void {
    this.turns.append(columns);
    if (events.length === 0) return;
    const known = new Set(this.events.slice(-1000).map(keyOf));
    for (const event of events) {
      if (known.has(keyOf(event))) continue;
      this.events.push({ ...event, at: event.tour ?? this.#turnAt(event.timestamp) });
    }
    this.events.sort((a, b) => a.at - b.at);
    if (this.events.length > MAX_EVENTS) this.events = this.events.slice(-MAX_EVENTS);
  }

  /** The first turn that had ended at a time. */
  #turnAt(timestamp: number): number {
    const times = this.turns.column("timestamp");
    if (times === undefined) return this.turns.last;
    const row = Math.min(rowAt(times, timestamp), this.turns.length - 1);
    return this.turns.column("tour")![row] ?? 0;
  }
}

function keyOf({ tour, timestamp, type, nombre }: PastEvent): string {
  return `${type} ${tour ?? timestamp} ${nombre ?? ""}`;
}
