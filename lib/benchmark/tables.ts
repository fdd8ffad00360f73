/** Shows results as text: units, signs, rows and the verdict. @module */

import { bytes, percent } from "../text/mod.ts";
import {
  type Benchmark,
  type Budget,
  pairsOf,
  pooled,
  type Result,
  type Round,
  type Run,
  type Variant,
  type Verdict,
  verdict,
  type World,
  WORLDS,
} from "./result.ts";
import type { Durations } from "./statistics.ts";

const TIME_UNITS = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]] as const;
type Unit = (typeof TIME_UNITS)[number];

/** The unit in which a time has one to three digits before the point. */
function unitFor(seconds: number): Unit {
  return TIME_UNITS.find(([size]) => Math.abs(seconds) >= size) ?? TIME_UNITS[3];
}

/** Three digits that mean something, but none smaller than a thousandth. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

function signed(text: string): string {
  if (/^-?[0.]+$/.test(text)) return text.replace("-", "");
  return text.startsWith("-") ? text : `+${text}`;
}

export function time(seconds: number | null): string {
  if (seconds === null) return "-";
  const [size, unit] = unitFor(seconds);
  return `${digits(seconds / size)} ${unit}`;
}

/** A number with its sign, in the unit that fits `scale`. */
interface Signed {
  readonly number: string;
  readonly unit: string;
}

/** A mean with enough digits to distinguish runs. */
export function fineTime(seconds: number): string {
  const [size, unit] = unitFor(seconds);
  return `${(seconds / size).toPrecision(4)} ${unit}`;
}

/** A round number without the zeros behind the point. */
export function tickTime(seconds: number): string {
  const [size, unit] = unitFor(seconds * 1.001);
  return `${Number(digits(seconds / size))} ${unit}`;
}

export function addedTime(seconds: number, scale: number): Signed {
  const [size, unit] = unitFor(scale);
  return { number: signed(digits(seconds / size)), unit };
}

export function addedShare(ratio: number): Signed {
  return { number: signed((100 * ratio).toFixed(2)), unit: "%" };
}

export function inWords({ number, unit }: Signed): string {
  return `${number} ${unit}`;
}

/** An overhead with its interval, in one unit. */
function withInterval(
  value: number,
  [low, high]: readonly [number, number],
  show: (value: number, scale: number) => Signed,
): string {
  const scale = Math.max(Math.abs(low), Math.abs(high));
  return `${inWords(show(value, scale))} [${show(low, scale).number}, ${show(high, scale).number}]`;
}

function whole(value: number): string {
  return value.toLocaleString("en-GB").replaceAll(",", "\u202f");
}

/** What an exporter and its reports took during runs. */
interface Use {
  readonly reportsPerSecond: number;
  /** Cores: 1 = one core wholly busy. */
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly scrapes: Durations;
}

function useOf(runs: readonly Run[]): Use {
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
  const watched = sum((run) => run.exporter_seconds);
  return {
    reportsPerSecond: watched > 0 ? sum((run) => run.reports) / watched : 0,
    cpu: watched > 0 ? sum((run) => run.exporter_cpu_seconds) / watched : 0,
    memoryBytes: runs.reduce((most, run) => Math.max(most, run.exporter_memory_bytes), 0),
    scrapes: pooled(runs, "scrape_seconds"),
  };
}

/** Columns of the table, after the first one; the terminal shows them in two parts. */
export const TURN_COLUMNS = [
  "p50",
  "p95",
  "p99",
  "added to a turn [95 %]",
  "ratio [95 %]",
] as const;
export const REPORT_COLUMNS = [
  "report p50",
  "report p99",
  "reports/s",
  "exporter CPU",
  "memory",
  "scrape p99",
] as const;

interface TableRow {
  readonly variant: Variant;
  readonly cells: readonly string[];
}

function tableRow(rounds: readonly Round[], result: Result): TableRow {
  const { p50, p95, p99 } = result.turn_seconds_on;
  const use = useOf(pairsOf(rounds, result.world, result.publisher).map(({ on }) => on));
  return {
    variant: result.publisher,
    cells: [
      time(p50),
      time(p95),
      time(p99),
      withInterval(
        result.overhead_seconds_per_turn,
        result.overhead_seconds_per_turn_ci95,
        addedTime,
      ),
      withInterval(result.overhead_ratio, result.overhead_ratio_ci95, addedShare),
      time(result.publish_seconds.p50),
      time(result.publish_seconds.p99),
      use.reportsPerSecond > 0 ? digits(use.reportsPerSecond) : "-",
      use.cpu > 0 ? percent(use.cpu, 1) : "-",
      use.memoryBytes > 0 ? bytes(use.memoryBytes) : "-",
      use.scrapes.count > 0 ? time(use.scrapes.quantile(0.99)) : "-",
    ],
  };
}

/** What a table shows of one world; a row without monitoring is the first. */
export interface WorldTable {
  readonly world: World;
  readonly title: string;
  readonly results: readonly Result[];
  readonly rows: readonly TableRow[];
}

export function worldTables({ results, raw_rounds: rounds }: Benchmark): WorldTable[] {
  return WORLDS.flatMap((world) => {
    const inWorld = results.filter((result) => result.world === world);
    const [first] = inWorld;
    if (first === undefined) return [];
    const { p50, p95, p99 } = first.turn_seconds_off;
    const off: TableRow = {
      variant: "off",
      cells: [time(p50), time(p95), time(p99)],
    };
    return [{
      world,
      title: `${world}: ${whole(first.turns)} turns, ${first.rounds} rounds`,
      results: inWorld,
      rows: [off, ...inWorld.map((result) => tableRow(rounds, result))],
    }];
  });
}

export const VERDICT_WORDS = { 0: "Conclusive", 1: "Above the budget", 3: "Inconclusive" } as const;

function verdictText({ exitCode, reasons }: Verdict): string {
  return [VERDICT_WORDS[exitCode], ...reasons].join("\n  ");
}

function textTable(
  tables: readonly WorldTable[],
  columns: readonly string[],
  cellsOf: (row: TableRow) => readonly string[],
): string[] {
  const groups = tables.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => ({ variant: row.variant, cells: cellsOf(row) })),
  }));
  const widths = columns.map((column, index) =>
    groups.flatMap(({ rows }) => rows)
      .reduce((most, { cells }) => Math.max(most, cells[index]?.length ?? 0), column.length)
  );
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(9) + cells.map((cell, index) => "  " + cell.padStart(widths[index]!)).join("");
  return groups.flatMap(({ title, rows }) => [
    title,
    line("", columns),
    ...rows.filter(({ cells }) => cells.some((cell) => cell !== "-"))
      .map(({ variant, cells }) => line(`  ${variant}`, cells)),
    "",
  ]);
}

/** The results as lines of plain text, each ended by a newline, and the verdict below them. */
export function formatTable(benchmark: Benchmark, budget?: Budget): string {
  const tables = worldTables(benchmark);
  const turnWidth = TURN_COLUMNS.length;
  return [
    ...textTable(tables, TURN_COLUMNS, ({ cells }) => cells.slice(0, turnWidth)),
    ...textTable(tables, REPORT_COLUMNS, ({ cells }) => cells.slice(turnWidth)),
    verdictText(verdict(benchmark.results, budget)),
    "",
  ].join("\n");
}
