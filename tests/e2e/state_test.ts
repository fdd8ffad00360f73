/** The real program with state files that are full, damaged or newer, and games under one id: no total is lost, none counts twice. @module */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { runExporter, type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { freePort } from "../harness/ports.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/** What the next process shows, after this one was killed. */
async function shownAfterKill(args: readonly string[], cwd: string, series: string) {
  const exporter = await startExporter({ args, cwd });
  let value;
  try {
    value = valueOf(await exporter.scrape(), series);
  } finally {
    await exporter.stop("SIGKILL");
  }
  return { value, log: exporter.log() };
}

Deno.test("serve() killed after more large reports than the journal holds, shows all that it has shown", () =>
  withTempDir(async (dir) => {
    const TURNS = 150;
    const args = ["--state", `${dir}/state`, "--all-keys"];
    const keys = Object.fromEntries(
      Array.from({ length: 1900 }, (_, key) => [`key_${"x".repeat(110)}_${key}`, key]),
    );
    const exporter = await startExporter({ args, cwd: dir });
    let shown;
    try {
      for (let turn = 1; turn <= TURNS; turn++) {
        const response = await exporter.post({
          type: "metrics",
          session_id: "large",
          tick: turn - 1,
          tour_actuel: turn,
          ...keys,
        });
        assert.equal(response.status, 200);
        await response.body?.cancel();
      }
      shown = valueOf(await exporter.scrape(), "tours_completes");
    } finally {
      await exporter.stop("SIGKILL");
    }
    assert.equal(shown, TURNS);
    const { value, log } = await shownAfterKill(args, dir, "tours_completes");
    assert.equal(value, TURNS);
    assert.doesNotMatch(log, /level=error/);
  }));

Deno.test("serve() killed after many more games than it remembers, counts each of them once", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    await Deno.writeTextFile(path, "");
    const args = ["--state", `${dir}/state`, "--follow", path, "--max-sessions", "2"];
    const exporter = await startExporter({ args, cwd: dir });
    try {
      for (const at of [0, 40]) {
        const lines = Array.from(
          { length: 40 },
          (_, game) => `${JSON.stringify(payloadAt({ session: `game ${at + game}` }, 1))}\n`,
        );
        await Deno.writeTextFile(path, lines.join(""), { append: true });
        await until(
          "all games",
          async () => valueOf(await exporter.scrape(), "tours_completes") === at + 40,
        );
      }
    } finally {
      await exporter.stop("SIGKILL");
    }
    assert.equal((await shownAfterKill(args, dir, "tours_completes")).value, 80);
  }));

Deno.test("serve() with a damaged state goes on from its twin, and keeps the damaged file", () =>
  withTempDir(async (dir) => {
    const args = ["--state", `${dir}/state`];
    const exporter = await startExporter({ args, cwd: dir });
    try {
      for (const turn of [1, 2, 3]) {
        await (await exporter.post(payloadAt({ session: "game" }, turn))).body?.cancel();
      }
    } finally {
      await exporter.stop();
    }
    const files = [`${dir}/state`, `${dir}/state.2`];
    const generation = (file: string) =>
      Number(/"generation":(\d+)/.exec(Deno.readTextFileSync(file))?.[1]);
    const newest = files.reduce((a, b) => generation(a) > generation(b) ? a : b);
    const text = await Deno.readTextFile(newest);
    const damaged = text.replace('"turns":3', '"turns":7');
    assert.notEqual(damaged, text);
    await Deno.writeTextFile(newest, damaged);
    const { value, log } = await shownAfterKill(args, dir, "tours_completes");
    assert.equal(value, 3);
    assert.match(
      log,
      /level=error msg="Cannot read the state file; using the other file instead"/,
    );
    assert.equal(await Deno.readTextFile(`${newest}.broken`), damaged);
  }));

Deno.test("serve() does not start on a state of a later version, whether it was asked for or not", () =>
  withTempDir(async (dir) => {
    const folder = `${dir}/tradesim-exporter`;
    await Deno.mkdir(folder);
    const text = '{"version":4,"of":"a later program"}\n';
    const port = freePort();
    for (
      const [args, file] of [
        [["--port", "0", "--state", "state.json"], `${dir}/state.json`],
        [["--port", String(port)], `${folder}/${port}.json`],
      ] as const
    ) {
      await Deno.writeTextFile(file, text);
      const { code, stderr } = await runExporter({
        args,
        cwd: dir,
        env: { XDG_STATE_HOME: dir },
      });
      assert.equal(code, 2);
      assert.match(stderr, /a later version of this program wrote it \(version 4\)/);
      assert.equal(stderr.trimEnd().split("\n").length, 2, stderr);
      assert.equal(await Deno.readTextFile(file), text);
    }
  }));

Deno.test("serve() counts two games under one session id once each, posted and followed, over a kill", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const args = ["--state", `${dir}/state`, "--follow", path];
    const session = "20261127_101010";
    const first = [1, 2, 3, 4, 5].map((turn) => payloadAt({ session, interval: 0.01 }, turn));
    const second = [1, 2, 3].map((turn) =>
      payloadAt({ session, interval: 0.01, start: 1_795_000_000.5, purchases: 7 }, turn)
    );
    const lines = [...first, ...second].map((report) => `${JSON.stringify(report)}\n`);
    const outcome = async (exporter: RunningExporter) => {
      const scrape = await exporter.scrape();
      const response = await fetch(`${exporter.url}/api/sessions`);
      const { sessions } = await response.json();
      return {
        turns: valueOf(scrape, "tours_completes"),
        bought: valueOf(scrape, "transactions_total"),
        sessions: await Promise.all(
          sessions.map(async ({ session }: { session: string }) => {
            const query = `session=${encodeURIComponent(session)}`;
            const turns = await (await fetch(`${exporter.url}/api/history?${query}`)).json();
            return [session, turns.columns.tour];
          }),
        ).then((entries) => Object.fromEntries(entries)),
      };
    };
    const expected = {
      turns: 8,
      bought: 5 * 4 + 3 * 7,
      sessions: { [session]: [1, 2, 3, 4, 5], [`${session} #2`]: [1, 2, 3] },
    };

    let exporter = await startExporter({ args, cwd: dir });
    try {
      for (const report of [...first, ...second]) {
        await (await exporter.post(report)).body?.cancel();
      }
      assert.deepEqual(await outcome(exporter), expected);
      await Deno.writeTextFile(path, lines.join(""));
      await until("the file", async () =>
        valueOf(
          await exporter.scrape(),
          "tradesim_exporter_follow_bytes_total",
        ) === Deno.statSync(path).size);
      assert.deepEqual(await outcome(exporter), expected);
      const warning = 'level=warn msg="Another game uses a known session ID';
      await until("the warning", () => exporter.log().includes(warning));
      assert.equal(exporter.log().match(/level=warn/g)?.length, 1, exporter.log());
    } finally {
      await exporter.stop("SIGKILL");
    }
    exporter = await startExporter({ args, cwd: dir });
    try {
      const isWhole = async () => isDeepStrictEqual(await outcome(exporter), expected);
      await until("the past", isWhole);
    } finally {
      await exporter.stop();
    }
    // Whoever comes later finds the same in the file.
    exporter = await startExporter({ args: ["--state", "none", "--follow", path], cwd: dir });
    try {
      assert.deepEqual(await outcome(exporter), expected);
    } finally {
      await exporter.stop();
    }
  }));
