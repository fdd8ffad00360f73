/**
 * Compares what the real program shows of two recorded reports with the files in tests/golden.
 * After a wanted change, look at what the flag `--update` makes of them:
 *
 *     deno task generate:golden
 *
 * @module
 */

import assert from "node:assert/strict";
import { EXPORTER_METRICS } from "../../lib/catalogue/mod.ts";
import { startExporter, valueOf } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/** The recorded reports, turns 1 and 5 of one game, a line of JSON each. */
const REPORTS = ["tour-001", "tour-005"].map((name) =>
  Deno.readTextFileSync(new URL(`../testdata/${name}.json`, import.meta.url)).trim()
);

/** Arguments by name of the golden file. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  detail: ["--detail"],
  labels: ["--labels", "continent,produit_type,session"],
  all_keys: ["--all-keys"],
};

/** Families that depend on the clock or the machine: in the golden files their values are `…`. */
const VARYING: ReadonlySet<string> = new Set([
  // The machine.
  "cpu_usage_percent",
  "disk_usage_percent",
  "load_average_1m",
  "load_average_5m",
  "load_average_15m",
  "memory_usage_bytes",
  "memory_usage_percent",
  // The process.
  "process_cpu_seconds_total",
  "process_heap_bytes",
  "process_resident_memory_bytes",
  "process_start_time_seconds",
  "process_uptime_seconds",
  // Durations.
  "tradesim_exporter_event_loop_lag_seconds",
  "tradesim_exporter_report_duration_seconds",
  "tradesim_exporter_scrape_duration_seconds",
  // The time of arrival.
  "simulation_dernier_rapport_timestamp_seconds",
]);

/** Families whose labels depend on the versions in use: they become `…` too. */
const VARYING_LABELS: ReadonlySet<string> = new Set(["tradesim_exporter_build_info"]);

/** Families that tell how the reports came; all others do not depend on it. */
const TELL_THE_SOURCE: ReadonlySet<string> = new Set([
  "tradesim_exporter_follow_bytes_total",
  "tradesim_exporter_followed_files",
  "tradesim_exporter_report_duration_seconds",
  "tradesim_exporter_reports_taken_total",
  "tradesim_exporter_turns_missed_total",
  "tradesim_exporter_turns_seen_total",
]);

/** The texts of a scrape's families, by name, each with its HELP, TYPE and series. */
function families(scrape: string): Map<string, string> {
  return new Map(
    scrape.split(/^(?=# HELP )/m).map((text) => [text.split(" ")[2] ?? "", text]),
  );
}

/** A scrape with `…` for all that varies. */
function golden(scrape: string): string {
  return Array.from(families(scrape), ([name, text]) => {
    if (VARYING.has(name)) return text.replaceAll(/^([^#].*) \S+$/gm, "$1 …");
    if (VARYING_LABELS.has(name)) return text.replaceAll(/"[^"]*"/g, '"…"');
    return text;
  }).join("");
}

/** The families of a scrape that do not tell how the reports came. */
function withoutSource(scrape: string): string {
  const entries = [...families(scrape)].filter(([name]) => !TELL_THE_SOURCE.has(name));
  return entries.map(([, text]) => text).join("");
}

/** Compares family by family, so that a difference is shown and not the whole text. */
function assertSame(actual: string, expected: string): void {
  const [actualFamilies, expectedFamilies] = [families(actual), families(expected)];
  for (const name of new Set([...actualFamilies.keys(), ...expectedFamilies.keys()])) {
    assert.equal(actualFamilies.get(name), expectedFamilies.get(name));
  }
  assert.equal(actual, expected);
}

/** Whether a line is a series of the exporter's own work, which no limit counts. */
function isOwn(line: string): boolean {
  const name = /^\w+/.exec(line)?.[0] ?? "";
  return EXPORTER_METRICS.some((entry) => name.startsWith(entry.name));
}

/**
 * Starts the program, hands the reports over one way, and takes a scrape that has everything. Each
 * scrape on the way there must count the series of the game and the machine right.
 */
async function scrapeOf(args: readonly string[], source: "post" | "follow"): Promise<string> {
  return await withTempDir(async (cwd) => {
    const file = `${cwd}/game.jsonl`;
    const exporter = await startExporter({ args: [...args, "--follow", file], cwd });
    try {
      for (const report of REPORTS) {
        if (source === "follow") await Deno.writeTextFile(file, `${report}\n`, { append: true });
        else {assert.equal(
            await (await exporter.post(report)).json().then((it) => it.status),
            "success",
          );}
      }
      // The last to come are followed reports and the processor's load, after a second.
      return await until("a scrape with both reports", async () => {
        const scrape = await exporter.scrape();
        assert.equal(
          valueOf(scrape, 'tradesim_exporter_series{state="exposed"}'),
          scrape.split("\n").filter((line) => /^\w/.test(line) && !isOwn(line)).length,
        );
        const taken = valueOf(scrape, `tradesim_exporter_reports_taken_total{source="${source}"}`);
        return taken === REPORTS.length && scrape.includes("\ncpu_usage_percent ") && scrape;
      });
    } finally {
      const { code, stderr } = await exporter.stop();
      assert.equal(code, 0, stderr);
    }
  });
}

for (const [name, args] of Object.entries(RUNS)) {
  const file = new URL(`../golden/${name}.prom`, import.meta.url);

  Deno.test(`tests/golden/${name}.prom is what posted and followed reports give`, async () => {
    const [posted, followed] = await Promise.all([
      scrapeOf(args, "post"),
      scrapeOf(args, "follow"),
    ]);
    if (Deno.args.includes("--update")) await Deno.writeTextFile(file, golden(posted));
    assertSame(golden(posted), await Deno.readTextFile(file));
    assertSame(withoutSource(golden(followed)), withoutSource(golden(posted)));

    const bytes = REPORTS.reduce((sum, report) => sum + new TextEncoder().encode(report).length, 0);
    assert.equal(
      valueOf(followed, "tradesim_exporter_follow_bytes_total"),
      bytes + REPORTS.length,
    );
    assert.equal(valueOf(followed, "tradesim_exporter_followed_files"), 1);
  });
}

const NO_TOTAL = 'counter metrics should have "_total" suffix';
const TOTAL = 'non-counter metrics should not have "_total" suffix';
const COUNT = 'non-histogram and non-summary metrics should not have "_count" suffix';

/** What promtool has to say of the program's names, with the reason why each stays. */
const COMPLAINTS: Readonly<Record<string, string>> = {
  [`budget_total ${TOTAL}`]: "a name of phase 1, which is fixed",
  [`tours_completes ${NO_TOTAL}`]: "a name of phase 1, which is fixed",
  [`entreprises_total ${TOTAL}`]: "the name that TradeSim's own exporter gave it",
  [`produits_total ${TOTAL}`]: "the name that TradeSim's own exporter gave it",
};

/** With `--all-keys` numbers stand under TradeSim's own keys, whatever those are. */
const COMPLAINTS_OF_ALL_KEYS: Readonly<Record<string, string>> = {
  ...COMPLAINTS,
  [`budget_gains_totaux ${NO_TOTAL}`]: "TradeSim's key",
  [`error_count ${NO_TOTAL}`]: "TradeSim's key",
  [`error_count ${COUNT}`]: "TradeSim's key",
  [`fournisseurs_count ${COUNT}`]: "TradeSim's key",
  [`fournisseurs_total ${TOTAL}`]: "TradeSim's key",
  [`total_actions ${NO_TOTAL}`]: "TradeSim's key",
  [`total_demandes ${NO_TOTAL}`]: "TradeSim's key",
  [`total_ventes ${NO_TOTAL}`]: "TradeSim's key",
};

/** The complaints of `promtool check metrics`, in the order of the alphabet. */
async function promtoolComplaints(scrape: string): Promise<string[]> {
  const child = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(scrape));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return text.split("\n").filter((line) => line !== "").sort();
}

for (const [name, args] of Object.entries(RUNS)) {
  const expected = name === "all_keys" ? COMPLAINTS_OF_ALL_KEYS : COMPLAINTS;
  testWith("promtool", `promtool check metrics has only known complaints: ${name}`, async () => {
    const complaints = await promtoolComplaints(await scrapeOf(args, "post"));
    assert.deepEqual(complaints, Object.keys(expected).sort());
  });
}
