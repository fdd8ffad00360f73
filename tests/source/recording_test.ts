/** Tests of reading recordings: parts that rotation made, plain and gzip. @module */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { partsOf, readLines } from "../../lib/source/mod.ts";
import { withTempDir } from "../harness/waiting.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The lines of a file, with where each begins, and the error that ended it. */
async function read(path: string) {
  const lines: [text: string, start: number][] = [];
  let line = "";
  let error: unknown;
  try {
    for await (
      const _ of readLines(path, {
        bytes: (chunk) => line += decoder.decode(chunk, { stream: true }),
        endLine(_writtenAt, start) {
          lines.push([line, start]);
          line = "";
        },
        discard: () => line = "",
      })
    );
  } catch (caught) {
    error = caught;
  }
  return { lines, error };
}

Deno.test("partsOf() names what rotation made of a file, the oldest first", () =>
  withTempDir((dir) => {
    const names = [
      ...["m.jsonl", "m.jsonl.1", "m.jsonl.2.gz", "m.jsonl.10.gz", "m.jsonl-20251101.gz"],
      ...["m.jsonl-20260301", "m.jsonl.3.xz", "m.jsonl.lock", "m.jsonl.bak", "other.jsonl.1"],
    ];
    for (const name of names) Deno.writeTextFileSync(`${dir}/${name}`, "");
    const { parts, unreadable } = partsOf(`${dir}/m.jsonl`);
    assert.deepEqual(parts.map((path) => path.slice(dir.length + 1)), [
      ...["m.jsonl-20251101.gz", "m.jsonl-20260301", "m.jsonl.10.gz", "m.jsonl.2.gz"],
      ...["m.jsonl.1", "m.jsonl"],
    ]);
    assert.deepEqual(unreadable, [`${dir}/m.jsonl.3.xz`]);
    // A part is read alone.
    assert.deepEqual(partsOf(`${dir}/m.jsonl.2.gz`).parts, [`${dir}/m.jsonl.2.gz`]);
    assert.deepEqual(partsOf(`${dir}/absent/x`).parts, [`${dir}/absent/x`]);
    return Promise.resolve();
  }));

Deno.test("readLines() reads plain and gzip files alike, whatever their names say", () =>
  withTempDir(async (dir) => {
    const text = 'a\n\n{"é":1}\r\n\r\nlast';
    const expected = [["a", 0], ['{"é":1}', 3], ["last", 15]];
    const path = `${dir}/x`;
    for (
      const bytes of [
        encoder.encode(text),
        gzipSync(text),
        // As `cat a.gz b.gz` makes it.
        new Uint8Array([...gzipSync(text.slice(0, 5)), ...gzipSync(text.slice(5))]),
      ]
    ) {
      Deno.writeFileSync(path, bytes);
      const { lines, error } = await read(path);
      assert.equal(error, undefined);
      assert.deepEqual(lines, expected);
    }
    Deno.writeTextFileSync(path, "");
    assert.deepEqual(await read(path), { lines: [], error: undefined });
  }));

Deno.test("readLines() reads lines that are longer than a chunk, and ends before the end", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/x`;
    const long = "x".repeat(300_000);
    Deno.writeTextFileSync(path, `${long}\n${long}y\n`);
    const { lines } = await read(path);
    assert.deepEqual(lines, [[long, 0], [`${long}y`, long.length + 1]]);
    let chunks = 0;
    const consumer = { bytes: () => {}, endLine: () => chunks = NaN, discard: () => {} };
    for await (const _ of readLines(path, consumer)) if (++chunks === 2) break;
    assert.equal(chunks, 2, "and gave its file back, or the test's sanitizer tells");
  }));

Deno.test("readLines() hands on what there is of a file that is cut off, and tells why it ends", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/x.gz`;
    const lines = Array.from({ length: 5000 }, () => `${Math.random()}\n`);
    const whole = gzipSync(lines.join(""));
    Deno.writeFileSync(path, whole.subarray(0, whole.length >> 1));
    const cut = await read(path);
    assert.ok(cut.lines.length > 1000 && cut.lines.length < 5000, `${cut.lines.length}`);
    assert.match(String(cut.error), /unexpected end of file/);
    const broken = new Uint8Array(whole);
    broken.fill(0xff, 1000, 1100);
    Deno.writeFileSync(path, broken);
    assert.ok((await read(path)).error instanceof Error);
    assert.match(String((await read(`${dir}/absent`)).error), /ENOENT/);
    assert.match(String((await read(dir)).error), /EISDIR|directory/);
  }));
