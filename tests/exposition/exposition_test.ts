/** Tests of what a scrape is answered with: always of now, and made only when something changed. @module */

import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { metric } from "../../lib/catalogue/mod.ts";
import { Exposition, type ExpositionOptions } from "../../lib/exposition/mod.ts";
import { Model, plainFamily } from "../../lib/model/mod.ts";
import { createTelemetry, type Telemetry } from "../../lib/telemetry/mod.ts";
import { valueOf } from "../harness/exporter.ts";
import { captureLog } from "../log/capture.ts";
import { report } from "../model/reports.ts";

/** A model that counts how often it is asked for its families. */
class CountingModel extends Model {
  asked = 0;
  override families(now: number) {
    this.asked++;
    return super.families(now);
  }
}

function setUp(options: Partial<ExpositionOptions> = {}) {
  const model = new CountingModel({
    breakdowns: [],
    bySession: false,
    detail: false,
    allKeys: false,
    maxSessions: 100,
    staleAfter: 60,
  });
  const system = {
    version: 0,
    load: 1,
    families: () => [plainFamily(metric("load_average_1m"), system.load)],
  };
  const telemetry = createTelemetry();
  const { log, lines } = captureLog();
  const clock = { now: 1000 };
  const gzipped: number[] = [];
  const exposition = new Exposition({
    model,
    system,
    telemetry,
    maxSeries: 10_000,
    log,
    now: () => clock.now,
    gzip: (bytes) => {
      gzipped.push(bytes.length);
      return Promise.resolve(new Uint8Array(gzipSync(bytes)));
    },
    ...options,
  });
  const take = (
    order: number,
    changes: Parameters<typeof report>[0] = {},
    tables?: Parameters<typeof model.take>[2],
  ) =>
    model.take(
      report({ order, values: { transactions_total: order }, ...changes }),
      clock.now,
      tables,
    );
  return { model, system, telemetry, lines, clock, gzipped, exposition, take };
}

const isOwn = (name: string) => /^(tradesim_exporter|process)_/.test(name);

/** Series of game and system in a text, as Prometheus would count them. */
const countSeries = (text: string) =>
  (text.match(/^[^#\n].*/gm) ?? []).filter((line) => !isOwn(line)).length;

Deno.test("text() has game, system and the exporter's own series, game and system by name", async () => {
  const { exposition, take } = setUp();
  take(3);
  const text = await exposition.text();
  assert.equal(valueOf(text, "transactions_total"), 3);
  assert.equal(valueOf(text, "load_average_1m"), 1);
  assert.equal(valueOf(text, "tradesim_exporter_state_errors_total"), 0);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!)
    .filter((name) => !isOwn(name));
  assert.ok(names.length > 10);
  assert.deepEqual(names, names.toSorted());
  assert.ok(text.endsWith("\n"));
});

Deno.test("text() shows a report that was taken before it was asked for", async () => {
  const { exposition, take } = setUp();
  for (let turn = 1; turn <= 5; turn++) {
    take(turn);
    assert.equal(valueOf(await exposition.text(), "transactions_total"), turn);
  }
});

Deno.test("text() shows a report that was taken while another scrape waits for telemetry", async () => {
  const held: PromiseWithResolvers<void>[] = [];
  const real = createTelemetry();
  const telemetry: Telemetry = {
    ...real,
    async text() {
      const wait = Promise.withResolvers<void>();
      held.push(wait);
      const text = await real.text();
      await wait.promise;
      return text;
    },
  };
  const { exposition, take } = setUp({ telemetry });
  /** Lets telemetry answer until nobody waits for it. */
  const release = async (order: "oldest" | "newest") => {
    while (held.length > 0) {
      (order === "oldest" ? held.shift()! : held.pop()!).resolve();
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
  };
  for (const order of ["oldest", "newest"] as const) {
    const base = order === "oldest" ? 0 : 10;
    const scrapes: [number, Promise<string>][] = [];
    for (let turn = base + 1; turn <= base + 5; turn++) {
      take(turn);
      scrapes.push([turn, exposition.text()]);
      for (let i = 0; i < turn; i++) await Promise.resolve();
    }
    await release(order);
    for (const [turn, scrape] of scrapes) {
      const shown = valueOf(await scrape, "transactions_total")!;
      assert.ok(shown >= turn, `${order} first: turn ${turn}, shown ${shown}`);
    }
  }
});

Deno.test("text() renders nothing when nothing has changed", async () => {
  const { exposition, take, model, system, clock } = setUp();
  take(1);
  // The first rendering finds out how many series there are.
  await exposition.text();
  const first = await exposition.text();
  const asked = model.asked;
  clock.now += 5;
  assert.equal(await exposition.text(), first);
  assert.equal(model.asked, asked);
  assert.equal(take(1).outcome, "repeat");
  await exposition.text();
  assert.equal(model.asked, asked, "a repeated report");
  take(2);
  await Promise.all([exposition.text(), exposition.text(), exposition.text()]);
  assert.equal(model.asked, asked + 1, "a report");
  system.load = 7;
  assert.equal(valueOf(await exposition.text(), "load_average_1m"), 1, "not read anew yet");
  system.version++;
  assert.equal(valueOf(await exposition.text(), "load_average_1m"), 7);
  assert.equal(model.asked, asked + 2, "a reading of the system");
});

Deno.test("text() is made anew when a session falls silent or becomes stale", async () => {
  const { exposition, take, clock } = setUp();
  take(1, { values: { budget_total: 5 } });
  const states = async (now: number) => {
    clock.now = now;
    const text = await exposition.text();
    return ["running", "silent"].map((state) => valueOf(text, `simulation_etat{etat="${state}"}`))
      .concat(valueOf(text, "budget_total"));
  };
  assert.deepEqual(await states(1000), [1, 0, 5]);
  assert.deepEqual(await states(1009.9), [1, 0, 5]);
  assert.deepEqual(await states(1010), [0, 1, 5]);
  assert.deepEqual(await states(1060), [0, 0, undefined]);
});

Deno.test("text() counts the series that are shown", async () => {
  const { exposition, take } = setUp();
  for (let turn = 1; turn <= 3; turn++) {
    take(turn);
    const text = await exposition.text();
    assert.equal(valueOf(text, 'tradesim_exporter_series{state="exposed"}'), countSeries(text));
    assert.equal(valueOf(text, 'tradesim_exporter_series{state="dropped"}'), 0);
  }
});

Deno.test("text() keeps to the limit, counts what is dropped, and says so once a family", async () => {
  const { exposition, take, lines } = setUp({ maxSeries: 1000 });
  const detail = (rows: number) =>
    new Map([["produit_prix", {
      labels: Array.from({ length: rows }, (_, index) => [`P${index}`]),
      values: new Array<number>(rows).fill(1),
    }]]);
  take(1, {}, detail(100));
  assert.match(await exposition.text(), /^produit_prix\{/m);
  assert.deepEqual(lines, []);
  take(2, {}, detail(2000));
  const text = await exposition.text();
  assert.doesNotMatch(text, /produit_prix/);
  assert.equal(valueOf(text, 'tradesim_exporter_series{state="dropped"}'), 2000);
  assert.ok(countSeries(text) <= 1000);
  assert.equal(valueOf(text, "tours_completes"), 2);
  take(3, {}, detail(2001));
  await exposition.text();
  assert.deepEqual(lines, [
    'level=warn msg="Too many series: whole metric families are dropped; see --max-series" ' +
    "limit=1000 series=2000 families=produit_prix",
  ]);
});

Deno.test("bytes() and gzip() are the text, and made once per text", async () => {
  const { exposition, take } = setUp();
  take(1, { session: "é" });
  await exposition.text();
  const text = await exposition.text();
  const [bytes, compressed] = [await exposition.bytes(), await exposition.gzip()];
  assert.equal(new TextDecoder().decode(bytes), text);
  assert.equal(gunzipSync(compressed).toString(), text);
  assert.equal(await exposition.bytes(), bytes);
  assert.equal(await exposition.gzip(), compressed);
  take(2, { session: "é" });
  assert.equal(valueOf(gunzipSync(await exposition.gzip()).toString(), "transactions_total"), 2);
  assert.equal(
    valueOf(new TextDecoder().decode(await exposition.bytes()), "transactions_total"),
    2,
  );
});

Deno.test("gzip() hands only large texts to the thread, once per text for all who ask", async () => {
  const { exposition, take, gzipped } = setUp();
  take(1);
  await exposition.gzip();
  assert.deepEqual(gzipped, [], "small");
  const detail = new Map([["produit_prix", {
    labels: Array.from({ length: 2000 }, (_, index) => [`Produit ${index}`]),
    values: new Array<number>(2000).fill(1),
  }]]);
  take(2, {}, detail);
  await exposition.text();
  const all = await Promise.all(Array.from({ length: 5 }, () => exposition.gzip()));
  assert.equal(gzipped.length, 1);
  assert.ok(all.every((one) => one === all[0]));
  const text = gunzipSync(all[0]!).toString();
  assert.equal(gzipped[0], new TextEncoder().encode(text).length);
  assert.equal(valueOf(text, 'produit_prix{produit="Produit 1999"}'), 1);
  take(3);
  await exposition.gzip();
  assert.equal(gzipped.length, 2);
});
