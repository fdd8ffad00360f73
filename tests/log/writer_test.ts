/** Tests that the log waits for nobody. @module */

import assert from "node:assert/strict";
import { createLineWriter, createLog } from "../../lib/log/mod.ts";

/** A stream that takes `take` bytes at once, once it is let. */
function slowSink(take = Infinity) {
  const decoder = new TextDecoder();
  let gate = Promise.withResolvers<void>();
  const sink = {
    text: "",
    isBroken: false,
    async write(bytes: Uint8Array): Promise<number> {
      await gate.promise;
      if (sink.isBroken) throw new Deno.errors.BrokenPipe("nobody there");
      const part = bytes.subarray(0, take);
      sink.text += decoder.decode(part, { stream: true });
      return part.length;
    },
    open: () => gate.resolve(),
    shut: () => gate = Promise.withResolvers(),
  };
  return sink;
}

Deno.test("write() keeps the order of lines, also when they are written in pieces", async () => {
  const sink = slowSink(3);
  const writer = createLineWriter(sink);
  for (let line = 0; line < 100; line++) assert.ok(writer.write(`ligne é ${line}\n`));
  assert.equal(sink.text, "");
  sink.open();
  await writer.flush(10_000);
  assert.equal(sink.text, Array.from({ length: 100 }, (_, line) => `ligne é ${line}\n`).join(""));
  assert.equal(writer.dropped, 0);
});

Deno.test("write() drops what nobody reads, and counts it, and the log says so later", async () => {
  const sink = slowSink();
  const writer = createLineWriter(sink);
  const log = createLog({ level: "info", format: "logfmt", write: writer.write });
  for (let line = 0; line < 10_000; line++) log.info("x".repeat(100), { line });
  assert.ok(writer.dropped > 8000 && writer.dropped < 10_000, `${writer.dropped} were dropped`);
  const { dropped } = writer;
  await writer.flush(1);
  assert.equal(sink.text, "");
  sink.open();
  await writer.flush(10_000);
  log.info("last");
  await writer.flush(10_000);
  assert.equal(sink.text.split("\n").length, 10_000 - dropped + 3);
  assert.match(
    sink.text,
    new RegExp(`level=warn msg="Lines were .*" lines=${dropped}\n.*msg=last\n$`),
  );
});

Deno.test("write() counts what a broken stream loses, and goes on when it is well again", async () => {
  const sink = slowSink();
  const writer = createLineWriter(sink);
  sink.isBroken = true;
  sink.open();
  writer.write("a\n");
  writer.write("b\n");
  await writer.flush(10_000);
  assert.equal(writer.dropped, 2);
  sink.isBroken = false;
  writer.write("c\n");
  await writer.flush(10_000);
  assert.equal(sink.text, "c\n");
});

Deno.test("write() takes a line of any length while none waits", async () => {
  const sink = slowSink();
  const writer = createLineWriter(sink);
  assert.ok(writer.write(`${"x".repeat(1 << 20)}\n`));
  assert.equal(writer.write("y\n"), false);
  sink.open();
  await writer.flush(10_000);
  assert.equal(sink.text.length, (1 << 20) + 1);
});
