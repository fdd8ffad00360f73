/** Tests of the counters of the exporter's own work. @module */

import assert from "node:assert/strict";
import { EXPORTER_METRICS, type Metric } from "../../lib/catalogue/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { valueOf } from "../harness/exporter.ts";

const METRICS: readonly Metric[] = EXPORTER_METRICS;

Deno.test("text() declares every metric of the exporter with its type and help", async () => {
  const text = await createTelemetry().text();
  const always = METRICS.filter(({ option }) => option === undefined);
  for (const { name, type, help } of always) {
    assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
  }
  assert.equal(text.match(/^# TYPE/gm)?.length, always.length);
});

Deno.test("text() has a metric of an option once it is used, without anything counted too", async () => {
  const telemetry = createTelemetry();
  const name = "tradesim_exporter_remote_write_samples_sent_total";
  assert.equal(valueOf(await telemetry.text(), name), undefined);
  telemetry.count(name, {}, 0);
  assert.equal(valueOf(await telemetry.text(), name), 0);
});

Deno.test("count(), set() and observe() show in the next text", async () => {
  const telemetry = createTelemetry();
  const [taken, series] = [
    "tradesim_exporter_reports_taken_total",
    "tradesim_exporter_series",
  ] as const;
  const duration = "tradesim_exporter_report_duration_seconds";
  assert.equal(valueOf(await telemetry.text(), `${taken}{source="post"}`), undefined);
  telemetry.count(taken, { source: "post" }, 0);
  assert.equal(valueOf(await telemetry.text(), `${taken}{source="post"}`), 0);
  telemetry.count(taken, { source: "post" });
  telemetry.count(taken, { source: "post" }, 4);
  telemetry.count(taken, { source: "follow" });
  telemetry.set(series, 7, { state: "exposed" });
  telemetry.set(series, 5, { state: "exposed" });
  telemetry.observe(duration, 0.002, { source: "post" });
  telemetry.observe(duration, 0.004, { source: "post" });
  telemetry.count("tradesim_exporter_unknown_keys_total");
  const text = await telemetry.text();
  const expected = {
    [`${taken}{source="post"}`]: 5,
    [`${taken}{source="follow"}`]: 1,
    [`${series}{state="exposed"}`]: 5,
    [`${duration}_count{source="post"}`]: 2,
    [`${duration}_sum{source="post"}`]: 0.006,
    [`${duration}_bucket{le="0.001",source="post"}`]: 0,
    [`${duration}_bucket{le="0.0025",source="post"}`]: 1,
    [`${duration}_bucket{le="+Inf",source="post"}`]: 2,
    "tradesim_exporter_unknown_keys_total": 1,
  };
  for (const [series, value] of Object.entries(expected)) {
    assert.equal(valueOf(text, series), value, series);
  }
});

Deno.test("text() is made anew for a counter or a gauge, and not for a histogram alone", async () => {
  const telemetry = createTelemetry();
  const first = telemetry.text();
  assert.equal(telemetry.text(), first, "nothing has changed");
  telemetry.observe("tradesim_exporter_scrape_duration_seconds", 1);
  assert.equal(telemetry.text(), first, "a histogram has changed");
  telemetry.count("tradesim_exporter_unknown_keys_total");
  const second = telemetry.text();
  assert.notEqual(second, first, "a counter has changed");
  telemetry.set("process_heap_bytes", 5);
  const third = telemetry.text();
  assert.notEqual(third, second, "a gauge has changed");
  assert.match(await third, /^process_heap_bytes 5$/m);
  assert.match(await third, /^tradesim_exporter_scrape_duration_seconds_count 1$/m);
});

Deno.test("text() has what was counted before it, and later texts what was counted meanwhile", async () => {
  const telemetry = createTelemetry();
  const name = "tradesim_exporter_unknown_keys_total";
  telemetry.count(name);
  const first = telemetry.text();
  telemetry.count(name);
  const second = telemetry.text();
  assert.ok(valueOf(await first, name)! >= 1);
  assert.equal(valueOf(await second, name), 2);
});

Deno.test("beforeRender() is called once per rendering, and what it sets is in that text", async () => {
  const telemetry = createTelemetry();
  let calls = 0;
  telemetry.beforeRender(() => telemetry.set("process_heap_bytes", ++calls));
  assert.equal(valueOf(await telemetry.text(), "process_heap_bytes"), 1);
  assert.equal(valueOf(await telemetry.text(), "process_heap_bytes"), 1);
  telemetry.count("tradesim_exporter_unknown_keys_total");
  assert.equal(valueOf(await telemetry.text(), "process_heap_bytes"), 2);
});

Deno.test("createTelemetry() shares nothing with another", async () => {
  const [one, other] = [createTelemetry(), createTelemetry()];
  one.count("tradesim_exporter_unknown_keys_total");
  assert.equal(valueOf(await other.text(), "tradesim_exporter_unknown_keys_total"), 0);
});

Deno.test("values() has one number per name: sums over labels, sum and count of histograms", async () => {
  const telemetry = createTelemetry();
  telemetry.beforeRender(() => telemetry.set("process_heap_bytes", 7));
  const reports = "tradesim_exporter_reports_taken_total";
  telemetry.count(reports, { source: "post" }, 2);
  telemetry.count(reports, { source: "follow" }, 3);
  const duration = "tradesim_exporter_report_duration_seconds";
  telemetry.observe(duration, 0.25, { source: "post" });
  telemetry.observe(duration, 0.5, { source: "follow" });
  const values = await telemetry.values();
  assert.equal(values.get(reports), 5);
  assert.equal(values.get("process_heap_bytes"), 7);
  assert.equal(values.get(`${duration}_sum`), 0.75);
  assert.equal(values.get(`${duration}_count`), 2);
  assert.deepEqual([...values.keys()].filter((name) => name.endsWith("_bucket")), []);
});
