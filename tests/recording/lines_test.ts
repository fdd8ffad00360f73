/** Tests of reading the lines of recorded games. @module */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { recordedFiles, recordedLines, RecordingError } from "../../lib/recording/mod.ts";
import { withTempDir } from "../harness/waiting.ts";

async function linesOf(path: string, options = {}) {
  const [file] = recordedFiles([path]);
  const lines = await Array.fromAsync(recordedLines(file!, options));
  return lines.map(({ path: _, ...line }) => line);
}

Deno.test("recordedLines() numbers lines, and says what is wrong with one", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/a.jsonl`;
    const text = '{"a":1}\r\n\n\r\n{"a":"é"}\n{"a":\n[1]\nx\0y\n{"b":';
    const expected = [
      { line: 1, value: { a: 1 }, isCut: false },
      { line: 4, value: { a: "é" }, isCut: false },
      { line: 6, value: [1], isCut: false },
    ];
    for (const bytes of [new TextEncoder().encode(text), gzipSync(text)]) {
      Deno.writeFileSync(path, bytes);
      const lines = await linesOf(path);
      assert.deepEqual(lines.filter((line) => "value" in line), expected);
      const faults = lines.filter(({ fault }) => fault !== undefined);
      assert.deepEqual(faults.map(({ line, isCut }) => [line, isCut]), [
        [5, false],
        [7, false],
        [8, true],
      ]);
      assert.match(faults[1]!.fault!, /NUL bytes/);
    }
  }));

Deno.test("recordedLines() takes a last line without its end", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/a.jsonl`;
    Deno.writeTextFileSync(path, '1\n{"a":2}');
    assert.deepEqual(await linesOf(path), [
      { line: 1, value: 1, isCut: false },
      { line: 2, value: { a: 2 }, isCut: false },
    ]);
    Deno.writeTextFileSync(path, "");
    assert.deepEqual(await linesOf(path), []);
  }));

Deno.test("recordedLines() reads all members of a gzip file, and says where a cut-off one ends", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/a.jsonl.gz`;
    const [first, second] = ['{"a":1}\n', `{"a":2}\n${'{"a":3}\n'.repeat(1000)}`].map((text) =>
      gzipSync(text)
    );
    const whole = new Uint8Array([...first!, ...second!]);
    Deno.writeFileSync(path, whole);
    assert.equal((await linesOf(path)).length, 1002);
    Deno.writeFileSync(path, whole.subarray(0, whole.length - 12));
    const lines = await linesOf(path);
    assert.match(lines.at(-1)!.fault!, /cannot be read further: unexpected end of file/);
    assert.ok(lines.at(-1)!.line >= 2);
    assert.ok(lines.slice(0, -1).every(({ fault }) => fault === undefined));
  }));

Deno.test("recordedLines() does not hold a line that is too long", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/a.jsonl`;
    Deno.writeTextFileSync(path, `"${"x".repeat(5000)}"\n1\n`);
    const [long, next] = await linesOf(path, { maxLine: 1000 });
    assert.match(long!.fault!, /1000|large/);
    assert.deepEqual(next, { line: 2, value: 1, isCut: false });
  }));

Deno.test("recordedFiles() finds what rotation has made of files, each once", () =>
  withTempDir((dir) => {
    const made = ["turns.jsonl", "turns.jsonl.1", "turns.jsonl.2.gz", "turns.jsonl.10"];
    for (const name of [...made, "turns.jsonl.lock", "turns-b.jsonl"]) {
      Deno.writeFileSync(`${dir}/${name}`, gzipSync("1\n"));
    }
    const names = (...paths: readonly string[]) =>
      recordedFiles(paths.map((path) => `${dir}/${path}`))
        .map(({ path }) => path.slice(dir.length + 1));
    const rotated = ["turns.jsonl.10", "turns.jsonl.2.gz", "turns.jsonl.1", "turns.jsonl"];
    assert.deepEqual(names("turns.jsonl"), rotated);
    assert.deepEqual(names("turns.jsonl", "turns.jsonl.1", "turns-b.jsonl"), [
      ...rotated,
      "turns-b.jsonl",
    ]);
    assert.deepEqual(names("turns.jsonl.1"), ["turns.jsonl.1"]);
    return Promise.resolve();
  }));

Deno.test("recordedFiles() says why a file cannot be read", () =>
  withTempDir((dir) => {
    Deno.writeFileSync(`${dir}/a.zst`, Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4));
    const cases = {
      "a.zst": /compressed with zstd, expected plain text or gzip/,
      "none": /there is no such file/,
      "": /it is no file/,
    };
    for (const [name, message] of Object.entries(cases)) {
      assert.throws(() => recordedFiles([`${dir}/${name}`]), (error) => {
        assert.ok(error instanceof RecordingError);
        assert.match(error.message, message);
        assert.match(error.message, /^Cannot read "/);
        return true;
      });
    }
    return Promise.resolve();
  }));
