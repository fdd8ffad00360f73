/** Tests of reading back: what differs is told, and a server that does not answer too. @module */

import assert from "node:assert/strict";
import { withTempDir } from "../harness/waiting.ts";
import { run, turnsLine } from "./support.ts";

const URL = "http://127.0.0.1:1/prefix/";

interface Asked {
  readonly url: string;
  readonly query: string;
  readonly time: string;
}

/** A server that has three turns of a budget, or what `answer` says of a query. */
function serverOf(
  answer: (query: string) => number | undefined,
  asked: Asked[] = [],
): typeof fetch {
  return ((url: string, { body }: { body: URLSearchParams }) => {
    const query = body.get("query")!;
    asked.push({ url, query, time: body.get("time")! });
    const value = answer(query);
    const result = value === undefined ? [] : [{ metric: {}, value: [0, String(value)] }];
    return Promise.resolve(Response.json({ status: "success", data: { result } }));
  }) as unknown as typeof fetch;
}

const right = (query: string) =>
  query.startsWith("sum(sum")
    ? 6
    : query.startsWith("count(")
    ? 1
    : query.includes("[1999ms]")
    ? 2
    : 3;

async function verified(answer: (query: string) => number | undefined, asked: Asked[] = []) {
  return await withTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, turnsLine("a", 1, 3));
    const args = [`${dir}/turns.jsonl`, "--metrics", "budget_total", "--verify", URL];
    return await run(args, { fetch: serverOf(answer, asked) });
  });
}

Deno.test("backfill --verify asks for number, sum and series from the first to the last turn", async () => {
  const asked: Asked[] = [];
  const { code, stderr } = await verified(right, asked);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^Read back 3 samples from .*: number and sum are the same$/m);
  const series = '{__name__="budget_total",job="tradesim",instance="a"}';
  assert.deepEqual(asked.map(({ query }) => query), [
    `sum(count_over_time(${series}[2001ms]))`,
    `sum(sum_over_time(${series}[2001ms]))`,
    `count(count_over_time(${series}[2001ms]))`,
    `sum(count_over_time(${series}[1999ms]))`,
    `count(count_over_time(${series}[1ms]))`,
  ]);
  assert.equal(asked[0]!.url, "http://127.0.0.1:1/prefix/api/v1/query");
  assert.ok(asked.every(({ time }) => time === "1795000003"));
});

Deno.test("backfill --verify tells what differs", async () => {
  const cases: Record<string, (query: string) => number | undefined> = {
    "no sample": () => undefined,
    "a sample too few": (query) => right(query) - Number(query.startsWith("sum(count")),
    "another sum": (query) => query.startsWith("sum(sum") ? 6.001 : right(query),
    "two series": (query) => query.startsWith("count(") ? 2 : right(query),
    "other times at the beginning": (query) => query.includes("[1999ms]") ? 3 : right(query),
    "other times at the end": (query) => query.includes("[1ms]") ? undefined : right(query),
  };
  for (const [name, answer] of Object.entries(cases)) {
    const { code, stderr } = await verified(answer);
    assert.equal(code, 1, name);
    assert.match(stderr, /^budget_total of "a": .* expected 3 of 1 and 6, 1 and 1$/m, name);
    assert.match(stderr, /differences in 1 metric/, name);
  }
});

Deno.test("backfill --verify says why a server cannot be asked", async () => {
  const cases: readonly [() => Promise<Response>, RegExp][] = [
    [
      () => Promise.reject(new TypeError("connection refused")),
      /Cannot read back from .*: connection refused/,
    ],
    [
      () => Promise.resolve(new Response("<html>")),
      /Cannot read back from .*: it is no Prometheus API/,
    ],
    [
      () => Promise.resolve(Response.json({ status: "error", error: "too many samples" })),
      /Cannot read back from .*: too many samples/,
    ],
  ];
  await withTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, turnsLine("a", 1, 3));
    for (const [answer, message] of cases) {
      const args = [`${dir}/turns.jsonl`, "--verify", URL];
      await assert.rejects(run(args, { fetch: answer as typeof fetch }), message);
    }
  });
});
