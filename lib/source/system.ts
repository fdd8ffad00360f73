/** Reads the machine and the exporter's process at an interval, never during a scrape. @module */

import { statfsSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import type { Log } from "../log/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";

/** Names of what {@linkcode startSystem} reads; the catalogue has an entry for each. */
export type SystemMetricName =
  | "cpu_usage_percent"
  | "memory_usage_bytes"
  | "memory_usage_percent"
  | "disk_usage_percent"
  | "load_average_1m"
  | "load_average_5m"
  | "load_average_15m"
  | "process_uptime_seconds";

export interface SystemReader {
  /** Changes with every reading. */
  readonly version: number;
  /** The last readings by name of the metric. One that failed, or needs a second reading, is absent. */
  readonly values: ReadonlyMap<string, number>;
  close(): void;
}

/** Processor time is counted in steps of 10 ms, so the first difference is taken after a second. */
const FIRST_INTERVAL_MS = 1000;

/** Time of all processors since the machine started, in milliseconds. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

function readCpuTimes(): CpuTimes {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.irq + times.idle;
    total += all;
    busy += all - times.idle;
  }
  return { busy, total };
}

/** Busy share of the processor time between two readings, in percent; undefined if no time has passed. */
export function cpuUsagePercent(before: CpuTimes, after: CpuTimes): number | undefined {
  const total = after.total - before.total;
  return total > 0 ? 100 * Math.max(0, after.busy - before.busy) / total : undefined;
}

/** Used share of a file system, of what users may use, in percent, like `df`. */
export function diskUsagePercent(
  { blocks, bfree, bavail }: { blocks: number; bfree: number; bavail: number },
): number | undefined {
  const used = blocks - bfree;
  return used + bavail > 0 ? 100 * used / (used + bavail) : undefined;
}

const ROOT = Deno.build.os === "windows" ? "C:\\" : "/";

type Values = Map<SystemMetricName, number>;

/** Functions that read the values, by the name of the source in the log. */
function createSources(): Readonly<Record<string, (values: Values) => void>> {
  let cpuTimes: CpuTimes | undefined;
  return {
    cpus(values) {
      const times = readCpuTimes();
      const usage = cpuTimes && cpuUsagePercent(cpuTimes, times);
      cpuTimes = times;
      if (usage !== undefined) values.set("cpu_usage_percent", usage);
    },
    memory(values) {
      const { total, available } = Deno.systemMemoryInfo();
      values.set("memory_usage_bytes", total - available);
      values.set("memory_usage_percent", 100 * (total - available) / total);
    },
    disk(values) {
      const usage = diskUsagePercent(statfsSync(ROOT));
      if (usage !== undefined) values.set("disk_usage_percent", usage);
    },
    load(values) {
      const [one, five, fifteen] = Deno.loadavg();
      values.set("load_average_1m", one!);
      values.set("load_average_5m", five!);
      values.set("load_average_15m", fifteen!);
    },
  };
}

/**
 * Reads now, after a second, and then every `interval` seconds. A source that fails is logged once
 * and leaves its series out.
 */
export function startSystem(interval: number, log: Log): SystemReader {
  const started = performance.now();
  const sources = createSources();
  const failed = new Set<string>();
  let values: Values = new Map();
  let version = 0;

  function read(): void {
    const next: Values = new Map();
    for (const [source, readInto] of Object.entries(sources)) {
      try {
        readInto(next);
      } catch (error) {
        if (!failed.has(source)) {
          log.warn("Cannot read a system source", { source, error: String(error) });
        }
        failed.add(source);
      }
    }
    next.set("process_uptime_seconds", (performance.now() - started) / 1000);
    values = next;
    version++;
  }

  read();
  let timer: ReturnType<typeof setTimeout>;
  const again = (delay: number) => {
    timer = setTimeout(() => {
      read();
      again(interval * 1000);
    }, delay);
    Deno.unrefTimer(timer);
  };
  again(Math.min(FIRST_INTERVAL_MS, interval * 1000));
  return {
    get version() {
      return version;
    },
    get values() {
      return values;
    },
    close: () => clearTimeout(timer),
  };
}

/** How often the lag of the event loop is measured: often enough for short delays, and cheap when idle. */
const LAG_INTERVAL_MS = 100;

/** Reports the exporter's own processor time, memory and event-loop lag; returns how to stop. */
export function watchProcess(telemetry: Telemetry): () => void {
  const start = Date.now() / 1000 - performance.now() / 1000;
  telemetry.countFrom("process_cpu_seconds_total", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  telemetry.beforeRender(() => {
    const { rss, heapUsed } = Deno.memoryUsage();
    telemetry.set("process_resident_memory_bytes", rss);
    telemetry.set("process_heap_bytes", heapUsed);
    telemetry.set("process_start_time_seconds", start);
  });
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const late = Math.max(0, now - last - LAG_INTERVAL_MS);
    telemetry.observe("tradesim_exporter_event_loop_lag_seconds", late / 1000);
    last = now;
  }, LAG_INTERVAL_MS);
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}
