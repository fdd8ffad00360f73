/** What the economy costs a report: reports of a played game with all that it needs, and without it. @module */

import type * as z from "zod";
import { ECONOMY_METRICS, REPORTED_METRICS } from "../lib/catalogue/mod.ts";
import { createRestOfReport } from "../lib/play/rest_of_report.ts";
import { createPublisher } from "../lib/publish/mod.ts";
import type { NATIVE_SCHEMA } from "../lib/report/mod.ts";
import { createGame } from "../lib/simulation/mod.ts";
import { alternated, median, print, quantile, short, verdict } from "./figures.ts";
import type { RawClient } from "./raw_client.ts";

type NativeReport = z.input<typeof NATIVE_SCHEMA>;

const TARGET = 1.1;
const WARM_UP = 500;
const ROUNDS = 30;
const PER_ROUND = 100;

const WITH = "with economy";
const WITHOUT = "without";

/** Keys that only the economy needs. */
const KEYS = new Set(
  REPORTED_METRICS.filter((metric) => ECONOMY_METRICS.includes(metric)).map(({ name }) => name),
);

/** The report as it was before there was an economy. */
function stripped(report: NativeReport): NativeReport {
  const without = (record: object = {}) =>
    Object.fromEntries(Object.entries(record).filter(([key]) => !KEYS.has(key)));
  const { detail, repartitions, ...rest } = report;
  return {
    ...without(rest),
    ...repartitions && { repartitions: without(repartitions) },
    ...detail && {
      detail: {
        produits: detail.produits.map(({ nom, prix }) => ({ nom, prix })),
        entreprises: detail.entreprises.map(({ nom, budget, stocks }) => ({ nom, budget, stocks })),
        fournisseurs: detail.fournisseurs.map(({ nom, stocks }) => ({ nom, stocks })),
      },
    },
  } as NativeReport;
}

/** Reports of a game that reports ten times a second, and its detail once a second. */
function reportsOf(session: string, count: number, change: (report: NativeReport) => NativeReport) {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const bodies: Uint8Array[] = [];
  const game = createGame({ seed: 3 });
  let now = Date.now() - count * 100;
  const publisher = createPublisher({
    session,
    numbers: game.numbers,
    rest: createRestOfReport(game),
    interval: 0,
    now: () => now,
    wallClock: () => now,
    transport: {
      ready: () => true,
      write(bytes) {
        bodies.push(encoder.encode(JSON.stringify(change(JSON.parse(decoder.decode(bytes))))));
      },
      end: () => Promise.resolve(),
    },
  });
  for (let turn = 0; turn < count; turn++) {
    game.playTurn();
    now += 100;
    publisher.turn();
  }
  return bodies;
}

/** Prints the figures; returns how many reports were posted. */
export async function benchEconomy(client: RawClient): Promise<number> {
  const count = WARM_UP + ROUNDS * PER_ROUND;
  const ways = [
    { name: WITH, bodies: reportsOf("avec_economie", count, (report) => report) },
    { name: WITHOUT, bodies: reportsOf("sans_economie", count, stripped) },
  ];
  const next = new Map(ways.map(({ name }) => [name, 0]));
  const all = new Map(ways.map(({ name }) => [name, [] as number[]]));
  const ratios: number[] = [];
  const post = async ({ name, bodies }: typeof ways[number], reports: number) => {
    const taken: number[] = [];
    for (let report = 0; report < reports; report++) {
      const place = next.get(name)!;
      next.set(name, place + 1);
      const { status, ms } = await client.post("/update_metrics", bodies[place]!);
      if (status !== 200) throw new Error(`the exporter answered ${status}, expected 200`);
      taken.push(ms);
    }
    return taken;
  };
  for (const way of ways) await post(way, WARM_UP);
  for (let round = 0; round < ROUNDS; round++) {
    const means = new Map<string, number>();
    for (const way of alternated(ways, round)) {
      const taken = await post(way, PER_ROUND);
      all.get(way.name)!.push(...taken);
      means.set(way.name, taken.reduce((a, b) => a + b) / taken.length);
    }
    ratios.push(means.get(WITH)! / means.get(WITHOUT)!);
  }
  print(`\nnative reports, detail in one of ten, ${ROUNDS} rounds of ${PER_ROUND} posts`);
  for (const { name, bodies } of ways) {
    const bytes = bodies.reduce((sum, { length }) => sum + length, 0) / bodies.length;
    print(`  ${name.padEnd(22)} ${short(median(all.get(name)!) * 1000)} µs, ${short(bytes)} bytes`);
  }
  const ratio = median(ratios);
  print(
    `  target ${TARGET} of the time: ${verdict(ratio <= TARGET)}; ${short(ratio)} ` +
      `(quartiles of rounds ${short(quantile(ratios, 0.25))} to ${short(quantile(ratios, 0.75))})`,
  );
  return 2 * count;
}
