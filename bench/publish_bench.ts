/** What publishing costs a turn of the default world, beside what people use otherwise. @module */

import { join } from "node:path";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { createRestOfReport } from "../lib/play/mod.ts";
import { createPublisher, openHttp, openJournal, type Out } from "../lib/publish/mod.ts";
import { createGame, type GameNumbers } from "../lib/simulation/mod.ts";

const nowhere: Out = { ready: () => true, write: () => {}, end: () => Promise.resolve() };
const session = "bench";
const isWriting = Deno.permissions.querySync({ name: "write" }).state === "granted";
const folder = isWriting ? Deno.makeTempDirSync() : undefined;
globalThis.addEventListener("unload", () => {
  if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
});

/** A journal in a file of its own. */
function journal(name: string): Out {
  const path = join(folder ?? ".", `${name}.jsonl`);
  return openJournal({ path, session, maxBytes: 2 ** 20, keep: 0 });
}

const game = createGame({ seed: 1 });
Deno.bench({
  name: "without a publisher",
  group: "one turn",
  baseline: true,
  fn: () => game.playTurn(),
});

/** Measures turns of a game, the reports that leave meanwhile included. */
function benchTurns(name: string, open: () => Out, ignore = false): void {
  if (ignore) return Deno.bench({ name, group: "one turn", ignore, fn: () => {} });
  const game = createGame({ seed: 1 });
  const { numbers } = game;
  const publisher = createPublisher({
    session,
    numbers,
    rest: createRestOfReport(game),
    out: open(),
  });
  Deno.bench({
    name,
    group: "one turn",
    fn() {
      game.playTurn();
      publisher.turn();
    },
  });
}

benchTurns("with reports that go nowhere", () => nowhere);
benchTurns("with a journal", () => journal("turns"), !isWriting);
// Nobody listens on a port that was just closed: what is measured is the simulation's side alone.
const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = closed.addr;
closed.close();
benchTurns(
  "with HTTP to an absent exporter",
  () => openHttp({ url: `http://127.0.0.1:${port}/`, onProblem: () => {} }),
);

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
    name: "with prom-client in the same process",
    group: "one turn",
    fn() {
      game.playTurn();
      update();
    },
  });
}

{
  const game = createGame({ seed: 1 });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => Response.json({ status: "success", size: (await request.text()).length }),
  );
  server.unref();
  const url = `http://127.0.0.1:${server.addr.port}/update_metrics`;
  const headers = { "content-type": "application/json" };
  Deno.bench({
    name: "with an awaited POST per turn, as TradeSim does",
    group: "one turn",
    async fn() {
      game.playTurn();
      const body = JSON.stringify({ session_id: session, ...game.numbers });
      const response = await fetch(url, { method: "POST", headers, body });
      await response.json();
    },
  });
}

/** Measures a report of a number of turns. */
function benchReports(name: string, turns: number, maxTurns: number, open: () => Out): void {
  const game = createGame({ seed: 1 });
  const { numbers } = game;
  const rest = createRestOfReport(game);
  const out = open();
  const publisher = createPublisher({ session, numbers, rest, out, maxTurns, interval: 1e9 });
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
if (isWriting) benchReports("without columns, to a journal", 1, 0, () => journal("reports"));
for (const turns of [1, 1000, 100_000]) {
  benchReports(`with columns of ${turns} turns`, turns, 128, () => nowhere);
}
