/** Starts and scrapes the exporter to which the benchmark's games report, and measures its resources. @module */

import { directClient } from "../network/mod.ts";
import { linesOf, type Program, spawn } from "./program.ts";

/** Metrics of the exporter and the games at one moment. */
export interface Reading {
  /** When, in seconds that only grow. */
  readonly time: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** Turns of all games so far. */
  readonly turns: number;
}

function valueOf(scrape: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(scrape)?.[1] ?? 0);
}

/** Reads a log, of which it keeps nothing behind the address that it waits for. */
async function readLog(
  stderr: ReadableStream<Uint8Array<ArrayBuffer>>,
  onUrl: (url: string) => void,
) {
  let log: string | undefined = "";
  for await (const line of linesOf(stderr)) {
    if (log === undefined) continue;
    log += `\n${line}`;
    const address = /msg=Listening address=(\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    log = undefined;
    onUrl(address);
  }
  return log;
}

/**
 * Starts an exporter on a free port and waits until the port is open.
 *
 * @param follow The files that it follows.
 * @throws {Error} When it ends before.
 */
export async function startExporter(program: Program, follow: string): Promise<ExporterProcess> {
  const child = spawn(program, [
    "serve",
    ...["--web.listen-address", "127.0.0.1:0", "--state", "none", "--follow", follow],
  ], { stdin: "null", stderr: "piped" });
  const stdout = new Response(child.stdout).text();
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  const ended = readLog(child.stderr, resolve).then((log) => {
    reject(new Error(`Cannot start the exporter: it said${log}`));
  });
  const end = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await Promise.all([child.status, ended, stdout]);
  };
  try {
    return new ExporterProcess(await listening, end);
  } catch (error) {
    await end();
    throw error;
  }
}

export class ExporterProcess {
  readonly #url: string;
  readonly #end: () => Promise<void>;
  #timer: ReturnType<typeof setInterval> | undefined;
  #scraping: Promise<unknown> | undefined;

  constructor(url: string, end: () => Promise<void>) {
    this.#url = url;
    this.#end = end;
  }

  /** Where it takes posted reports. */
  get reportUrl(): string {
    return `${this.#url}/update_metrics`;
  }

  async read(): Promise<Reading> {
    const text = await this.#scrape();
    return {
      time: performance.now() / 1000,
      cpuSeconds: valueOf(text, "process_cpu_seconds_total"),
      memoryBytes: valueOf(text, "process_resident_memory_bytes"),
      turns: valueOf(text, "tours_completes"),
    };
  }

  /**
   * Scrapes every `interval` seconds from now on, and hands over how long each scrape took, in
   * seconds. One that is due while another is under way is left out.
   */
  scrapeEvery(interval: number, onScrape: (seconds: number) => void): void {
    this.#timer = setInterval(() => {
      this.#scraping ??= this.#timedScrape(onScrape).finally(() => this.#scraping = undefined);
    }, interval * 1000);
  }

  /** Ends it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#scraping;
    await this.#end();
  }

  async #scrape(): Promise<string> {
    using client = directClient(new URL(this.#url));
    const response = await fetch(`${this.#url}/metrics`, client === undefined ? {} : { client });
    return await response.text();
  }

  async #timedScrape(onScrape: (seconds: number) => void): Promise<void> {
    const begun = performance.now();
    try {
      await this.#scrape();
      onScrape((performance.now() - begun) / 1000);
    } catch {
      // The next reader notices that the exporter is gone.
    }
  }
}
