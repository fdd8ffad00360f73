/** Tests what the metrics of remote write show. @module */

import assert from "node:assert/strict";
import { createLog } from "../../lib/log/mod.ts";
import { Teller } from "../../lib/remote_write/teller.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";

const END = { segment: 0, offset: 0 };

/** A teller of a queue, whose fields may be changed; and the lag that it shows. */
function tellerOf(given: { last?: number; oldest?: number; isEmpty?: boolean } = {}) {
  const { last, oldest, isEmpty = true } = given;
  const queue = {
    ...{ bytes: 0, capacity: 0, isEmpty, oldest },
    streams: new Map(last === undefined ? [] : [["", { last, start: 0 }]]),
  };
  const telemetry = createTelemetry();
  const lines: string[] = [];
  const log = createLog({ level: "info", format: "logfmt", write: (line) => lines.push(line) });
  const teller = new Teller({ url: "http://a/w?token=s3cr3t", telemetry, log });
  teller.watch(queue);
  const lag = async () =>
    (await telemetry.values()).get("tradesim_exporter_remote_write_lag_seconds");
  return { teller, queue, lag, lines };
}

Deno.test("the lag is the time from the oldest turn that was not sent to the newest", async () => {
  const { teller, queue, lag } = tellerOf();
  const queued = (time: number) => {
    teller.queued(time, queue.isEmpty);
    queue.isEmpty = false;
  };
  assert.equal(await lag(), 0);
  queued(1000);
  assert.equal(await lag(), 0);
  queued(4000);
  assert.equal(await lag(), 3);
  teller.take({ type: "done", end: END, sent: 1, failed: 0, newest: 3500 });
  assert.equal(await lag(), 0.5);
  teller.take({ type: "done", end: END, sent: 1, failed: 0, newest: 4000 });
  queue.isEmpty = true;
  assert.equal(await lag(), 0);
  // The next game begins an hour later.
  queued(3_604_000);
  assert.equal(await lag(), 0);
  queued(3_605_000);
  assert.equal(await lag(), 1);
});

Deno.test("what an earlier process has left behind is behind from the start", async () => {
  const { teller, lag } = tellerOf({ last: 9000, oldest: 2000, isEmpty: false });
  assert.equal(await lag(), 7);
  teller.take({ type: "done", end: END, sent: 1, failed: 0, newest: 8000 });
  assert.equal(await lag(), 1);
});

Deno.test("no log shows the query of the receiver's URL", () => {
  const { teller, lines } = tellerOf();
  const answer = { type: "answer", bytes: 1 } as const;
  teller.take({ ...answer, status: 500, willRetry: true, problem: "no" });
  teller.take({ ...answer, status: 400, willRetry: false, problem: "no" });
  teller.take({ ...answer, status: 200, willRetry: false, problem: "" });
  teller.take({ type: "fallback" });
  assert.equal(lines.length, 4);
  for (const line of lines) assert.match(line, /url=http:\/\/a\/w\?…/);
});
