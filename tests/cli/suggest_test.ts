/** Tests of the guess at what a mistyped name was meant to be. @module */

import assert from "node:assert/strict";
import { nearest } from "../../lib/cli/mod.ts";

const NAMES = ["port", "host", "follow", "log.level", "web.listen-address", "no-detail"];

const CASES: Readonly<Record<string, [given: string, expected: string | undefined]>> = {
  "two letters in the wrong order": ["prot", "port"],
  "a letter too many": ["ports", "port"],
  "a letter too few": ["folow", "follow"],
  "an underscore for a dot": ["log_level", "log.level"],
  "a missing first part": ["listen-address", "web.listen-address"],
  "a negated flag": ["no-detial", "no-detail"],
  "something else": ["colour", undefined],
  "one letter": ["x", undefined],
  "nothing": ["", undefined],
};

for (const [name, [given, expected]] of Object.entries(CASES)) {
  Deno.test(`nearest() for ${name}`, () => assert.equal(nearest(given, NAMES), expected));
}
