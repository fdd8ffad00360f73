/** Tests of played games as processes, alone and beside real exporters. @module */

import assert from "node:assert/strict";
import { GAME_METRICS, INVARIANTS } from "../../lib/catalogue/mod.ts";
import { gini, herfindahl } from "../../lib/economy/mod.ts";
import type { Summary } from "../../lib/play/summary.ts";
import {
  createGame,
  EVENT_TYPES,
  formatWorld,
  parseWorld,
  type World,
} from "../../lib/simulation/mod.ts";
import {
  commandLine,
  type Finished,
  runExporter,
  type RunningExporter,
  type RunningProgram,
  startExporter,
  startProgram,
  valueOf,
} from "../harness/exporter.ts";
import { freePort } from "../harness/ports.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const JOURNAL = "logs/metrics.jsonl";
/** Reports leave often, so that a short game makes many. */
const OFTEN = ["--publish-interval", "20ms"];

interface Used {
  readonly dir: string;
  exporter(...args: string[]): Promise<RunningExporter>;
  /** Starts a game that sums up in JSON. */
  game(...args: string[]): RunningProgram;
}

/** Lends a folder, and programs that run in it and are killed afterwards if they still run. */
function withPrograms(use: (used: Used) => Promise<void>): Promise<void> {
  return withTempDir(async (cwd) => {
    const started: RunningProgram[] = [];
    try {
      await use({
        dir: cwd,
        async exporter(...args) {
          const exporter = await startExporter({ args, cwd });
          started.push(exporter);
          return exporter;
        },
        game(...args) {
          const game = startProgram({ args: ["simulate", "--json", ...args], cwd });
          started.push(game);
          return game;
        },
      });
    } finally {
      for (const program of started) await program.stop("SIGKILL");
    }
  });
}

/** The summary of a game that ended well and had nothing to complain of but this. */
function summaryOf({ code, stdout, stderr }: Finished, complaints = /^$/): Summary {
  // On a slow machine it also tells how far it is.
  assert.match(stderr.replaceAll(/^turn \d+( of \d+)?, .*\n/gm, ""), complaints);
  assert.equal(code, 0);
  return JSON.parse(stdout);
}

/** What a summary says of the game, and not of the clock. */
function gameOf({ mesure: _, ...game }: Summary): Omit<Summary, "mesure"> {
  return game;
}

/** The reports in a journal; of one that is not there, none. */
function readJournal(path: string): Readonly<Record<string, unknown>>[] {
  try {
    // The last line may not be there to its end.
    return Deno.readTextFileSync(path).split("\n").slice(0, -1).map((line) => JSON.parse(line));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function turnsOf(exporter: RunningExporter): Promise<number> {
  return valueOf(await exporter.scrape(), "tours_completes") ?? 0;
}

function namesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

// Flags, streams and exit codes

const SEED_1 = {
  seed: 1,
  tours: 1000,
  etat_sha256: "349f937552e8adc34f1906cd527bfe2c9af56507ab1e1cf745a3cbda2fe85e44",
  budget_total: 2423586.46,
  transactions: 1709,
  transactions_reussies: 1709,
  transactions_echouees: 0,
  transactions_montant: 910274.49,
  volume: 25308,
  recharges: 3245280,
  evenements: 676,
  produits_actifs: 9,
};

Deno.test("simulate plays the same game for a seed, here as anywhere, and writes nothing", async () => {
  await withTempDir(async (cwd) => {
    const play = async (...args: string[]) =>
      gameOf(summaryOf(await runExporter({ args: ["simulate", "--json", ...args], cwd })));
    assert.deepEqual(await play("--tours", "1000"), SEED_1);
    const other = await play("--tours", "1000", "--seed", "2");
    assert.notEqual(other.etat_sha256, SEED_1.etat_sha256);
    assert.deepEqual(namesIn(cwd), []);
  });
});

Deno.test("simulate without a terminal writes plain lines and nothing else", async () => {
  await withTempDir(async (cwd) => {
    const run = (...args: string[]) => runExporter({ args: ["simulate", ...args], cwd });
    const played = await run("--tours", "20", "--verbose");
    assert.deepEqual([played.code, played.stderr], [0, ""]);
    assert.match(
      played.stdout,
      /^( {2}\S.*\n)+20 turns, seed 1, .*\nBudgets: .*\nPurchases: .*\n$/,
    );
    const status = await run("--status");
    assert.deepEqual([status.code, status.stderr], [0, ""]);
    assert.match(status.stdout, /^Tour 0: 3 entreprises, .*\nEntreprises:\n[^]*\nProduits:\n/);
    assert.deepEqual(namesIn(cwd), []);
  });
});

Deno.test("simulate --save and --load go on with a game as if it had never stopped", async () => {
  await withTempDir(async (cwd) => {
    const play = async (...args: string[]) =>
      summaryOf(await runExporter({ args: ["simulate", "--json", ...args], cwd }));
    await play("--tours", "400", "--save", "a.json");
    const { etat_sha256 } = await play("--tours", "600", "--load", "a.json", "--save", "a.json");
    assert.equal(etat_sha256, SEED_1.etat_sha256);
    assert.deepEqual(namesIn(cwd), ["a.json"]);
  });
});

Deno.test("simulate --publish-token-file shows its token, and plays nothing without a right one", async () => {
  await withTempDir(async (cwd) => {
    const seen: (string | null)[] = [];
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      seen.push(request.headers.get("authorization"));
      return new Response();
    });
    const play = (file: string) => {
      const to = ["--publish-to", `http://127.0.0.1:${server.addr.port}`];
      const args = ["simulate", "--json", "--tours", "5", "--with-metrics", ...to];
      return runExporter({ args: [...args, "--publish-token-file", file], cwd });
    };
    try {
      await Deno.writeTextFile(`${cwd}/token`, "0123456789abcdef\n");
      await Deno.writeTextFile(`${cwd}/short`, "0123\n");
      for (
        const [file, problem] of [["no", 'Cannot read --publish-token-file "no"'], [
          "short",
          "token",
        ]]
      ) {
        const { code, stdout, stderr } = await play(file!);
        assert.deepEqual([code, stdout], [2, ""]);
        assert.ok(stderr.includes(problem!), stderr);
        assert.match(stderr, /^[^\n]+\nTry: .*simulate --help\n$/);
      }
      assert.deepEqual(seen, []);
      summaryOf(await play("token"));
      assert.deepEqual([...new Set(seen)], ["Bearer 0123456789abcdef"]);
    } finally {
      await server.shutdown();
    }
  });
});

/** Words of the first line, by arguments. */
const WRONG_USES: Readonly<Record<string, string>> = {
  "--tour 5": "Unknown flag --tour: did you mean --tours?",
  "--with-metrics": "Cannot play: expected --tours or --infinite",
  "--tours 5 --load no.json": 'Cannot read --load "no.json": expected a file that can be read',
  "--tours 5 --load bad.json": "Cannot read the world: produits is missing, expected a list",
  "--tours 5 --save no/a.json": 'Cannot read --save "no/a.json": expected a file that can be',
  "--tours 5 --entreprises 1000000 --produits 1000000": "Cannot make the world: it has",
};

Deno.test("simulate ends with 2 and two lines for a user's mistake, before it plays", async () => {
  await withTempDir(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/bad.json`, "{}");
    for (const [line, problem] of Object.entries(WRONG_USES)) {
      const args = ["simulate", "--verbose", ...line.split(" ")];
      const { code, stdout, stderr } = await runExporter({ args, cwd });
      assert.deepEqual([code, stdout], [2, ""], line);
      assert.ok(stderr.startsWith(`tradesim-exporter: error: ${problem}`), stderr);
      assert.match(stderr, /^[^\n]+\nTry: .*simulate --help\n$/);
    }
    assert.deepEqual(namesIn(cwd), ["bad.json"]);
  });
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends a game with its summary and a last report`, async () => {
    await withPrograms(async ({ dir, game }) => {
      const journal = `${dir}/${JOURNAL}`;
      // The second one is in a pause that it could not wait out.
      for (const pause of ["0", "1h"]) {
        const running = game("--infinite", "--with-metrics", "--pause", pause);
        await until("a report", () => readJournal(journal).length > 0);
        const { tours, transactions } = summaryOf(await running.stop(signal));
        assert.ok(tours >= 1);
        const last = readJournal(journal).at(-1)!;
        assert.deepEqual(
          [last["fini"], last["tour"], last["transactions_total"]],
          [true, tours, transactions],
        );
        await Deno.remove(journal);
      }
    });
  });
}

testWith("script", "simulate on a terminal shows a bar, and takes it away", async () => {
  await withTempDir(async (cwd) => {
    const quoted = commandLine(["simulate", "--tours", "30", "--pause", "10ms"])
      .map((word) => `'${word}'`).join(" ");
    const { success, stdout } = await new Deno.Command("script", {
      args: ["-qec", quoted, "/dev/null"],
      cwd,
      stdin: "null",
    }).output();
    const readable = new TextDecoder().decode(stdout)
      .replaceAll("\x1b", "ESC").replaceAll("\r\n", "\n").replaceAll("\r", "CR");
    assert.ok(success, readable);
    assert.match(
      readable,
      /^(CRESC\[KESC\[\?7l\[#+\.+\] turn \d+ of 30, .*ESC\[\?7h)+CRESC\[K30 turns, seed 1, .*\n/,
    );
    assert.deepEqual(namesIn(cwd), []);
  });
});

// The exporter beside it

Deno.test("simulate --tours 10 raises tours_completes by 10: exporter before, during, after, runs at once", async () => {
  await withPrograms(async ({ dir, exporter, game }) => {
    const ten = ["--tours", "10", "--with-metrics"];
    const first = game(...ten, "--pause", "250ms");
    await until("the first game", () => readJournal(`${dir}/${JOURNAL}`).length > 0);
    // However long the exporter takes to start, the game is not over before.
    Deno.kill(first.pid, "SIGSTOP");
    const during = await exporter();
    const begun = await turnsOf(during);
    assert.ok(begun >= 1 && begun < 10, `${begun} turns`);
    Deno.kill(first.pid, "SIGCONT");
    summaryOf(await first.end());
    const expect = async (turns: number) => {
      await until(`${turns} turns`, async () => await turnsOf(during) >= turns);
      assert.equal(await turnsOf(during), turns);
    };
    await expect(10);

    for (const turns of [20, 30]) {
      summaryOf(await game(...ten).end());
      await expect(turns);
    }

    const endless = game("--infinite", "--with-metrics", "--pause", "10ms");
    await until("the endless game", async () => await turnsOf(during) > 30);
    summaryOf(await game(...ten, "--seed", "2").end());
    const { tours } = summaryOf(await endless.stop("SIGINT"));
    await expect(40 + tours);
    const journals = namesIn(`${dir}/logs`).filter((name) => name.endsWith(".jsonl"));
    assert.equal(journals.length, 2);
    assert.match(journals[0]!, /^metrics-\d{8}_\d{6}_[\da-f]{8}\.jsonl$/);
    assert.equal(journals[1], "metrics.jsonl");

    const after = await exporter();
    assert.equal(await turnsOf(after), 40 + tours);
  });
});

/** A world in which purchases fail, of which no two numbers are equal by chance. */
function makeWorld(): string {
  const { reprise: _, ...world } =
    createGame({ seed: 11, entreprises: 6, produits: 17, fournisseurs: 4 }).world;
  return formatWorld({
    ...world,
    entreprises: world.entreprises.map((entreprise, index) =>
      index === 0 ? { ...entreprise, budget: 0 } : entreprise
    ),
  });
}

function euros(cents: number): number {
  return cents / 100;
}

/** The firms' purchases in the same game, played again. */
function purchasesOf({ tours, seed }: Summary, text: string): number[] {
  const game = createGame({ seed: seed!, world: parseWorld(text) });
  const purchases = game.world.entreprises.map(() => 0);
  game.onPurchase = ({ entreprise, quantite }) => {
    if (quantite > 0) purchases[entreprise]!++;
  };
  for (let tour = 0; tour < tours; tour++) game.playTurn();
  return purchases;
}

/** What a scrape of a game that is over says, as far as it does not hang on the clock. */
function expectedSeries(summary: Summary, world: World, begun: string): Record<string, number> {
  const opening = parseWorld(begun);
  const { entreprises, fournisseurs, produits } = world;
  const budgets = entreprises.map(({ budget }) => budget);
  const prices = produits.map(({ prix }) => prix);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const mean = (values: readonly number[]) => euros(sum(values) / values.length);
  const stocks = (kind: string, owners: World["entreprises"] | World["fournisseurs"]) =>
    owners.flatMap((owner) =>
      produits.map(({ nom }, product) => [
        `${kind}_stock{${kind}="${owner.nom}",produit="${nom}"}`,
        owner.stocks[product]!,
      ])
    );
  const units = (owners: readonly { readonly stocks: readonly number[] }[]) =>
    sum(owners.flatMap(({ stocks }) => stocks));
  const ranking = budgets.toSorted((a, b) => b - a);
  return {
    budget_total: euros(sum(budgets)),
    budget_moyen: mean(budgets),
    budget_min: euros(Math.min(...budgets)),
    budget_max: euros(Math.max(...budgets)),
    entreprises_total: entreprises.length,
    entreprises_solvables: budgets.filter((budget) => budget > 0).length,
    transactions_total: summary.transactions,
    transactions_reussies_total: summary.transactions_reussies,
    transactions_echouees_total: summary.transactions_echouees,
    transactions_montant_total: summary.transactions_montant,
    produits_total: produits.length,
    produits_actifs: produits.filter(({ actif }) => actif).length,
    produits_inactifs: produits.filter(({ actif }) => !actif).length,
    produits_prix_moyen: mean(prices),
    produits_prix_min: euros(Math.min(...prices)),
    produits_prix_max: euros(Math.max(...prices)),
    argent_initial_euros: euros(sum(opening.entreprises.map(({ budget }) => budget))),
    argent_entre_euros_total: summary.recharges,
    transactions_unites_total: summary.volume,
    livraisons_unites_total: units(fournisseurs) + summary.volume - units(opening.fournisseurs),
    stock_fournisseurs_unites: units(fournisseurs),
    stock_entreprises_unites: units(entreprises),
    produits_epuises:
      produits.filter((_, product) => fournisseurs.every(({ stocks }) => stocks[product] === 0))
        .length,
    budget_gini_ratio: gini(budgets.map(euros))!,
    transactions_concentration_ratio: herfindahl(purchasesOf(summary, begun))!,
    entreprises_solvables_ratio: budgets.filter((budget) => budget > 0).length / budgets.length,
    ...Object.fromEntries(
      INVARIANTS.map((name) => [`simulation_invariant_violations_total{invariant="${name}"}`, 0]),
    ),
    evenements_total: summary.evenements,
    tours_completes: summary.tours,
    simulation_tour: summary.tours,
    temps_simulation_tour_seconds_count: summary.tours,
    'temps_simulation_tour_seconds_bucket{le="+Inf"}': summary.tours,
    simulation_sessions: 1,
    'simulation_etat{etat="running"}': 0,
    'simulation_etat{etat="finished"}': 1,
    'simulation_etat{etat="silent"}': 0,
    'simulation_etat{etat="ended"}': 0,
    'simulation_info{session="…",format="natif"}': 1,
    ...Object.fromEntries([
      ...entreprises.map(({ nom, budget }) => [
        `entreprise_budget{entreprise="${nom}"}`,
        euros(budget),
      ]),
      ...entreprises.map(({ nom, budget, budgetInitial }) => [
        `entreprise_benefice{entreprise="${nom}"}`,
        euros(budget - budgetInitial),
      ]),
      ...entreprises.map(({ nom, budget }) => [
        `entreprise_rang{entreprise="${nom}"}`,
        ranking.indexOf(budget) + 1,
      ]),
      ...produits.map(({ nom, actif }) => [`produit_actif{produit="${nom}"}`, Number(actif)]),
      ...fournisseurs.flatMap(({ nom, prix }) =>
        produits.flatMap((produit, product) =>
          prix[product] === 0 ? [] : [[
            `fournisseur_prix{fournisseur="${nom}",produit="${produit.nom}"}`,
            euros(prix[product]!),
          ]]
        )
      ),
      ...produits.map(({ nom, prix }) => [`produit_prix{produit="${nom}"}`, euros(prix)]),
      ...stocks("entreprise", entreprises),
      ...stocks("fournisseur", fournisseurs),
    ]),
  };
}

/** Series that hang on the clock. */
const CLOCKED = [
  'temps_simulation_tour_seconds_bucket{le="[^+]',
  "temps_simulation_tour_seconds_sum ",
  "simulation_duree_seconds ",
  "simulation_tour_intervalle_seconds_(sum|count) ",
  "simulation_dernier_rapport_timestamp_seconds ",
  "simulation_publication_seconds_total ",
  "evenement_dernier_timestamp_seconds{",
  // These compare the turns that were reported.
  "argent_vitesse_ratio ",
  "produits_prix_indice ",
  "produits_inflation_ratio ",
];

/** The series of the game's metrics in a scrape: those that hang on the clock apart. */
function gameSeries(scrape: string) {
  const names = GAME_METRICS.map(({ name }) => name).join("|");
  const ofGame = new RegExp(`^(${names})(_bucket|_sum|_count)?[{ ]`);
  const clocked = new RegExp(`^(${CLOCKED.join("|")})`);
  const exact: Record<string, number> = {};
  const byClock: Record<string, number> = {};
  for (const line of scrape.split("\n").filter((line) => ofGame.test(line))) {
    const end = line.lastIndexOf(" ");
    const series = line.slice(0, end).replace(/session="[^"]*"/, 'session="…"');
    (clocked.test(line) ? byClock : exact)[series] = Number(line.slice(end));
  }
  return { exact, byClock };
}

for (const way of ["journal", "HTTP"] as const) {
  const arguments_ = (exporter: RunningExporter, path = "") => [
    ...["--with-metrics", ...OFTEN],
    ...way === "HTTP" ? ["--publish-to", exporter.url + path] : [],
  ];

  Deno.test(`simulate reports 1000 turns by ${way} so that every number of /metrics is its own`, async () => {
    await withPrograms(async ({ dir, exporter, game }) => {
      const begunWorld = makeWorld();
      await Deno.writeTextFile(`${dir}/world.json`, begunWorld);
      const beside = await exporter("--detail");
      const begun = Date.now() / 1000;
      const files = ["--load", "world.json", "--save", "end.json"];
      const run = game(
        "--tours",
        "1000",
        "--pause",
        "1ms",
        ...files,
        ...arguments_(beside, "/update_metrics"),
      );
      const summary = summaryOf(await run.end());
      assert.ok(summary.mesure.publication!.rapports > 10, "there are reports on the way");
      assert.ok(summary.transactions_echouees > 0, "purchases fail, too");
      await until("the last turn", async () => await turnsOf(beside) === 1000);

      const { exact, byClock } = gameSeries(await beside.scrape());
      const world = parseWorld(await Deno.readTextFile(`${dir}/end.json`));
      assert.deepEqual(exact, expectedSeries(summary, world, begunWorld));
      assert.equal(exact["budget_total"], summary.budget_total);
      assert.equal(exact["produits_actifs"], summary.produits_actifs);
      const { argent_initial_euros, argent_entre_euros_total, transactions_montant_total } = exact;
      assert.equal(
        Math.round(
          100 *
            (argent_initial_euros! + argent_entre_euros_total! - transactions_montant_total!),
        ),
        Math.round(100 * summary.budget_total),
      );
      assert.ok(byClock["produits_prix_indice"]! > 0);

      const elapsed = Date.now() / 1000 - begun;
      for (const type of EVENT_TYPES) {
        const time = byClock[`evenement_dernier_timestamp_seconds{type="${type}"}`]!;
        assert.ok(time >= begun && time <= begun + elapsed, `${type}: ${time}`);
      }
      for (
        const name of [
          "simulation_publication_seconds_total",
          "temps_simulation_tour_seconds_sum",
          "simulation_duree_seconds",
          "simulation_tour_intervalle_seconds_sum",
        ]
      ) {
        assert.ok(byClock[name]! > 0 && byClock[name]! < elapsed, `${name} ${byClock[name]}`);
      }
      assert.equal(existsJournal(dir), way === "journal");
    });
  });

  Deno.test(`simulate loses nothing by ${way} when its exporter is killed and started again`, async () => {
    await withPrograms(async ({ dir, exporter, game }) => {
      let current = await exporter("--state", "state.json");
      const run = game("--infinite", "--pause", "2ms", ...arguments_(current));
      for (let seen = 0, kill = 0; kill < 2; kill++) {
        seen = await until("turns", async () => {
          const turns = await turnsOf(current);
          return turns > seen && turns;
        });
        await current.stop("SIGKILL");
        current = await exporter("--state", "state.json", "--port", String(current.port));
        assert.ok(await turnsOf(current) >= seen, "what was scraped is not forgotten");
        await until("turns after the kill", async () => await turnsOf(current) > seen);
      }
      const complaints = way === "HTTP"
        ? /^(Cannot post reports to "[^\n]*" for now; the game continues: [^\n]*\n)?$/
        : /^$/;
      const summary = summaryOf(await run.stop("SIGINT"), complaints);
      await until("the end", async () => await turnsOf(current) >= summary.tours);

      const { exact } = gameSeries(await current.scrape());
      const expected = {
        tours_completes: summary.tours,
        temps_simulation_tour_seconds_count: summary.tours,
        simulation_tour: summary.tours,
        transactions_total: summary.transactions,
        transactions_montant_total: summary.transactions_montant,
        evenements_total: summary.evenements,
        budget_total: summary.budget_total,
        'simulation_etat{etat="finished"}': 1,
        simulation_sessions: 1,
      };
      const found = Object.fromEntries(Object.keys(expected).map((name) => [name, exact[name]]));
      assert.deepEqual(found, expected);
      assert.equal(existsJournal(dir), way === "journal");
    });
  });
}

function existsJournal(dir: string): boolean {
  return readJournal(`${dir}/${JOURNAL}`).length > 0;
}

/** An exporter that is none: its URL, and how it goes away. */
interface Counterfeit {
  readonly url: string;
  close(): Promise<void>;
}

const COUNTERFEITS: Readonly<Record<string, () => Counterfeit>> = {
  absent() {
    return { url: `http://127.0.0.1:${freePort()}/`, close: () => Promise.resolve() };
  },
  "slow to answer"() {
    // The system takes the connections, and nobody ever reads from them.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return {
      url: `http://127.0.0.1:${listener.addr.port}/`,
      close() {
        listener.close();
        return Promise.resolve();
      },
    };
  },
  "dead in the midst of the game"() {
    const controller = new AbortController();
    let posts = 0;
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      signal: controller.signal,
      onListen: () => {},
    }, () => {
      if (++posts === 2) controller.abort();
      return new Response();
    });
    return {
      url: `http://127.0.0.1:${server.addr.port}/`,
      close() {
        controller.abort();
        return server.finished;
      },
    };
  },
};

/** A turn that waits for an answer takes a hundred times as long; a busy machine slows it, too. */
const MIN_SPEED = 0.2;

for (const [fate, open] of Object.entries(COUNTERFEITS)) {
  Deno.test(`simulate plays as fast when the exporter is ${fate}, and says so once`, async () => {
    await withPrograms(async ({ game }) => {
      let speed = 0;
      for (let attempt = 0; attempt < 3 && speed < MIN_SPEED; attempt++) {
        const alone = summaryOf(await game("--tours", "300000").end());
        const counterfeit = open();
        const run = game("--tours", "300000", "--with-metrics", "--publish-to", counterfeit.url);
        const ended = await run.end();
        await counterfeit.close();
        const beside = summaryOf(
          ended,
          /^(Cannot post reports to "[^\n]*" for now; the game continues: [^\n]*\n)?The last report did not reach "[^\n]*"\n$/,
        );
        assert.deepEqual(gameOf(beside), gameOf(alone));
        speed = beside.mesure.tours_par_seconde / alone.mesure.tours_par_seconde;
      }
      assert.ok(speed > MIN_SPEED, `${speed} of the speed without reports`);
    });
  });
}

/** Enough of them to take some seconds, so that memory is looked at often. */
const TURNS = 5_000_000;

/** Resident memory of a process, in MiB; undefined when it is gone. */
async function residentMemory(pid: number): Promise<number | undefined> {
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/status`],
    stderr: "null",
  }).output();
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout)) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

Deno.test({
  name: "simulate plays millions of turns in memory that does not grow, with a small journal",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withPrograms(async ({ dir, game }) => {
      const path = `${dir}/${JOURNAL}`;
      const run = game("--tours", `${TURNS}`, "--with-metrics");
      const samples: { turn: number; memory: number }[] = [];
      // However long it takes, it goes on.
      for (let turn = -1, isOver = false; !isOver;) {
        await until(`a turn after ${turn}`, async () => {
          const memory = await residentMemory(run.pid);
          const report = readJournal(path).at(-1);
          isOver = memory === undefined || report?.["fini"] === true;
          const later = Number(report?.["tour"] ?? turn);
          if (later <= turn) return isOver;
          turn = later;
          if (memory !== undefined) samples.push({ turn, memory });
          return true;
        });
      }
      const { mesure } = summaryOf(await run.end());
      const highest = (from: number, to: number) =>
        Math.max(
          ...samples.filter(({ turn }) => turn >= from && turn <= to).map(({ memory }) => memory),
        );
      const early = highest(TURNS * 0.1, TURNS * 0.4);
      const late = highest(TURNS * 0.7, TURNS);
      assert.ok(Number.isFinite(early) && Number.isFinite(late), `${samples.length} samples`);
      assert.ok(late < early * 1.2 + 16, `${early} MiB, then ${late} MiB`);
      const { size } = await Deno.stat(path);
      assert.ok(size < mesure.publication!.rapports * 64 * 1024, `${size} bytes`);
    }),
});

Deno.test("simulate is shown by one scrape as of one turn: firms and parts add up to the totals", () =>
  withPrograms(async ({ exporter, game }) => {
    const running = await exporter("--detail", "--labels", "continent,produit_type");
    game(
      ...["--infinite", "--pause", "5ms", "--seed", "3", "--entreprises", "9"],
      ...["--with-metrics", ...OFTEN, "--publish-to", running.url],
    );
    const numbers = (text: string, name: string) =>
      Array.from(
        text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm")),
        ([, value]) => Number(value),
      );
    const cents = (values: number[]) => Math.round(values.reduce((a, b) => a + b, 0) * 100);
    const seen = new Set<number>();
    let scrapes = 0;
    await until("a hundred scrapes", async () => {
      const text = await running.scrape();
      const budgets = numbers(text, "entreprise_budget");
      if (budgets.length === 0) return false;
      const total = cents(numbers(text, "budget_total"));
      assert.equal(cents(budgets), total);
      assert.equal(Math.max(...budgets), numbers(text, "budget_max")[0]);
      assert.equal(Math.min(...budgets), numbers(text, "budget_min")[0]);
      assert.match(text, /^budget_total\{continent="[^"]+"\} /m);
      assert.match(text, /^produits_actifs\{produit_type="[^"]+"\} /m);
      assert.match(
        text,
        /^transactions_reussies_total\{continent="[^"]+",produit_type="[^"]+"\} /m,
      );
      assert.doesNotMatch(text, /^transactions_reussies_total\{.*inconnu.*\} [1-9]/m);
      seen.add(total);
      return ++scrapes >= 100 && seen.size >= 10;
    });
  }));
