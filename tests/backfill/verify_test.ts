/** Tests of reading back: what differs is told, and a server that does not answer too. @module */

import assert from "node:assert/strict";
import { withTempDir } from "../harness/waiting.ts";
import { parseRetention } from "../../lib/backfill/retention.ts";
import { NOW, run, turnsLine } from "./support.ts";

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
  storageRetention = "15d",
): typeof fetch {
  return ((url: string, { body }: { body?: URLSearchParams }) => {
    if (body === undefined) return Promise.resolve(Response.json({ data: { storageRetention } }));
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

Deno.test("backfill --verify refuses beforehand what the server would drop", async () => {
  await withTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, turnsLine("a", 1, 3));
    const start = async (retention: string, days: number) => {
      const args = [`${dir}/turns.jsonl`, "--metrics", "budget_total", "--verify", URL];
      const io = { fetch: serverOf(right, [], retention), now: () => NOW + days * 86_400_000 };
      const { code, stderr } = await run(args, io);
      return [code, /^(Refused|Warning): (.*)$/m.exec(stderr)?.[2]];
    };
    assert.deepEqual(await start("100y", 400), [0, undefined]);
    assert.deepEqual(await start("3d", 1), [0, undefined]);
    assert.deepEqual(await start("3d", 9), [
      1,
      "The server keeps samples for 3 d, and would drop games of 9 d ago: set its " +
      "--storage.tsdb.retention.time, or choose --anchor now",
    ]);
    // One that does not say is taken for one with the default.
    const [code, warning] = await start("512MiB", 20);
    assert.equal(code, 0);
    assert.match(String(warning), /default retention of 15 days/);
  });
});

Deno.test("parseRetention() reads what servers say", () => {
  const cases: Record<string, number | undefined> = {
    "15d": 15 * 86_400,
    "1w2d": 9 * 86_400,
    "100y": 100 * 365 * 86_400,
    "15d or 512MiB": 15 * 86_400,
    "512MiB": undefined,
    "1": 31 * 86_400,
    "0s": undefined,
    "": undefined,
    "undefined": undefined,
  };
  for (const [text, seconds] of Object.entries(cases)) {
    assert.equal(parseRetention(text), seconds, text);
  }
});
