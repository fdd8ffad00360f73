/** Whatever reports hold, what is shown can be read, no counter falls, and a restart changes nothing. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { METRICS, REPORTED_METRICS } from "../../lib/catalogue/mod.ts";
import { readScrape } from "../../lib/doctor/text_format.ts";
import { Exposition } from "../../lib/exposition/mod.ts";
import { History } from "../../lib/history/mod.ts";
import { Answers } from "../../lib/live/mod.ts";
import { Intake } from "../../lib/ingest/mod.ts";
import { Model, type ModelOptions, openState } from "../../lib/model/mod.ts";
import { type ReadOptions, Refused, TRADESIM_KEYS } from "../../lib/report/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { COLUMN_NAMES } from "../../lib/turns/mod.ts";
import { captureLog } from "../log/capture.ts";

const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 20_261_127);
const RUNS = 150;

const OPTIONS: Omit<ModelOptions, "bySession"> = {
  breakdowns: ["continent", "produit_type"],
  detail: true,
  allKeys: true,
  maxSessions: 3,
  staleAfter: 3600,
};
const READ: ReadOptions = {
  breakdowns: true,
  detail: true,
  allKeys: true,
};

const anyNumber = fc.oneof(
  fc.integer({ min: 0, max: 1000 }),
  fc.double(),
  fc.constantFrom(
    ...[0, -0, -1, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 54, Infinity, NaN],
    ...[1_795_788_502, 1_795_788_502_773, 1_795_788_502_773_000],
  ),
);
const anyName = fc.oneof(
  fc.constantFrom("a", "b", "autres", "autres #2", "inconnu", "Europe", "consommable"),
  fc.constantFrom("", "\ud800", "a\u0000b", '"} 1\nx 2', "\u202e", "__proto__", "x".repeat(200)),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const anyValue = fc.oneof(
  { weight: 4, arbitrary: anyNumber },
  { weight: 1, arbitrary: anyName },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constant("1\nevil_metric 7") },
);
const parts = fc.array(
  fc.record({ continent: anyName, produit_type: anyName, valeur: anyNumber }, { requiredKeys: [] }),
  { maxLength: 4 },
);
const things = fc.array(
  fc.record({
    nom: anyName,
    continent: anyName,
    type: anyName,
    prix: anyNumber,
    budget: anyNumber,
    stocks: fc.array(anyNumber, { maxLength: 3 }),
    stocks_produits: fc.array(fc.record({ nom_produit: anyName, stock: anyNumber }), {
      maxLength: 3,
    }),
  }, { requiredKeys: [] }),
  { maxLength: 4 },
);

/** Keys of both forms, with values that may be what they should be. */
const structured = {
  repartitions: fc.dictionary(
    fc.constantFrom(
      ...REPORTED_METRICS.filter((entry) => entry.breakdowns).map(({ name }) => name),
    ),
    parts,
    { maxKeys: 3 },
  ),
  evenements: fc.dictionary(anyName, anyNumber, { maxKeys: 3 }),
  evenements_par_type: fc.dictionary(anyName, anyNumber, { maxKeys: 3 }),
  detail: fc.record({ produits: things, entreprises: things, fournisseurs: things }),
  colonnes: fc.dictionary(
    fc.constantFrom(...COLUMN_NAMES),
    fc.array(anyNumber, { minLength: 2, maxLength: 2 }),
    { maxKeys: 4 },
  ),
  entreprises_individuales: things,
  produits_individuales: things,
  fournisseurs_individuales: things,
};
const anyKey = fc.oneof(
  fc.constantFrom(...REPORTED_METRICS.map(({ name }) => name)),
  fc.constantFrom(...TRADESIM_KEYS.keys()),
  fc.constantFrom(
    ...["", "__proto__", "constructor", "up", "scrape_samples_scraped", "ALERTS"],
    ...["ALERTS_FOR_STATE", "uptime", "evil metric", "a:b", "simulation_etat", "nouvelle"],
    ...["temps_simulation_tour_seconds_count", "process_start_time_seconds", "fini"],
  ),
);
const anyKeys = fc.tuple(
  fc.dictionary(anyKey, anyValue, { maxKeys: 12 }),
  fc.record(structured, { requiredKeys: [] }),
).map(([plain, more]) => ({ ...plain, ...more }));
const anyReport = fc.oneof(
  fc.tuple(anyKeys, anyName, fc.nat(30), anyNumber).map(([keys, session, turn, timestamp]) => ({
    ...keys,
    type: "tradesim.report",
    version: 1,
    session,
    rapport: turn,
    tour: turn,
    timestamp,
  })),
  fc.tuple(anyKeys, anyName, fc.nat(30)).map(([keys, session_id, turn]) => ({
    ...keys,
    session_id,
    tick: turn,
    tour_actuel: turn + 1,
  })),
);

const games = fc.array(anyReport, { minLength: 1, maxLength: 15 });

/** An exporter without its ports: reports go in, texts come out. */
function createCore(bySession: boolean, now: () => number) {
  const { log, lines } = captureLog();
  const history = new History({ maxTurns: 100 });
  const model = new Model({
    ...OPTIONS,
    bySession,
    onEvicted: (session) => history.forget(session),
  });
  const telemetry = createTelemetry();
  const intake = new Intake({
    model,
    history,
    telemetry,
    read: READ,
  });
  const exposition = new Exposition({
    model,
    system: { version: 0, families: () => [] },
    telemetry,
    maxSeries: 1e6,
    log,
    now,
    gzip: (bytes) => Promise.resolve(bytes),
  });
  const answers = new Answers({
    model,
    history,
    telemetry,
    system: () => new Map(),
    version: "0",
    started: 0,
    command: "deno task",
    telemetryPath: "/metrics",
    now,
  });
  return { model, intake, exposition, answers, lines };
}

const CATALOGUE = new Map(METRICS.map(({ name, type }) => [name, type]));
const OWN = /^(tradesim_exporter|process)_/;

/** The game's series of a text that is in the format, by name and labels. */
function seriesOf(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const { name, labels, value } of readScrape(text).samples) {
    const key = JSON.stringify([name, Object.entries(labels).toSorted()]);
    assert.ok(!series.has(key), `${key} is there twice`);
    assert.ok(Number.isFinite(value), `${key} is ${value}`);
    if (!OWN.test(name)) series.set(key, value);
  }
  return series;
}

/** Counters, by the TYPE lines of the text. */
function countersOf(text: string): Set<string> {
  const found = [...text.matchAll(/^# TYPE (\S+) (counter|histogram|summary)$/gm)];
  return new Set(
    found.flatMap(([, name]) => [
      name!,
      ...["_bucket", "_sum", "_count"].map((suffix) => name + suffix),
    ]),
  );
}

Deno.test(`any reports leave metrics and page readable, seed ${SEED} (set FUZZ_SEED for another)`, async () => {
  const folder = Deno.makeTempDirSync();
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), games, async (bySession, reports) => {
        let clock = 1_795_900_000;
        const core = createCore(bySession, () => clock);
        let before = new Map<string, number>();
        for (const report of reports) {
          // As it comes over the wire; what JSON cannot say is null there.
          const value = JSON.parse(JSON.stringify(report));
          try {
            core.intake.take(value, "post", clock++);
          } catch (error) {
            assert.ok(error instanceof Refused, String(error));
          }
          const text = await core.exposition.text();
          const series = seriesOf(text);
          const counters = countersOf(text);
          for (const key of series.keys()) {
            const [name] = JSON.parse(key);
            const isKnown = CATALOGUE.has(name.replace(/_(bucket|sum|count)$/, "")) ||
              CATALOGUE.has(name);
            const isExtra = Object.hasOwn(report, name) || TRADESIM_KEYS.has(name) ||
              reports.some((other) => Object.hasOwn(other, name));
            assert.ok(isKnown || isExtra, name);
            assert.doesNotMatch(name, /^(up$|scrape_|ALERTS)/);
          }
          for (const [key, value] of before) {
            const [name] = JSON.parse(key);
            // Where games have series of their own, those of a forgotten one go, and "autres" grows.
            const isGone = bySession && !series.has(key);
            if (counters.has(name) && !isGone) {
              assert.ok(series.get(key)! >= value, `${key} fell to ${series.get(key)}`);
            }
          }
          before = series;
        }
        const page = JSON.stringify([
          core.answers.sessions(),
          ...[...core.model.sessions.keys()].map((session) => [
            core.answers.state(session),
            core.answers.turns(session, 0, 100),
          ]),
        ]);
        assert.doesNotThrow(() => JSON.parse(page));
        assert.deepEqual(core.lines.filter((line) => line.startsWith("level=error")), []);

        const path = `${folder}/${run++}.json`;
        const options = { path, maxSessions: 1000, log: captureLog().log };
        const state = openState(options);
        assert.ok(state.save(core.model.state(), []));
        await state.synced();
        state.close();
        const next = createCore(bySession, () => clock);
        const again = openState(options);
        next.model.restore(again.saved!.model);
        again.close();
        assert.deepEqual(
          seriesOf(await next.exposition.text()),
          seriesOf(await core.exposition.text()),
        );
      }),
      { seed: SEED, numRuns: RUNS },
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
