/**
 * What it costs to send every turn by remote write: 5 000 turns a second of five games, more than 50
 * series each, beside an agent of Prometheus that sends the same samples to the same receiver.
 *
 * The exporter follows a file; the agent scrapes a page with the samples and their times. Both speak
 * version 1.0, so that the receiver need not decode anything to answer. Needs Linux and
 * `tests/engines/build.sh`.
 *
 * @module
 */

import { PINNED } from "../tests/harness/engines.ts";
import {
  type RunningExporter,
  startExporter,
  startProgram,
  valueOf,
} from "../tests/harness/exporter.ts";
import { freePort } from "../tests/harness/ports.ts";
import { until, withTempDir } from "../tests/harness/waiting.ts";
import { describeMachine, print, short, verdict } from "./figures.ts";

const GAMES = 5;
/** Of each game: one per millisecond, the most that remote write can tell apart. */
const TURNS_PER_SECOND = 1000;
const SECONDS = Number(Deno.args[0] ?? 30);
/** Lines are written so often, and turns of the agent's page are those of so long. */
const TICK_MS = 50;
const PAGE_MS = 1000;
const TARGET_CORES = 1;

const ticksPerSecond = 100;

/** Processor time that a process has used, in seconds. */
async function processorSeconds(pid: number): Promise<number> {
  // Deno itself may read /proc only with all rights.
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/stat`] }).output();
  const [user, system] = new TextDecoder().decode(stdout).split(") ")[1]!.split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / ticksPerSecond;
}

function reportAt(game: number, turn: number, time: number): string {
  const counts = new Array<number>(23).fill(0);
  counts[9] = turn;
  return JSON.stringify({
    type: "tradesim.report",
    version: 1,
    session: `game-${game}`,
    rapport: turn,
    tour: turn,
    timestamp: time / 1000,
    budget_total: Math.round(1e7 + 1e6 * Math.sin(turn)) / 100,
    budget_min: 10 + turn % 7,
    budget_max: 5000 + turn % 11,
    entreprises_total: 60,
    entreprises_solvables: 58 + turn % 3,
    produits_total: 120,
    produits_actifs: 100 + turn % 20,
    produits_prix_moyen: 40 + turn % 9 / 4,
    transactions_total: 3 * turn,
    transactions_reussies_total: 3 * turn,
    transactions_echouees_total: 0,
    transactions_montant_total: Math.round(1325.5 * turn) / 100,
    evenements_total: turn >> 3,
    temps_simulation_tour_seconds: {
      le: [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2]
        .concat([2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
      counts,
      sum: turn / 4096,
    },
  }) + "\n";
}

/** A receiver that takes everything and looks at nothing. */
function startSink(): { url: string; bytes(): number; stop(): Promise<void> } {
  let bytes = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    bytes += (await request.arrayBuffer()).byteLength;
    return new Response(null, { status: 204 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/api/v1/write`,
    bytes: () => bytes,
    stop: () => server.shutdown(),
  };
}

/** Appends turns to a file as they are due, until it is stopped; says how many there were. */
function startGames(path: string): { stop(): Promise<number> } {
  const file = Deno.openSync(path, { append: true, create: true });
  const encoder = new TextEncoder();
  const begun = Date.now();
  let turn = 0;
  const timer = setInterval(() => {
    const due = Math.floor((Date.now() - begun) * TURNS_PER_SECOND / 1000);
    let text = "";
    while (turn < due) {
      turn++;
      for (let game = 0; game < GAMES; game++) text += reportAt(game, turn, begun + turn);
    }
    file.writeSync(encoder.encode(text));
  }, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      file.close();
      return Promise.resolve(GAMES * turn);
    },
  };
}

interface Cost {
  /** Processor time of a turn, in seconds. */
  readonly perTurn: number;
  readonly samples: number;
  readonly bytes: number;
}

/** Runs an exporter on the games, with these flags, until all is sent. */
async function exporterCost(
  flags: readonly string[],
  sink: ReturnType<typeof startSink>,
): Promise<Cost> {
  return await withTempDir(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/metrics.jsonl`, "");
    const args = [
      "--follow",
      "metrics.jsonl",
      "--labels",
      "session",
      "--state",
      "state.json",
      ...flags,
    ];
    const exporter = await startExporter({ args: [...args, "--collect-interval", "100ms"], cwd });
    const before = { cpu: await processorSeconds(exporter.pid), bytes: sink.bytes() };
    const games = startGames(`${cwd}/metrics.jsonl`);
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    const turns = await games.stop();
    // A busy machine may lag behind; what a turn costs is the same.
    await checkAll(exporter, turns);
    const cpu = await processorSeconds(exporter.pid) - before.cpu;
    const scrape = await exporter.scrape();
    const samples = valueOf(scrape, "tradesim_exporter_remote_write_samples_sent_total") ?? 0;
    await exporter.stop();
    return { perTurn: cpu / turns, samples, bytes: sink.bytes() - before.bytes };
  });
}

/** How long a busy machine may take to send what is left. */
const PATIENCE_MS = 300_000;

/** Waits until every turn was taken, and every sample that was made was sent. */
async function checkAll(exporter: RunningExporter, turns: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const scrape = await exporter.scrape();
    const counts = Array.from(scrape.matchAll(/^tours_completes\{session="[^"]*"\} (\d+)$/gm));
    const taken = counts.reduce((sum, [, count]) => sum + Number(count), 0);
    const rest = valueOf(scrape, "tradesim_exporter_remote_write_queue_bytes") ?? 0;
    const lost = /^tradesim_exporter_remote_write_samples_(?:dropped|failed)_total.* [1-9].*/m.exec(
      scrape,
    );
    if (lost !== null) throw new Error(`Samples were lost: ${lost[0]}`);
    if (taken === turns && rest === 0) return;
    if (performance.now() > end) {
      throw new Error(`${taken} of ${turns} turns were taken, and ${rest} bytes are left`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The series of one turn as the exporter shows them, with their values. */
async function seriesOfTurn(): Promise<string[]> {
  return await withTempDir(async (cwd) => {
    const exporter = await startExporter({ args: ["--follow", "none", "--state", "none"], cwd });
    await exporter.post(reportAt(0, 1, Date.now()));
    const scrape = await exporter.scrape();
    await exporter.stop();
    return scrape.split("\n").filter((line) =>
      line !== "" &&
      !/^(#|tradesim_exporter_|process_|cpu_|memory_|disk_|load_|simulation_(info|sessions))/.test(
        line,
      )
    );
  });
}

/** A page that shows at each scrape the samples of the last second, with their times. */
function startPage(lines: readonly string[]): { port: number; stop(): Promise<void> } {
  const starts = lines.flatMap((line) => {
    const place = line.lastIndexOf(" ");
    const series = line.slice(0, place);
    return Array.from({ length: GAMES }, (_, game) => {
      const label = `session="game-${game}"`;
      return series.endsWith("}") ? `${series.slice(0, -1)},${label}}` : `${series}{${label}}`;
    });
  });
  let turn = 0;
  let last = Date.now();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const now = Date.now();
    const count = Math.min(10 * PAGE_MS, now - last);
    let text = "";
    for (const start of starts) {
      for (let step = 1; step <= count; step++) {
        text += `${start} ${turn + step}.25 ${last + step}\n`;
      }
    }
    turn += count;
    last = now;
    return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4" } });
  });
  return { port: server.addr.port, stop: () => server.shutdown() };
}

async function agentCost(
  lines: readonly string[],
  sink: ReturnType<typeof startSink>,
): Promise<Cost> {
  return await withTempDir(async (cwd) => {
    const page = startPage(lines);
    const port = freePort();
    await Deno.writeTextFile(
      `${cwd}/agent.yml`,
      `global: { scrape_interval: 1s, scrape_timeout: 1s }
remote_write: [{ url: "${sink.url}" }]
scrape_configs: [{ job_name: tradesim, static_configs: [{ targets: ["127.0.0.1:${page.port}"] }] }]
`,
    );
    const agent = startProgram({
      program: [PINNED.prometheus],
      args: [
        ...[PINNED.agentFlag, `--config.file=${cwd}/agent.yml`, `--storage.agent.path=${cwd}/data`],
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      cwd,
    });
    const own = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^prometheus_remote_storage_samples_total\{.*\} (\S+)$/m.exec(text)?.[1] ?? 0);
    };
    await until("the agent", async () => {
      try {
        return await own() > 0;
      } catch {
        return false;
      }
    });
    const before = {
      cpu: await processorSeconds(agent.pid),
      samples: await own(),
      bytes: sink.bytes(),
    };
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    const cpu = await processorSeconds(agent.pid) - before.cpu;
    const samples = await own() - before.samples;
    const bytes = sink.bytes() - before.bytes;
    await agent.stop();
    await page.stop();
    return { perTurn: cpu * lines.length / samples, samples, bytes };
  });
}

print(describeMachine());
const lines = await seriesOfTurn();
print(`${GAMES * TURNS_PER_SECOND} turns a second of ${lines.length} series, for ${SECONDS} s`);
const sink = startSink();
const queue = ["--remote-write.queue", "queue", "--remote-write.protocol", "1.0"];
const rows: readonly (readonly [string, () => Promise<Cost>])[] = [
  ["exporter without remote write", () => exporterCost([], sink)],
  ["exporter with remote write", () => exporterCost(["--remote-write", sink.url, ...queue], sink)],
  ["Prometheus' agent", () => agentCost(lines, sink)],
];
const costs: Cost[] = [];
for (const [name, measure] of rows) {
  const cost = await measure();
  costs.push(cost);
  const { perTurn, samples, bytes } = cost;
  print(
    `${name.padEnd(30)} ${short(perTurn * 1e6)} µs a turn, ${
      short(perTurn * GAMES * TURNS_PER_SECOND)
    } cores, ${samples} samples of ${short(bytes / samples)} bytes`,
  );
}
await sink.stop();
const cores = costs[1]!.perTurn * GAMES * TURNS_PER_SECOND;
print(`at most ${TARGET_CORES} core: ${verdict(cores <= TARGET_CORES)}`);
