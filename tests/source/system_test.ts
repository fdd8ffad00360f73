/** Tests of the readings of the machine and of the exporter's own process. @module */

import { until } from "../harness/waiting.ts";
import assert from "node:assert/strict";
import process from "node:process";
import { SYSTEM_METRICS } from "../../lib/catalogue/mod.ts";
import {
  cpuUsagePercent,
  diskUsagePercent,
  startSystem,
  watchProcess,
} from "../../lib/source/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { valueOf } from "../harness/exporter.ts";
import { captureLog } from "../log/capture.ts";

Deno.test("cpuUsagePercent() is the busy share of the time between two readings", () => {
  const cases: Record<string, [busy: number, total: number, number | undefined]> = {
    "idle": [0, 100, 0],
    "half": [50, 100, 50],
    "full": [100, 100, 100],
    "no time has passed": [0, 0, undefined],
    "time goes back": [10, -100, undefined],
    "busy time goes back": [-1, 100, 0],
  };
  for (const [name, [busy, total, expected]] of Object.entries(cases)) {
    const before = { busy: 1000, total: 5000 };
    const after = { busy: 1000 + busy, total: 5000 + total };
    assert.equal(cpuUsagePercent(before, after), expected, name);
  }
});

Deno.test("diskUsagePercent() counts as df does: without what only root may use", () => {
  const cases: Record<string, [number, number, number, number | undefined]> = {
    "empty": [100, 100, 95, 0],
    "full": [100, 5, 0, 100],
    "half of what users may use": [100, 55, 45, 50],
    "no file system": [0, 0, 0, undefined],
  };
  for (const [name, [blocks, bfree, bavail, expected]] of Object.entries(cases)) {
    assert.equal(diskUsagePercent({ blocks, bfree, bavail }), expected, name);
  }
});

Deno.test("startSystem() reads every metric of the catalogue, again and again, until it is closed", async () => {
  const { log, lines } = captureLog();
  const system = startSystem(0.03, log);
  try {
    const first = system.version;
    assert.ok(system.values.has("memory_usage_bytes"), "read at once");
    assert.equal(system.values.has("cpu_usage_percent"), false, "needs a second reading");
    const uptime = system.values.get("process_uptime_seconds")!;
    await until("a second reading", () => system.values.has("cpu_usage_percent"));
    assert.ok(system.version > first);
    assert.deepEqual(
      [...system.values.keys()].sort(),
      SYSTEM_METRICS.map(({ name }) => name).sort(),
    );
    assert.ok(system.values.get("process_uptime_seconds")! > uptime);
    for (const [name, value] of system.values) {
      assert.ok(Number.isFinite(value) && value >= 0, name);
      if (name.endsWith("_percent")) assert.ok(value <= 100, name);
    }
    const { total } = Deno.systemMemoryInfo();
    assert.ok(system.values.get("memory_usage_bytes")! < total);
    assert.deepEqual(lines, []);
  } finally {
    system.close();
  }
  const last = system.version;
  await new Promise((next) => setTimeout(next, 100));
  assert.equal(system.version, last);
});

Deno.test("startSystem() leaves out what cannot be read, and logs it once", async () => {
  const { log, lines } = captureLog();
  const loadavg = Deno.loadavg;
  Deno.loadavg = () => {
    throw new Deno.errors.NotCapable("no");
  };
  const system = startSystem(0.02, log);
  try {
    const first = system.version;
    await until("two more readings", () => system.version >= first + 2);
    assert.equal(system.values.has("load_average_1m"), false);
    assert.ok(system.values.has("disk_usage_percent"));
    assert.deepEqual(lines, [
      'level=warn msg="Cannot read a system source" source=load error="NotCapable: no"',
    ]);
  } finally {
    system.close();
    Deno.loadavg = loadavg;
  }
});

Deno.test("watchProcess() shows the process' own time, memory and lag", async () => {
  const telemetry = createTelemetry();
  const stop = watchProcess(telemetry);
  try {
    const lag = "tradesim_exporter_event_loop_lag_seconds_count";
    let text = await telemetry.text();
    await until("the lag", async () => {
      telemetry.count("tradesim_exporter_unknown_keys_total");
      text = await telemetry.text();
      return valueOf(text, lag)! > 0;
    });
    assert.ok(valueOf(text, "process_cpu_seconds_total")! > 0);
    assert.ok(valueOf(text, "process_resident_memory_bytes")! > 1e6);
    assert.ok(valueOf(text, "process_heap_bytes")! > 1e5);
    const start = valueOf(text, "process_start_time_seconds")!;
    assert.ok(start <= Date.now() / 1000 && start > Date.now() / 1000 - 3600);
    for (let i = 0; i < 3; i++) {
      telemetry.count("tradesim_exporter_unknown_keys_total");
      text = await telemetry.text();
    }
    const { user, system } = process.cpuUsage();
    // Counted by differences, however often it is asked for.
    assert.ok(valueOf(text, "process_cpu_seconds_total")! <= (user + system) / 1e6);
  } finally {
    stop();
  }
});
