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

export interface ExporterProcess {
  /** Where it takes posted reports. */
  readonly reportUrl: string;
  read(): Promise<Reading>;
  /**
   * Scrapes every `interval` seconds from now on, and hands over how long each scrape took, in
   * seconds. One that is due while another is under way is left out.
   */
  scrapeEvery(interval: number, onScrape: (seconds: number) => void): void;
  /** Ends it. */
  stop(): Promise<void>;
}

function valueOf(scrape: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(scrape)?.[1] ?? 0);
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
  let log: string | undefined = "";
  const listening = Promise.withResolvers<string>();
  const reading = (async () => {
    for await (const line of linesOf(child.stderr)) {
      // Its later output is not kept.
      if (log === undefined) continue;
      log += `\n${line}`;
      const address = /msg=Listening address=(\S+)/.exec(line)?.[1];
      if (address === undefined) continue;
      log = undefined;
      listening.resolve(address);
    }
    listening.reject(new Error(`Cannot start the exporter: it said${log}`));
  })();
  let timer: ReturnType<typeof setInterval> | undefined;
  let scraping: Promise<unknown> | undefined;

  async function stop(): Promise<void> {
    clearInterval(timer);
    await scraping;
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await Promise.all([child.status, reading, stdout]);
  }

  let url: string;
  try {
    url = await listening.promise;
  } catch (error) {
    await stop();
    throw error;
  }

  async function scrape(): Promise<string> {
    using client = directClient(new URL(url));
    const response = await fetch(`${url}/metrics`, client === undefined ? {} : { client });
    return await response.text();
  }

  async function timedScrape(onScrape: (seconds: number) => void): Promise<void> {
    const begun = performance.now();
    try {
      await scrape();
      onScrape((performance.now() - begun) / 1000);
    } catch {
      // The next reader notices that the exporter is gone.
    }
  }

  return {
    reportUrl: `${url}/update_metrics`,
    async read() {
      const text = await scrape();
      return {
        time: performance.now() / 1000,
        cpuSeconds: valueOf(text, "process_cpu_seconds_total"),
        memoryBytes: valueOf(text, "process_resident_memory_bytes"),
        turns: valueOf(text, "tours_completes"),
      };
    },
    scrapeEvery(interval, onScrape) {
      timer = setInterval(() => {
        scraping ??= timedScrape(onScrape).finally(() => scraping = undefined);
      }, interval * 1000);
    },
    stop,
  };
}
