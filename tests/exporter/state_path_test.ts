/** Tests of where the state is kept. @module */

import assert from "node:assert/strict";
import { defaultStatePath } from "../../lib/exporter/state_path.ts";

const CASES: Readonly<
  Record<string, [os: "windows" | "other", Record<string, string>, string | undefined]>
> = {
  "the XDG directory": [
    "other",
    { XDG_STATE_HOME: "/s", HOME: "/h" },
    "/s/tradesim-exporter/8000.json",
  ],
  "the home directory": ["other", { HOME: "/h" }, "/h/.local/state/tradesim-exporter/8000.json"],
  "the home directory when the XDG one is relative": [
    "other",
    { XDG_STATE_HOME: "s", HOME: "/h" },
    "/h/.local/state/tradesim-exporter/8000.json",
  ],
  "systemd's state directory": [
    "other",
    {
      STATE_DIRECTORY: "/var/lib/tradesim-exporter:/var/lib/other",
      XDG_STATE_HOME: "/s",
      HOME: "/h",
    },
    "/var/lib/tradesim-exporter/8000.json",
  ],
  "nowhere with a relative home": ["other", { HOME: "h", XDG_STATE_HOME: "s" }, undefined],
  "nowhere without a home": ["other", { HOME: "", LOCALAPPDATA: "C:\\l" }, undefined],
  "LOCALAPPDATA on Windows": [
    "windows",
    { LOCALAPPDATA: "C:\\l", HOME: "/h" },
    "C:\\l\\tradesim-exporter\\8000.json",
  ],
  "nowhere on Windows without it": ["windows", { HOME: "/h" }, undefined],
};

for (const [name, [os, variables, expected]] of Object.entries(CASES)) {
  Deno.test(`defaultStatePath() is ${name}`, () => {
    assert.equal(defaultStatePath(8000, (variable) => variables[variable], os), expected);
  });
}
