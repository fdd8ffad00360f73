/** The worker of `turn_log.ts`: writes turns to their file. @module */

/// <reference lib="deno.worker" />
import { type Journal, openJournal } from "./journal.ts";
import { TurnLines } from "./turn_lines.ts";
import type { Answer, Filled, Over, Setup } from "./turn_rows.ts";

function answer(message: Answer): void {
  postMessage(message);
}

let setup: Setup;
let lines: TurnLines;
let file: Journal;

function begin(given: Setup): void {
  const { path, session, maxBytes, keep } = setup = given;
  lines = new TurnLines(session);
  file = openJournal({
    path,
    session,
    keep,
    lines: "turns",
    onProblem: (problem) => answer({ problem }),
    ...maxBytes === undefined ? {} : { maxBytes },
  });
}

function write(filled: Filled): void {
  const { buffers, state } = setup;
  file.write(lines.line(buffers[filled.buffer]!, filled));
  Atomics.store(state, filled.buffer, 0);
  Atomics.add(state, buffers.length, 1);
  Atomics.notify(state, buffers.length);
}

onmessage = async ({ data }: MessageEvent<Setup | Filled | Over>) => {
  if ("path" in data) begin(data);
  else if ("buffer" in data) write(data);
  else {
    await file.end(lines.last(data));
    answer({ ended: true });
  }
};
