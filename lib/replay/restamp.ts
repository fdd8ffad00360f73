/** Gives reports of a recording the times at which they are replayed. @module */

import type { Reading, WebReading } from "../report/mod.ts";
import type { Between, Pace } from "./pace.ts";

/** Sessions whose times are remembered; a recording of more games at once does not exist. */
const MAX_SESSIONS = 1000;

/** What is known of a session. */
interface Known {
  /** When its last report was due, and when it was recorded. */
  readonly due: number;
  readonly recorded: number;
  readonly order: number;
  readonly finished: boolean;
  /** When an event of a type was recorded last, and when it was replayed. */
  readonly events: ReadonlyMap<string, { readonly recorded: number; readonly replayed: number }>;
}

/** Restamps the reports of a recording, in their order. */
export class Restamp {
  readonly #pace: Pace;
  #suffix = "";
  /** The one that reported last comes last. */
  readonly #sessions = new Map<string, Known>();
  #last: Known | undefined;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** The recording begins again: its number of the round becomes part of a name, for it is another game. */
  begin(round: number): void {
    this.#suffix = round === 1 ? "" : ` (${round})`;
    this.#sessions.clear();
  }

  /** The same report with its times of the replay, of which the report's own is when it is due. */
  next({ report, details, noticed }: Reading): { readonly reading: Reading; readonly due: number } {
    const { session, timestamp = -Infinity, order = Infinity, finished } = report;
    const known = this.#sessions.get(session);
    if (known !== undefined && order <= known.order && timestamp <= known.recorded) {
      return this.#again({ report, details, noticed });
    }
    const due = this.#pace.next(report.timestamp, this.#between(known));
    const since = known?.due ?? -Infinity;
    const events = this.#eventsOf(report.events, known);
    this.#last = { due, recorded: timestamp, order, finished, events };
    this.#sessions.delete(session);
    this.#sessions.set(session, this.#last);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest!);

    const times = details.columns.get("timestamp");
    // A pause that was shortened lies between two reports: no turn of the later one is before the earlier.
    const columns = times === undefined ? details.columns : new Map(details.columns).set(
      "timestamp",
      times.map((time) => Math.min(Math.max(this.#pace.timeOf(time), since), due)),
    );
    return {
      due,
      reading: {
        report: {
          ...report,
          session: session + this.#suffix,
          timestamp: due,
          events: new Map(Array.from(events, ([type, { replayed }]) => [type, replayed])),
        },
        details: { ...details, columns },
        noticed,
      },
    };
  }

  /** The same report of a web process, which is of the last moment: its numbers have no time. */
  web(recorded: WebReading): WebReading {
    const { report } = recorded;
    return { ...recorded, report: { ...report, session: report.session + this.#suffix } };
  }

  /** A report that was there before, such as in two parts of a recording: it is no later game. */
  #again({ report, ...rest }: Reading): { readonly reading: Reading; readonly due: number } {
    const { session, timestamp } = report;
    const { due } = this.#pace;
    const time = timestamp === undefined ? due : Math.min(this.#pace.timeOf(timestamp), due);
    return {
      due,
      reading: { report: { ...report, session: session + this.#suffix, timestamp: time }, ...rest },
    };
  }

  #between(known: Known | undefined): Between {
    if (known !== undefined) return "turns";
    return this.#last?.finished === true ? "games, the first of which had ended" : "games";
  }

  /** An event that is told again is the same one, whatever the clock did since. */
  #eventsOf(recorded: ReadonlyMap<string, number>, known: Known | undefined): Known["events"] {
    return new Map(
      Array.from(recorded, ([type, time]) => {
        const told = known?.events.get(type);
        return [
          type,
          told?.recorded === time ? told : { recorded: time, replayed: this.#pace.timeOf(time) },
        ];
      }),
    );
  }
}
