/** Records what an exporter shows of a game with a simulated clock, faster than real time. @module */

import { createRestOfReport } from "../lib/play/mod.ts";
import { createPublisher } from "../lib/publish/mod.ts";
import { createGame } from "../lib/simulation/mod.ts";
import { startExporter } from "../tests/harness/exporter.ts";
import { webReport } from "../tests/model/web_reports.ts";

/** The game's own pause after each turn. */
const PAUSE_MS = 250;

/** What was scraped: for each series its value at each scrape, undefined where it was not there. */
export type Recording = ReadonlyMap<string, readonly (number | undefined)[]>;

export interface RecordOptions {
  /** Seconds of the game's clock between two scrapes. */
  readonly interval: number;
  readonly scrapes: number;
  /** Further flags of the exporter. */
  readonly args?: readonly string[];
  /** Whether a web process reports too. */
  readonly hasWeb?: boolean;
}

/** Plays a game against the real exporter, and scrapes it after every `interval` seconds of the game's clock. */
export async function recordGame(
  { interval, scrapes, args = [], hasWeb = false }: RecordOptions,
): Promise<Recording> {
  const dir = await Deno.makeTempDir({ prefix: "tradesim-bench-" });
  const exporter = await startExporter({
    cwd: dir,
    args: ["--state", "none", "--system-interval", "100ms", ...args],
  });
  try {
    const game = createGame({ seed: 1 });
    let paused = 0;
    const now = () => performance.now() + paused;
    const begun = Date.now() - now();
    let lines: string[] = [];
    const decoder = new TextDecoder();
    const keep = (report: Uint8Array) => void lines.push(decoder.decode(report));
    const publisher = createPublisher({
      session: "banc_stockage",
      numbers: game.numbers,
      rest: createRestOfReport(game),
      transport: { ready: () => true, write: keep, end: () => Promise.resolve() },
      now,
      wallClock: () => begun + now(),
    });
    const recording = new Map<string, (number | undefined)[]>();
    for (let scrape = 0; scrape < scrapes; scrape++) {
      for (let turn = 0; turn < interval * 1000 / PAUSE_MS; turn++) {
        paused += PAUSE_MS;
        publisher.begin();
        game.playTurn();
        publisher.turn();
      }
      if (hasWeb) lines.push(JSON.stringify(webReportAt(scrape + 1)));
      for (const line of lines) {
        const response = await exporter.post(line);
        await response.body?.cancel();
        if (response.status !== 200) throw new Error(`A report was answered ${response.status}`);
      }
      lines = [];
      for (const text of (await exporter.scrape()).split("\n")) {
        if (text === "" || text.startsWith("#")) continue;
        const space = text.lastIndexOf(" ");
        const name = text.slice(0, space);
        let values = recording.get(name);
        if (values === undefined) recording.set(name, values = []);
        values[scrape] = Number(text.slice(space + 1));
      }
    }
    return recording;
  } finally {
    await exporter.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

/** What a web process has answered after so many scrapes: some of it wrongly. */
function webReportAt(scrapes: number): unknown {
  return webReport("web", scrapes, [
    { count: 20 * scrapes, sum: 0.1 * scrapes },
    { route: "/produits/{id}", count: 7 * scrapes, sum: 0.2 * scrapes },
    {
      route: "/achats",
      method: "POST",
      status: 500,
      error: "ValueError",
      count: scrapes,
      sum: scrapes,
    },
  ], { active: { GET: 2, POST: 1 } });
}

/** The labels of a series as Prometheus keeps it: its own, its name, and those of its target. */
export function labelsOf(
  series: string,
  target: Readonly<Record<string, string>>,
): Record<string, string> {
  const [name = ""] = series.split("{", 1);
  const labels: Record<string, string> = { __name__: name, ...target };
  for (const [, label, value] of series.matchAll(/(\w+)="([^"]*)"/g)) labels[label!] = value!;
  return labels;
}
