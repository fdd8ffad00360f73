/** Tests of following files, on real files. @module */

import { until } from "../harness/waiting.ts";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join, relative } from "node:path";
import fc from "fast-check";
import type { Log, LogFields } from "../../lib/log/mod.ts";
import {
  createFollowCounters,
  follow,
  type FollowCounters,
  type Follower,
  type FollowOptions,
  type LineConsumer,
} from "../../lib/source/mod.ts";

const MIB = 1024 * 1024;
const strict = new TextDecoder("utf-8", { fatal: true });
/** A void part may end within a character. */
const lenient = new TextDecoder();

/** What came, in the order it came in: "line", or "!part" for a part of a line that is void. */
interface Seen {
  readonly all: string[];
  readonly byPath: Map<string, string[]>;
  readonly times: number[];
}

function collect(): Seen & { consumer: (path: string) => LineConsumer } {
  const all: string[] = [];
  const byPath = new Map<string, string[]>();
  const times: number[] = [];
  function consumer(path: string): LineConsumer {
    const own: string[] = byPath.get(path) ?? [];
    byPath.set(path, own);
    let parts: number[] = [];
    function end(prefix: string, decoder: TextDecoder) {
      const line = prefix + decoder.decode(Uint8Array.from(parts));
      parts = [];
      all.push(line);
      own.push(line);
    }
    return {
      bytes(chunk) {
        for (const byte of chunk) parts.push(byte);
      },
      endLine(writtenAt) {
        times.push(writtenAt);
        end("", strict);
      },
      discard: () => end("!", lenient),
    };
  }
  return { all, byPath, times, consumer };
}

interface Bench {
  readonly dir: string;
  readonly path: string;
  readonly seen: Seen;
  readonly counters: FollowCounters;
  readonly warnings: string[];
  /** A follower of `path`, or as told; closed at the end of the test. */
  start(options?: Partial<FollowOptions>): Follower;
  /** What came since the last call. */
  take(): string[];
}

function recordWarnings(warnings: string[]): Log {
  return {
    debug() {},
    info() {},
    warn: (message: string, fields: LogFields = {}) =>
      warnings.push(`${message} ${fields.path ?? ""}`.trim()),
    error() {},
  };
}

async function inTempDir(body: (bench: Bench) => void | Promise<void>): Promise<void> {
  const dir = fs.realpathSync(Deno.makeTempDirSync());
  const path = join(dir, "metrics.jsonl");
  const { consumer, ...seen } = collect();
  const counters = createFollowCounters();
  const warnings: string[] = [];
  const followers: Follower[] = [];
  let taken = 0;
  try {
    await body({
      dir,
      path,
      seen,
      counters,
      warnings,
      start(options = {}) {
        const follower = follow({
          paths: [path],
          interval: 60,
          maxLine: MIB,
          consumer,
          log: recordWarnings(warnings),
          counters,
          ...options,
        });
        followers.push(follower);
        return follower;
      },
      take() {
        const lines = seen.all.slice(taken);
        taken = seen.all.length;
        return lines;
      },
    });
  } finally {
    for (const follower of followers) follower.close();
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

function test(name: string, body: (bench: Bench) => void | Promise<void>): void {
  Deno.test(name, () => inTempDir(body));
}

// Lines.

test("follow() hands on appended lines once and in order", ({ path, start, take }) => {
  const follower = start();
  fs.appendFileSync(path, "a\nb\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b"]);
  follower.poll();
  assert.deepEqual(take(), []);
  fs.appendFileSync(path, "c\n");
  fs.appendFileSync(path, "d\n");
  follower.poll();
  assert.deepEqual(take(), ["c", "d"]);
});

const splitLines: Record<string, { parts: (string | number[])[]; lines: string[][] }> = {
  "a half-written line": { parts: ["a\nb", "c", "d\n"], lines: [["a"], [], ["bcd"]] },
  "a split character": {
    parts: ["caf", [0xc3], [0xa9], "\n"],
    lines: [[], [], [], ["café"]],
  },
  "a split line end": { parts: ["a\r", "\nb\r\n"], lines: [[], ["a", "b"]] },
  "a carriage return within": { parts: ["a\r", "b\r", "\r\n"], lines: [[], [], ["a\rb\r"]] },
  "empty lines": { parts: ["\n\r\na\n\n\n", "\r", "\nb\n"], lines: [["a"], [], ["b"]] },
};

for (const [name, { parts, lines }] of Object.entries(splitLines)) {
  test(`follow() reads ${name}`, ({ path, start, take }) => {
    const follower = start();
    for (const [index, part] of parts.entries()) {
      fs.appendFileSync(path, typeof part === "string" ? part : Uint8Array.from(part));
      follower.poll();
      assert.deepEqual(take(), lines[index]);
    }
  });
}

test("follow() hands on a line that is longer than its buffer", ({ path, start, take }) => {
  const follower = start();
  const line = "é".repeat(400_000);
  fs.appendFileSync(path, line + "\nb\n");
  follower.poll();
  assert.deepEqual(take(), [line, "b"]);
});

test("follow() dates old lines by the file and new ones by the clock", (bench) => {
  const { path, start, take, seen } = bench;
  fs.writeFileSync(path, "a\nb\nc");
  fs.utimesSync(path, 1000, 1000);
  const follower = start({ now: () => 5000 });
  follower.poll();
  fs.appendFileSync(path, "\nd\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b", "c", "d"]);
  assert.deepEqual(seen.times, [1000, 1000, 5000, 5000]);
});

test("follow() dates no line later than now", ({ path, start, seen }) => {
  fs.writeFileSync(path, "a\n");
  fs.utimesSync(path, 9000, 9000);
  start({ now: () => 5000 }).poll();
  assert.deepEqual(seen.times, [5000]);
});

// Files that change.

test("follow() reads late lines of a renamed file, then the new one", (bench) => {
  const { path, start, take, counters } = bench;
  fs.writeFileSync(path, "a\n");
  const follower = start();
  follower.poll();
  fs.renameSync(path, path + ".1");
  fs.appendFileSync(path + ".1", "b\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b"]);
  fs.appendFileSync(path + ".1", "c\n");
  fs.writeFileSync(path, "d\n");
  follower.poll();
  assert.deepEqual(take(), ["c", "d"]);
  fs.appendFileSync(path + ".1", "e\n");
  follower.poll();
  assert.deepEqual(take(), []);
  assert.equal(counters.rotations, 1);
});

test("follow() holds a renamed file however long the new one takes", ({ path, start, take }) => {
  let now = 1000;
  fs.writeFileSync(path, "a\n");
  const follower = start({ now: () => now });
  follower.poll();
  fs.renameSync(path, path + ".1");
  for (const line of ["b", "c"]) {
    now += 100_000;
    follower.poll();
    fs.appendFileSync(path + ".1", line + "\n");
    follower.poll();
  }
  assert.deepEqual(take(), ["a", "b", "c"]);
});

test("follow() voids what a renamed file has of a line", ({ path, start, take }) => {
  fs.writeFileSync(path, "a\nb");
  const follower = start();
  follower.poll();
  fs.renameSync(path, path + ".1");
  fs.writeFileSync(path, "c\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "!b", "c"]);
});

test("follow() reads a file that was deleted and created again", ({ path, start, take }) => {
  fs.writeFileSync(path, "a\n");
  const follower = start();
  follower.poll();
  fs.appendFileSync(path, "b\n");
  fs.rmSync(path);
  follower.poll();
  assert.deepEqual(follower.positions(), [], "a deleted file is not held");
  assert.deepEqual(follower.files(), [{ path, exists: false, from: 0, offset: 0, size: 0 }]);
  fs.writeFileSync(path, "longer than before\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b", "longer than before"]);
});

test("follow() reads a file that another was renamed over", ({ path, start, take }) => {
  fs.writeFileSync(path, "a\n");
  const follower = start();
  follower.poll();
  fs.appendFileSync(path, "b\n");
  fs.writeFileSync(path + ".new", "c\n");
  fs.renameSync(path + ".new", path);
  follower.poll();
  assert.deepEqual(take(), ["a", "b", "c"]);
});

test("follow() begins anew in a truncated file", ({ path, start, take, seen, counters }) => {
  fs.writeFileSync(path, "first line\nsecond l");
  fs.utimesSync(path, 1000, 1000);
  const follower = start({ now: () => 5000 });
  follower.poll();
  fs.writeFileSync(path, "third\n");
  follower.poll();
  fs.appendFileSync(path, "fourth\n");
  follower.poll();
  assert.deepEqual(take(), ["first line", "!second l", "third", "fourth"]);
  assert.deepEqual(seen.times, [1000, 5000, 5000]);
  assert.equal(counters.truncations, 1);
});

test("follow() begins anew in a file that lost its end", ({ path, start, take }) => {
  const long = "x".repeat(1000);
  fs.writeFileSync(path, `${long}\nb\n`);
  const follower = start();
  follower.poll();
  fs.truncateSync(path, 1001);
  follower.poll();
  assert.deepEqual(take(), [long, "b", long]);
});

test("follow() notices a file that was truncated and has outgrown its old size", (bench) => {
  const { path, start, take } = bench;
  fs.writeFileSync(path, "a\n");
  const follower = start();
  follower.poll();
  fs.writeFileSync(path, "b\nc\nd\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b", "c", "d"]);
});

test("follow() reads a file that comes later from its start", ({ dir, start, take }) => {
  const path = join(dir, "logs", "deep", "metrics.jsonl");
  const follower = start({ paths: [path], tailBytes: 4 });
  follower.poll();
  assert.deepEqual(follower.files(), [{ path, exists: false, from: 0, offset: 0, size: 0 }]);
  fs.mkdirSync(join(dir, "logs", "deep"), { recursive: true });
  follower.poll();
  fs.writeFileSync(path, "aaa\nbbb\nccc\n");
  follower.poll();
  assert.deepEqual(take(), ["aaa", "bbb", "ccc"]);
  assert.deepEqual(follower.files(), [{ path, exists: true, from: 0, offset: 12, size: 12 }]);
});

test("follow() survives that the directory goes and comes again", ({ dir, start, take }) => {
  const path = join(dir, "logs", "metrics.jsonl");
  const follower = start({ paths: [path, join(dir, "logs", "other*.jsonl")] });
  for (const line of ["a", "b"]) {
    fs.mkdirSync(join(dir, "logs"));
    fs.writeFileSync(path, line + "\n");
    follower.poll();
    fs.rmSync(join(dir, "logs"), { recursive: true });
    follower.poll();
  }
  assert.deepEqual(take(), ["a", "b"]);
});

test("follow() warns once of what is no file, and reads it when it is", (bench) => {
  const { dir, path, start, take, warnings, counters } = bench;
  const loop = join(dir, "loop.jsonl");
  fs.mkdirSync(path);
  fs.symlinkSync(loop, loop);
  const follower = start({ paths: [path, loop, join(dir, "good.jsonl")] });
  fs.writeFileSync(join(dir, "good.jsonl"), "a\n");
  follower.poll();
  follower.poll();
  assert.deepEqual(take(), ["a"]);
  assert.deepEqual(
    warnings.splice(0).sort(),
    [loop, path].map((at) => `Cannot follow for now ${at}`),
  );
  assert.equal(counters.readErrors, 2, "looks at the loop");
  fs.rmdirSync(path);
  fs.writeFileSync(path, "b\n");
  follower.poll();
  assert.deepEqual(take(), ["b"]);
  fs.rmSync(path);
  fs.mkdirSync(path);
  follower.poll();
  assert.deepEqual(warnings, [`Cannot follow for now ${path}`]);
});

// The first start.

const L = "0123456789abcde"; // 16 bytes with its newline
const starts: Record<
  string,
  { content: string; tailBytes: number; maxLine: number; lines: string[]; end?: string }
> = {
  "a short file whole": { content: "a\nb\n", tailBytes: 100, maxLine: 100, lines: ["a", "b"] },
  "at the first line within the tail": {
    content: `1${L}\n2${L}\n3${L}\n`,
    tailBytes: 20,
    maxLine: 100,
    lines: [`3${L}`],
  },
  "at a line that starts right at the tail": {
    content: `1${L}\n2${L}\n3${L}\n`,
    tailBytes: 34,
    maxLine: 100,
    lines: [`2${L}`, `3${L}`],
  },
  "further back for one complete line": {
    content: `1${L}\n2${L}${L}${L}\n`,
    tailBytes: 12,
    maxLine: 100,
    lines: [`2${L}${L}${L}`],
  },
  "further back over a half-written line": {
    content: `1${L}\n2${L}\n3${L}${L}`,
    tailBytes: 12,
    maxLine: 100,
    lines: [`2${L}`],
    end: `3${L}${L}`,
  },
  "further back over empty lines": {
    content: `1${L}\n2${L}\n\n\r\n\n`,
    tailBytes: 4,
    maxLine: 17,
    lines: [`2${L}`],
  },
  "at the file's start when the lines are long": {
    content: `1${L}${L}${L}\n`,
    tailBytes: 10,
    maxLine: 100,
    lines: [`1${L}${L}${L}`],
  },
  "at a half-written line whose predecessor is out of reach": {
    content: `1${L}${L}${L}${L}\n2${L}`,
    tailBytes: 10,
    maxLine: 20,
    lines: [],
    end: `2${L}`,
  },
};

for (const [name, { content, tailBytes, maxLine, lines, end = "" }] of Object.entries(starts)) {
  test(`follow() begins ${name}`, ({ path, start, take }) => {
    fs.writeFileSync(path, content);
    const follower = start({ tailBytes, maxLine });
    follower.poll();
    assert.deepEqual(take(), lines);
    fs.appendFileSync(path, "+\nx\n");
    follower.poll();
    assert.deepEqual(take(), [end + "+", "x"]);
  });
}

test("follow() skips the rest of a line whose start is out of reach", ({ path, start, take }) => {
  fs.writeFileSync(path, L.repeat(10));
  const follower = start({ tailBytes: 10, maxLine: 20 });
  follower.poll();
  assert.deepEqual(follower.positions(), [], "a place in mid-line is not worth saving");
  fs.appendFileSync(path, "rest");
  follower.poll();
  fs.appendFileSync(path, "\nx\n");
  follower.poll();
  assert.deepEqual(take(), ["x"]);
  assert.equal(follower.positions().length, 1);
});

test("follow() starts in a huge file by reading little of it", ({ path, start, take, counters }) => {
  fs.writeFileSync(path, "first\n");
  fs.truncateSync(path, 300 * MIB);
  fs.appendFileSync(path, "\n" + `${L}\n`.repeat(100));
  start({ maxLine: 4 * MIB }).poll();
  assert.deepEqual(take(), Array(100).fill(L));
  assert.ok(counters.bytesRead < 9 * MIB, `read ${counters.bytesRead} bytes`);
});

test("follow() reads a tail that is full of lines only once", ({ path, start, counters }) => {
  fs.writeFileSync(path, `${L}\n`.repeat(4 * MIB / 16));
  start({ tailBytes: MIB }).poll();
  assert.ok(counters.bytesRead < 2 * MIB, `read ${counters.bytesRead} bytes`);
});

// Restarts.

/** Reads `before`, lets `change` happen, and gives what a new follower reads. */
function restart(
  { path, start, take }: Bench,
  before: string,
  change: () => void,
  options: Partial<FollowOptions> = {},
): { lines: string[]; follower: Follower } {
  fs.writeFileSync(path, before);
  const first = start(options);
  first.poll();
  const saved = JSON.parse(JSON.stringify(first.positions()));
  first.close();
  take();
  change();
  const follower = start({ ...options, tailBytes: 1, saved });
  follower.poll();
  return { lines: take(), follower };
}

test("follow() reads on from a saved position, all of it", (bench) => {
  const { path } = bench;
  const { lines } = restart(bench, "a\nb\nc", () => fs.appendFileSync(path, "c\nd\ne\nf\n"));
  assert.deepEqual(lines, ["cc", "d", "e", "f"]);
});

test("follow() reads the rest of a file renamed while away, then the new one", (bench) => {
  const { path } = bench;
  const { lines, follower } = restart(bench, "a\n", () => {
    fs.appendFileSync(path, "b\nc\n");
    fs.renameSync(path, path + ".1");
    fs.writeFileSync(path, "d\ne\nf\n");
  });
  assert.deepEqual(lines, ["b", "c", "d", "e", "f"]);
  fs.appendFileSync(path + ".1", "late\n");
  fs.appendFileSync(path, "g\n");
  follower.poll();
  assert.deepEqual(bench.take(), ["g"]);
});

test("follow() holds a file renamed while away until the new one is there", (bench) => {
  const { path } = bench;
  const { lines, follower } = restart(bench, "a\n", () => {
    fs.appendFileSync(path, "b\n");
    fs.renameSync(path, path + ".1");
  });
  assert.deepEqual(lines, ["b"]);
  fs.appendFileSync(path + ".1", "c\n");
  fs.writeFileSync(path, "d\n");
  follower.poll();
  assert.deepEqual(bench.take(), ["c", "d"]);
});

/** Rotates as logrotate does: each number goes up by one; `suffix` names the first. */
function rotate(path: string, suffix = ".1"): void {
  for (let number = 8; number > 0; number--) {
    if (fs.existsSync(`${path}.${number}`)) {
      fs.renameSync(`${path}.${number}`, `${path}.${number + 1}`);
    }
  }
  fs.renameSync(path, path + suffix);
}

let moment = 1_700_000_000;

/** Writes a file at a moment after all before; the clock of files may be too coarse for that. */
function writeLater(path: string, text: string): void {
  fs.appendFileSync(path, text);
  fs.utimesSync(path, ++moment, moment);
}

test("follow() reads files that were rotated away between two polls, each once and in order", (bench) => {
  const { path, counters } = bench;
  writeLater(`${path}.1`, "before\n");
  writeLater(path, "a\n");
  const follower = bench.start();
  follower.poll();
  writeLater(path, "b\n");
  for (const text of ["c\nd\n", "e\n", "f\n"]) {
    rotate(path);
    writeLater(path, text);
  }
  follower.poll();
  assert.deepEqual(bench.take(), ["a", "b", "c", "d", "e", "f"]);
  rotate(path);
  writeLater(path, "g\n");
  follower.poll();
  follower.poll();
  assert.deepEqual(bench.take(), ["g"]);
  assert.equal(counters.rotations, 4);
  assert.deepEqual(bench.warnings, []);
});

test("follow() reads files rotated away under dates, and though the one it had is removed", (bench) => {
  const { path } = bench;
  writeLater(path, "a\n");
  const follower = bench.start();
  follower.poll();
  writeLater(path, "b\n");
  rotate(path, "-20261127");
  writeLater(path, "c\n");
  rotate(path, "-20261128");
  writeLater(path, "d\n");
  fs.rmSync(`${path}-20261127`);
  fs.writeFileSync(`${path}.bak`, "no rotation\n");
  follower.poll();
  assert.deepEqual(bench.take(), ["a", "b", "c", "d"]);
});

test("follow() of a pattern reads what was rotated away out of it", (bench) => {
  const { path, dir } = bench;
  writeLater(path, "a\n");
  const follower = bench.start({ paths: [join(dir, "metrics*.jsonl")] });
  follower.poll();
  for (const text of ["b\n", "c\n"]) {
    rotate(path);
    writeLater(path, text);
  }
  follower.poll();
  assert.deepEqual(bench.take(), ["a", "b", "c"]);
});

test("follow() warns of a file that was compressed before it was read", (bench) => {
  const { path } = bench;
  writeLater(path, "a\n");
  const follower = bench.start();
  follower.poll();
  rotate(path);
  writeLater(`${path}.2.gz`, "compressed");
  writeLater(path, "c\n");
  follower.poll();
  follower.poll();
  assert.deepEqual(bench.take(), ["a", "c"]);
  assert.equal(bench.warnings.length, 1);
  assert.match(bench.warnings[0]!, /compressed before it was read.*\.2\.gz$/);
});

for (const isRemoved of [false, true]) {
  const name = isRemoved ? "of which the first is gone" : "the rest of the first too";
  test(`follow() after a restart reads all files rotated away meanwhile, ${name}`, (bench) => {
    const { path } = bench;
    const { lines, follower } = restart(bench, "a\n", () => {
      moment = Math.ceil(fs.statSync(path).mtimeMs / 1000);
      writeLater(path, "b\n");
      for (const text of ["c\n", "d\n", "e\n"]) {
        rotate(path);
        writeLater(path, text);
      }
      if (isRemoved) fs.rmSync(`${path}.3`);
    });
    assert.deepEqual(lines, [...isRemoved ? [] : ["b"], "c", "d", "e"]);
    rotate(path);
    writeLater(path, "f\n");
    follower.poll();
    assert.deepEqual(bench.take(), ["f"]);
  });
}

test("follow() goes on, after a restart, within a file that was rotated away unread", (bench) => {
  const { path } = bench;
  writeLater(path, "a\n");
  const follower = bench.start();
  follower.poll();
  rotate(path);
  writeLater(path, "b\nc\n");
  rotate(path);
  writeLater(path, "d\n");
  const slow = bench.start({
    saved: follower.positions(),
    consumer: (path) => {
      const consumer = collect().consumer(path);
      return { ...consumer, endLine: () => {} };
    },
  });
  slow.poll();
  // As a kill finds it in the middle of the unread file.
  const { ino, dev } = fs.statSync(`${path}.1`);
  const [position] = slow.positions();
  const saved = [{ ...position!, ino, dev, offset: 0, head: "0:e3b0c44298fc1c14" }];
  bench.take();
  bench.start({ saved }).poll();
  assert.deepEqual(bench.take(), ["b", "c", "d"]);
});

const long = "x".repeat(1000);
const restarts: Record<string, { change: (path: string) => void; lines: string[] }> = {
  "a file replaced while away from its start": {
    change(path) {
      fs.writeFileSync(path + ".new", "xx\nyy\nzz\n");
      fs.renameSync(path + ".new", path);
    },
    lines: ["xx", "yy", "zz"],
  },
  "a file cut off while away from its start": {
    change: (path) => fs.truncateSync(path, 1001),
    lines: [long],
  },
  "a file rewritten while away from its start": {
    change: (path) => fs.writeFileSync(path, `xx\nyy\n${long}${long}\n`),
    lines: ["xx", "yy", long + long],
  },
  "a file rewritten under the name of a rotated one as if it were one": {
    change(path) {
      fs.renameSync(path, path + ".1");
      fs.writeFileSync(path + ".1", `other content, longer than before ${long}\n`);
      fs.writeFileSync(path, "xx\nyy\n");
      moment = Math.ceil(Date.now() / 1000);
      fs.utimesSync(path + ".1", moment, moment);
    },
    lines: [`other content, longer than before ${long}`, "xx", "yy"],
  },
  "nothing of an unchanged file": { change: () => {}, lines: [] },
};

for (const [name, { change, lines }] of Object.entries(restarts)) {
  test(`follow() after a restart reads ${name}`, (bench) => {
    assert.deepEqual(restart(bench, `${long}\nb\nc\n`, () => change(bench.path)).lines, lines);
  });
}

test("follow() ignores the position of a head it cannot read", ({ path, start, take }) => {
  fs.writeFileSync(path, "a\nb\n");
  const { dev, ino } = fs.statSync(path);
  for (const head of ["", "x", "-1:0", "9999999999:0"]) {
    const follower = start({ saved: [{ path, dev, ino, offset: 2, head }] });
    follower.poll();
    assert.deepEqual(take(), ["a", "b"]);
  }
});

test("positions() can be asked for after close()", ({ path, start }) => {
  fs.writeFileSync(path, "a\nb");
  const follower = start();
  follower.poll();
  const before = follower.positions();
  follower.close();
  assert.deepEqual(follower.positions(), before);
  assert.equal(before[0]?.offset, 2);
});

test("positions() keeps what was saved of a file that cannot be read yet", (bench) => {
  const { path, start } = bench;
  fs.writeFileSync(path, "a\nb\n");
  const { dev, ino } = fs.statSync(path);
  const saved = [{ path, dev, ino, offset: 2, head: "0:e3b0c44298fc1c14" }];
  fs.renameSync(path, path + ".away");
  fs.mkdirSync(path);
  fs.renameSync(path + ".away", join(path, "away"));
  const follower = start({ saved });
  assert.deepEqual(follower.positions(), saved, "before the first poll");
  follower.poll();
  assert.deepEqual(follower.positions(), saved, "while something else is there");
  fs.renameSync(join(path, "away"), path + ".away");
  fs.rmdirSync(path);
  fs.renameSync(path + ".away", path);
  follower.poll();
  assert.deepEqual(bench.take(), ["b"]);
});

test("close() voids a half-written line and ends all reading", (bench) => {
  const { path, start, take, counters } = bench;
  fs.writeFileSync(path, "a\nb");
  const follower = start();
  follower.poll();
  follower.close();
  follower.close();
  fs.appendFileSync(path, "b\n");
  follower.poll();
  follower.start();
  assert.deepEqual(take(), ["a", "!b"]);
  assert.equal(counters.readErrors, 0);
});

// Several files.

test("follow() follows a file that is named in several ways once", ({ dir, path, start, take }) => {
  fs.writeFileSync(path, "a\n");
  fs.symlinkSync(path, join(dir, "latest.jsonl"));
  const follower = start({
    paths: [
      path,
      `${dir}/./metrics.jsonl`,
      relative(Deno.cwd(), path),
      `${dir}/metr*.jsonl`,
      `${dir}/*.jsonl`,
    ],
  });
  follower.poll();
  fs.appendFileSync(path, "b\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b"]);
  assert.deepEqual(follower.files(), [{ path, exists: true, from: 0, offset: 4, size: 4 }]);
});

test("follow() takes all files that match, new ones too, oldest first", (bench) => {
  const { dir, start, take } = bench;
  const at = (name: string) => join(dir, name);
  for (const [index, name] of ["metrics-b.jsonl", "metrics.jsonl", "metrics-a.jsonl"].entries()) {
    fs.writeFileSync(at(name), name + "\n");
    fs.utimesSync(at(name), 1000 + index, 1000 + index);
  }
  fs.writeFileSync(at("metrics.json"), "no\n");
  fs.writeFileSync(at("xmetrics.jsonl"), "no\n");
  const follower = start({ paths: [at("metrics*.jsonl")] });
  follower.poll();
  assert.deepEqual(take(), ["metrics-b.jsonl", "metrics.jsonl", "metrics-a.jsonl"]);
  fs.writeFileSync(at("metrics-new.jsonl"), "new\n");
  follower.poll();
  assert.deepEqual(take(), ["new"]);
  fs.rmSync(at("metrics-b.jsonl"));
  follower.poll();
  assert.deepEqual(follower.files().map(({ path }) => path).sort(), [
    at("metrics-a.jsonl"),
    at("metrics-new.jsonl"),
    at("metrics.jsonl"),
  ]);
});

test("follow() takes a pattern that is not written in its shortest form", (bench) => {
  const { dir, path, start, take } = bench;
  fs.writeFileSync(path, "a\n");
  const follower = start({ paths: [`${dir}//./x/../metrics*.jsonl`] });
  follower.poll();
  assert.deepEqual(take(), ["a"]);
  assert.deepEqual(follower.files().map((file) => file.path), [path]);
});

test("follow() does not let a prefix and a suffix overlap", ({ dir, start, take }) => {
  fs.writeFileSync(join(dir, "aba"), "no\n");
  start({ paths: [join(dir, "ab*ba")] }).poll();
  assert.deepEqual(take(), []);
});

test("follow() reads a file renamed to another followed name once", (bench) => {
  const { dir, path, start, take, seen } = bench;
  const old = join(dir, "metrics-1.jsonl");
  fs.writeFileSync(path, "a\n");
  const follower = start({ paths: [join(dir, "metrics*.jsonl")] });
  follower.poll();
  fs.appendFileSync(path, "b\nc");
  fs.renameSync(path, old);
  fs.writeFileSync(path, "e\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b", "!c", "e"]);
  fs.appendFileSync(old, "c\nd\n");
  follower.poll();
  assert.deepEqual(take(), ["cc", "d"]);
  assert.deepEqual(seen.byPath.get(old), ["cc", "d"]);
});

test("follow() hands a renamed file over when nothing takes its old name", (bench) => {
  const { dir, path, start, take } = bench;
  fs.writeFileSync(path, "a\n");
  const follower = start({ paths: [join(dir, "metrics*.jsonl")] });
  follower.poll();
  fs.renameSync(path, join(dir, "metrics-1.jsonl"));
  follower.poll();
  fs.appendFileSync(join(dir, "metrics-1.jsonl"), "b\n");
  follower.poll();
  assert.deepEqual(take(), ["a", "b"]);
  assert.deepEqual(follower.files().map((file) => file.path), [join(dir, "metrics-1.jsonl")]);
});

test("follow() after a restart reads a file renamed to another followed name once", (bench) => {
  const { dir, path } = bench;
  const { lines, follower } = restart(bench, "a\n", () => {
    fs.appendFileSync(path, "b\n");
    fs.renameSync(path, join(dir, "metrics-1.jsonl"));
    fs.writeFileSync(path, "c\n");
  }, { paths: [join(dir, "metrics*.jsonl")] });
  assert.deepEqual(lines, ["b", "c"]);
  assert.deepEqual(follower.positions().length, 2, "both files have a position at once");
  fs.appendFileSync(join(dir, "metrics-1.jsonl"), "d\n");
  follower.poll();
  assert.deepEqual(bench.take(), ["d"]);
});

test("follow() after a restart reads the rest of a file that left its pattern", (bench) => {
  const { dir, path } = bench;
  const { lines } = restart(bench, "a\n", () => {
    fs.appendFileSync(path, "b\n");
    fs.renameSync(path, join(dir, "old"));
  }, { paths: [join(dir, "metrics*.jsonl")] });
  assert.deepEqual(lines, ["b"]);
});

test("follow() lets go of a file that left its pattern and stays silent", (bench) => {
  const { dir, path, start, take } = bench;
  const old = join(dir, "old");
  let now = 1000;
  fs.writeFileSync(path, "a\n");
  const follower = start({ paths: [join(dir, "metrics*.jsonl")], now: () => now });
  follower.poll();
  fs.renameSync(path, old);
  for (const line of ["b", "c", "d"]) {
    now += 50;
    fs.appendFileSync(old, line + "\n");
    follower.poll();
  }
  assert.deepEqual(take(), ["a", "b", "c", "d"]);
  now += 61;
  follower.poll();
  assert.deepEqual(follower.files(), []);
  assert.deepEqual(follower.positions(), []);
});

test("follow() takes the files last written to, and goes on where it was in others", (bench) => {
  const { dir, start, take, warnings } = bench;
  function append(name: string, line: string, time: number) {
    const path = join(dir, name);
    fs.appendFileSync(path, line + "\n");
    fs.utimesSync(path, time, time);
  }
  for (const index of [1, 2, 3]) append(`m${index}`, `old ${index}`, 1000 + index);
  const follower = start({ paths: [join(dir, "m*")], maxFiles: 2 });
  follower.poll();
  assert.deepEqual(take(), ["old 2", "old 3"]);
  append("m1", "new 1", 2001);
  follower.poll();
  assert.deepEqual(take(), ["old 1", "new 1"]);
  append("m2", "new 2", 2002);
  follower.poll();
  assert.deepEqual(take(), ["new 2"], "m2 is not read again from its start");
  assert.deepEqual(warnings, ["Too many files match; following those that were written last"]);
});

for (const path of ["logs/*/metrics.jsonl", "logs/*-*.jsonl"]) {
  Deno.test(`follow() refuses ${path}`, () => {
    const options = { interval: 1, maxLine: 1, consumer: collect().consumer };
    assert.throws(
      () => follow({ ...options, paths: [path], log: recordWarnings([]) }),
      new TypeError(
        `Cannot follow "${path}": expected at most one * and that in the last part of the path`,
      ),
    );
  });
}

test("onPolled() is called only after a poll that found something", ({ path, start }) => {
  let calls = 0;
  const follower = start({ onPolled: () => calls++ });
  const changes: [string, () => void, number][] = [
    ["nothing", () => {}, 0],
    ["a new file", () => fs.writeFileSync(path, "a\n"), 1],
    ["nothing more", () => {}, 0],
    ["an appended line", () => fs.appendFileSync(path, "b\n"), 1],
    ["a truncation", () => fs.truncateSync(path), 1],
    ["a removal", () => fs.rmSync(path), 1],
    ["nothing again", () => {}, 0],
  ];
  for (const [name, change, expected] of changes) {
    calls = 0;
    change();
    follower.poll();
    assert.equal(calls, expected, name);
  }
});

test("follow() counts what it read", ({ path, start, counters }) => {
  const follower = start();
  follower.poll();
  fs.writeFileSync(path, "abc\n");
  follower.poll();
  fs.appendFileSync(path, "de\n");
  follower.poll();
  assert.deepEqual(counters, { bytesRead: 7, rotations: 0, truncations: 0, readErrors: 0 });
});

// By itself.

test("start() is woken by file events", async ({ path, start, seen }) => {
  fs.writeFileSync(path, "a\n");
  const follower = start();
  follower.start();
  await until("the lines", () => seen.all.length === 1);
  fs.appendFileSync(path, "b\n");
  await until("the lines", () => seen.all.length === 2);
  fs.renameSync(path, path + ".1");
  fs.writeFileSync(path, "c\n");
  await until("the lines", () => seen.all.length === 3);
  assert.deepEqual(seen.all, ["a", "b", "c"]);
});

test("start() looks every interval without any event", async ({ dir, start, seen }) => {
  const path = join(dir, "logs", "metrics.jsonl");
  const follower = start({ paths: [path], interval: 0.01 });
  follower.start();
  await until("the file", () => follower.files().length > 0);
  fs.mkdirSync(join(dir, "logs"));
  fs.writeFileSync(path, "a\n");
  await until("the lines", () => seen.all.length > 0);
  assert.deepEqual(seen.all, ["a"]);
});

const departures: Record<string, (path: string) => void> = {
  removed: (path) => fs.rmSync(path, { recursive: true }),
  renamed: (path) => fs.renameSync(path, path + ".old"),
};

for (const [name, depart] of Object.entries(departures)) {
  test(`start() watches a directory that came after one was ${name}`, async (bench) => {
    const { dir, path, start, seen } = bench;
    const logs = join(dir, "logs");
    const inner = join(logs, "metrics.jsonl");
    // A file of the parent directory wakes the follower, which then finds the new directory.
    start({ paths: [path, inner] }).start();
    for (const round of [1, 2]) {
      if (round === 2) depart(logs);
      fs.mkdirSync(logs);
      fs.appendFileSync(path, `outer ${round}\n`);
      await until("the lines", () => seen.all.includes(`outer ${round}`));
      fs.appendFileSync(inner, `inner ${round}\n`);
      await until("the lines", () => seen.all.includes(`inner ${round}`));
    }
  });
}

test("start() reads in slices between which others get their turn", async (bench) => {
  const { path, start, seen, counters } = bench;
  const line = "x".repeat(MIB - 1);
  const sizes: number[] = [];
  let turns = 0;
  let read = 0;
  const timer = setInterval(() => turns++, 0);
  const follower = start({
    onPolled() {
      sizes.push(counters.bytesRead - read);
      read = counters.bytesRead;
    },
    consumer: () => ({
      bytes: () => {},
      endLine: () => seen.all.push("line"),
      discard: () => {},
    }),
  });
  follower.poll();
  fs.writeFileSync(path, `${line}\n`.repeat(20));
  follower.start();
  await until("the lines", () => seen.all.length === 20);
  clearInterval(timer);
  assert.ok(sizes.every((size) => size <= 8 * MIB), `${sizes}`);
  assert.ok(sizes.length >= 3, `${sizes}`);
  assert.ok(turns >= 2, `${turns} turns`);
});

test("close() right after start() leaves nothing to come", ({ path, start, seen }) => {
  fs.writeFileSync(path, "a\n");
  const follower = start();
  follower.start();
  follower.close();
  assert.deepEqual(seen.all, []);
});

// Anything in any order.

type Step =
  | { readonly kind: "write"; readonly bytes: number }
  | { readonly kind: "poll" | "rename" | "create" | "restart" };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("write" as const), bytes: fc.nat(40) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("poll" as const, "rename" as const, "create" as const, "restart"),
    }),
  },
);

function whole(lines: string[]): string[] {
  return lines.filter((line) => !line.startsWith("!"));
}

/** Writes `lines` as the steps say, and gives the lines that were read in whole. */
function playSteps(bench: Bench, lines: string[], steps: Step[], options: Partial<FollowOptions>) {
  const { dir, path, start, seen } = bench;
  const content = new TextEncoder().encode(lines.map((line) => line + "\n").join(""));
  let written = 0;
  let current = path;
  let files = 0;
  /** A file that came and went between two polls is no follower's to find. */
  let known = false;
  fs.writeFileSync(path, "");
  let follower = start(options);

  function write(bytes: number) {
    fs.appendFileSync(current, content.subarray(written, written + bytes));
    written = Math.min(content.length, written + bytes);
  }
  function poll() {
    follower.poll();
    known = true;
  }
  const actions = {
    poll,
    rename() {
      if (!known || current !== path) return;
      current = join(dir, `metrics-${++files}.jsonl`);
      fs.renameSync(path, current);
    },
    create() {
      if (current === path) return;
      // A writer ends its line where it began it.
      const end = content.indexOf(10, Math.max(0, written - 1));
      if (written > 0 && end >= written) write(end + 1 - written);
      current = path;
      known = false;
      fs.writeFileSync(path, "");
    },
    restart() {
      const saved = JSON.parse(JSON.stringify(follower.positions()));
      follower.close();
      follower = start({ ...options, saved });
    },
  };
  poll();
  for (const step of steps) {
    if (step.kind === "write") write(step.bytes);
    else actions[step.kind]();
  }
  write(content.length);
  poll();
  follower.close();
  return whole(seen.all);
}

const anyLine = fc.string({ unit: fc.constantFrom("a", "é", "\r", "🜁", "{"), maxLength: 30 });

for (const [name, pattern] of [["a path", "metrics.jsonl"], ["a pattern", "metrics*.jsonl"]]) {
  Deno.test(`follow() of ${name} reads each line once, in order, whatever happens`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine), fc.array(anyStep), async (texts, steps) => {
        const lines = texts.map((line, index) => `${index}${line}`);
        await inTempDir((bench) => {
          const paths = [join(bench.dir, pattern ?? "")];
          const read = playSteps(bench, lines, steps, { paths });
          const expected = lines.map((line) => line.replace(/\r$/, ""));
          const byNumber = (a: string, b: string) => Number.parseInt(a) - Number.parseInt(b);
          assert.deepEqual(read.toSorted(byNumber), expected);
          // Two files written to at the same moment may come in either order.
          for (const own of [...bench.seen.byPath.values()].map(whole)) {
            assert.deepEqual(own, own.toSorted(byNumber));
          }
        });
      }),
      { numRuns: 200 },
    );
  });
}
