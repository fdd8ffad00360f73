/** Tests of the command `bench` as a process: what it writes, says and ends with. @module */

import assert from "node:assert/strict";
import { BENCHMARK_SHAPE } from "../../lib/benchmark/shape.ts";
import { type Finished, type RunningProgram, startProgram } from "../harness/exporter.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/** Names of the files in a folder. */
function namesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).toSorted();
}

/** Lends a folder, and starts `bench` with that folder for its temporary files, too. */
async function withBench(
  args: readonly string[],
  use: (bench: RunningProgram, cwd: string) => Promise<void>,
): Promise<void> {
  await withTempDir(async (cwd) => {
    const bench = startProgram({ cwd, args: ["bench", ...args], env: { TMPDIR: cwd } });
    try {
      await use(bench, cwd);
    } finally {
      await bench.stop("SIGKILL");
    }
  });
}

/** Runs `bench` to its end: for the duration, or for longer where the machine is too busy for that. */
async function withFinished(
  args: readonly string[],
  duration: number,
  use: (finished: Finished, cwd: string) => void,
): Promise<void> {
  let isTooShort = false;
  await withBench([...args, "--duration", `${duration}s`], async (bench, cwd) => {
    const finished = await bench.end();
    isTooShort = finished.stderr.includes("Cannot plan the benchmark") && duration < 100;
    if (!isTooShort) use(finished, cwd);
  });
  if (isTooShort) await withFinished(args, duration * 4, use);
}

Deno.test("bench writes results and raw rounds, and has no opinion after few of them", async () => {
  const args = ["--worlds", "default", "--publishers", "journal", "--budget", "1%"];
  const files = ["--json", "out.json", "--html", "out.html", "--scrape-interval", "100ms"];
  await withFinished([...args, ...files], 25, ({ code, stdout, stderr }, cwd) => {
    assert.deepEqual(namesIn(cwd), ["out.html", "out.json"], stdout + stderr);

    const benchmark = BENCHMARK_SHAPE.parse(
      JSON.parse(Deno.readTextFileSync(`${cwd}/out.json`)),
    );
    assert.equal(code === 3, !benchmark.conclusive, stdout);
    assert.ok(!benchmark.conclusive || benchmark.raw_rounds.length >= 6, stdout);
    assert.deepEqual(
      benchmark.results.map(({ world, publisher }) => [world, publisher]),
      [["default", "none"], ["default", "journal"]],
    );
    const [none, journal] = benchmark.results;
    assert.equal(none?.publish_seconds.p50, null);
    assert.ok((journal?.publish_seconds.p50 ?? 0) > 0);
    let scrapes = 0;
    for (const { runs, lost_turns: lost } of benchmark.raw_rounds) {
      assert.equal(lost, 0);
      for (const run of runs) {
        assert.equal(run.reports > 0, run.variant === "journal");
        assert.ok(run.exporter_memory_bytes > 2 ** 20);
        assert.ok(run.exporter_seconds >= run.seconds);
        scrapes += run.scrape_seconds.counts.reduce((sum, count) => sum + count, 0);
      }
    }
    assert.ok(scrapes > 0);
    const busy = benchmark.raw_rounds.flatMap(({ runs }) => runs)
      .filter(({ variant }) => variant === "journal")
      .map((run) => run.exporter_cpu_seconds);
    assert.ok(busy.some((seconds) => seconds > 0));

    const html = Deno.readTextFileSync(`${cwd}/out.html`);
    assert.match(html, /^<!doctype html>/);
    assert.doesNotMatch(html, /\b(src|href)=|@import|url\(/);

    assert.match(stdout, /^default: .* turns, \d+ rounds\n/);
    if (benchmark.raw_rounds.length < 6) {
      assert.match(stdout, /\nInconclusive\n {2}default: \d rounds, expected at least 6\n/);
    }
    assert.match(stdout, /\nTurns that were published and did not arrive: 0\n$/);
    assert.match(stderr, /^finding out how long a turn takes, default\n/);
  });
});

Deno.test("bench --sessions plays several games at once, and all their turns arrive", async () => {
  await withFinished(["--sessions", "5", "--json", "out.json"], 20, (finished, cwd) => {
    const { code, stdout, stderr } = finished;
    assert.equal(code, 0, stdout + stderr);
    const { raw_rounds: rounds } = BENCHMARK_SHAPE.parse(
      JSON.parse(Deno.readTextFileSync(`${cwd}/out.json`)),
    );
    assert.equal(rounds.length, 2);
    for (const { runs, lost_turns: lost } of rounds) {
      assert.equal(lost, 0);
      assert.equal(runs.length, 4);
      for (const run of runs) {
        assert.equal(run.sessions, 5);
        assert.equal(run.turns % 5, 0);
        // Ten turns a second, or fewer where the machine is too busy.
        assert.ok(run.turns / run.exporter_seconds < 5 * 10 * 1.5, JSON.stringify(run));
      }
    }
  });
});

Deno.test("bench ends at a signal, and leaves nothing behind", async () => {
  await withBench(["--duration", "60s"], async (bench, cwd) => {
    await until("the journals' folder", () => namesIn(cwd).length > 0);
    const { code, stdout, stderr } = await bench.stop("SIGINT");
    assert.equal(code, 130, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /Stopped before the end: there is no result\n$/);
    assert.deepEqual(namesIn(cwd), []);
  });
});

Deno.test("bench says in two lines what is wrong with its flags", async () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'Cannot read --budget "much": expected a share of a turn such as 1%': ["--budget", "much"],
    'Cannot read --worlds "petit": expected one or more of default, moyen, grand': [
      ...["--worlds", "petit"],
    ],
    'Cannot read --publishers "": expected one or more of none, journal, turns, http': [
      "--publishers=",
    ],
    'Cannot read --json "no/such/folder": expected a file that can be written': [
      ...["--json", "no/such/folder"],
    ],
    "Cannot plan the benchmark: a round takes": ["--duration", "1s", "--worlds", "default"],
  };
  for (const [problem, args] of Object.entries(cases)) {
    await withBench(args, async (bench, cwd) => {
      const { code, stdout, stderr } = await bench.end();
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      const [said = "", help] = stderr.split("\n").slice(-3);
      assert.ok(said.startsWith(`tradesim-exporter: error: ${problem}`), stderr);
      assert.match(help!, /^Try: (tradesim-exporter bench|.* task bench:load) --help$/);
      assert.deepEqual(namesIn(cwd), []);
    });
  }
});
