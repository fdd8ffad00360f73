/** The real program tells games live: over a restart, to readers that stall, and until it ends. @module */

import assert from "node:assert/strict";

import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { COLUMN_NAMES } from "../../lib/turns/mod.ts";

const START = 1_795_000_000;

/** A native report of the turns from `first` to `last`. */
function nativeReport(session: string, first: number, last: number) {
  const tour = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return {
    type: "tradesim.report",
    version: 1,
    session,
    rapport: last,
    tour: last,
    timestamp: START + last,
    budget_total: last / 4,
    evenements_recents: [{ tour: last, type: "inflation", nombre: 3, total: 1.5 }],
    detail: { produits: [{ nom: "<script>", prix: last }], entreprises: [], fournisseurs: [] },
    colonnes: {
      tour,
      timestamp: tour.map((turn) => START + turn),
      budget_total: tour.map((turn) => turn / 4),
    },
  };
}

/** The same with all columns, in many digits. */
function wideReport(session: string, first: number, last: number) {
  const report = nativeReport(session, first, last);
  const { tour, timestamp } = report.colonnes;
  const digits = tour.map((turn) => turn + 1 / 7);
  const columns = COLUMN_NAMES.map((name) => [name, digits]);
  return { ...report, colonnes: { ...Object.fromEntries(columns), tour, timestamp } };
}

interface Stream {
  /** The messages so far: their kind, and their data. */
  readonly messages: readonly (readonly [string, unknown])[];
  readonly isOver: () => boolean;
  close(): Promise<void>;
}

/** Listens to events, as a browser does. */
async function listen(url: string, query = ""): Promise<Stream> {
  const response = await fetch(`${url}/api/events${query}`);
  assert.equal(response.status, 200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const messages: (readonly [string, unknown])[] = [];
  let isOver = false;
  let text = "";
  const reading = (async () => {
    try {
      for (;;) {
        const { done, value = "" } = await reader.read();
        if (done) break;
        text += value;
        const parts = text.split("\n\n");
        text = parts.pop()!;
        for (const part of parts) {
          const [, event, data] = /event: (\w+)\n(?:id: \d+\n)?data: (.*)$/.exec(part) ?? [];
          if (event !== undefined) messages.push([event, JSON.parse(data!)]);
        }
      }
    } catch {
      // The exporter was killed.
    }
    isOver = true;
  })();
  return {
    messages,
    isOver: () => isOver,
    async close() {
      await reader.cancel().catch(() => {});
      await reading;
    },
  };
}

const toursOf = ({ messages }: Stream) =>
  messages.flatMap(([event, data]) =>
    event === "turns" ? (data as { columns: { tour: number[] } }).columns.tour : []
  );

/** A reader that asks for events and then reads nothing. */
async function stall({ port }: RunningExporter): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = "GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  return connection;
}

/** How many bytes there are to read until the other side ends or breaks off. */
async function readAll(connection: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(64 * 1024);
  let bytes = 0;
  try {
    for (let read; (read = await connection.read(buffer)) !== null;) bytes += read;
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return bytes;
}

async function post(exporter: RunningExporter, report: unknown): Promise<void> {
  const response = await exporter.post(report);
  await response.body?.cancel();
  assert.equal(response.status, 200);
}

async function json(exporter: RunningExporter, path: string): Promise<Record<string, unknown>> {
  return await (await fetch(`${exporter.url}${path}`)).json();
}

const append = (path: string, report: unknown) =>
  Deno.writeTextFile(path, `${JSON.stringify(report)}\n`, { append: true });

Deno.test("a game's past is told again after a restart, from the followed file, and goes on", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const options = {
      cwd: dir,
      args: ["--follow", path, "--state", `${dir}/state.json`, "--collect-interval", "50ms"],
    };
    const first = await startExporter(options);
    try {
      for (let turn = 10; turn <= 50; turn += 10) {
        await append(path, nativeReport("natif", turn - 9, turn));
      }
      for (let turn = 1; turn <= 5; turn++) {
        await append(path, payloadAt({ session: "tradesim" }, turn));
      }
      await until(
        "the last line",
        async () => valueOf(await first.scrape(), "tours_completes") === 55,
      );
    } finally {
      await first.stop("SIGKILL");
    }
    // These come while no exporter is there.
    await append(path, nativeReport("natif", 51, 60));
    const second = await startExporter(options);
    await until("the past", async () => {
      const counts = await Promise.all(
        ["natif", "tradesim"].map(async (session) => {
          const { columns } = await json(second, `/api/history?session=${session}`) as {
            columns: { tour?: number[] };
          };
          return columns.tour?.length;
        }),
      );
      return counts.join() === "60,5";
    });
    const stream = await listen(second.url, "?session=natif");
    try {
      const { columns, events } = await json(second, "/api/history?session=natif") as {
        columns: Record<string, number[]>;
        events: { tour: number }[];
      };
      const tours = Array.from({ length: 60 }, (_, index) => index + 1);
      assert.deepEqual(columns.tour, tours);
      assert.deepEqual(columns.budget_total, tours.map((tour) => tour / 4));
      assert.deepEqual(events.map(({ tour }) => tour), [10, 20, 30, 40, 50, 60]);
      const other = await json(second, "/api/history?session=tradesim") as {
        columns: Record<string, number[]>;
      };
      assert.deepEqual(other.columns.tour, [1, 2, 3, 4, 5]);
      const { summary, detail } = await json(second, "/api/state?session=natif") as {
        summary: { turn: number; values: Record<string, number> };
        detail: unknown;
      };
      assert.deepEqual([summary.turn, summary.values.budget_total], [60, 15]);
      assert.deepEqual(detail, {
        produits: [{ nom: "<script>", prix: 60 }],
        entreprises: [],
        fournisseurs: [],
      });
      await append(path, nativeReport("natif", 61, 70));
      await until("turn 70", () => toursOf(stream).includes(70));
      assert.deepEqual(toursOf(stream), tours.slice(0, 10).map((tour) => tour + 60));
    } finally {
      await stream.close();
      await second.stop();
    }
  }));

Deno.test("a reader that stalls is cut off, others are told everything, and the end is prompt", () =>
  withTempDir(async (dir) => {
    const exporter = await startExporter({ cwd: dir, args: ["--state", "none"] });
    // It has no readers, and shows how long an end takes on this machine.
    const unread = await startExporter({ cwd: dir, args: ["--state", "none"] });
    const stalled = await stall(exporter);
    const cutOff = async () =>
      valueOf(await exporter.scrape(), "tradesim_exporter_live_readers_cut_off_total");
    const readers = async () => valueOf(await exporter.scrape(), "tradesim_exporter_live_readers");
    let late: Deno.TcpConn | undefined;
    let stream: Stream | undefined;
    try {
      await until("the reader", async () => await readers() === 1);
      stream = await listen(exporter.url);
      const { messages } = stream;
      let last = 0;
      // The system takes a few megabytes before it lets the exporter see that nobody reads.
      while (await cutOff() === 0) {
        assert.ok(last < 500 * 500, "a reader that does not read is cut off");
        await post(exporter, wideReport("a", last + 1, last += 500));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.equal(await readers(), 1);
      await until("the last turn", () => toursOf(stream!).includes(last));
      const told = new Set(messages.map(([event]) => event));
      assert.deepEqual(told, new Set(["hello", "sessions", "turns", "state", "detail"]));
      // The connection is broken off once the system has room for that.
      assert.ok(await readAll(stalled) > 1e6);

      // Neither an open stream nor one that is read late holds up the end.
      late = await stall(exporter);
      await until("the late reader", async () => await readers() === 2);
      const timeOf = async (ending: RunningExporter) => {
        const started = performance.now();
        const finished = await ending.stop();
        return { ...finished, took: performance.now() - started };
      };
      const [{ code, stderr, took }, beside] = await Promise.all([
        timeOf(exporter),
        timeOf(unread),
      ]);
      assert.ok(took - beside.took < 4000, "it ends before it gives up waiting");
      assert.equal(code, 0);
      assert.doesNotMatch(stderr, /level=(warn|error)|rror:/);
      await until("the stream's end", stream.isOver);
    } finally {
      stalled.close();
      late?.close();
      await stream?.close();
      await unread.stop();
      await exporter.stop();
    }
  }));
