/** A log that keeps its lines, for tests. @module */

import { createLog, type Log } from "../../lib/log/mod.ts";

/** Lines have no time, so that they can be compared as a whole. */
export function captureLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line.replace(/^time=\S+ /, "").trimEnd());
  };
  return { log: createLog({ level: "debug", format: "logfmt", write }), lines };
}
