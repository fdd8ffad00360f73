/**
 * What 100 readers of `/api/events` cost the exporter at 10 reports a second, ten of which do not
 * read; how soon a report reaches those that do, and whether memory grows.
 *
 * @module
 */

import { type RunningExporter, startExporter, valueOf } from "../tests/harness/exporter.ts";
import { createPayloads, nativeReport } from "./data.ts";
import { describeMachine, print, quantile, rounds, short, verdict } from "./figures.ts";
import { connect } from "./raw_client.ts";

const READERS = 100;
const STALLED = 10;
const REPORTS_PER_SECOND = 10;
const SECONDS = 20;
/** In which readers come, and the program has its first reports behind it. */
const WARM_UP_SECONDS = 5;

const TARGET_SHARE = 10;
const TARGET_MS = 200;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Makes the report of each turn or, with columns, of the last `turns` turns. */
function createReports(turns: number): (report: number) => { body: Uint8Array; turn: number } {
  if (turns === 1) {
    const payloadOf = createPayloads(1);
    return (report) => ({ body: payloadOf({ session: "banc", price: 0.1 }, report), turn: report });
  }
  return (report) => {
    const turn = report * turns;
    return { body: nativeReport("banc", turn, turns), turn };
  };
}

interface Readers {
  /** When a message that has turns up to each came to the first reader, by turn, in milliseconds. */
  readonly arrivals: ReadonlyMap<number, number>;
  /** Bytes that all readers have read. */
  bytes(): number;
  close(): void;
}

async function openReaders(port: number, count: number, stalled: number): Promise<Readers> {
  const arrivals = new Map<number, number>();
  const connections: Deno.TcpConn[] = [];
  let bytes = 0;

  async function read(connection: Deno.TcpConn, isFirst: boolean): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let got; (got = await connection.read(buffer)) !== null;) {
        bytes += got;
        if (!isFirst) continue;
        const time = performance.now();
        const text = decoder.decode(buffer.subarray(0, got));
        for (const [, id] of text.matchAll(/^id: (\d+)$/gm)) arrivals.set(Number(id), time);
      }
    } catch {
      // It was closed at the end.
    }
  }

  const request = encoder.encode(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  for (let index = 0; index < count; index++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(request);
    connections.push(connection);
    if (index >= stalled) read(connection, index === stalled);
  }
  return {
    arrivals,
    bytes: () => bytes,
    close: () => connections.forEach((connection) => connection.close()),
  };
}

interface Run {
  /** Share of a core, in percent. */
  readonly share: number;
  /** Megabytes that the process held: after warming up, and every second from then on. */
  readonly memory: readonly number[];
  /** From before a report is sent until the first reader has it, in milliseconds. */
  readonly delays: readonly number[];
  readonly megabytesRead: number;
  readonly cutOff: number;
}

async function run(
  exporter: RunningExporter,
  turns: number,
  readers: number,
  stalled: number,
): Promise<Run> {
  const reportOf = createReports(turns);
  const client = await connect(exporter.port);
  const open = await openReaders(exporter.port, readers, stalled);
  const sent = new Map<number, number>();
  const memory: number[] = [];
  let cpu = NaN;
  let begun = NaN;
  let read = NaN;
  const start = performance.now();
  const total = (WARM_UP_SECONDS + SECONDS) * REPORTS_PER_SECOND;
  try {
    for (let report = 1; report <= total; report++) {
      if (report >= WARM_UP_SECONDS * REPORTS_PER_SECOND && report % REPORTS_PER_SECOND === 0) {
        const text = await exporter.scrape();
        memory.push(valueOf(text, "process_resident_memory_bytes")! / 1e6);
        if (memory.length === 1) {
          cpu = valueOf(text, "process_cpu_seconds_total")!;
          begun = performance.now();
          read = open.bytes();
        }
      }
      const { body, turn } = reportOf(report);
      if (memory.length > 0) sent.set(turn, performance.now());
      const { status } = await client.post("/update_metrics", body);
      if (status !== 200) throw new Error(`Report ${report} was answered ${status}, expected 200`);
      const wait = start + report * 1000 / REPORTS_PER_SECOND - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Its processor time stands in a text that is a second old at most.
    const text = await exporter.scrape();
    const delays = [...sent].flatMap(([turn, time]) => {
      const later = [...open.arrivals].filter(([last]) => last >= turn).map(([, at]) => at);
      return later.length === 0 ? [] : [Math.min(...later) - time];
    });
    if (readers > 0 && delays.length < sent.size) {
      throw new Error(`${sent.size - delays.length} reports never came to a reader`);
    }
    const seconds = (performance.now() - begun) / 1000;
    return {
      share: 100 * (valueOf(text, "process_cpu_seconds_total")! - cpu) / seconds,
      memory,
      delays,
      megabytesRead: (open.bytes() - read) / 1e6,
      cutOff: valueOf(text, "tradesim_exporter_live_readers_cut_off_total")!,
    };
  } finally {
    open.close();
    client.close();
  }
}

print(
  `${READERS} readers, ${STALLED} of which stall, ${REPORTS_PER_SECOND} reports a second, ` +
    `${SECONDS} s; ${describeMachine()}\n`,
);
for (const turns of [1, 50, 500]) {
  print(turns === 1 ? "TradeSim's payload, a turn" : `Native reports of ${turns} turns`);
  const shares: number[] = [];
  for (const readers of [0, READERS]) {
    const dir = await Deno.makeTempDir({ prefix: "tradesim-bench-" });
    const exporter = await startExporter({ cwd: dir, args: ["--state", `${dir}/state.json`] });
    try {
      const result = await run(exporter, turns, readers, readers === 0 ? 0 : STALLED);
      shares.push(result.share);
      print(
        `  ${readers} readers: ${short(result.share)} % of a core; memory ${
          short(result.memory[0]!)
        } MB, at the end ${short(result.memory.at(-1)!)}, most ${
          short(Math.max(...result.memory))
        }`,
      );
      if (readers === 0) continue;
      const half = result.memory.slice(result.memory.length >> 1);
      print(`    memory second by second: ${rounds(half)}`);
      print(
        `    read ${short(result.megabytesRead / SECONDS)} MB a second; cut off: ${result.cutOff}`,
      );
      const late = quantile(result.delays, 0.99);
      print(
        `    a report is with a reader after ${short(quantile(result.delays, 0.5))} ms, p99 ${
          short(late)
        } ms: ${verdict(late <= TARGET_MS)}`,
      );
    } finally {
      await exporter.stop();
      await Deno.remove(dir, { recursive: true });
    }
  }
  const cost = shares[1]! - shares[0]!;
  print(
    `  the readers cost ${short(cost)} % of a core, target below ${TARGET_SHARE} %: ${
      verdict(cost < TARGET_SHARE)
    }\n`,
  );
}
