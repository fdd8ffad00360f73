/** Tests of what the exporter's log says of reports that it cannot take. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { startExporter } from "../harness/exporter.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const LINES = new URL("../testdata/lines/", import.meta.url);

/** The entries of a log that have this message, as logfmt wrote them. */
function entries(log: string, message: string): string[] {
  return log.split("\n").filter((line) => line.includes(`msg="${message}"`));
}

Deno.test("the log names each kind of odd line once, with file, position, beginning and reason", async () => {
  await withTempDir(async (cwd) => {
    const names = Array.from(Deno.readDirSync(LINES), ({ name }) => name);
    for (const name of names) Deno.copyFileSync(new URL(name, LINES), join(cwd, name));
    const exporter = await startExporter({ cwd, args: ["--state=none", "--follow=*.jsonl"] });
    const { stderr } = await exporter.stop();
    const told = entries(stderr, "A line of a followed file is not a report");
    for (const name of names) {
      const mine = told.filter((line) => line.includes(`path=${name} `));
      assert.ok(mine.length > 0, name);
      const kinds = mine.map((line) => /reason="([^"]*)"/.exec(line)?.[1]);
      // Once when it comes, and once more at the end with how many came since.
      for (const kind of kinds) assert.ok(kinds.filter((it) => it === kind).length <= 2, `${kind}`);
      for (const line of mine) assert.match(line, / beginning=\S.* start=\d+ times=\d+$/);
    }
    assert.doesNotMatch(
      stderr,
      /[^\x20-\x7e\n\ufffd]/,
      "nothing of a line reaches the terminal raw",
    );
  });
});

Deno.test("the log tells of a refused post, a key left out and a host turned away, not of each", async () => {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, args: ["--state=none"] });
    const post = (body: string) =>
      fetch(`${exporter.url}/update_metrics`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      }).then((answer) => answer.body?.cancel());
    const report = { type: "tradesim.report", version: 1, session: "s", tour: 1 };
    for (let rapport = 0; rapport < 30; rapport++) {
      await post("no report");
      await post(JSON.stringify({ ...report, rapport, budget_total: "much" }));
      const { hostname, port } = new URL(exporter.url);
      const connection = await Deno.connect({ hostname, port: Number(port) });
      const host = `evil${rapport}.example`;
      await connection.write(
        new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
      );
      for await (const _ of connection.readable);
    }
    await until(
      "the host",
      () => Promise.resolve(exporter.log().includes("Rejected a request")),
    );
    const before = exporter.log();
    assert.equal(entries(before, "A posted report was rejected").length, 1);
    assert.equal(entries(before, "Ignored a key of a report").length, 1);
    const hosts = entries(before, "Rejected a request for another host");
    assert.equal(hosts.length, 21, "each of twenty names, and once all others");
    assert.match(hosts[0]!, /host=evil0\.example .*remedy="--allowed-host evil0\.example"$/);
    const { stderr } = await exporter.stop();
    for (const message of ["A posted report was rejected", "Ignored a key of a report"]) {
      const lines = stderr.split("\n").filter((line) => line.includes(message));
      assert.match(lines.at(-1)!, / times=29\b/, "the rest is told at the end");
    }
  });
});
