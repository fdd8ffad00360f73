/** Runs the command `backfill`. @module */

import { join } from "node:path";
import { createStatusLine } from "../cli/status_line.ts";
import { messageOf, Stopped } from "../error/mod.ts";
import { writeAll } from "../file/mod.ts";
import { withoutQuery } from "../network/mod.ts";
import { inOrder, type RecordedFile, recordedFiles } from "../recording/mod.ts";
import { count } from "../text/mod.ts";
import { BackfillError } from "./error.ts";
import { type BackfillOptions, STDOUT } from "./flags.ts";
import { type Plan, planBackfill, type PlannedGame } from "./plan.ts";
import { findPromtool, makeBlocks, openWorkFolder, placeBlocks } from "./promtool.ts";
import { type Chosen, eachSample, type SampleOptions } from "./samples.ts";
import { retentionOf } from "./retention.ts";
import { SampleSender } from "./send.ts";
import type { Sink } from "./starts.ts";
import { survey } from "./survey.ts";
import { Tally } from "./tally.ts";
import { SampleText } from "./text.ts";
import { verify } from "./verify.ts";

/** The world outside. */
export interface BackfillIo {
  /** Writes bytes to standard output, all of them. */
  readonly writeBytes: (bytes: Uint8Array) => void;
  /** Writes text to standard output and to standard error. */
  readonly write: (text: string) => void;
  readonly say: (text: string) => void;
  readonly isTerminal: boolean;
  readonly fetch: typeof fetch;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /** Aborted when the run is asked to end. */
  readonly stop: AbortSignal;
}

/** Exit codes: done, and found that it cannot be done like this. */
const DONE = 0;
const FAILED = 1;
const MOST_DIFFERENCES = 10;

/** One run of the command. */
class Backfill {
  readonly #options: BackfillOptions;
  readonly #io: BackfillIo;
  readonly #status: ReturnType<typeof createStatusLine>;
  readonly #isWanted: (metric: string) => boolean;
  #files: readonly RecordedFile[] = [];
  #bytes = 0;

  constructor(options: BackfillOptions, io: BackfillIo) {
    this.#options = options;
    this.#io = io;
    const { say: write, isTerminal } = io;
    this.#status = createStatusLine({ write, isTerminal, started: performance.now() });
    const { metrics } = options;
    this.#isWanted = (name) => metrics?.includes(name) ?? true;
  }

  async run(): Promise<number> {
    const { out, dryRun, verify: url, remoteWrite } = this.#options;
    try {
      this.#files = await inOrder(recordedFiles(this.#options.file));
      this.#bytes = this.#files.reduce((sum, { size }) => sum + size, 0);
      const plan = await this.#plan();
      this.#tell(plan, dryRun ? this.#io.write : this.#io.say);
      if (plan.refusals.length > 0) return FAILED;
      if (dryRun) return DONE;
      if (remoteWrite !== undefined) await this.#send(plan.games, remoteWrite);
      else if (out === STDOUT) {
        this.#checkAny(await this.#writeText(plan.games, this.#io.writeBytes));
      } else if (out !== undefined) await this.#writeBlocks(plan.games, out);
      return url === undefined ? DONE : await this.#verify(plan.games, url);
    } catch (error) {
      if (this.#io.stop.aborted) throw new Stopped("Stopped");
      throw error;
    } finally {
      this.#status.clear();
    }
  }

  #show(step: string, done: number, total: number): void {
    const share = total > 0 ? Math.min(1, done / total) : 1;
    this.#status.show(performance.now(), share, () => `${step}, ${Math.floor(100 * share)} %`);
  }

  async #plan(): Promise<Plan> {
    const found = await survey(this.#files, {
      isWanted: this.#isWanted,
      stop: this.#io.stop,
      onRead: (bytes) => this.#show("Reading", bytes, this.#bytes),
    });
    const { verify: url, dryRun, for: store } = this.#options;
    const { fetch, stop } = this.#io;
    const retention = url === undefined || dryRun
      ? undefined
      : await retentionOf({ url, store, fetch, stop });
    return planBackfill(found, this.#options, { now: Math.floor(this.#io.now()), retention });
  }

  #tell({ summary, warnings, refusals }: Plan, write: (text: string) => void): void {
    this.#status.clear();
    for (const line of summary) write(`${line}\n`);
    for (const line of warnings) write(`Warning: ${line}\n`);
    for (const line of refusals) write(`Refused: ${line}\n`);
  }

  #each(
    games: readonly Chosen[],
    sink: Sink,
    step: string,
    more: Pick<SampleOptions, "drained"> = {},
  ): Promise<void> {
    return eachSample(this.#files, games, sink, {
      ...more,
      isWanted: this.#isWanted,
      stop: this.#io.stop,
      onRead: (bytes) => this.#show(step, bytes, this.#bytes),
    });
  }

  /** @throws {BackfillError} When games have no sample: whoever chose the metrics expects some. */
  #checkAny(hasSamples: boolean): void {
    if (hasSamples) return;
    const { metrics } = this.#options;
    const chosen = metrics === undefined ? "" : ` of ${metrics.join(", ")}`;
    throw new BackfillError(`Cannot backfill: the games have no sample${chosen}`);
  }

  /** Returns whether there were samples. */
  async #writeText(
    games: readonly PlannedGame[],
    write: (bytes: Uint8Array) => void,
  ): Promise<boolean> {
    const unit = this.#options.for === "victoriametrics" ? "milliseconds" : "seconds";
    const text = new SampleText({ unit, write });
    await this.#each(games, text.sink, "Writing");
    text.end();
    return !text.isEmpty;
  }

  async #send(games: readonly PlannedGame[], remoteWrite: string): Promise<void> {
    const { say, stop } = this.#io;
    const options = { ...this.#options, remoteWrite };
    const sender = new SampleSender({ options, games, say, stop });
    try {
      await this.#each(games, sender.sink, "Sending", { drained: () => sender.drained() });
      await sender.drained(true);
    } finally {
      sender.close();
    }
    this.#status.clear();
    sender.check();
    this.#checkAny(sender.sent > 0);
    say(`Sent ${count(sender.sent, "sample")} to ${withoutQuery(remoteWrite)}\n`);
  }

  /** Makes all blocks beside their folder first, so that a run that fails leaves none. */
  async #writeBlocks(games: readonly PlannedGame[], dir: string): Promise<void> {
    const { for: store, promtool: program } = this.#options;
    const { stop } = this.#io;
    const promtool = await findPromtool(program, stop);
    const work = openWorkFolder(dir);
    try {
      const blocks = join(work.path, "blocks");
      let hasSamples = false;
      for (const [index, game] of games.entries()) {
        const text = join(work.path, "text");
        if (await this.#writeFile(game, text)) {
          hasSamples = true;
          this.#show("Making blocks", index, games.length);
          await makeBlocks({ game, store, promtool, text, blocks, stop });
        }
        Deno.removeSync(text);
      }
      this.#checkAny(hasSamples);
      const names = placeBlocks(blocks, dir);
      this.#status.clear();
      this.#io.say(
        `Wrote ${count(names.length, "block")} to "${dir}": ${names.slice(0, 3).join(", ")}${
          names.length > 3 ? ", …" : ""
        }\n`,
      );
    } finally {
      work.remove();
    }
  }

  async #writeFile(game: PlannedGame, path: string): Promise<boolean> {
    using file = Deno.openSync(path, { write: true, createNew: true });
    return await this.#writeText([game], (bytes) => {
      try {
        writeAll(file, bytes);
      } catch (error) {
        throw new BackfillError(`Cannot write "${path}": ${messageOf(error)}`, { cause: error });
      }
    });
  }

  async #verify(games: readonly PlannedGame[], url: string): Promise<number> {
    const tallies = new Map(games.map(({ game: { name } }) => [name, new Tally()]));
    const sink: Sink = (start, ...samples) => tallies.get(start.game)!.sink(start, ...samples);
    await this.#each(games, sink, "Adding up");
    const differences = await verify(tallies, {
      url,
      fetch: this.#io.fetch,
      stop: this.#io.stop,
      isFresh: this.#options.out !== undefined || this.#options.remoteWrite !== undefined,
      onStep: (done, total) => this.#show("Reading back", done, total),
    });
    this.#status.clear();
    for (const line of differences.slice(0, MOST_DIFFERENCES)) this.#io.say(`${line}\n`);
    const samples = [...tallies.values()].flatMap(({ totals }) => [...totals.values()])
      .reduce((sum, total) => sum + total.samples, 0);
    this.#io.say(
      differences.length === 0
        ? `Read back ${count(samples, "sample")} from ${url}: number and sum are the same\n`
        : `Read back from ${url}: differences in ${count(differences.length, "metric")}\n`,
    );
    return differences.length === 0 ? DONE : FAILED;
  }
}

/**
 * Backfills recorded games.
 *
 * @returns The exit code: 0, or 1 if the store would refuse them or has something else.
 * @throws {RecordingError} When the files cannot be used.
 * @throws {UsageError} When a session is not there.
 * @throws {BackfillError} When something is in the way.
 * @throws {Stopped} When a signal ended it.
 */
export function backfill(options: BackfillOptions, io: BackfillIo): Promise<number> {
  return new Backfill(options, io).run();
}
