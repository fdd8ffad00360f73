/** Tests when the sender tries again, waits, gives up and falls back, without a network. @module */

import assert from "node:assert/strict";
import { uncompress } from "snappyjs";
import {
  type Answer,
  retryAfter,
  Sender,
  type SenderEvent,
} from "../../lib/remote_write/sender.ts";
import type { Batch } from "../../lib/remote_write/unsent.ts";
import { decode1, decode2, type DecodedSeries } from "./decode.ts";

type Reply = number | Error | {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
};

interface Sent {
  readonly version: string;
  readonly series: readonly DecodedSeries[];
}

interface Course {
  readonly sent: readonly Sent[];
  readonly waits: readonly number[];
  readonly events: readonly SenderEvent[];
}

/** A batch of so many series with one sample each. */
function batchOf(series: number, name = "m"): Batch {
  return {
    series: Array.from({ length: series }, (_, place) => ({
      series: { labels: [["__name__", `${name}${place}`]], type: "counter", help: "" },
      start: 0,
      times: [1000],
      values: [place],
    })),
    turns: 1,
    samples: series,
    newest: 1000,
    end: { segment: 0, offset: series },
  };
}

/**
 * Lets a sender send batches to a receiver with these replies, each for one message; then it has none left.
 *
 * @param renewals Whether there are other secrets each time that the sender asks; then no more.
 */
async function courseOf(
  batches: readonly Batch[],
  replies: readonly Reply[],
  protocol: "auto" | "1.0" | "2.0" = "auto",
  random = 0.5,
  renewals: readonly boolean[] = [],
): Promise<Course> {
  const course = { sent: [] as Sent[], waits: [] as number[], events: [] as SenderEvent[] };
  const left = [...batches];
  const renewalsLeft = [...renewals];
  const sender: Sender = new Sender({
    next() {
      if (left.length === 0) sender.stop();
      return left.shift();
    },
    post(body, headers): Promise<Answer> {
      const version = headers["x-prometheus-remote-write-version"]!;
      const bytes = uncompress(body);
      const series = version === "2.0.0" ? decode2(bytes).series : decode1(bytes);
      const reply = replies[course.sent.length];
      course.sent.push({ version, series });
      if (course.sent.length === replies.length) sender.stop();
      if (reply instanceof Error) return Promise.reject(reply);
      const { status, headers: given = {}, text = "" } = typeof reply === "object"
        ? reply
        : { status: reply! };
      const written = String(series.reduce((sum, { samples }) => sum + samples.length, 0));
      const all: Record<string, string> = status < 300 && version === "2.0.0"
        ? { "x-prometheus-remote-write-samples-written": written, ...given }
        : given;
      return Promise.resolve({ status, header: (name) => all[name] || undefined, text });
    },
    renew: () => Promise.resolve(renewalsLeft.shift() ?? false),
    tell: (event) => course.events.push(event),
    wait(milliseconds) {
      course.waits.push(milliseconds);
      return Promise.resolve();
    },
    protocol,
    external: [],
    random: () => random,
    now: () => 0,
  });
  await sender.run();
  return course;
}

/** Sent and failed samples, by batch. */
function resultsOf({ events }: Course): [sent: number, failed: number][] {
  return events.flatMap((event) => event.type === "done" ? [[event.sent, event.failed]] : []);
}

const versionsOf = ({ sent }: Course) => sent.map(({ version }) => version);

Deno.test("the sender sends batches in order, and says what was taken", async () => {
  const course = await courseOf([batchOf(2, "a"), batchOf(3, "b")], [200, 204]);
  assert.deepEqual(course.sent.map(({ series }) => series[0]!.labels[0]![1]), ["a0", "b0"]);
  assert.deepEqual(resultsOf(course), [[2, 0], [3, 0]]);
});

Deno.test("5xx, 429 and no answer are tried again with longer and longer pauses, the same message", async () => {
  const replies = [500, 503, 429, new Error("refused"), 502, 599, 204];
  const course = await courseOf([batchOf(2)], replies);
  assert.deepEqual(course.waits.slice(0, 6), [30, 60, 120, 240, 480, 960]);
  assert.equal(new Set(course.sent.map((sent) => JSON.stringify(sent))).size, 1);
  assert.deepEqual(resultsOf(course), [[2, 0]]);
  assert.deepEqual(
    course.events.flatMap((event) => event.type === "answer" ? [event.status] : []),
    [500, 503, 429, 0, 502, 599, 204],
  );
});

Deno.test("pauses grow to 5 s and differ by a tenth at random", async () => {
  const replies = Array<Reply>(12).fill(500);
  for (const [random, factor] of [[0, 0.9], [0.5, 1], [1, 1.1]] as const) {
    const { waits } = await courseOf([batchOf(1)], replies, "auto", random);
    assert.deepEqual(
      waits.slice(0, 11).map((wait) => Math.round(wait / factor)),
      [30, 60, 120, 240, 480, 960, 1920, 3840, 5000, 5000, 5000],
    );
  }
});

Deno.test("a receiver that asks to wait is waited for, and never less than the pause", async () => {
  const after = (text: string): Reply => ({ status: 429, headers: { "retry-after": text } });
  const course = await courseOf([batchOf(1)], [after("7"), after("0"), after("nonsense"), 204]);
  assert.deepEqual(course.waits.slice(0, 3), [7000, 60, 120]);
});

Deno.test("retryAfter() reads seconds and dates, at most five minutes", () => {
  const of = (text: string | undefined) =>
    retryAfter({ status: 503, header: () => text, text: "" }, Date.parse("2026-01-01T00:00:00Z"));
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    ["3", 3000],
    [" 3 ", 3000],
    ["0", 0],
    ["99999999", 300_000],
    ["Thu, 01 Jan 2026 00:00:10 GMT", 10_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [text, expected] of cases) assert.equal(of(text), expected, text);
});

Deno.test("other 4xx and redirects are not tried again, and what the receiver says is told as it is", async () => {
  for (const status of [301, 307, 400, 401, 403, 404, 413, 422]) {
    const text = `Error: "out of order" ${"x".repeat(400)}`;
    const course = await courseOf([batchOf(2), batchOf(1)], [{ status, text }, 204]);
    assert.equal(course.sent.length, 2, String(status));
    assert.deepEqual(resultsOf(course), [[0, 2], [1, 0]]);
    const [answer] = course.events;
    assert.deepEqual(answer?.type === "answer" && answer.problem, text.slice(0, 300));
  }
});

Deno.test("after 401 and 403 the same message is sent again at once if there are other secrets", async () => {
  for (const status of [401, 403]) {
    const course = await courseOf([batchOf(2)], [status, status, 204], "auto", 0.5, [true, true]);
    assert.deepEqual(resultsOf(course), [[2, 0]], String(status));
    assert.equal(new Set(course.sent.map((sent) => JSON.stringify(sent))).size, 1);
    const retries = course.events.flatMap((event) =>
      event.type === "answer" ? [event.willRetry] : []
    );
    assert.deepEqual(retries, [true, true, false]);
    const same = await courseOf([batchOf(2)], [status, status, 204], "auto", 0.5, [true, false]);
    assert.deepEqual(resultsOf(same), [[0, 2]], "the secrets stay as they were");
  }
  const other = await courseOf([batchOf(2)], [400, 204], "auto", 0.5, [true]);
  assert.deepEqual(resultsOf(other), [[0, 2]], "another refusal is not about secrets");
});

Deno.test("of a partial write what was written counts as sent, and nothing is sent again", async () => {
  const written = { "x-prometheus-remote-write-samples-written": "3" };
  for (const status of [400, 200]) {
    const course = await courseOf([batchOf(5)], [{ status, headers: written }]);
    assert.deepEqual(resultsOf(course), [[3, 2]], String(status));
  }
  // A count that cannot be is none.
  const odd = { "x-prometheus-remote-write-samples-written": "-1" };
  assert.deepEqual(resultsOf(await courseOf([batchOf(5)], [{ status: 400, headers: odd }])), [[
    0,
    5,
  ]]);
  const many = { "x-prometheus-remote-write-samples-written": "99" };
  assert.deepEqual(resultsOf(await courseOf([batchOf(5)], [{ status: 400, headers: many }])), [[
    5,
    0,
  ]]);
});

Deno.test("after 415 the same samples are sent by 1.0, and all that follow", async () => {
  const course = await courseOf([batchOf(2), batchOf(1)], [415, 204, 204]);
  assert.deepEqual(versionsOf(course), ["2.0.0", "0.1.0", "0.1.0"]);
  assert.deepEqual(
    course.sent[1]!.series.map(({ labels }) => labels),
    course.sent[0]!.series.map(({ labels }) => labels),
  );
  assert.deepEqual(resultsOf(course), [[2, 0], [1, 0]]);
});

Deno.test("a receiver that takes 2.0 without a count has read an empty message: 1.0 follows", async () => {
  const none = { status: 204, headers: { "x-prometheus-remote-write-samples-written": "" } };
  const course = await courseOf([batchOf(2)], [none, 204]);
  assert.deepEqual(versionsOf(course), ["2.0.0", "0.1.0"]);
  assert.deepEqual(resultsOf(course), [[2, 0]]);
});

Deno.test("a version that was asked for is kept", async () => {
  const one = await courseOf([batchOf(1)], [204], "1.0");
  assert.deepEqual(versionsOf(one), ["0.1.0"]);
  const two = await courseOf([batchOf(1), batchOf(1)], [415, 204], "2.0");
  assert.deepEqual(versionsOf(two), ["2.0.0", "2.0.0"]);
  assert.deepEqual(resultsOf(two), [[0, 1], [1, 0]]);
});

Deno.test("a turn of many series goes in several messages, and is done after the last one", async () => {
  const course = await courseOf([batchOf(12_000)], [204, 204, 500, 204]);
  assert.deepEqual(course.sent.map(({ series }) => series.length), [5000, 5000, 2000, 2000]);
  assert.deepEqual(resultsOf(course), [[12_000, 0]]);
});
