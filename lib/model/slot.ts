/** One of the two files that hold the state in turn: opened once, written without any right to open. @module */

const NEWLINE = 0x0a;

/** The complete lines of a file, without their ends, and how many bytes they are. */
export function wholeLines(bytes: Uint8Array): { readonly lines: string[]; readonly size: number } {
  const size = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = new TextDecoder().decode(bytes.subarray(0, size)).split("\n").slice(0, -1);
  return { lines, size };
}

/** A file of lines. What fails throws what the file system says. */
export class Slot {
  readonly path: string;
  readonly #file: Deno.FsFile;
  /** Where the next line goes. What may stand behind it is the rest of a line that was torn. */
  #size: number;

  /**
   * Opens the file, and makes it where it is missing.
   *
   * @param size How many bytes of it stay as they are.
   */
  constructor(path: string, size: number) {
    this.path = path;
    this.#file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    this.#size = size;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  clear(): void {
    this.#size = 0;
    this.#file.truncateSync(0);
  }

  /** Adds a line, whole or, when it throws, not at all. Returns its length in bytes. */
  append(line: string): number {
    const bytes = new TextEncoder().encode(`${line}\n`);
    this.#file.seekSync(this.#size, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const written = this.#file.writeSync(bytes.subarray(done));
      if (written === 0) throw new Error("nothing more can be written");
      done += written;
    }
    this.#size += bytes.length;
    return bytes.length;
  }

  /** Throws when the next process would find another file at the path, or none. */
  checkPlace(): void {
    const { dev, ino } = this.#file.statSync();
    let there: Deno.FileInfo | undefined;
    try {
      there = Deno.statSync(this.path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    if (there === undefined || there.dev !== dev || there.ino !== ino) {
      throw new Error(`"${this.path}" was moved, removed or replaced`);
    }
  }

  /** Waits until all of it is on the disk. */
  sync(): Promise<void> {
    return this.#file.syncData();
  }

  close(): void {
    this.#file.close();
  }
}
