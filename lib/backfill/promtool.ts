/** Makes TSDB blocks of text with promtool, in one pass over it, and puts whole blocks alone in their place. @module */

import { dirname, join } from "node:path";
import { messageOf, Stopped } from "../error/mod.ts";
import { unlessMissing } from "../file/mod.ts";
import { BackfillError } from "./error.ts";
import type { Store } from "./flags.ts";
import type { PlannedGame } from "./plan.ts";

/** Beginning and end of the folders in which blocks are made. */
const WORK = "backfill-";
const WORK_END = ".tmp";
const LOCK = "lock";
const BLOCK = /^[0-9A-HJKMNP-TV-Z]{26}$/;
/** Longer than any game from the beginning of time on: promtool's blocks begin at multiples of their length. */
const HOUR_MS = 3_600_000;
/** The lengths that every promtool knows are 2 h times powers of 3: 6 h is the longest that ends at midnight. */
const MIMIR_OLD = "6h";
const MIMIR = "24h";
const LONGEST_OLD = "87600h";
const PARTIAL_ERROR = 300;

/** A folder of its own, in which nobody looks for blocks. */
export interface WorkFolder {
  readonly path: string;
  remove(): void;
}

function removeAll(path: string): void {
  unlessMissing(() => Deno.removeSync(path, { recursive: true }));
}

/** Removes what backfills have left that were killed: nobody holds its lock any more. */
function removeLeftovers(dir: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    if (!isDirectory || !name.startsWith(WORK) || !name.endsWith(WORK_END)) continue;
    const path = join(dir, name);
    try {
      using lock = Deno.openSync(join(path, LOCK), { write: true, create: true });
      if (!lock.tryLockSync(true)) continue;
    } catch {
      continue; // It is just being removed, or is nobody's that can be told.
    }
    removeAll(path);
  }
}

/**
 * Makes the folder for blocks if it is not there, and one in it to work in.
 *
 * @throws {BackfillError} When that cannot be.
 */
export function openWorkFolder(dir: string): WorkFolder {
  try {
    Deno.mkdirSync(dir, { recursive: true });
    removeLeftovers(dir);
    const path = join(dir, `${WORK}${crypto.randomUUID()}${WORK_END}`);
    Deno.mkdirSync(path);
    const lock = Deno.openSync(join(path, LOCK), { write: true, create: true });
    try {
      lock.tryLockSync(true);
    } catch {
      // The file system knows no locks; leftovers are then removed by hand.
    }
    return {
      path,
      remove() {
        lock.close();
        removeAll(path);
      },
    };
  } catch (error) {
    throw new BackfillError(
      `Cannot write blocks to "${dir}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

export interface Promtool {
  /** Name on the PATH, or path. */
  readonly program: string;
  /** Whether a block may be of any length, which promtool knows from 3.16 on. */
  readonly isAnyLength: boolean;
}

/** @param folder Where it may put what it needs meanwhile; a kill would leave it behind elsewhere. */
async function run(
  program: string,
  args: readonly string[],
  stop: AbortSignal,
  folder?: string,
) {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...folder === undefined ? {} : { env: { TMPDIR: folder } },
    }).spawn();
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such program; --promtool names it"
      : (error as Error).message;
    throw new BackfillError(`Cannot start "${program}": ${reason}`, { cause: error });
  }
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  stop.addEventListener("abort", kill);
  if (stop.aborted) kill();
  try {
    const { success, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    stop.removeEventListener("abort", kill);
  }
}

const ANY_LENGTH = "--allow-incompatible-block-duration";

/**
 * Looks what promtool can do. The flag is a hidden one, so that its help does not tell of it; but a
 * promtool that does not know it says so.
 *
 * @throws {BackfillError} When there is no promtool, or it cannot make blocks.
 */
export async function findPromtool(program: string, stop: AbortSignal): Promise<Promtool> {
  const ask = (...flags: string[]) =>
    run(program, ["tsdb", "create-blocks-from", ...flags, "openmetrics", "--help"], stop);
  const { success, stdout, stderr } = await ask();
  if (!success || !`${stdout}${stderr}`.includes("create-blocks-from")) {
    throw new BackfillError(
      `Cannot make blocks with "${program}": it knows no create-blocks-from, expected promtool 2.42 or later`,
    );
  }
  const withFlag = await ask(ANY_LENGTH);
  return { program, isAnyLength: !/unknown long flag/.test(withFlag.stderr + withFlag.stdout) };
}

/** How long blocks may be: a game is in one, where promtool can do that. */
function lengthFlags({ last }: PlannedGame, store: Store, { isAnyLength }: Promtool): string[] {
  const flag = "--max-block-duration";
  if (store === "mimir") {
    return isAnyLength ? [`${flag}=${MIMIR}`, ANY_LENGTH] : [`${flag}=${MIMIR_OLD}`];
  }
  if (!isAnyLength) return [`${flag}=${LONGEST_OLD}`];
  return [`${flag}=${Math.floor(last / HOUR_MS) + 1}h`, ANY_LENGTH];
}

export interface MakeBlocks {
  readonly game: PlannedGame;
  readonly store: Store;
  readonly promtool: Promtool;
  /** The text, and a folder for the blocks, which is made. */
  readonly text: string;
  readonly blocks: string;
  readonly stop: AbortSignal;
}

/**
 * Makes the blocks of a game.
 *
 * @throws {BackfillError} When promtool fails, with what it says.
 * @throws {Stopped} When it was stopped.
 */
export async function makeBlocks(options: MakeBlocks): Promise<void> {
  const { game, store, promtool, text, blocks, stop } = options;
  const args = ["tsdb", "create-blocks-from", "--quiet", ...lengthFlags(game, store, promtool)];
  const { success, stderr } = await run(
    promtool.program,
    [...args, "openmetrics", text, blocks],
    stop,
    dirname(text),
  );
  if (stop.aborted) throw new Stopped("Stopped: no block was written");
  if (success) return;
  throw new BackfillError(
    `Cannot make blocks of game "${game.game.name}": promtool says ${
      stderr.trim().slice(0, PARTIAL_ERROR)
    }`,
  );
}

/** Puts blocks into their folder, each in one step. Returns their names. */
export function placeBlocks(from: string, dir: string): readonly string[] {
  const names = Array.from(Deno.readDirSync(from), ({ name }) => name).filter((name) =>
    BLOCK.test(name)
  );
  for (const name of names) Deno.renameSync(join(from, name), join(dir, name));
  return names;
}
