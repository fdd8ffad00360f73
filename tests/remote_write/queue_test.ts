/** Tests that the queue on disk gives each turn back once, in order, whatever happens. @module */

import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { RemoteWriteError } from "../../lib/remote_write/mod.ts";
import type { Layout } from "../../lib/remote_write/layout.ts";
import { openQueue, type Queue } from "../../lib/remote_write/queue.ts";
import { HEAD_BYTES, SEGMENT_BYTES } from "../../lib/remote_write/segment.ts";
import { type Batch, Unsent } from "../../lib/remote_write/unsent.ts";
import { withTempDir } from "../harness/waiting.ts";
import { layoutOf } from "./layouts.ts";

const TWO_SEGMENTS = HEAD_BYTES + 2 * SEGMENT_BYTES;

/** Reads what was not sent, batch by batch, and notes it as sent if that is asked for. */
function drain(
  queue: Queue,
  path: string,
  isNoted = true,
  maxSamples = 1000,
  onDamaged?: () => void,
): Batch[] {
  const unsent = new Unsent(path, queue.segments, queue.positions, onDamaged);
  const batches: Batch[] = [];
  for (let batch = unsent.next(maxSamples); batch; batch = unsent.next(maxSamples)) {
    batches.push(batch);
    if (isNoted) queue.sent(batch.end);
  }
  unsent.close();
  return batches;
}

/** The values of one series over batches. */
function valuesOf(batches: readonly Batch[], place = 0): (number | undefined)[] {
  return batches.flatMap(({ series }) =>
    series.filter(({ series: { labels } }) => labels[0]![1] === `m${place}`)
      .flatMap(({ values }) => values)
  );
}

/** Numbers that take eight bytes each. */
function noise(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, place) => Math.sin(seed * 1000 + place));
}

function withQueue(
  body: (
    open: (size?: number) => Queue,
    path: string,
    dropped: { turns: number; samples: number },
  ) => void,
): Promise<void> {
  return withTempDir((dir) => {
    const path = `${dir}/q/queue`;
    const dropped = { turns: 0, samples: 0 };
    const open = (size = TWO_SEGMENTS) =>
      openQueue({
        path,
        size,
        onDropped({ turns, samples }) {
          dropped.turns += turns;
          dropped.samples += samples;
        },
      });
    body(open, path, dropped);
    return Promise.resolve();
  });
}

/** Adds turns whose first series counts them. */
function add(queue: Queue, layout: Layout, from: number, count: number): void {
  for (let turn = from; turn < from + count; turn++) {
    const values = [turn, ...noise(layout.series.length - 1, turn)];
    assert.equal(queue.add(layout, 1e12 + turn, values), true);
  }
}

const counted = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

Deno.test("a queue gives turns back in order, over segments, batches and restarts", () =>
  withQueue((open, path) => {
    const layout = layoutOf(50, "a");
    let queue = open();
    // More than one segment of 4 MiB.
    add(queue, layout, 0, 12_000);
    assert.ok(queue.bytes > SEGMENT_BYTES);
    queue.close();
    queue = open();
    assert.deepEqual(queue.streams.get("a"), { last: 1e12 + 11_999, start: 0 });
    add(queue, layoutOf(50, "a"), 12_000, 5);
    const batches = drain(queue, path);
    assert.deepEqual(valuesOf(batches), counted(0, 12_005));
    assert.deepEqual(valuesOf(batches.slice(-1), 49).at(-1), noise(49, 12_004).at(-1));
    assert.equal(batches.reduce((sum, { samples }) => sum + samples, 0), 12_005 * 50);
    assert.equal(queue.bytes, 0);
    queue.close();
    queue = open();
    assert.deepEqual(drain(queue, path), []);
    queue.close();
  }));

Deno.test("what was not noted as sent comes again, and nothing before it", () =>
  withQueue((open, path) => {
    const layout = layoutOf(2);
    let queue = open();
    add(queue, layout, 0, 100);
    const [first] = drain(queue, path, false, 60);
    queue.sent(first!.end);
    queue.close();
    for (let again = 0; again < 2; again++) {
      queue = open();
      assert.deepEqual(valuesOf(drain(queue, path, false)), counted(30, 70));
      queue.close();
    }
  }));

Deno.test("turns of several layouts, and the ends of series, stay in their order", () =>
  withQueue((open, path) => {
    const queue = open();
    const [narrow, wide] = [layoutOf(1), layoutOf(2)];
    queue.add(wide, 1000, [1, 10]);
    queue.add(narrow, 1001, [2]);
    queue.add(wide, 1002, [3, 11]);
    queue.add(wide, 1003, undefined);
    const [batch] = drain(queue, path);
    // Both layouts have the first series, so its samples are those of one series.
    assert.deepEqual(batch!.series.map(({ times, values }) => ({ times, values })), [
      { times: [1000, 1001, 1002, 1003], values: [1, 2, 3, undefined] },
      { times: [1000, 1002, 1003], values: [10, 11, undefined] },
    ]);
    queue.close();
  }));

Deno.test("samples of a series are in order even when times go back", () =>
  withQueue((open, path) => {
    let queue = open();
    const [narrow, wide] = [layoutOf(1), layoutOf(2)];
    const { series: [one] } = narrow;
    const other: Layout = {
      ...{ stream: "other", start: 0 },
      series: [{ ...one!, labels: [["__name__", "o"]] }],
    };
    queue.add(wide, 5000, [1, 10]);
    queue.add(other, 4000, [7]);
    queue.add(narrow, 5001, [2]);
    queue.add(wide, 1000, [3, 11]);
    queue.add(narrow, 1001, [4]);
    queue.close();
    queue = open();
    assert.equal(queue.streams.get("")?.last, 1001);
    const [batch] = drain(queue, path);
    assert.deepEqual(batch!.series.map(({ times, values }) => ({ times, values })), [
      { times: [5000, 5001], values: [1, 2] },
      { times: [5000], values: [10] },
      { times: [4000], values: [7] },
      { times: [1000, 1001], values: [3, 4] },
      { times: [1000], values: [11] },
    ]);
    queue.close();
  }));

Deno.test("a full queue drops its oldest turns, and counts each of them", () =>
  withQueue((open, path, dropped) => {
    const layout = layoutOf(50);
    const queue = open();
    // About four segments.
    add(queue, layout, 0, 40_000);
    const values = valuesOf(drain(queue, path));
    assert.deepEqual(values, counted(40_000 - values.length, values.length));
    assert.ok(values.length > 5000, `${values.length} turns are left`);
    assert.equal(dropped.turns, 40_000 - values.length);
    assert.equal(dropped.samples, 50 * dropped.turns);
    queue.close();
  }));

Deno.test("a reader whose segment was dropped goes on with the oldest that is left", () =>
  withQueue((open, path, dropped) => {
    const layout = layoutOf(50);
    const queue = open();
    const unsent = new Unsent(path, queue.segments, queue.positions);
    add(queue, layout, 0, 100);
    const read = unsent.next(50 * 40)!;
    queue.sent(read.end);
    assert.equal(read.turns, 40);
    add(queue, layout, 100, 40_000);
    const values: (number | undefined)[] = [];
    for (let batch = unsent.next(1e4); batch; batch = unsent.next(1e4)) {
      values.push(...valuesOf([batch]));
    }
    assert.deepEqual(values, counted(40_100 - values.length, values.length));
    // Those that were sent are not among the dropped ones.
    assert.equal(dropped.turns + values.length + 40, 40_100);
    unsent.close();
    queue.close();
  }));

Deno.test("turns that were taken out when the queue became full are sent, and not counted as dropped", () =>
  withQueue((open, path, dropped) => {
    const layout = layoutOf(50);
    const queue = open();
    add(queue, layout, 0, 100);
    const unsent = new Unsent(path, queue.segments, queue.positions);
    const taken = unsent.next(50 * 40)!;
    add(queue, layout, 100, 40_000);
    queue.sent(taken.end);
    const values: (number | undefined)[] = [];
    for (let batch = unsent.next(1e4); batch; batch = unsent.next(1e4)) {
      values.push(...valuesOf([batch]));
    }
    assert.equal(dropped.turns, 40_100 - taken.turns - values.length);
    unsent.close();
    queue.close();
  }));

/** Writes over bytes of a file. */
function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const file = Deno.openSync(path, { write: true });
  file.seekSync(offset, Deno.SeekMode.Start);
  file.writeSync(bytes);
  file.close();
}

Deno.test("of a damaged queue the rest of that segment is lost, and this is told", () =>
  withTempDir((dir) => {
    const layout = layoutOf(50);
    const size = HEAD_BYTES + 8 * SEGMENT_BYTES;
    /** What is overwritten, and how many segments of about 10 000 turns are lost with it. */
    const damages: readonly (readonly [offset: number, bytes: number, lost: number])[] = [
      [0, 0, 0],
      [HEAD_BYTES + SEGMENT_BYTES + SEGMENT_BYTES / 2, 9, 0.5],
      // Records are known without the head of their segment.
      [HEAD_BYTES + SEGMENT_BYTES, 16, 0],
      [HEAD_BYTES + SEGMENT_BYTES, 2 * SEGMENT_BYTES, 2],
      // In the last one, which is not full.
      [HEAD_BYTES + 3 * SEGMENT_BYTES + 100_000, 9, 0.5],
      [HEAD_BYTES + 3 * SEGMENT_BYTES, 16, 0.5],
    ];
    damages.forEach(([offset, bytes, lost], place) => {
      const path = `${dir}/queue${place}`;
      let queue = openQueue({ path, size });
      let count = 0;
      while (queue.bytes < 3.5 * SEGMENT_BYTES) add(queue, layout, count++, 1);
      queue.close();
      overwrite(path, offset, new Uint8Array(bytes));
      let told = 0;
      queue = openQueue({ path, size, onDamaged: () => told++ });
      const values = valuesOf(drain(queue, path, true, 1000, () => told++));
      const share = (count - values.length) / count * 3.5;
      assert.ok(Math.abs(share - lost) < 0.1, `${share} segments instead of ${lost}`);
      assert.equal(told > 0, lost > 0, `damage ${place}`);
      assert.deepEqual(values, values.toSorted((a, b) => a! - b!));
      // What is added behind the damage must be read back, too.
      add(queue, layout, count, 3);
      assert.deepEqual(valuesOf(drain(queue, path)), counted(count, 3));
      queue.close();
    });
    return Promise.resolve();
  }));

Deno.test("a queue says when the oldest turn was that it has", () =>
  withQueue((open, path) => {
    let queue = open();
    assert.equal(queue.oldest, undefined);
    add(queue, layoutOf(1), 0, 10);
    const [first] = drain(queue, path, false, 4);
    queue.sent(first!.end);
    queue.close();
    queue = open();
    assert.equal(queue.oldest, 1e12 + 4);
    queue.close();
  }));

Deno.test("a file that is something else is refused, and stays as it is", () =>
  withTempDir((dir) => {
    const texts = ["notes\n", "x".repeat(20_000_000), `{"version":1}\n`];
    for (const [place, text] of texts.entries()) {
      const path = `${dir}/${place}`;
      Deno.writeTextFileSync(path, text);
      assert.throws(() => openQueue({ path, size: TWO_SEGMENTS }), {
        name: RemoteWriteError.name,
        message: `Cannot use the queue of remote write "${path}": ` +
          "it is another file, which would be overwritten",
      });
      assert.ok(Deno.readTextFileSync(path) === text);
    }
    // An empty one may have been made for it.
    Deno.writeTextFileSync(`${dir}/new`, "");
    openQueue({ path: `${dir}/new`, size: TWO_SEGMENTS }).close();
    return Promise.resolve();
  }));

Deno.test("a turn that was cut off by a kill is lost alone, and the next ones are not", () =>
  withQueue((open, path) => {
    const layout = layoutOf(3);
    let queue = open();
    add(queue, layout, 0, 10);
    const end = queue.bytes;
    queue.close();
    const file = Deno.openSync(path, { write: true });
    file.seekSync(HEAD_BYTES + 16 + end - 1, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array([0x55]));
    file.close();
    queue = open();
    add(queue, layoutOf(3), 10, 2);
    assert.deepEqual(valuesOf(drain(queue, path)), [...counted(0, 9), 10, 11]);
    queue.close();
  }));

Deno.test("a turn that is larger than a segment is not taken, and the next one is", () =>
  withQueue((open, path) => {
    const queue = open();
    const [small, large] = [layoutOf(1), layoutOf(100_000)];
    add(queue, small, 0, 1);
    for (let again = 0; again < 3; again++) {
      assert.equal(queue.add(large, 1000, noise(100_000, again)), false);
    }
    add(queue, small, 1, 1);
    assert.deepEqual(valuesOf(drain(queue, path)), [0, 1]);
    queue.close();
  }));

Deno.test("a turn that cannot be written is lost alone: those before and after are whole", () =>
  withTempDir((dir) => {
    const path = `${dir}/queue`;
    let fails = 0;
    const queue = openQueue({
      path,
      size: HEAD_BYTES + 4 * SEGMENT_BYTES,
      write: ((...args: Parameters<typeof writeSync>) => {
        if (fails-- > 0) throw new Error("input/output error");
        return writeSync(...args);
      }) as typeof writeSync,
    });
    const layout = layoutOf(3);
    add(queue, layout, 0, 5);
    // First a turn, then the beginning of the segment after it.
    for (const count of [1, 2]) {
      fails = count;
      for (let failed = 0; failed < count; failed++) {
        assert.throws(() => add(queue, layout, 99, 1), /input\/output error/);
      }
      add(queue, layout, 5 * count, 5);
    }
    assert.deepEqual(valuesOf(drain(queue, path)), counted(0, 15));
    queue.close();
    return Promise.resolve();
  }));

Deno.test("a queue of another size is as it was until it is empty", () =>
  withQueue((open, path) => {
    const layout = layoutOf(1);
    let queue = open();
    add(queue, layout, 0, 3);
    queue.close();
    queue = open(HEAD_BYTES + 4 * SEGMENT_BYTES);
    assert.equal(queue.capacity, 2 * SEGMENT_BYTES);
    assert.deepEqual(valuesOf(drain(queue, path)), [0, 1, 2]);
    queue.close();
    queue = open(HEAD_BYTES + 4 * SEGMENT_BYTES);
    assert.equal(queue.capacity, 4 * SEGMENT_BYTES);
    add(queue, layout, 3, 2);
    assert.deepEqual(valuesOf(drain(queue, path)), [3, 4]);
    queue.close();
    assert.equal(Deno.statSync(path).size, HEAD_BYTES + 4 * SEGMENT_BYTES);
  }));

Deno.test("a queue whose head is damaged sends all that it has", () =>
  withQueue((open, path) => {
    let queue = open();
    add(queue, layoutOf(1), 0, 5);
    drain(queue, path);
    queue.close();
    const file = Deno.openSync(path, { write: true });
    file.writeSync(new Uint8Array(HEAD_BYTES));
    file.close();
    queue = open();
    add(queue, layoutOf(1), 5, 1);
    assert.deepEqual(valuesOf(drain(queue, path)), counted(0, 6));
    queue.close();
  }));

Deno.test("the whole file is written at the start", () =>
  withQueue((open, path) => {
    open().close();
    const { size, blocks } = Deno.statSync(path);
    assert.equal(size, TWO_SEGMENTS);
    if (blocks !== null) assert.ok(blocks * 512 >= size, `${blocks} blocks`);
  }));

Deno.test("a queue that finds no room gives back what it has taken of the disk", () =>
  withQueue((open, path) => {
    const queue = open();
    add(queue, layoutOf(1), 0, 3);
    drain(queue, path);
    add(queue, layoutOf(1), 3, 2);
    queue.close();
    Deno.truncateSync(path, HEAD_BYTES + 5000);
    const write = ((fd: number, bytes: Uint8Array, from: number, length: number, at: number) => {
      if (at > SEGMENT_BYTES) throw new Error("ENOSPC: no space left on device, write");
      return writeSync(fd, bytes, from, length, at);
    }) as typeof writeSync;
    assert.throws(
      () => openQueue({ path, size: TWO_SEGMENTS, write }),
      /^RemoteWriteError: Cannot use the queue of remote write ".*": ENOSPC: no space left/,
    );
    assert.equal(Deno.statSync(path).size, HEAD_BYTES + 5000);
    const again = open();
    assert.deepEqual(valuesOf(drain(again, path)), [3, 4]);
    again.close();
  }));

Deno.test("a queue whose file is cut sends what is before the cut", () =>
  withQueue((open, path) => {
    const queue = open();
    add(queue, layoutOf(1), 0, 100);
    const length = queue.bytes;
    queue.close();
    for (const kept of [HEAD_BYTES + length / 2, 100, 0]) {
      Deno.truncateSync(path, Math.floor(kept));
      const cut = open();
      const left = valuesOf(drain(cut, path, false)).length;
      assert.ok(kept > HEAD_BYTES ? left > 40 && left < 60 : left === 0, `${left} turns`);
      cut.close();
    }
    const last = open();
    add(last, layoutOf(1), 7, 1);
    assert.deepEqual(valuesOf(drain(last, path)), [7]);
    last.close();
  }));

Deno.test("openQueue() refuses a file that is in use, of a later version, or no file", () =>
  withQueue((open, path) => {
    const queue = open();
    assert.throws(() => open(), {
      name: RemoteWriteError.name,
      message: `Cannot use the queue of remote write "${path}": another exporter is using it`,
    });
    queue.close();
    assert.throws(() => openQueue({ path: "/proc/version", size: TWO_SEGMENTS }), RemoteWriteError);
    assert.throws(() => open(HEAD_BYTES + SEGMENT_BYTES), /it is too small/);
  }));
