/** Writes lines to a stream that may be slow or have no reader, without ever waiting for it. @module */

/** Characters that may wait; what comes beyond is dropped. */
const MAX_WAITING = 64 * 1024;

export interface LineWriter {
  /** Takes a line to be written; returns false if it was dropped for lack of room. */
  write(line: string): boolean;
  /** How many lines were dropped, or lost because the stream cannot be written. */
  readonly dropped: number;
  /** Waits until all lines are written, for so many milliseconds at most. */
  flush(milliseconds: number): Promise<void>;
}

/** A target of bytes; returns how many were written. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
}

const encoder = new TextEncoder();

/** Creates a writer. Deno writes to standard error on another thread, which may wait. */
export function createLineWriter(sink: Sink = Deno.stderr): LineWriter {
  let lines: string[] = [];
  let waiting = 0;
  let dropped = 0;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (lines.length > 0) {
      const batch = lines;
      lines = [];
      try {
        const bytes = encoder.encode(batch.join(""));
        for (let at = 0; at < bytes.length;) at += await sink.write(bytes.subarray(at));
      } catch {
        dropped += batch.length; // There is nowhere left to say so.
      }
      waiting -= batch.reduce((sum, { length }) => sum + length, 0);
    }
    writing = undefined;
  }

  return {
    write(line) {
      if (waiting > 0 && waiting + line.length > MAX_WAITING) {
        dropped++;
        return false;
      }
      lines.push(line);
      waiting += line.length;
      writing ??= writeAll();
      return true;
    },
    get dropped() {
      return dropped;
    },
    async flush(milliseconds) {
      if (writing === undefined) return;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, milliseconds));
      await Promise.race([writing, late]);
      clearTimeout(timer);
    },
  };
}
