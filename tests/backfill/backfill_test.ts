/** Tests of the command `backfill` as text: what it writes, and what it refuses. @module */

import assert from "node:assert/strict";
import { RecordingError } from "../../lib/recording/mod.ts";
import { UsageError } from "../../lib/cli/mod.ts";
import { createPublisher, openJournal } from "../../lib/publish/mod.ts";
import { Clock, createNumbers, playTurn } from "../publish/support.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { withTempDir } from "../harness/waiting.ts";
import { NOW, optionsOf, run, seriesOf, START, turnsLine } from "./support.ts";

const LABELS = 'job="tradesim",instance="a"';
const BUDGET = `budget_total{${LABELS}}`;
const DAY = Date.UTC(2000, 0);

/** Gives a folder with a file of these lines. */
function withFile(text: string, use: (path: string) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const path = `${dir}/turns.jsonl`;
    Deno.writeTextFileSync(path, text);
    await use(path);
  });
}

Deno.test("backfill --out - writes every turn at its own time, or where the anchor wants it", () =>
  withFile(turnsLine("a", 1, 3) + turnsLine("a", 4, 2), async (path) => {
    const at = async (...args: readonly string[]) => {
      const { code, stdout } = await run([
        path,
        "--out",
        "-",
        "--metrics",
        "budget_total",
        ...args,
      ]);
      assert.equal(code, 0);
      assert.ok(stdout.endsWith("\n# EOF\n"));
      return [...seriesOf(stdout)];
    };
    const shown = (first: number, step = 1000) => [
      [BUDGET, [1, 2, 3, 4, 5].map((turn) => [first + (turn - 1) * step, turn])],
    ];
    assert.deepEqual(await at(), shown((START + 1) * 1000));
    assert.deepEqual(await at("--anchor", "now"), shown(NOW - 4000));
    assert.deepEqual(await at("--anchor", "2000-01-01"), shown(DAY));
    assert.deepEqual(await at("--anchor", "2000-01-01T06:00Z"), shown(DAY + 6 * 3_600_000));
    assert.deepEqual(await at("--turn-seconds", "0.25"), shown((START + 1) * 1000, 250));
    assert.deepEqual(
      await at("--turn-seconds", "60", "--anchor", "2000-01-01"),
      shown(DAY, 60_000),
    );
  }));

Deno.test("backfill lets several games lie over each other, each with series of its own", () =>
  withFile(turnsLine("a", 1, 2) + turnsLine("b", 1, 2, { start: START + 999 }), async (path) => {
    const args = [path, "--out", "-", "--anchor", "2000-01-01", "--metrics", "budget_total"];
    const { stdout } = await run(args);
    const samples = [[DAY, 1], [DAY + 1000, 2]];
    assert.deepEqual([...seriesOf(stdout)], [
      [BUDGET, samples],
      ['budget_total{job="tradesim",instance="b"}', samples],
    ]);
    const { stdout: one } = await run([...args, "--session", "b"]);
    assert.equal(seriesOf(one).size, 1);
    await assert.rejects(run([...args, "--session", "c"]), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Cannot backfill session "c": the files have "a", "b"$/);
      return true;
    });
  }));

Deno.test("backfill writes milliseconds for victoriametrics", () =>
  withFile(turnsLine("a", 1, 1), async (path) => {
    const args = [path, "--out", "-", "--metrics", "budget_total", "--for", "victoriametrics"];
    const { stdout } = await run(args);
    assert.equal(stdout, `${BUDGET} 1 ${(START + 1) * 1000}\n`);
  }));

Deno.test("backfill tells a few of many games, and how many more there are", () =>
  withFile(
    Array.from({ length: 30 }, (_, game) => turnsLine(`g${game}`, 2, 1)).join(""),
    async (path) => {
      const { stdout } = await run([path, "--dry-run"]);
      assert.equal(stdout.match(/^g\d+: 1 turn, /mg)!.length, 20);
      assert.equal(
        stdout.match(/^Warning: The turn log of "g\d+" begins with turn 2$/mg)!.length,
        20,
      );
      assert.equal(stdout.match(/^(?:Warning: )?and 10 more like these$/mg)!.length, 2);
      const { stdout: text } = await run([path, "--out", "-", "--metrics", "budget_total"]);
      assert.equal(seriesOf(text).size, 30);
    },
  ));

Deno.test("backfill --dry-run tells what would be written, and writes nothing", () =>
  withFile(turnsLine("a", 3, 2) + turnsLine("a", 6, 1), async (path) => {
    const { code, stdout, stderr } = await run([path, "--dry-run", "--out", "nowhere"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0]!, /^a: 3 turns, \d+ series, 2026-\S+Z to 2026-\S+Z$/);
    assert.match(lines[1]!, /^About \d+ samples: .* of text, .* in 1 block$/);
    assert.deepEqual(lines.slice(2), [
      'Warning: The turn log of "a" lacks 1 turn',
      'Warning: The turn log of "a" begins with turn 3',
    ]);
    const { stdout: text } = await run([path, "--out", "-"]);
    const samples = [...seriesOf(text).values()].reduce((sum, { length }) => sum + length, 0);
    assert.match(lines[1]!, new RegExp(`^About ${samples} samples: `));
  }));

Deno.test("backfill refuses what a store would refuse, and says which flag to change", async () => {
  const fast = turnsLine("a", 1, 4000, { step: 1e-5 });
  const recent = turnsLine("a", 1, 2, { start: NOW / 1000 - 3600 });
  const timeless = turnsLine("a", 1, 2).replace('"timestamp"', '"autre"');
  const cases: Record<string, [string, readonly string[], RegExp]> = {
    "faster than a millisecond": [
      fast,
      ["--out", "-"],
      /more than one turn a millisecond.*line 1\).*choose --turn-seconds/,
    ],
    "a clock that goes back": [
      turnsLine("a", 1, 2) + turnsLine("a", 3, 2, { start: START - 60 }),
      ["--out", "-"],
      /its clock goes back \(.*line 2\).*choose --turn-seconds/,
    ],
    "no times": [timeless, ["--out", "-"], /does not say when its turns were played \(.*line 1\)/],
    "no beginning": [
      timeless,
      ["--out", "-", "--turn-seconds", "1"],
      /does not say when it began: choose --anchor/,
    ],
    "the future": [
      fast,
      ["--out", "-", "--turn-seconds", "86400"],
      /end in the future, at .*choose an earlier --anchor/,
    ],
    "the last three hours": [
      recent,
      ["--out", "x"],
      /within the last three hours.*--anchor.*or --allow-recent/,
    ],
  };
  for (const [name, [text, args, message]] of Object.entries(cases)) {
    await withFile(text, async (path) => {
      const { code, stdout, stderr } = await run([path, ...args]);
      assert.deepEqual([code, stdout], [1, ""], name);
      const refused = stderr.split("\n").filter((line) => line.startsWith("Refused: "));
      assert.equal(refused.length, 1, name);
      assert.match(refused[0]!, message, name);
    });
  }
  // As text they are fine: nobody knows where it goes.
  await withFile(recent, async (path) => assert.equal((await run([path, "--out", "-"])).code, 0));
});

Deno.test("backfill warns of a default retention that would drop the games", () =>
  withFile(turnsLine("a", 1, 2), async (path) => {
    const warned = async (...args: readonly string[]) =>
      (await run([path, "--dry-run", ...args])).stdout.match(/set its (\S+),/)?.[1];
    assert.equal(await warned(), undefined);
    const old = ["--anchor", "2000-01-01"];
    assert.equal(await warned(...old), "--storage.tsdb.retention.time");
    assert.equal(await warned(...old, "--for", "victoriametrics"), "-retentionPeriod");
    assert.equal(await warned(...old, "--for", "mimir"), undefined);
  }));

Deno.test("backfill ends at a bad line with file and line, or passes over it when asked", () =>
  withFile(`${turnsLine("a", 1, 2)}{"type":\n[1]\n${turnsLine("a", 3, 1)}`, async (path) => {
    await assert.rejects(run([path, "--out", "-"]), (error) => {
      assert.ok(error instanceof RecordingError);
      assert.match(error.message, /^Cannot read ".*turns\.jsonl", line 2: .*, and 1 more line/);
      assert.match(error.message, /--skip-bad-lines passes over bad lines$/);
      return true;
    });
    const { code, stdout, stderr } = await run([path, "--out", "-", "--skip-bad-lines"]);
    assert.equal(code, 0);
    assert.equal(seriesOf(stdout).get(BUDGET)!.length, 3);
    assert.match(stderr, /^Warning: Passed over ".*turns\.jsonl", line 2: /m);
  }));

Deno.test("backfill takes a file that a kill has cut off, and says where", () =>
  withFile(turnsLine("a", 1, 2) + turnsLine("a", 3, 2).slice(0, 80), async (path) => {
    const { code, stdout, stderr } = await run([path, "--out", "-"]);
    assert.equal(code, 0);
    assert.equal(seriesOf(stdout).get(BUDGET)!.length, 2);
    assert.match(stderr, /^Warning: ".*turns\.jsonl", line 2 was not written to its end/m);
  }));

Deno.test("backfill says that files hold no turn", () =>
  withFile(
    '{"type":"alert"}\n',
    (path) => assert.rejects(run([path, "--dry-run"]), /Cannot backfill: the files hold no turn/),
  ));

Deno.test("backfill refuses turns whose numbers lead beyond what a store can date", () =>
  withFile(
    turnsLine("a", 1, 2) + turnsLine("a", 5, 2).replace(/"tour":5\b/, '"tour":9007199254640000'),
    async (path) => {
      const spaced = [path, "--turn-seconds", "1", "--dry-run", "--anchor"];
      const late = await run([...spaced, "2000-01-01"]);
      assert.equal(late.code, 1);
      assert.match(
        late.stdout + late.stderr,
        /^Refused: The games end in the future, at a time bey/m,
      );
      const early = await run([...spaced, "now"]);
      assert.equal(early.code, 1);
      assert.match(
        early.stdout + early.stderr,
        /^Refused: The games begin before 1970, at a time b/m,
      );
    },
  ));

Deno.test("backfill says that turns come after later ones, and are left out", () =>
  withFile(turnsLine("a", 3, 2) + turnsLine("a", 1, 2), async (path) => {
    const { code, stdout, stderr } = await run([path, "--out", "-"]);
    assert.equal(code, 0);
    assert.equal(seriesOf(stdout).get(BUDGET)!.length, 2);
    assert.match(
      stderr,
      /^Warning: 2 turns of "a" are there again or after later ones, and are left/m,
    );
  }));

Deno.test("backfill says which lines were cut off where files hold nothing else", () =>
  withFile(turnsLine("a", 1, 2).slice(0, 80), async (path) => {
    const none =
      /^Cannot backfill: the files hold no turn, and ".*turns\.jsonl", line 1 was not written to its end$/;
    await assert.rejects(run([path, "--dry-run"]), { message: none });
    await assert.rejects(run([path, "--out", "-", "--skip-bad-lines"]), { message: none });
  }));

Deno.test("backfill says that games have no sample of the chosen metrics", () =>
  withFile(turnsLine("a", 1, 3), async (path) => {
    const args = [path, "--anchor", "2000-01-01", "--metrics", "produits_actifs"];
    const nothing = /^BackfillError: Cannot backfill: the games have no sample of produits_actifs$/;
    await assert.rejects(run([...args, "--out", "-"]), nothing);
    await assert.rejects(run([...args, "--remote-write", "http://127.0.0.1:1/w"]), nothing);
  }));

Deno.test("backfill writes of TradeSim's journal what an exporter with --detail has shown", () =>
  withFile(
    [1, 2, 5].map((turn) => `${JSON.stringify(payloadAt({ session: "a", start: START }, turn))}\n`)
      .join(""),
    async (path) => {
      const { stdout, stderr } = await run([path, "--out", "-"]);
      const series = seriesOf(stdout);
      assert.deepEqual(series.get(`transactions_total{${LABELS}}`), [
        [START * 1000 + 250, 4],
        [START * 1000 + 500, 8],
        [START * 1000 + 1250, 20],
      ]);
      assert.match(stdout, /^entreprise_budget\{job="tradesim",instance="a",entreprise="/m);
      assert.match(stderr, /its journal is thinned, and 2 turns of 5 are missing/);
    },
  ));

Deno.test("backfill shows times among the values at the turns of another time too", () =>
  withFile(
    [1, 2].map((turn) => `${JSON.stringify(payloadAt({ session: "a", start: START }, turn))}\n`)
      .join(""),
    async (path) => {
      const { stdout } = await run([path, "--out", "-", "--anchor", "2000-01-01"]);
      const name = `simulation_dernier_rapport_timestamp_seconds{${LABELS}}`;
      assert.deepEqual(seriesOf(stdout).get(name), [
        [DAY, DAY / 1000],
        [DAY + 250, DAY / 1000 + 0.25],
      ]);
    },
  ));

Deno.test("backfill keeps reports of one moment a millisecond apart", () => {
  const timestamp = new Date((START + 7) * 1000).toISOString();
  const lines = ["a", "b"].flatMap((session) =>
    [1, 2, 3].map((turn) => {
      const payload = { ...payloadAt({ session, start: START }, turn), timestamp };
      return `${JSON.stringify(payload)}\n`;
    })
  );
  return withFile(lines.join(""), async (path) => {
    const series = seriesOf((await run([path, "--out", "-"])).stdout);
    const ms = (START + 7) * 1000;
    for (const instance of ["a", "b"]) {
      const found = series.get(`tours_completes{job="tradesim",instance="${instance}"}`)!;
      assert.deepEqual(found, [[ms, 1], [ms + 1, 2], [ms + 2, 3]]);
    }
  });
});

Deno.test("backfill writes the turns between the reports of a native journal", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const clock = new Clock();
    const numbers = createNumbers();
    const publisher = createPublisher({
      session: "a",
      numbers,
      transport: openJournal({ path, session: "a" }),
      now: clock.now,
      wallClock: clock.wallClock,
    });
    const budgets: number[] = [];
    for (let turn = 0; turn < 35; turn++) {
      playTurn(numbers);
      clock.milliseconds += 10;
      publisher.turn();
      budgets.push(numbers.budgetTotal / 100);
    }
    await publisher.finish();
    const spaced = ["--turn-seconds", "1", "--anchor", "2000-01-01"];
    const { stdout, stderr } = await run([path, "--out", "-", ...spaced]);
    const series = seriesOf(stdout);
    const found = series.get(BUDGET)!;
    assert.deepEqual(found, budgets.map((budget, turn) => [DAY + 1000 * turn, budget]));
    const turns = found.map(([ms], turn) => [ms, turn + 1]);
    assert.deepEqual(series.get(`tours_completes{${LABELS}}`), turns);
    assert.doesNotMatch(stderr, /thinned/);
    // Own times are those of the turns.
    const own = seriesOf((await run([path, "--out", "-"], { now: clock.wallClock })).stdout)
      .get(BUDGET)!;
    assert.deepEqual(own.map(([ms]) => ms - own[0]![0]), turns.map((_, turn) => 10 * turn));
  }));

Deno.test("backfill takes from a journal only what the turn log does not tell", () =>
  withTempDir(async (dir) => {
    const payloads = [1, 2, 3].map((turn) => payloadAt({ session: "a", start: START }, turn));
    Deno.writeTextFileSync(
      `${dir}/metrics.jsonl`,
      payloads.map((payload) => `${JSON.stringify(payload)}\n`).join(""),
    );
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, turnsLine("a", 1, 4));
    const files = [`${dir}/metrics.jsonl`, `${dir}/turns.jsonl`];
    const { stdout } = await run([...files, "--out", "-", "--turn-seconds", "1"]);
    const series = seriesOf(stdout);
    assert.deepEqual(series.get(BUDGET)!.map(([, value]) => value), [1, 2, 3, 4]);
    assert.equal(series.get(`tours_completes{${LABELS}}`)!.length, 4);
    assert.equal(series.get(`transactions_total{${LABELS}}`)!.length, 3);
  }));

Deno.test("readBackfill() rejects what does not go together", () => {
  const cases: Record<string, RegExp> = {
    "--dry-run": /expected files/,
    "a": /expected --out, --remote-write, --dry-run or --verify/,
    "a --out - --verify http://127.0.0.1:1": /run it without --out once the text is imported/,
    "a --out x --for victoriametrics": /use --out - and post the text/,
    "a --out x --anchor yesterday":
      /Cannot read --anchor "yesterday": expected real, now, or a day/,
    "a --out x --anchor 1970-01-01": /Cannot read --anchor/,
    "a --out x --turn-seconds 0": /a number of seconds from 0\.001 to 86400/,
    "a --out x --metrics budget_totl": /"budget_totl": there is none .*did you mean budget_total\?/,
  };
  for (const [args, message] of Object.entries(cases)) {
    assert.throws(() => optionsOf(...args.split(" ")), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message, args);
      return true;
    }, args);
  }
  assert.deepEqual(optionsOf("a", "b", "--dry-run").file, ["a", "b"]);
});
