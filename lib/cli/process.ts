/** What the program asks of its process: to be heard, and to be told of its end. @module */

const encoder = new TextEncoder();

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  } catch (error) {
    // Whoever read it, such as `head`, has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw error;
  }
}

/** Writes to standard output. */
export function print(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes to standard error. */
export function complain(text: string): void {
  writeAll(Deno.stderr, text);
}

/**
 * Waits for the first signal that asks the program to end. A second one ends it at once, for
 * whoever does not want to wait.
 */
export function firstSignal(): Promise<Deno.Signal> {
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of signals) {
      Deno.addSignalListener(signal, () => {
        if (++count > 1) Deno.exit(130);
        resolve(signal);
      });
    }
  });
}
