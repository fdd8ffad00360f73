/** A model, a past and listeners to them on a clock of the test's own. @module */

import { History } from "../../lib/history/mod.ts";
import { Answers, Hub } from "../../lib/live/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { type Told, told } from "../history/turns.ts";
import { createModel } from "../model/reports.ts";

export interface Message {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** The messages of a stream's text; `:` stands for a comment. */
function messagesOf(text: string): (Message | ":")[] {
  return text.split("\n\n").filter((part) => part !== "").map((part) => {
    if (part === ":") return ":";
    const fields = new Map(
      part.split("\n").map((line) => {
        const colon = line.indexOf(": ");
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
    );
    const { event = "", id, data = "" } = Object.fromEntries(fields);
    return { event, id, data: JSON.parse(data) };
  });
}

export interface Listener {
  /** What has come since the last time. */
  read(): Promise<(Message | ":")[]>;
  cancel(): Promise<void>;
  readonly stream: ReadableStreamDefaultReader<Uint8Array>;
}

export function createSetting({ maxTurns = 1000, maxSessions = 1000 } = {}) {
  let milliseconds = 1_000_000;
  let tick: (() => void) | undefined;
  const history = new History({ maxTurns });
  const model = createModel({ maxSessions, onEvicted: (session) => history.forget(session) });
  const telemetry = createTelemetry();
  const answers = new Answers({
    model,
    history,
    telemetry,
    system: () => new Map([["cpu_usage_percent", 12.5]]),
    version: "1.2.3",
    started: 900,
    telemetryPath: "/metrics",
    command: "deno task",
    now: () => milliseconds / 1000,
  });
  const hub = new Hub({
    answers,
    telemetry,
    now: () => milliseconds,
    every: (_interval, action) => {
      tick = action;
      return () => tick = undefined;
    },
  });
  return {
    history,
    model,
    telemetry,
    answers,
    hub,
    /** Whether anything is done while no report comes. */
    isTicking: () => tick !== undefined,
    /** Takes a report as the program does. */
    take(changes: Parameters<typeof told>[0] | Told): void {
      const sent = told(changes as Parameters<typeof told>[0]);
      const arrival = milliseconds / 1000;
      const verdict = model.take(sent, arrival);
      if (verdict.outcome !== "taken") return;
      hub.reported(sent.session, history.take(sent, sent, arrival, verdict));
    },
    /** Lets time pass, with the ticks in it. */
    pass(time: number): void {
      for (let left = time; left > 0; left -= 50) {
        milliseconds += Math.min(50, left);
        tick?.();
      }
    },
    listen(session?: string): Listener {
      const stream = hub.open(session)!.getReader();
      let pending: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;
      return {
        stream,
        cancel: () => stream.cancel(),
        async read() {
          let text = "";
          for (;;) {
            pending ??= stream.read();
            const nothing = new Promise<undefined>((resolve) =>
              setTimeout(() => resolve(undefined), 0)
            );
            const result = await Promise.race([pending, nothing]);
            if (result === undefined) return messagesOf(text);
            pending = undefined;
            if (result.done) return messagesOf(text);
            text += new TextDecoder().decode(result.value);
          }
        },
      };
    },
  };
}
