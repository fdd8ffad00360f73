/**
 * How long a TradeSim payload takes from the first byte sent to the answer, beside a server that
 * does nothing but `await request.json()`, and one that only reads the bytes.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { startExporter, valueOf } from "../tests/harness/exporter.ts";
import { createPayloads, HISTORY_TURNS } from "./data.ts";
import { benchEconomy } from "./economy.ts";
import { alternated, describeMachine, median, print, rounds, short, verdict } from "./figures.ts";
import { connect, type RawClient } from "./raw_client.ts";

const TARGET_MS_PER_MB = 3;
/** A game of a few hundred turns is over before V8 has compiled all: then it takes 1.2 times as long. */
const FIRST_POSTS = 1500;
const WARM_UP_POSTS = 40;
const ROUNDS = 6;
const POSTS_PER_ROUND = 20;

const EXPORTER = "exporter";
const JSON_ALONE = "request.json() alone";

interface Way {
  readonly name: string;
  readonly client: RawClient;
  readonly path: string;
}

/** Starts the rival server in a process of its own. */
async function startRival(): Promise<{ port: number; stop(): Promise<void> }> {
  const script = fileURLToPath(new URL("rival_server.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net=127.0.0.1", script],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(new TextDecoder().decode(value));
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}

const session = "banc_ingestion";
let turn = 0;

/** Posts so many reports, each a new turn; the milliseconds that each took. */
async function post(
  { name, client, path }: Way,
  payloadOf: ReturnType<typeof createPayloads>,
  count: number,
): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const payload = payloadOf({ session }, ++turn);
    const { status, ms } = await client.post(path, payload);
    if (status !== 200) throw new Error(`${name} answered ${status}, expected 200`);
    taken.push(ms);
  }
  return taken;
}

const dir = await Deno.makeTempDir({ prefix: "tradesim-bench-" });
const exporter = await startExporter({ cwd: dir, args: ["--state", `${dir}/state.json`] });
const rival = await startRival();
const ways: Way[] = [
  { name: EXPORTER, client: await connect(exporter.port), path: "/update_metrics" },
  { name: JSON_ALONE, client: await connect(rival.port), path: "/json" },
  { name: "bytes read, no more", client: await connect(rival.port), path: "/bytes" },
];
try {
  print(`Ingest, ${describeMachine()}; ms per MB (1 000 000 bytes), first byte sent to answer`);
  for (const way of ways) await post(way, createPayloads(1), FIRST_POSTS);
  for (const historyTurns of HISTORY_TURNS) {
    const payloadOf = createPayloads(historyTurns);
    const megabytes = payloadOf({ session }, 1).length / 1e6;
    for (const way of ways) await post(way, payloadOf, WARM_UP_POSTS);

    const perRound = new Map(ways.map(({ name }) => [name, [] as number[]]));
    const all = new Map(ways.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of alternated(ways, round)) {
        const taken = await post(way, payloadOf, POSTS_PER_ROUND);
        const perMegabyte = taken.map((ms) => ms / megabytes);
        perRound.get(way.name)!.push(median(perMegabyte));
        all.get(way.name)!.push(...perMegabyte);
      }
    }
    print(`\n${short(megabytes)} MB, ${ROUNDS} rounds of ${POSTS_PER_ROUND} posts`);
    for (const { name } of ways) {
      const figure = median(all.get(name)!);
      print(
        `  ${name.padEnd(22)} ${short(figure).padStart(5)} ms/MB (${
          short(figure * megabytes)
        } ms)` +
          `  medians of rounds ${rounds(perRound.get(name)!)}`,
      );
    }
    const own = median(all.get(EXPORTER)!);
    const ratio = own / median(all.get(JSON_ALONE)!);
    print(
      `  target ${TARGET_MS_PER_MB} ms/MB: ${verdict(own <= TARGET_MS_PER_MB)}; ` +
        `${short(ratio)} of the time of ${JSON_ALONE}`,
    );
  }
  const economyPosts = await benchEconomy(ways[0]!.client);
  // A figure counts only when every report of it was taken.
  const postsPerSize = WARM_UP_POSTS + ROUNDS * POSTS_PER_ROUND;
  const taken = valueOf(
    await exporter.scrape(),
    'tradesim_exporter_reports_taken_total{source="post"}',
  );
  const expected = FIRST_POSTS + postsPerSize * HISTORY_TURNS.length + economyPosts;
  print(`\nreports taken: ${taken} of ${expected}`);
  if (taken !== expected) throw new Error("The exporter has not taken every report");
} finally {
  for (const { client } of ways) client.close();
  await rival.stop();
  await exporter.stop();
  await Deno.remove(dir, { recursive: true });
}
