/**
 * What publishing costs a turn, and what a report costs.
 *
 * The game is a stand-in whose turn takes about as long as one of the default world.
 *
 * @module
 */

import { join } from "node:path";
import { createPublisher, openHttp, openJournal, type Out } from "../lib/publish/mod.ts";

/** Steps of a random sequence that make up a turn of one or two microseconds. */
const STEPS = 250;

function createGame() {
  const numbers = {
    budgetTotal: 7_500_000,
    budgetMin: 1_800_000,
    budgetMax: 3_500_000,
    reussies: 0,
    echouees: 0,
    montant: 0,
    produits: 12,
    produitsActifs: 9,
    prixTotal: 33_000,
    evenements: 0,
  };
  let random = 1;
  const playTurn = () => {
    for (let step = 0; step < STEPS; step++) random = (Math.imul(random, 1664525) + 1013904223) | 0;
    numbers.reussies += 20;
    numbers.montant += random & 0xffff;
    numbers.budgetTotal = 7_500_000 + (random & 0xfffff);
    numbers.budgetMin = 1_800_000 + (random & 0xffff);
  };
  return { numbers, playTurn };
}

/** What the rest of a report usually is: some values and when events happened. */
const rest = () => ({
  values: {
    budget_moyen: 25_000.12,
    entreprises_total: 3,
    entreprises_solvables: 3,
    produits_prix_min: 5.12,
    produits_prix_max: 48.12,
  },
  evenements: { inflation: 1_795_343_329.5, recharge_budget: 1_795_343_329.5 },
});

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

const { playTurn } = createGame();
Deno.bench({
  name: "a turn without a publisher",
  group: "one turn",
  baseline: true,
  fn: () => playTurn(),
});

/** Measures turns of a game, the reports that leave meanwhile included. */
function benchTurns(name: string, open: () => Out, ignore = false): void {
  if (ignore) return Deno.bench({ name, group: "one turn", ignore, fn: () => {} });
  const { numbers, playTurn } = createGame();
  const publisher = createPublisher({ session, numbers, rest, out: open() });
  Deno.bench({
    name,
    group: "one turn",
    fn() {
      playTurn();
      publisher.turn();
    },
  });
}

benchTurns("a turn whose reports go nowhere", () => nowhere);
benchTurns("a turn with a journal", () => journal("turns"), !isWriting);
// Nobody listens there, so what is measured is the simulation's side alone.
benchTurns(
  "a turn with HTTP to an absent exporter",
  () => openHttp({ url: "http://127.0.0.1:9/", onProblem: () => {} }),
);

/** Measures a report of a number of turns. */
function benchReports(name: string, turns: number, maxTurns: number, open: () => Out): void {
  const { numbers, playTurn } = createGame();
  const out = open();
  const publisher = createPublisher({ session, numbers, rest, out, maxTurns, interval: 1e9 });
  publisher.turn(); // The first turn is reported at once.
  Deno.bench({
    name,
    group: "one report",
    baseline: turns === 1 && maxTurns === 0,
    fn(bench) {
      for (let turn = 0; turn < turns; turn++) {
        playTurn();
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
for (const turns of [1, 10, 100, 500, 1000]) {
  benchReports(`with columns of ${turns} turns`, turns, 1000, () => nowhere);
}
benchReports("with columns of 100000 turns, thinned", 100_000, 500, () => nowhere);
