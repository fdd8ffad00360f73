/** Tests of the program's own log. @module */

import assert from "node:assert/strict";
import {
  createLog,
  LOG_LEVELS,
  type LogFields,
  type LogFormat,
  type LogLevel,
} from "../../lib/log/mod.ts";

function logged(
  format: LogFormat,
  level: LogLevel,
  write: (log: ReturnType<typeof createLog>) => void,
): string[] {
  const lines: string[] = [];
  const now = () => new Date("2026-11-22T10:28:49.721Z");
  write(createLog({ level, format, now, write: (line) => lines.push(line) }));
  return lines;
}

Deno.test("createLog() writes logfmt with quotes where they are needed", () => {
  const cases: Record<string, [string, LogFields | undefined, string]> = {
    "word": ["Listening", undefined, "msg=Listening"],
    "sentence": ["It is open", undefined, 'msg="It is open"'],
    "empty": ["", undefined, 'msg=""'],
    "fields": [
      "Open",
      { port: 8000, tls: false, path: "/a" },
      "msg=Open port=8000 tls=false path=/a",
    ],
    "field that is not there": ["Open", { port: undefined }, "msg=Open"],
    "space": ["Open", { path: "a b" }, 'msg=Open path="a b"'],
    "equals sign": ["Open", { path: "a=b" }, 'msg=Open path="a=b"'],
    "quote": ["Open", { path: 'a"b' }, String.raw`msg=Open path="a\"b"`],
    "backslash": ["Open", { path: "a\\b" }, String.raw`msg=Open path="a\\b"`],
    "line break": ["Open\nmsg=Forged", undefined, String.raw`msg="Open\nmsg=Forged"`],
    "escape sequence": ["Open", { path: "\x1b[31m" }, String.raw`msg=Open path="\u001b[31m"`],
    "accents": ["Ouvert", { path: "été" }, "msg=Ouvert path=été"],
    "C1 control": ["Open", { path: "a\x9b31m" }, String.raw`msg=Open path="a\u009b31m"`],
    "line separators": [
      "a\u2028b",
      { path: "\u2029" },
      String.raw`msg="a\u2028b" path="\u2029"`,
    ],
    "text turned around": [
      "Open",
      { path: "\u202egnp.exe\u2066" },
      String.raw`msg=Open path="\u202egnp.exe\u2066"`,
    ],
    "tag characters": ["Open", { path: "\u{e0041}" }, String.raw`msg=Open path="\udb40\udc41"`],
  };
  for (const [name, [message, fields, expected]] of Object.entries(cases)) {
    assert.deepEqual(
      logged("logfmt", "info", (log) => log.info(message, fields)),
      [`time=2026-11-22T10:28:49.721Z level=info ${expected}\n`],
      name,
    );
  }
});

Deno.test("createLog() writes one JSON object a line", () => {
  const [line] = logged("json", "info", (log) => log.warn('a\n"b"', { port: 1, path: undefined }));
  assert.equal(
    line,
    '{"time":"2026-11-22T10:28:49.721Z","level":"warn","msg":"a\\n\\"b\\"","port":1}\n',
  );
});

Deno.test("createLog() drops what is below its level", () => {
  for (const [lowest, level] of LOG_LEVELS.entries()) {
    const lines = logged("logfmt", level, (log) => {
      for (const at of LOG_LEVELS) log[at]("x");
    });
    assert.deepEqual(
      lines.map((line) => /level=(\w+)/.exec(line)?.[1]),
      LOG_LEVELS.slice(lowest),
      level,
    );
  }
});
