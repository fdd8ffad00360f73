/** What publishing adds to a turn of the default world, compared with common alternatives. @module */

import { join } from "node:path";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { createRestOfReport } from "../lib/play/mod.ts";
import { createPublisher, openHttp, openJournal, type Transport } from "../lib/publish/mod.ts";
import { createGame, type GameNumbers } from "../lib/simulation/mod.ts";

/** Runs the cases that need more than a bare `deno bench` has. */
const COMMAND = "deno task bench";
const isGranted = (name: "net" | "write") =>
  Deno.permissions.querySync({ name }).state === "granted";
const canWrite = isGranted("write");
const canConnect = isGranted("net");

const nowhere: Transport = { ready: () => true, write: () => {}, end: () => Promise.resolve() };
const session = "bench";
const folder = canWrite ? Deno.makeTempDirSync() : undefined;
globalThis.addEventListener("unload", () => {
  if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
});

/** A journal in a file of its own. */
function journal(name: string): Transport {
  const path = join(folder ?? ".", `${name}.jsonl`);
  return openJournal({ path, session, maxBytes: 2 ** 20, keep: 0 });
}

/** Says which case cannot run with the permissions there are: Deno shows nothing of an ignored one. */
function benchElsewhere(name: string, group: string): void {
  const line = `ignored: ${group}: ${name} (run it with: ${COMMAND})\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

/** Measures turns of a game, the reports that leave meanwhile included. */
function benchTurns(name: string, group: string, open: () => Transport): void {
  const game = createGame({ seed: 1 });
  const publisher = createPublisher({
    session,
    numbers: game.numbers,
    rest: createRestOfReport(game),
    transport: open(),
  });
  Deno.bench({
    name,
    group,
    fn() {
      game.playTurn();
      publisher.turn();
    },
  });
}

/** Measures turns of a game that nobody watches. */
function benchBareTurns(name: string, group: string): void {
  const game = createGame({ seed: 1 });
  Deno.bench({ name, group, baseline: true, fn: () => game.playTurn() });
}

// The first group answers the project's first question: what does monitoring cost a turn?
benchBareTurns("without monitoring", "one turn");
benchTurns("with reports", "one turn", () => nowhere);

const WAYS = "one turn, by the way that its reports take";
benchBareTurns("without monitoring", WAYS);
if (canWrite) benchTurns("a journal", WAYS, () => journal("turns"));
else benchElsewhere("a journal", WAYS);
if (canConnect) {
  // Nobody listens on a port that was just closed: what is measured is the simulation's side alone.
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  const url = `http://127.0.0.1:${port}/`;
  benchTurns("HTTP to an absent exporter", WAYS, () => openHttp({ url, onProblem: () => {} }));
} else {
  benchElsewhere("HTTP to an absent exporter", WAYS);
}

/** Keeps prom-client's metrics in the simulation's own process, as many as a turn changes. */
function createPromClient(numbers: GameNumbers): () => void {
  const registers = [new Registry()];
  const gauge = (name: string) => new Gauge({ name, help: name, registers });
  const counter = (name: string) => new Counter({ name, help: name, registers });
  const [total, least, most] = ["budget_total", "budget_min", "budget_max"].map(gauge);
  const [active, price] = ["produits_actifs", "produits_prix_moyen"].map(gauge);
  const [turns, bought, failed, spent, events] = [
    "tours_completes",
    "reussies_total",
    "echouees_total",
    "montant_total",
    "evenements_total",
  ]
    .map(counter);
  const seconds = new Histogram({ name: "tour_seconds", help: "tour_seconds", registers });
  let before = { ...numbers };
  let mark = performance.now();
  return () => {
    total!.set(numbers.budgetTotal / 100);
    least!.set(numbers.budgetMin / 100);
    most!.set(numbers.budgetMax / 100);
    active!.set(numbers.produitsActifs);
    price!.set(numbers.prixTotal / numbers.produits / 100);
    turns!.inc();
    bought!.inc(numbers.reussies - before.reussies);
    failed!.inc(numbers.echouees - before.echouees);
    spent!.inc((numbers.montant - before.montant) / 100);
    events!.inc(numbers.evenements - before.evenements);
    before = { ...numbers };
    const time = performance.now();
    seconds.observe((time - mark) / 1000);
    mark = time;
  };
}

{
  const game = createGame({ seed: 1 });
  const update = createPromClient(game.numbers);
  Deno.bench({
    name: "prom-client in the same process",
    group: WAYS,
    fn() {
      game.playTurn();
      update();
    },
  });
}

/** Measures turns that wait for the answer to a request each, as TradeSim's do. */
function benchAwaitedPosts(name: string): void {
  const game = createGame({ seed: 1 });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => Response.json({ status: "success", size: (await request.text()).length }),
  );
  server.unref();
  const url = `http://127.0.0.1:${server.addr.port}/update_metrics`;
  const headers = { "content-type": "application/json" };
  Deno.bench({
    name,
    group: WAYS,
    async fn() {
      game.playTurn();
      const body = JSON.stringify({ session_id: session, ...game.numbers });
      const response = await fetch(url, { method: "POST", headers, body });
      await response.json();
    },
  });
}

if (canConnect) benchAwaitedPosts("an awaited POST per turn, as TradeSim does");
else benchElsewhere("an awaited POST per turn, as TradeSim does", WAYS);

/** Measures a report of a number of turns. */
function benchReports(name: string, turns: number, maxTurns: number, open: () => Transport): void {
  const game = createGame({ seed: 1 });
  const { numbers } = game;
  const rest = createRestOfReport(game);
  const transport = open();
  const publisher = createPublisher({ session, numbers, rest, transport, maxTurns, interval: 1e9 });
  publisher.turn(); // The first turn is reported at once.
  Deno.bench({
    name,
    group: "one report",
    baseline: turns === 1 && maxTurns === 0,
    fn(bench) {
      for (let turn = 0; turn < turns; turn++) {
        game.playTurn();
        publisher.turn();
      }
      bench.start();
      publisher.flush();
      bench.end();
    },
  });
}

benchReports("without columns", 1, 0, () => nowhere);
if (canWrite) benchReports("without columns, to a journal", 1, 0, () => journal("reports"));
else benchElsewhere("without columns, to a journal", "one report");
for (const turns of [1, 1000, 100_000]) {
  benchReports(`with columns of ${turns} turns`, turns, 128, () => nowhere);
}
