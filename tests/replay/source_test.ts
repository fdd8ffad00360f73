/** Tests of replaying recordings to an exporter without a port. */

import assert from "node:assert/strict";
import { createExporter, type ExporterOptions } from "../../lib/exporter/mod.ts";
import { checkRecording } from "../../lib/replay/recording.ts";
import { createReplay } from "../../lib/replay/source.ts";
import { readReport } from "../../lib/report/mod.ts";
import { valueOf } from "../harness/exporter.ts";
import { captureLog } from "../log/capture.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { gzipped, linesOf, native, tradesim } from "./support.ts";

const MAX_LINE = 1 << 20;

interface Asked {
  readonly metrics: () => Promise<string>;
  readonly get: (path: string) => Promise<Response>;
  readonly lines: readonly string[];
  /** Resolves when the replay is over. */
  readonly played: Promise<void>;
}

async function withReplay(
  path: string,
  { speed = 1_000_000, loop = false, ...more }: ExporterOptions & {
    readonly speed?: number;
    readonly loop?: boolean;
  },
  use: (asked: Asked) => Promise<void>,
): Promise<void> {
  const { log, lines } = captureLog();
  const replay = createReplay({ path, speed, loop, maxLine: MAX_LINE });
  const exporter = createExporter({ systemInterval: 0, log, replay, ...more });
  const played = exporter.start();
  const get = (path: string) => exporter.fetch(new Request(`http://x${path}`));
  try {
    await use({ get, lines, played, metrics: async () => await (await get("/metrics")).text() });
  } finally {
    await exporter.stop();
    await played;
  }
}

const GAME = Array.from({ length: 20 }, (_, index) => native({ tour: index + 1, seconds: index }));

Deno.test("a replay shows on /metrics and for the page what was recorded, as of now", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/m.jsonl`;
    Deno.writeTextFileSync(path, linesOf([...GAME, native({ tour: 21, seconds: 20, fini: true })]));
    await withReplay(path, {}, async ({ metrics, get, played, lines }) => {
      await played;
      const text = await metrics();
      assert.equal(valueOf(text, "tours_completes"), 21);
      assert.equal(valueOf(text, "budget_total"), 1021);
      assert.equal(valueOf(text, 'simulation_etat{etat="finished"}'), 1);
      assert.equal(valueOf(text, 'tradesim_exporter_reports_taken_total{source="replay"}'), 21);
      assert.equal(valueOf(text, 'tradesim_exporter_turns_seen_total{source="replay"}'), 21);
      assert.doesNotMatch(text, /source="(post|follow)"/);
      const age = Date.now() / 1000 -
        valueOf(text, "simulation_dernier_rapport_timestamp_seconds")!;
      assert.ok(age >= 0 && age < 60, `${age}`);
      const { exporter, sessions } = await (await get("/api/sessions")).json();
      assert.deepEqual(exporter.replay, { file: "m.jsonl", speed: 1_000_000 });
      assert.deepEqual([sessions[0].session, sessions[0].points], ["s", 21]);
      assert.match(
        await (await get("/about")).text(),
        /<code>m\.jsonl ×1000000<\/code> \(replay\)/,
      );
      assert.ok(lines.some((line) => /msg="The replay is over" reports=21 round=1/.test(line)));
    });
  }));

Deno.test("a replay takes all parts of a recording, plain and gzip, and tells what is odd", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const record = (turn: number) => ({ timestamp: "x", metrics: tradesim(turn, turn) });
    Deno.writeFileSync(
      `${path}.2.gz`,
      gzipped(linesOf([tradesim(1, 1), record(2), { type: "alert" }])),
    );
    Deno.writeTextFileSync(`${path}.1`, linesOf([tradesim(3, 3)]) + '{"tick":\n\nnull\n');
    Deno.writeTextFileSync(`${path}.3.zst`, "");
    Deno.writeTextFileSync(path, linesOf([tradesim(4, 4)]) + JSON.stringify(tradesim(5, 5)));
    await withReplay(path, { labels: ["session"] }, async ({ metrics, played, lines }) => {
      await played;
      const text = await metrics();
      assert.equal(valueOf(text, 'tours_completes{session="20260101_000000"}'), 5);
      assert.equal(valueOf(text, 'tradesim_exporter_turns_missed_total{source="replay"}'), 0);
      assert.equal(valueOf(text, 'tradesim_exporter_other_records_total{type="alert"}'), 1);
      for (const reason of ["json", "empty"]) {
        const series =
          `tradesim_exporter_reports_refused_total{source="replay",reason="${reason}"}`;
        assert.equal(valueOf(text, series), 1);
      }
      const warnings = lines.filter((line) => line.startsWith("level=warn"));
      assert.equal(warnings.length, 3, warnings.join("\n"));
      assert.match(warnings[0]!, /cannot be read.*\.3\.zst/);
      assert.match(warnings[1]!, /not a report" path=\S+\.1 line=2 .* times=1$/);
    });
  }));

Deno.test("a replay shows what web processes answered", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/m.jsonl`;
    const web = {
      type: "tradesim.report",
      version: 1,
      session: "api",
      rapport: 1,
      http: {
        le: [1],
        requests: [{ method: "GET", route: "/produits", status: 200, counts: [3, 0], sum: 1 }],
      },
    };
    Deno.writeTextFileSync(path, linesOf([GAME[0], web, GAME[1]]));
    await withReplay(path, {}, async ({ metrics, played }) => {
      await played;
      const text = await metrics();
      assert.match(text, /^http_\S+_count\{.*route="\/produits".*\} 3$/m);
      assert.equal(valueOf(text, "tours_completes"), 2);
    });
  }));

Deno.test("a replay of a file that is cut off shows what there is of it", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/m.jsonl.gz`;
    const long = Array.from(
      { length: 3000 },
      (_, index) => native({ tour: index + 1, seconds: index / 1000, budget_total: Math.random() }),
    );
    const whole = gzipped(linesOf(long));
    Deno.writeFileSync(path, whole.subarray(0, whole.length >> 1));
    await withReplay(path, {}, async ({ metrics, played, lines }) => {
      await played;
      const turns = valueOf(await metrics(), "tours_completes")!;
      assert.ok(turns > 500 && turns < 3000, `${turns}`);
      assert.ok(lines.some((line) => /cannot be read" .*unexpected end of file/.test(line)));
    });
  }));

Deno.test("posts are refused while a game is replayed", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/m.jsonl`;
    Deno.writeTextFileSync(path, linesOf(GAME));
    const replay = createReplay({ path, speed: 1, loop: false, maxLine: MAX_LINE });
    const { log } = captureLog();
    const exporter = createExporter({ systemInterval: 0, log, replay, allowRemoteIngest: true });
    const response = await exporter.fetch(
      new Request("http://x/update_metrics", { method: "POST", body: "{}" }),
    );
    assert.equal(response.status, 403);
    assert.deepEqual(await response.json(), {
      status: "error",
      message: "This exporter replays a recorded game",
    });
    await exporter.stop();
  }));

Deno.test("--speed sets the pace, and the replay can be ended while it waits", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/m.jsonl`;
    // At this speed the second report comes after 0.2 s, the third after ten seconds more.
    const times = [0, 20, 10_000];
    Deno.writeTextFileSync(
      path,
      linesOf(times.map((seconds, index) => native({ tour: index + 1, seconds }))),
    );
    const started = performance.now();
    await withReplay(path, { speed: 100 }, async ({ metrics }) => {
      const turns = async () => valueOf(await metrics(), "tours_completes");
      await until("two turns", async () => await turns() === 2);
      assert.ok(performance.now() - started >= 200 - 1);
      assert.equal(await turns(), 2);
    });
    assert.ok(performance.now() - started < 10_000, "it did not wait for the last one");
  }));

Deno.test("--loop plays the recording again as another game, and totals go on", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/m.jsonl`;
    Deno.writeTextFileSync(path, linesOf([GAME[0], native({ tour: 2, seconds: 1, fini: true })]));
    Deno.writeTextFileSync(`${dir}/turns-m.jsonl`, "");
    await withReplay(path, { loop: true }, async ({ metrics, get, lines }) => {
      assert.ok(lines.some((line) => /turn log .* path=\S+\/turns-m\.jsonl$/.test(line)));
      await until(
        "the second round",
        async () => valueOf(await metrics(), "tours_completes") === 4,
      );
      const { sessions } = await (await get("/api/sessions")).json();
      const names = sessions.map(({ session }: { session: string }) => session);
      assert.deepEqual(names, ["s (2)", "s"]);
      // A recording that is removed ends it.
      Deno.removeSync(path);
    });
  }));

Deno.test("checkRecording() takes what has a report, and says what is wrong with anything else", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/m.jsonl`;
    const check = (path: string) => checkRecording(path, { maxLine: MAX_LINE, read: readReport });
    await assert.rejects(check(path), {
      name: "UsageError",
      message: /m\.jsonl.*there is no such file/,
    });
    await assert.rejects(check(dir), { name: "UsageError", message: /it is no file$/ });
    Deno.symlinkSync("loop.jsonl", `${dir}/loop.jsonl`);
    Deno.writeTextFileSync(`${dir}/file`, "");
    for (const [odd, reason] of [["loop.jsonl", "ELOOP"], ["file/m.jsonl", "ENOTDIR"]]) {
      const message = new RegExp(`^Cannot replay ".*${odd}": ${reason}: `);
      await assert.rejects(check(`${dir}/${odd}`), { name: "UsageError", message });
    }
    Deno.writeTextFileSync(path, "");
    await assert.rejects(check(path), {
      name: "UsageError",
      message: /it has no reports and no turns$/,
    });
    Deno.writeTextFileSync(path, "\nfrom os import path\nx = 1\n");
    await assert.rejects(check(path), {
      name: "UsageError",
      message: /m\.jsonl", line 2: .*, expected/,
    });
    Deno.writeTextFileSync(path, '{"type":"x","version":1}\n');
    await assert.rejects(check(path), {
      name: "UsageError",
      message: /", line 1: its type is "x", expected "metrics" or "\S+"; see docs\/history\.md$/,
    });
    Deno.writeFileSync(path, gzipped(linesOf(GAME)).subarray(0, 15));
    await assert.rejects(check(path), { name: "UsageError", message: /unexpected end of file/ });
    Deno.writeTextFileSync(path, "x\n" + linesOf(GAME));
    await check(path);
    Deno.writeTextFileSync(`${path}.1`, "x\n");
    await check(path);
  }));
