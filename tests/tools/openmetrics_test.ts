/** Tests that recorded games become what Prometheus' own tool takes in. @module */

import assert from "node:assert/strict";
import { type Converted, openMetrics } from "../../tools/openmetrics.ts";
import { testWith } from "../harness/programs.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { withTempDir } from "../harness/waiting.ts";

const START = 1_795_000_000;

const turn = (number: number, session = "a") =>
  JSON.stringify(payloadAt({ session, start: START }, number));

async function convert(lines: readonly string[], instance = "game.jsonl") {
  const counts: Converted = { reports: 0, leftOut: 0 };
  const texts = await Array.fromAsync(
    openMetrics(
      (async function* () {
        yield* lines;
      })(),
      instance,
      counts,
    ),
  );
  return { counts, texts };
}

Deno.test("openMetrics() gives each report's values with its own time", async () => {
  const { counts, texts } = await convert([turn(1), turn(2), turn(5)]);
  assert.deepEqual(counts, { reports: 3, leftOut: 0 });
  const series = 'transactions_total{job="tradesim",instance="game.jsonl"}';
  const found = texts.flatMap((text) => text.split("\n")).filter((line) => line.startsWith(series));
  assert.deepEqual(found, [
    `${series} 4 ${START + 0.25}`,
    `${series} 8 ${START + 0.5}`,
    `${series} 20 ${START + 1.25}`,
  ]);
  assert.match(texts[0]!, /^entreprise_budget\{job="tradesim",instance="game\.jsonl",\w+="/m);
  assert.doesNotMatch(texts.join(""), /^#(?! EOF$)/m);
  assert.equal(texts.at(-1), "# EOF\n");
});

Deno.test("openMetrics() counts lines that tell nothing new", async () => {
  const timeless = JSON.stringify({ session_id: "a", tours_completes: 1, tick: 1 });
  const { counts } = await convert(["", turn(2), turn(2), "{", "[1]", timeless, turn(1), turn(3)]);
  assert.deepEqual(counts, { reports: 2, leftOut: 5 });
});

Deno.test("openMetrics() adds up two games that have one session id", async () => {
  const later = (number: number) =>
    JSON.stringify(payloadAt({ session: "a", start: START + 0.9 }, number));
  const { counts, texts } = await convert([turn(1), turn(2), turn(3), later(1), later(2)]);
  assert.deepEqual(counts, { reports: 5, leftOut: 0 });
  assert.match(texts.at(-2)!, /^tours_completes\{[^}]*\} 5 /m);
});

Deno.test("openMetrics() keeps reports of one moment a millisecond apart", async () => {
  const { texts } = await convert([turn(1, "a"), turn(1, "b"), turn(1, "c")]);
  const times = texts.slice(0, -1).map((text) => text.trimEnd().split(" ").at(-1));
  assert.deepEqual(times, [START + 0.25, START + 0.251, START + 0.252].map(String));
});

testWith("promtool", "promtool makes blocks of what openMetrics() gives", async () => {
  await withTempDir(async (dir) => {
    const { texts } = await convert([turn(1), turn(2), turn(3), turn(1, "b")], 'a "game"\\');
    await Deno.writeTextFile(`${dir}/game.om`, texts.join(""));
    const promtool = async (...args: readonly string[]) => {
      const { success, stdout, stderr } = await new Deno.Command("promtool", {
        args: ["tsdb", ...args],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    await promtool("create-blocks-from", "openmetrics", `${dir}/game.om`, `${dir}/data`);
    await Deno.mkdir(`${dir}/data/wal`); // `dump` wants one, even an empty one.
    const dump = await promtool("dump", '--match={__name__="transactions_total"}', `${dir}/data`);
    assert.equal(dump.trim().split("\n").length, 4);
    assert.match(dump, /instance="a \\"game\\"\\\\"/);
  });
});
