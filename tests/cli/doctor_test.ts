/** Tests of reading the command lines of doctor and print. @module */

import assert from "node:assert/strict";
import { readUser, UsageError } from "../../lib/cli/mod.ts";
import { readCommandLine } from "../../lib/commands/mod.ts";

type Texts = Readonly<Record<string, string>>;

function readDoctor(args: readonly string[], env: Texts = {}, files: Texts = {}) {
  const line = readCommandLine(
    ["doctor", ...args],
    (name) => ({ HOME: "/home/a", ...env } as Texts)[name],
    (path) => {
      const text = files[path];
      if (text === undefined) throw new Deno.errors.NotFound(path);
      return text;
    },
  );
  assert.equal(line.command, "doctor");
  return line;
}

Deno.test("doctor has defaults, and flags for each of them", () => {
  assert.deepEqual(readDoctor([]).options, {
    url: undefined,
    follow: [],
    userFile: undefined,
    prometheus: undefined,
    grafana: undefined,
    until: "grafana",
    json: false,
    what: undefined,
    objects: undefined,
  });
  const args = "--url http://a --follow b --follow c --user-file d --prometheus http://e/f " +
    "--grafana https://g --until file --json";
  assert.deepEqual(readDoctor(args.split(" ")).options, {
    url: "http://a/",
    follow: ["b", "c"],
    userFile: "d",
    prometheus: "http://e/f",
    grafana: "https://g/",
    until: "file",
    json: true,
    what: undefined,
    objects: undefined,
  });
});

Deno.test("doctor kubernetes has flags of its own, and refuses the others", () => {
  const { what, objects, json } = readDoctor(["kubernetes", "--objects", "a", "--json"]).options;
  assert.deepEqual([what, objects, json], ["kubernetes", "a", true]);
  for (const flag of ["--url", "--prometheus", "--grafana"]) {
    assert.throws(
      () => readDoctor(["kubernetes", flag, "http://a"]),
      new UsageError(`Cannot use ${flag} with doctor kubernetes`),
    );
  }
  assert.throws(
    () => readDoctor(["--objects", "a"]),
    new UsageError("Cannot use --objects without kubernetes: expected doctor kubernetes --objects"),
  );
  assert.throws(
    () => readDoctor(["kubernets"]),
    new UsageError('Cannot read argument "kubernets": expected one of kubernetes'),
  );
});

Deno.test("doctor refuses a password on the command line, and unknown links", () => {
  for (const flag of ["--url", "--prometheus", "--grafana"]) {
    assert.throws(() => readDoctor([flag, "http://a:b@c"]), /without user and password$/);
  }
  assert.throws(() => readDoctor(["--until", "end"]), /expected one of configuration, port,/);
});

Deno.test("doctor reads the exporter's options from where the exporter does", () => {
  assert.deepEqual(readDoctor([]).serve().addresses, [{ hostname: "localhost", port: 8000 }]);
  const files = { "c.yml": "port: 9000\nfollow: a.jsonl\n" };
  const byFlag = readDoctor(["--config", "c.yml"], {}, files).serve();
  const byVariable = readDoctor([], { TRADESIM_EXPORTER_CONFIG: "c.yml" }, files).serve();
  assert.deepEqual(byFlag, byVariable);
  assert.deepEqual(byFlag.addresses, [{ hostname: "localhost", port: 9000 }]);
  const { addresses } = readDoctor([], { TRADESIM_EXPORTER_PORT: "9001" }).serve();
  assert.equal(addresses[0]?.port, 9001);
  // Its own flags of the same name are its own.
  assert.deepEqual(readDoctor(["--follow", "b"], {}, files).serve().follow, [
    "logs/metrics*.jsonl",
  ]);
});

Deno.test("doctor finds what is wrong with the exporter's options only when it reads them", () => {
  const { serve } = readDoctor(["--config", "c.yml"]);
  assert.throws(serve, (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /^Cannot read --config "c\.yml": .* there is none$/);
    return true;
  });
  assert.throws(readDoctor([], { TRADESIM_EXPORTER_PORT: "x" }).serve, UsageError);
});

Deno.test("isFollowChosen tells other files from those that are followed by default", () => {
  const chosen = (files: Texts) =>
    readDoctor(Object.keys(files).flatMap((f) => ["--config", f]), {}, files).serve()
      .isFollowChosen;
  assert.equal(chosen({}), false);
  assert.equal(chosen({ "c.yml": "follow: [logs/metrics*.jsonl]\n" }), false);
  assert.equal(chosen({ "c.yml": "follow: logs/metrics.jsonl\n" }), true);
  assert.equal(chosen({ "c.py": "METRICS_ENABLED = True\n" }), false);
});

Deno.test("readUser() reads one line, and tells nothing of another one", () => {
  for (const [text, user] of [["a:b", "a:b"], ["a:b:é \n", "a:b:é "], ["a:b\r\n", "a:b"]]) {
    assert.equal(readUser(text!, "--user-file"), user);
  }
  for (const text of ["", "secret", ":b", "a:", "a:b\nc", "a:b\n\n"]) {
    assert.throws(
      () => readUser(text, "--user-file"),
      new UsageError("Cannot read the file of --user-file: expected one line, user:password"),
    );
  }
});

Deno.test("print takes what to print and where to", () => {
  const none = () => undefined;
  const read = (args: string) => readCommandLine(["print", ...args.split(" ")], none, () => "");
  assert.deepEqual(read("rules --out a --force"), {
    command: "print",
    options: {
      what: "rules",
      out: "a",
      lang: undefined,
      runbooks: undefined,
      set: [],
      force: true,
    },
  });
  assert.throws(
    () => read("rule"),
    new UsageError(
      'Cannot read argument "rule": ' +
        "expected one of config, report-schema, compose, prometheus, rules, dashboards, kubernetes",
    ),
  );
});
