/** Tests of the check of followed files. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkFiles } from "../../lib/doctor/file.ts";
import type { Result } from "../../lib/doctor/link.ts";
import type { Inquiry } from "../../lib/doctor/inquiry.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { withTempDir } from "../harness/waiting.ts";
import { CONFIGURATION, inquiryWith, NOW } from "./inquiries.ts";

const line = (turn: number) => JSON.stringify(payloadAt({ session: "s" }, turn)) + "\n";

/** Looks at what is followed, in a folder with these files, half a minute after they changed. */
function checked(
  files: Readonly<Record<string, string>>,
  follow = "m*.jsonl",
  isFollowChosen = false,
): Promise<{ result: Result; inquiry: Inquiry; dir: string }> {
  return withTempDir((dir) => {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(join(dir, name), text);
      Deno.utimeSync(join(dir, name), NOW - 30, NOW - 30);
    }
    const inquiry = inquiryWith({
      configuration: { ...CONFIGURATION, follow: [join(dir, follow)], isFollowChosen },
    });
    return Promise.resolve({ result: checkFiles(inquiry), inquiry, dir });
  });
}

Deno.test("checkFiles() reads the last report of a file that is understood", async () => {
  const { result, inquiry, dir } = await checked({ "m.jsonl": line(1) + line(2) });
  assert.equal(result.state, "ok");
  assert.match(
    result.text,
    /\/m\.jsonl, \d+(\.\d)? (B|KiB), last changed 30 s ago, valid, at turn 2$/,
  );
  assert.equal(inquiry.lastReport?.path, join(dir, "m.jsonl"));
  assert.equal(inquiry.lastReport.report.turn, 2);
});

Deno.test("checkFiles() looks into the file that was written to last", async () => {
  await withTempDir((dir) => {
    for (const [index, name] of ["mb.jsonl", "ma.jsonl"].entries()) {
      Deno.writeTextFileSync(join(dir, name), line(index + 1));
      Deno.utimeSync(join(dir, name), NOW - 30 + index, NOW - 30 + index);
    }
    const configuration = { ...CONFIGURATION, follow: [join(dir, "m*.jsonl")] };
    const inquiry = inquiryWith({ configuration });
    checkFiles(inquiry);
    assert.equal(inquiry.lastReport?.path, join(dir, "ma.jsonl"));
    return Promise.resolve();
  });
});

Deno.test("checkFiles() finds a last report that is longer than what it reads of a file", async () => {
  const long = JSON.stringify({ ...payloadAt({ session: "s" }, 9), x: "x".repeat(200_000) });
  const { inquiry } = await checked({ "m.jsonl": `${line(1)}${long}\n` });
  assert.equal(inquiry.lastReport?.report.turn, 9);
});

Deno.test("checkFiles() says how many lines beside good ones are not understood", async () => {
  const { result } = await checked({ "m.jsonl": `${line(1)}[]\n7\n` });
  assert.equal(result.state, "ok");
  assert.match(result.text, /valid, at turn 1, but 2 lines near its end rejected: .*a number/);
});

Deno.test("checkFiles() misses a file only where one was asked for", async () => {
  const unasked = await checked({}, "m.jsonl");
  assert.equal(unasked.result.state, "skip");
  assert.match(unasked.result.text, /^none at .*m\.jsonl in .*; reports can also be posted$/);
  const asked = await checked({}, "m.jsonl", true);
  assert.equal(asked.result.state, "FAIL");
  assert.match(asked.result.text, /^none at .*m\.jsonl in /);
});

const BROKEN: Readonly<Record<string, [text: string, expected: RegExp]>> = {
  "an empty file": ["", /, 0 B, last changed 30 s ago, has no complete line$/],
  "the beginning of a line": [line(1).slice(0, 100), /, has no complete line$/],
  "no JSON": [
    "hello\nworld\n",
    /, has no valid report: 2 lines at its end rejected, the last one: .*not valid JSON$/,
  ],
  "other JSON": [
    "7\n",
    /, has no valid report: 1 line at its end rejected, the last one: .* a number/,
  ],
};

for (const [name, [text, expected]] of Object.entries(BROKEN)) {
  Deno.test(`checkFiles() fails on ${name}`, async () => {
    const { result, inquiry } = await checked({ "m.jsonl": text });
    assert.equal(result.state, "FAIL");
    assert.match(result.text, expected);
    assert.equal(inquiry.lastReport, undefined);
  });
}

Deno.test("checkFiles() fails on what is no file", async () => {
  const { result } = await checked({}, ".");
  assert.equal(result.state, "FAIL");
  assert.match(result.text, /^cannot be read: .*: it is not a regular file$/);
});
