/** Standard streams and signals of the process. @module */

import { messageOf, UserError } from "../error/mod.ts";
import { writeAll } from "../file/mod.ts";
import { IS_BUNDLED } from "./version.ts";

const encoder = new TextEncoder();

/** What stands before a command's name where this very program is called, from its folder. */
export function ownCommand(): string {
  if (Deno.build.standalone) return "./tradesim-exporter";
  // The Python package, whose script is on the PATH.
  if (IS_BUNDLED) return "tradesim-exporter";
  const isOfNpx = /[\\/]_npx[\\/]/.test(Deno.execPath());
  return `${isOfNpx ? `npx -y deno@${Deno.version.deno}` : "deno"} task`;
}

/** Names of tasks that differ from those of commands. */
const TASKS: Readonly<Record<string, string>> = { serve: "start", bench: "bench:load" };

/** How a user calls a command of this very program: from source by its task, else by its name. */
export function callOf(command: string): string {
  const own = ownCommand();
  if (own.endsWith(" task")) return `${own} ${TASKS[command] ?? command}`;
  return command === "serve" ? "tradesim-exporter" : `tradesim-exporter ${command}`;
}

/** Standard output cannot be written; the message is one sentence. */
export class OutputError extends UserError {
  override readonly exitCode = 1;
  /** Whether its reader, such as `head`, has closed it. */
  readonly isClosed: boolean;
  constructor(cause: unknown) {
    super(`Cannot write to standard output: ${messageOf(cause)}`, { cause });
    this.isClosed = cause instanceof Deno.errors.BrokenPipe;
  }
}

/**
 * Writes to standard output.
 *
 * @throws {OutputError} When it cannot be written.
 */
export function print(text: string): void {
  printBytes(encoder.encode(text));
}

/**
 * The same for bytes.
 *
 * @throws {OutputError} When they cannot be written.
 */
export function printBytes(bytes: Uint8Array): void {
  try {
    writeAll(Deno.stdout, bytes);
  } catch (error) {
    throw new OutputError(error);
  }
}

/**
 * Listens to SIGHUP from now on, where the system has it.
 *
 * @returns Sets what each one does. One that came before is made up for then; of those that come while it
 *   is done, one more is.
 */
export function listenToHangUps(): (action: () => Promise<void>) => void {
  let isAsked = false;
  let isBusy = false;
  let act: (() => Promise<void>) | undefined;
  async function answer(): Promise<void> {
    if (isBusy || act === undefined) return;
    isBusy = true;
    while (isAsked) {
      isAsked = false;
      await act();
    }
    isBusy = false;
  }
  if (Deno.build.os !== "windows") {
    Deno.addSignalListener("SIGHUP", () => {
      isAsked = true;
      answer();
    });
  }
  return (action) => {
    act = action;
    answer();
  };
}

/**
 * How long signals after the first one are taken for the same Ctrl-C, in milliseconds. The terminal sends
 * it to every program of the command, and `npx` and `deno task` pass theirs on.
 */
const SAME_SIGNAL_MS = 500;

/**
 * Waits for the first signal that asks the program to end. A later one ends it at once, for
 * whoever does not want to wait.
 *
 * @param more Further signals that ask for it, where the system has them.
 */
export function firstSignal(more: readonly Deno.Signal[] = []): Promise<Deno.Signal> {
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", ...more];
  return new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of signals) {
      Deno.addSignalListener(signal, () => {
        first ??= performance.now();
        if (performance.now() - first > SAME_SIGNAL_MS) Deno.exit(130);
        resolve(signal);
      });
    }
  });
}
