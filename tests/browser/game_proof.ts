/** Tests that the page shows what /metrics says of a real game, also over the exporter's death. @module */

import assert from "node:assert/strict";
import { createFormat } from "../../lib/page/src/format.ts";
import { startExporter, startProgram, valueOf } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { type OpenPage, withBrowser } from "./browser.ts";

const TURNS = 300;

/** The rows of a chart as its CSV has them, without the header. */
async function csvOf({ page }: OpenPage, chart: string): Promise<number[][]> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(`#chart-${chart} .files button`).first().click(),
  ]);
  const lines = Deno.readTextFileSync(await file.path()).trim().split("\r\n");
  return lines.slice(1).map((line) => line.split(",").map(Number));
}

/** Numbers of the page by what they are, as they stand there. */
async function shown({ text }: OpenPage): Promise<Record<string, string>> {
  const chart = (name: string, series = 0) =>
    text(`#chart-${name} .legend > :nth-child(${series + 1}) .value`);
  return {
    turn: await text("#tile-turn"),
    budget: await text("#tile-budget"),
    purchases: await text("#tile-transactions"),
    products: await text("#tile-products"),
    total: await chart("budget"),
    highest: await chart("budgets", 0),
    mean: await chart("budgets", 1),
    lowest: await chart("budgets", 2),
    succeeded: await chart("transactions", 0),
    failed: await chart("transactions", 1),
    amount: await chart("amount"),
    active: await chart("products", 0),
    inactive: await chart("products", 1),
    price: await chart("price"),
    counted: await chart("distribution"),
  };
}

/** The same numbers out of a scrape, as the page would write them. */
function expected(scrape: string): Record<string, string> {
  const { whole, euros } = createFormat("fr");
  const value = (name: string) => valueOf(scrape, name);
  return {
    turn: whole(value("simulation_tour")),
    budget: euros(value("budget_total")),
    purchases: whole(value("transactions_total")),
    products: whole(value("produits_actifs")),
    total: euros(value("budget_total")),
    highest: euros(value("budget_max")),
    mean: euros(value("budget_moyen")),
    lowest: euros(value("budget_min")),
    succeeded: whole(value("transactions_reussies_total")),
    failed: whole(value("transactions_echouees_total")),
    amount: euros(value("transactions_montant_total")),
    active: whole(value("produits_actifs")),
    inactive: whole(value("produits_inactifs")),
    price: euros(value("produits_prix_moyen")),
    counted: whole(value("temps_simulation_tour_seconds_count")),
  };
}

testWith(
  "chromium",
  "the page shows a game as /metrics does, though the exporter was killed in between",
  async () => {
    await withTempDir(async (cwd) => {
      let exporter = await startExporter({ cwd, args: ["--state", "state.json"] });
      const game = startProgram({
        cwd,
        args: ["simulate", "--tours", String(TURNS), "--pause", "15ms", "--with-metrics"],
      });
      try {
        await withBrowser(async (open) => {
          const opened = await open(exporter.url, { locale: "fr-FR" });
          const { page, text } = opened;
          const turn = async () => Number((await text("#where")).match(/\d+$/)?.[0] ?? 0);
          await until("the first turns", async () => await turn() > 20);
          await opened.picture("playing");

          await exporter.stop("SIGKILL");
          await until(
            "the page to notice",
            async () => (await text(".connection")).startsWith("Connexion perdue"),
          );
          const before = await turn();
          assert.ok(before > 20);
          // Nobody knows whether the game goes on.
          assert.equal(await text("#tile-state"), "Inconnu");
          assert.doesNotMatch(await text(".tile.turn"), /tours\/s/);
          assert.deepEqual(await opened.axe(), []);
          await opened.picture("connection-lost");

          exporter = await startExporter({
            cwd,
            args: ["--state", "state.json", "--port", String(exporter.port)],
          });
          await until(
            "the page to come back",
            async () => (await text(".connection")) === "Connecté",
          );
          assert.equal((await game.end()).code, 0);
          await until(
            "the end of the game",
            async () => (await text("#tile-state")) === "Terminée" && await turn() === TURNS,
          );

          await page.locator("#total").click();
          const scrape = await exporter.scrape();
          assert.equal(valueOf(scrape, "simulation_tour"), TURNS);
          const wanted = expected(scrape);
          await until(
            "the numbers of /metrics",
            async () => JSON.stringify(await shown(opened)) === JSON.stringify(wanted),
          ).catch(() => {});
          assert.deepEqual(await shown(opened), wanted);

          // Nothing is missing where the exporter was gone.
          const rows = await csvOf(opened, "transactions");
          assert.deepEqual(
            rows.map(([turn]) => turn),
            Array.from({ length: TURNS }, (_, index) => index + 1),
          );
          assert.equal(rows.at(-1)![2], valueOf(scrape, "transactions_reussies_total"));

          const firms = await page.locator("#table-entreprises tbody tr").count();
          assert.equal(firms, valueOf(scrape, "entreprises_total"));
          const events = await page.locator("#events tbody tr").count();
          assert.ok(events > 10, `${events} events`);
          assert.match(
            (await text("#cost")).replaceAll(/\s/g, " "),
            /^La surveillance prend [\d,]+ µs à chaque tour, soit [\d,]+ % des [\d,]+ ms d’un/,
          );
          assert.deepEqual(await opened.faults(), []);
          await opened.picture("finished");
        });
      } finally {
        await game.stop("SIGKILL");
        await exporter.stop();
      }
    });
  },
);
