/** Tests of a whole run, with all that is outside of it in memory; reports go to a real file. @module */

import assert from "node:assert/strict";
import { simulate, type SimulateOptions, WorldError } from "../../lib/play/mod.ts";
import { summaryOf } from "../../lib/play/summary.ts";
import type { JsonObject } from "../../lib/report/mod.ts";
import { createGame, formatWorld, statusLines, type World } from "../../lib/simulation/mod.ts";
import { withTempDir } from "../harness/waiting.ts";
import { MemoryIo, OPTIONS } from "./options.ts";

interface Run {
  readonly code: number;
  readonly io: MemoryIo;
}

async function run(changes: Partial<SimulateOptions>, io = new MemoryIo()): Promise<Run> {
  const code = await simulate({ ...OPTIONS, ...changes }, io);
  return { code, io };
}

/** Runs with --json and returns the summary. */
async function summaryOfRun(changes: Partial<SimulateOptions>, io = new MemoryIo()) {
  const { code } = await run({ json: true, ...changes }, io);
  assert.equal(code, 0, io.stderr);
  return JSON.parse(io.stdout);
}

function readJournal(path: string): JsonObject[] {
  return Deno.readTextFileSync(path).trimEnd().split("\n").map((line): JsonObject =>
    JSON.parse(line)
  );
}

Deno.test("simulate() plays the turns and sums up in three lines", async () => {
  const { code, io } = await run({ tours: 200 });
  assert.equal(code, 0);
  assert.match(
    io.stdout,
    /^200 turns, seed 1, \d+ turns per second\nBudgets: .* €\nPurchases: .* events\n$/,
  );
  assert.deepEqual([io.stderr, io.accesses], ["", []]);
});

Deno.test("simulate() sums up the game that its options describe", async () => {
  const sizes = { entreprises: 4, produits: 9, fournisseurs: 2 };
  for (const commeTradesim of [false, true]) {
    const game = createGame({ seed: 77, ...sizes, commeTradesim });
    for (let turn = 0; turn < 321; turn++) game.playTurn();
    const { mesure, ...rest } = await summaryOfRun({
      tours: 321,
      seed: 77,
      ...sizes,
      commeTradesim,
    });
    const { mesure: _, ...expected } = await summaryOf(game, { seconds: 1, publisher: undefined });
    assert.deepEqual(rest, expected);
    assert.deepEqual([expected.seed, expected.tours], [77, 321]);
    assert.deepEqual(Object.keys(mesure), ["secondes", "tours_par_seconde"]);
    assert.ok(mesure.secondes > 0);
  }
});

Deno.test("simulate() goes on with a saved world as if it had never stopped", async () => {
  const io = new MemoryIo();
  await summaryOfRun({ tours: 150, save: "a.json" }, io);
  const second = await summaryOfRun(
    { tours: 50, seed: 9, load: "a.json", save: "b.json" },
    Object.assign(new MemoryIo(), { files: io.files }),
  );
  const whole = await summaryOfRun({ tours: 200 });
  assert.equal(second.etat_sha256, whole.etat_sha256);
  assert.equal(second.tours, 50);
  assert.ok(io.files.get("b.json") !== io.files.get("a.json"));
});

Deno.test("simulate() refuses a world that is none, and a file that it could not save to", async () => {
  const io = new MemoryIo();
  io.files.set("bad.json", "{}");
  await assert.rejects(run({ load: "bad.json" }, io), WorldError);
  await assert.rejects(run({ produits: 1_000_000, entreprises: 1_000_000 }, io), WorldError);
  const refusing = Object.assign(io, {
    checkWritable: () => {
      throw new Error("not there");
    },
  });
  await assert.rejects(run({ save: "a.json", verbose: true }, refusing), /not there/);
  assert.deepEqual([io.stdout, io.stderr, io.accesses], ["", "", ["read bad.json"]]);
});

Deno.test("simulate() sums up, and fails, when the world cannot be saved at the end", async () => {
  const io = new MemoryIo();
  io.writeText = () => {
    throw new Error("disk full");
  };
  const { code } = await run({ save: "a.json", json: true }, io);
  assert.deepEqual([code, io.stderr], [1, "Cannot save the world: disk full\n"]);
  assert.equal(JSON.parse(io.stdout).tours, 10);
});

Deno.test("simulate() shows a world with --status, plays nothing, and saves it if asked to", async () => {
  const game = createGame({ seed: 4 });
  const { code, io } = await run({ seed: 4, status: true, tours: 0, save: "a.json" });
  assert.equal(code, 0);
  assert.equal(io.stdout, `${statusLines(game).join("\n")}\n`);
  assert.equal(io.files.get("a.json"), formatWorld(game.world));
});

/** What --verbose says of a game, made anew from the game's own calls. */
function narration(tours: number, world: World): string {
  const game = createGame({ seed: 1, world });
  const { entreprises, produits, fournisseurs } = game.world;
  let text = "";
  game.onPurchase = ({ entreprise, produit, fournisseur, prix, quantite }) => {
    const what = `  ${entreprises[entreprise]!.nom}: ${produits[produit]!.nom}: `;
    const price = `${(prix / 100).toFixed(2)} €`;
    text += quantite === 0
      ? `${what}budget too small for ${price}\n`
      : `${what}${quantite} × ${price} from ${fournisseurs[fournisseur]!.nom}\n`;
  };
  game.onEvent = ({ tour, type }) => text += `  Turn ${tour}: ${type}\n`;
  for (let turn = 0; turn < tours; turn++) game.playTurn();
  return text;
}

Deno.test("simulate() says every purchase and event with --verbose, elsewhere with --json", async () => {
  const { reprise: _, ...world } = createGame({ seed: 1 }).world;
  const [first, ...others] = world.entreprises;
  const poor = { ...world, entreprises: [{ ...first!, budget: 0 }, ...others] };
  const told = narration(30, poor);
  for (const kind of [/ × .* from /, /budget too small/, /Turn 1: reassort/]) {
    assert.match(told, kind);
  }
  const files = new Map([["poor.json", formatWorld(poor)]]);
  const options = { tours: 30, verbose: true, load: "poor.json" };
  const { io } = await run(options, Object.assign(new MemoryIo(), { files }));
  assert.ok(io.stdout.startsWith(`${told}30 turns, seed 1`), io.stdout);

  const both = await run({ ...options, json: true }, Object.assign(new MemoryIo(), { files }));
  assert.equal(both.io.stderr, told);
  assert.equal(JSON.parse(both.io.stdout).tours, 30);
});

Deno.test("simulate() plays the same game, whatever it says and reports of it", () =>
  withTempDir(async (dir) => {
    const { mesure: _, ...plain } = await summaryOfRun({ tours: 300 });
    const ways: Record<string, Partial<SimulateOptions>> = {
      verbose: { verbose: true },
      pause: { pause: 0.0001 },
      metrics: { withMetrics: true, journal: `${dir}/a.jsonl`, publishInterval: 0.001 },
    };
    for (const [name, changes] of Object.entries(ways)) {
      const { mesure: _, ...other } = await summaryOfRun({ tours: 300, ...changes });
      assert.deepEqual(other, plain, name);
    }
  }));

Deno.test("simulate() sums up and fails where TradeSim's ids end", async () => {
  const { code, io } = await run({ tours: 1e9, commeTradesim: true });
  assert.equal(code, 1);
  assert.match(io.stderr, /^Cannot play on: as in TradeSim, a game has ids for .*\n$/);
  assert.match(io.stdout, /^\d+ turns, seed 1, [1-9]\d* turns per second\n/);
});

Deno.test("simulate() plays until it is asked to end, and sums up", async () => {
  const io = new MemoryIo();
  setTimeout(() => io.controller.abort(), 30);
  const { tours } = await summaryOfRun({ tours: Infinity }, io);
  assert.ok(tours > 1);

  const early = new MemoryIo();
  early.controller.abort();
  assert.equal((await summaryOfRun({ tours: Infinity }, early)).tours, 0);
});

Deno.test("simulate() ends in the midst of a pause", async () => {
  const io = new MemoryIo();
  setTimeout(() => io.controller.abort(), 10);
  const { tours, mesure } = await summaryOfRun({ tours: 5, pause: 3600 }, io);
  assert.equal(tours, 1);
  assert.ok(mesure.secondes < 3600, "a pause is no part of a turn");
});

Deno.test("simulate() reports to the journal, at last that the game is over", () =>
  withTempDir(async (dir) => {
    const journal = `${dir}/logs/metrics.jsonl`;
    const options = { tours: 40, pause: 0.001, withMetrics: true, journal, publishInterval: 0.001 };
    const summary = await summaryOfRun(options);
    const reports = readJournal(journal);
    assert.equal(reports.length, summary.mesure.publication.rapports);
    assert.ok(reports.length > 2, `${reports.length} reports`);
    const ends = reports.map(({ fini }) => fini === true);
    assert.deepEqual(ends, reports.map((_, index) => index === reports.length - 1));
    const last = reports.at(-1)!;
    assert.deepEqual(
      [last["tour"], last["transactions_total"], last["budget_total"], last["produits_actifs"]],
      [40, summary.transactions, summary.budget_total, summary.produits_actifs],
    );

    await summaryOfRun(options);
    const sessions = new Set(readJournal(journal).map(({ session }) => session));
    assert.equal(sessions.size, 2, "each run is a session of its own");
    for (const session of sessions) assert.match(String(session), /^\d{8}_\d{6}_[\da-f]{8}$/);
  }));

Deno.test("simulate() says once that reports cannot be written, and plays on", () =>
  withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/logs`, "in the way");
    const io = new MemoryIo();
    const { tours } = await summaryOfRun({
      tours: 20,
      pause: 0.001,
      withMetrics: true,
      journal: `${dir}/logs/metrics.jsonl`,
      publishInterval: 0.001,
    }, io);
    assert.equal(tours, 20);
    assert.match(io.stderr, /^Cannot write reports to "[^\n]*"; the game continues: [^\n]*\n$/);
  }));

Deno.test("simulate() shows a bar on a terminal and takes it away, none with --verbose", async () => {
  for (const verbose of [false, true]) {
    const io = new MemoryIo();
    io.isTerminal = true;
    setTimeout(() => io.controller.abort(), 250);
    const { tours } = await summaryOfRun(
      { tours: 1e12, pause: 0.01, verbose, entreprises: 1, produits: 1 },
      io,
    );
    assert.ok(tours > 1);
    const shown = io.stderr.includes("turns/s");
    assert.equal(shown, !verbose);
    const readable = io.stderr.replaceAll("\x1b", "ESC").replaceAll("\r", "CR");
    if (shown) assert.match(readable, /^(CRESC\[KESC\[\?7l\[\.+\] turn .*ESC\[\?7h)+CRESC\[K$/);
  }
});
