/** Tests of numbers, times and sizes as text. @module */

import assert from "node:assert/strict";
import { bytes, count, euros, parseDuration, percent, span } from "../../lib/text/mod.ts";

Deno.test("count() names one thing and several", () => {
  const texts = [0, 1, 2].map((number) => count(number, "turn"));
  assert.deepEqual(texts, ["0 turns", "1 turn", "2 turns"]);
});

Deno.test("bytes() takes the largest unit of which there is one", () => {
  const sizes: Record<string, number> = {
    "0 B": 0,
    "1023 B": 1023,
    "1.0 KiB": 1024,
    "9.5 KiB": 9728,
    "64 MiB": 64 * 2 ** 20,
    "1023 MiB": 1023 * 2 ** 20,
    "1.5 GiB": 1.5 * 2 ** 30,
  };
  for (const [text, size] of Object.entries(sizes)) assert.equal(bytes(size), text);
});

Deno.test("span() counts in the largest unit of which there are two, and never below 0", () => {
  const spans: Record<string, number> = {
    "0 s": -3,
    "0.4 s": 0.44,
    "119 s": 119.9,
    "2 min": 120,
    "119 min": 7199,
    "47 h": 47 * 3600,
    "2 d": 2 * 86_400,
  };
  for (const [text, seconds] of Object.entries(spans)) assert.equal(span(seconds), text);
});

Deno.test("euros() and percent() round to what counts", () => {
  assert.deepEqual([euros(1234.5), euros(-0.125)], ["1234.50 €", "-0.13 €"]);
  assert.deepEqual([percent(0.12345), percent(1, 0)], ["12.35 %", "100 %"]);
});

Deno.test("parseDuration() adds up what Prometheus writes, and takes nothing else for a time", () => {
  const texts: Record<string, number> = {
    "100ms": 0.1,
    "1m30s": 90,
    "0.5h": 1800,
    "1w2d": 777_600,
  };
  for (const [text, seconds] of Object.entries(texts)) assert.equal(parseDuration(text), seconds);
  for (const text of ["", "15", "1x", "s", "1..5s", "1m 30s", "-1s"]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});
