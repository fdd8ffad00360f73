/** The metrics of the machine and of the exporter's own process. @module */

import type { Metric } from "./metric.ts";

export const SYSTEM_METRICS: readonly Metric[] = [
  {
    name: "cpu_usage_percent",
    type: "gauge",
    unit: "percent",
    help: "Share of the machine's processors that was busy over the last interval, in percent.",
    group: "system",
    origin: "`os.cpus()`, the difference of two readings",
  },
  {
    name: "memory_usage_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory of the machine that is not available to new programs, in bytes.",
    group: "system",
    origin: "`Deno.systemMemoryInfo()`",
  },
  {
    name: "memory_usage_percent",
    type: "gauge",
    unit: "percent",
    help: "Share of the machine's memory that is not available to new programs, in percent.",
    group: "system",
    origin: "`Deno.systemMemoryInfo()`",
  },
  {
    name: "disk_usage_percent",
    type: "gauge",
    unit: "percent",
    help: "Used share of the root file system, of the space that users may use, in percent.",
    group: "system",
    origin: "`statfs`",
  },
  ...([["1m", "1 minute"], ["5m", "5 minutes"], ["15m", "15 minutes"]] as const).map((
    [suffix, span],
  ): Metric => ({
    name: `load_average_${suffix}`,
    type: "gauge",
    unit: "tasks",
    help: `Runnable tasks of the machine, averaged over ${span}.`,
    group: "system",
    origin: "`Deno.loadavg()`",
  })),
  {
    name: "process_uptime_seconds",
    type: "gauge",
    unit: "seconds",
    help: "Time since the exporter started, in seconds.",
    group: "system",
    origin: "the clock",
  },
];
