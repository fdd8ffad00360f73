/** Tests of the whole way from command line to options. @module */

import assert from "node:assert/strict";
import { OWN_PATHS } from "../../lib/server/mod.ts";
import fc from "fast-check";
import {
  checkNamedFile,
  environmentName,
  formatUsageError,
  UsageError,
} from "../../lib/cli/mod.ts";
import {
  type CommandLine,
  commandNamed,
  COMMANDS,
  helpText,
  readCommandLine,
} from "../../lib/commands/mod.ts";
import type { ServeOptions } from "../../lib/exporter/mod.ts";
import { LABELS } from "../../lib/exporter/flags.ts";
import type { readSimulate } from "../../lib/play/flags.ts";

type Texts = Readonly<Record<string, string>>;

/** Reads a command line with these variables and files, and a home directory. */
function read(args: readonly string[], env: Texts = {}, files: Texts = {}): CommandLine {
  const variables: Texts = { HOME: "/home/a", ...env };
  return readCommandLine(args, (name) => variables[name], (path) => {
    const text = files[path];
    if (text === undefined) throw new Deno.errors.NotFound(`no file ${path}`);
    return text;
  });
}

function readServe(args: readonly string[], env: Texts = {}, files: Texts = {}) {
  const line = read(args, env, files);
  assert.equal(line.command, "serve");
  return line;
}

// defaultStatePath() has tests of its own for Windows; here the state is always given or elsewhere.
const STATE = ["--state=/s.json"];

const DEFAULTS: ServeOptions = {
  addresses: [{ hostname: "localhost", port: 8000 }],
  follow: ["logs/metrics*.jsonl"],
  state: "/s.json",
  isStateChosen: true,
  isFollowChosen: false,
  labels: [],
  detail: false,
  allKeys: false,
  checkConfig: false,
  collectInterval: 1,
  systemInterval: 5,
  staleAfter: 3600,
  maxSeries: 10000,
  maxSessions: 1000,
  historyTurns: 100000,
  maxBody: 33554432,
  ingestTokenFile: undefined,
  allowedHost: [],
  allowRemoteIngest: false,
  webTelemetryPath: "/metrics",
  webConfigFile: undefined,
  logLevel: "info",
  logFormat: "logfmt",
  enabled: true,
  remoteWrite: undefined,
  remoteWriteProtocol: "auto",
  remoteWriteLabel: [],
  remoteWriteQueue: undefined,
  remoteWriteQueueSize: 536870912,
  remoteWriteStaleMarkers: false,
  remoteWriteUserFile: undefined,
  remoteWriteTokenFile: undefined,
  remoteWriteCaFile: undefined,
  remoteWriteCertFile: undefined,
  remoteWriteKeyFile: undefined,
};

/** What lets the other options of remote write be used. */
const SENDING = { remoteWrite: "http://a/w", remoteWriteQueue: "/s.json.remote-write" };
const SENDING_TLS = { ...SENDING, remoteWrite: "https://a/w" };

Deno.test("readCommandLine() serves with the defaults, named or not", () => {
  const expected = { command: "serve", options: DEFAULTS, notes: [] };
  assert.deepEqual(read(STATE), expected);
  assert.deepEqual(read(["serve", ...STATE]), expected);
});

/** For each flag what good values make of the options, and values that it refuses. */
const FLAGS: Readonly<
  Record<
    string,
    {
      good: Readonly<Record<string, Partial<ServeOptions>>>;
      bad: readonly string[];
      /** What must be given with it. */
      beside?: readonly string[];
    }
  >
> = {
  "port": {
    good: {
      "0": { addresses: [{ hostname: "localhost", port: 0 }] },
      "65535": { addresses: [{ hostname: "localhost", port: 65535 }] },
    },
    bad: ["65536", "-1", "", "abc"],
  },
  "host": {
    good: {
      "0.0.0.0": { addresses: [{ hostname: "0.0.0.0", port: 8000 }] },
      "[::1]": { addresses: [{ hostname: "::1", port: 8000 }] },
    },
    bad: ["", "a:80", "a b"],
  },
  "web.listen-address": {
    good: {
      ":9000": { addresses: [{ hostname: "0.0.0.0", port: 9000 }] },
      "[::1]:9000": { addresses: [{ hostname: "::1", port: 9000 }] },
    },
    bad: ["9000", "::1:9000", ""],
  },
  "web.telemetry-path": {
    good: { "/m": { webTelemetryPath: "/m" } },
    bad: ["", "m", "/a b", ...OWN_PATHS],
  },
  "web.config.file": { good: { "w.yml": { webConfigFile: "w.yml" } }, bad: [""] },
  "follow": { good: { "a.jsonl": { follow: ["a.jsonl"], isFollowChosen: true } }, bad: [""] },
  "state": { good: { "none": { state: undefined }, "b.json": { state: "b.json" } }, bad: [""] },
  "labels": {
    good: { "": { labels: [] }, "session,continent": { labels: ["continent", "session"] } },
    bad: ["pays", "session,", "session,session"],
  },
  "config": { good: {}, bad: ["", "missing.yaml", "missing.py"] },
  "collect-interval": {
    good: { "500ms": { collectInterval: 0.5 } },
    bad: ["0", "1", "1ms", "25h"],
  },
  "system-interval": {
    good: { "0": { systemInterval: 0 }, "1m": { systemInterval: 60 } },
    bad: ["1", "1ms", "25h"],
  },
  "stale-after": { good: { "2h": { staleAfter: 7200 } }, bad: ["0", "10", "1ms"] },
  "max-series": { good: { "1": { maxSeries: 1 } }, bad: ["0", "10000001", "1k"] },
  "max-sessions": { good: { "5": { maxSessions: 5 } }, bad: ["0", "1000001"] },
  "history-turns": {
    good: { "0": { historyTurns: 0 }, "300000": { historyTurns: 300_000 } },
    bad: ["-1", "300001"],
  },
  "max-body": {
    good: { "2048": { maxBody: 2048 }, "1GiB": { maxBody: 1073741824 } },
    bad: ["1", "2GiB", "1MB"],
  },
  "ingest-token-file": { good: { "t": { ingestTokenFile: "t" } }, bad: [""] },
  "allowed-host": { good: { "exporter": { allowedHost: ["exporter"] } }, bad: ["", "a:80"] },
  "remote-write": {
    good: {
      "http://a/w": SENDING,
      "https://a/w?x=y": { ...SENDING, remoteWrite: "https://a/w?x=y" },
    },
    bad: ["", "a:80", "ftp://a", "http://u:p@a/", "http://a/#b", "http://a:0/"],
  },
  "remote-write.protocol": {
    good: { "1.0": { ...SENDING, remoteWriteProtocol: "1.0" } },
    bad: ["", "1", "3.0"],
    beside: ["--remote-write=http://a/w"],
  },
  "remote-write.label": {
    good: { "zone=a=b": { ...SENDING, remoteWriteLabel: [["zone", "a=b"]] } },
    bad: ["", "a", "=a", "a=", "a-b=c", "__name__=a", "1=a"],
    beside: ["--remote-write=http://a/w"],
  },
  "remote-write.queue": {
    good: { "/q": { ...SENDING, remoteWriteQueue: "/q" } },
    bad: [""],
    beside: ["--remote-write=http://a/w"],
  },
  "remote-write.queue-size": {
    good: { "16MiB": { ...SENDING, remoteWriteQueueSize: 16777216 } },
    bad: ["0", "1MiB", "1MB"],
    beside: ["--remote-write=http://a/w"],
  },
  "remote-write.user-file": {
    good: { "u": { ...SENDING, remoteWriteUserFile: "u" } },
    bad: [""],
    beside: ["--remote-write=http://a/w"],
  },
  "remote-write.token-file": {
    good: { "t": { ...SENDING, remoteWriteTokenFile: "t" } },
    bad: [""],
    beside: ["--remote-write=http://a/w"],
  },
  "remote-write.ca-file": {
    good: { "c": { ...SENDING_TLS, remoteWriteCaFile: "c" } },
    bad: [""],
    beside: ["--remote-write=https://a/w"],
  },
  "remote-write.cert-file": {
    good: { "c": { ...SENDING_TLS, remoteWriteCertFile: "c", remoteWriteKeyFile: "k" } },
    bad: [""],
    beside: ["--remote-write=https://a/w", "--remote-write.key-file=k"],
  },
  "remote-write.key-file": {
    good: { "k": { ...SENDING_TLS, remoteWriteCertFile: "c", remoteWriteKeyFile: "k" } },
    bad: [""],
    beside: ["--remote-write=https://a/w", "--remote-write.cert-file=c"],
  },
  "log.level": { good: { "debug": { logLevel: "debug" } }, bad: ["", "trace"] },
  "log.format": { good: { "json": { logFormat: "json" } }, bad: ["", "text"] },
};

for (const [name, { good, bad, beside = [] }] of Object.entries(FLAGS)) {
  // A second --state would be refused as such.
  const others = name === "state" ? [] : [...STATE, ...beside];
  for (const [value, expected] of Object.entries(good)) {
    Deno.test(`--${name}=${value}`, () => {
      const { options } = readServe([`--${name}=${value}`, ...others]);
      assert.deepEqual(options, { ...DEFAULTS, ...expected });
    });
  }
  for (const value of bad) {
    Deno.test(`--${name}=${value} is refused`, () => {
      const shown = JSON.stringify(value.replace("u:p@", "…@"));
      assert.throws(
        () => read([`--${name}=${value}`, ...others]),
        (error: unknown) =>
          error instanceof UsageError &&
          error.message.startsWith(`Cannot read --${name} ${shown}: expected `),
      );
    });
  }
}

Deno.test("readCommandLine() has a test of good and bad values for every flag that takes one", () => {
  const names = Object.values(COMMANDS.serve.flags).flatMap(({ name, unit }) => unit ? [name] : []);
  assert.deepEqual(Object.keys(FLAGS).sort(), names.sort());
});

Deno.test("--remote-write.stale-markers", () => {
  const args = ["--remote-write=http://a/w", "--remote-write.stale-markers", ...STATE];
  const expected = { ...DEFAULTS, ...SENDING, remoteWriteStaleMarkers: true };
  assert.deepEqual(readServe(args).options, expected);
});

const SWITCHES: Readonly<Record<string, Partial<ServeOptions>>> = {
  "detail": { detail: true },
  "all-keys": { allKeys: true },
  "allow-remote-ingest": { allowRemoteIngest: true },
  "check-config": { checkConfig: true },
};

for (const [name, expected] of Object.entries(SWITCHES)) {
  Deno.test(`--${name}`, () => {
    assert.deepEqual(readServe([`--${name}`, ...STATE]).options, { ...DEFAULTS, ...expected });
    assert.throws(() => read([`--${name}=true`]), UsageError);
  });
}

Deno.test("--follow and --web.listen-address may be repeated", () => {
  const { options } = readServe([
    "--follow=a",
    "--follow=b",
    "--web.listen-address=:1",
    "--web.listen-address",
    "localhost:2",
    ...STATE,
  ]);
  assert.deepEqual(options, {
    ...DEFAULTS,
    follow: ["a", "b"],
    isFollowChosen: true,
    addresses: [{ hostname: "0.0.0.0", port: 1 }, { hostname: "localhost", port: 2 }],
  });
});

Deno.test("--help gives the help, whatever the other values are", () => {
  const expected = { command: "help", text: helpText("serve") };
  for (const args of [["--help"], ["serve", "-h"], ["--version", "--port=abc", "-h"]]) {
    assert.deepEqual(read(args, { TRADESIM_EXPORTER_PORT: "x" }), expected);
  }
});

Deno.test("--version asks for the version, whatever the other values are", () => {
  assert.deepEqual(read(["--version", "--config=missing"]), { command: "version" });
});

/** Each place gives the port and a boolean another value than the next one. */
const PLACES: Readonly<
  Record<string, [args: string[], env: Texts, port: number, detail: boolean]>
> = {
  "the command line over all": [
    ["--port=1", "--no-detail", "--config=x.yaml"],
    { TRADESIM_EXPORTER_PORT: "2", TRADESIM_EXPORTER_DETAIL: "true" },
    1,
    false,
  ],
  "the environment over the file": [
    ["--config=x.yaml"],
    { TRADESIM_EXPORTER_PORT: "2", TRADESIM_EXPORTER_DETAIL: "0" },
    2,
    false,
  ],
  "the file over the defaults": [["--config=x.yaml"], {}, 3, true],
  "the file named by the environment": [[], { TRADESIM_EXPORTER_CONFIG: "x.yaml" }, 3, true],
  "the file named by the command line": [
    ["--config=x.yaml"],
    { TRADESIM_EXPORTER_CONFIG: "missing.yaml" },
    3,
    true,
  ],
  "the defaults last": [[], {}, 8000, false],
};

for (const [name, [args, env, port, detail]] of Object.entries(PLACES)) {
  Deno.test(`readCommandLine() takes ${name}`, () => {
    const files = { "x.yaml": "port: 3\ndetail: true\n" };
    const { options } = readServe([...args, ...STATE], env, files);
    assert.deepEqual(options, {
      ...DEFAULTS,
      addresses: [{ hostname: "localhost", port }],
      detail,
    });
  });
}

Deno.test("readCommandLine() replaces the list of a weaker place as a whole", () => {
  const files = { "x.yaml": "follow: [a, b]\nlabels: [session]\n" };
  const { options } = readServe(
    ["--config=x.yaml", "--follow=c", "--labels=", ...STATE],
    {},
    files,
  );
  assert.deepEqual(options, { ...DEFAULTS, follow: ["c"], isFollowChosen: true });
});

Deno.test("readCommandLine() takes --web.listen-address over a port of a weaker place", () => {
  const { options } = readServe(
    ["--config=config.py", "--web.listen-address=:9", ...STATE],
    { TRADESIM_EXPORTER_HOST: "a" },
    { "config.py": "METRICS_EXPORTER_PORT = 8000" },
  );
  assert.deepEqual(options.addresses, [{ hostname: "0.0.0.0", port: 9 }]);
});

const BAD: Readonly<
  Record<string, [args: readonly string[], env: Texts, files: Texts, message: string]>
> = {
  "a mistyped command": [["srve"], {}, {}, 'Unknown command "srve": did you mean serve?'],
  "a command like no other": [["toString"], {}, {}, 'Unknown command "toString"'],
  "a command after a flag": [
    ["--detail", "serve"],
    {},
    {},
    'Cannot use argument "serve": expected only flags after the command',
  ],
  "--port beside --web.listen-address": [
    ["--port=1", "--web.listen-address=:1"],
    {},
    {},
    "Cannot use --port (command line) together with --web.listen-address (command line): " +
    "expected one of them",
  ],
  "--host over --web.listen-address": [
    ["--config=x.yaml"],
    { TRADESIM_EXPORTER_HOST: "a" },
    { "x.yaml": "web.listen-address: :1" },
    "Cannot use --host (environment) together with --web.listen-address (x.yaml): " +
    "expected one of them",
  ],
  "a wrong variable": [
    [],
    { TRADESIM_EXPORTER_DETAIL: "yes" },
    {},
    'Cannot read TRADESIM_EXPORTER_DETAIL "yes": expected true, false, 1 or 0',
  ],
  "a negative number": [
    ["--port", "-1"],
    {},
    {},
    'Cannot read --port "-1": expected a whole number from 0 to 65535',
  ],
  "an option of remote write without --remote-write": [
    ["--remote-write.label=a=b"],
    {},
    {},
    "Cannot use --remote-write.label without --remote-write: expected both",
  ],
  "two ways to log in at a receiver": [
    ["--remote-write=http://a", "--remote-write.user-file=u", "--remote-write.token-file=t"],
    {},
    {},
    "Cannot use --remote-write.user-file together with --remote-write.token-file: expected one of them",
  ],
  "a certificate without its key": [
    ["--remote-write=https://a", "--remote-write.cert-file=c"],
    {},
    {},
    "Cannot use one of --remote-write.cert-file and --remote-write.key-file: expected both",
  ],
  "a certificate without TLS": [
    ["--remote-write=http://a", "--remote-write.ca-file=c"],
    {},
    {},
    "Cannot use a certificate without TLS: expected --remote-write with a URL that begins with https://",
  ],
  "a label for the receiver twice": [
    ["--remote-write=http://a", "--remote-write.label=zone=1", "--remote-write.label=zone=2"],
    {},
    {},
    "Cannot use --remote-write.label zone twice: expected different names",
  ],
  "a queue that is the file of the state": [
    ["--remote-write=http://a", "--state=s", "--remote-write.queue=./s.2"],
    {},
    {},
    "Cannot use one file for --state and --remote-write.queue: expected different files",
  ],
  "a queue that is followed": [
    ["--remote-write=http://a", "--state=s", "--follow=f", "--remote-write.queue=f"],
    {},
    {},
    "Cannot use one file for --follow and --remote-write.queue: expected different files",
  ],
  "remote write without a place for its queue": [
    ["--remote-write=http://a", "--port=0"],
    {},
    {},
    "Cannot keep the queue of --remote-write: expected its file, --remote-write.queue",
  ],
  "one address twice": [
    ["--web.listen-address", ":8000", "--web.listen-address", "0.0.0.0:8000"],
    {},
    {},
    "Cannot listen on 0.0.0.0:8000 twice: expected different addresses",
  ],
  "an address that another one includes": [
    ["--web.listen-address", "localhost:8000", "--web.listen-address", "127.0.0.1:8000"],
    {},
    {},
    "Cannot listen on localhost:8000 and 127.0.0.1:8000: one includes the other, expected one of them",
  ],
  "all addresses and one of them": [
    ["--web.listen-address", "[::1]:8000", "--web.listen-address", "[::]:8000"],
    {},
    {},
    "Cannot listen on [::1]:8000 and [::]:8000: one includes the other, expected one of them",
  ],
  "an empty entry in a list of a variable": [
    [],
    { TRADESIM_EXPORTER_FOLLOW: "a,,b" },
    {},
    'Cannot read TRADESIM_EXPORTER_FOLLOW "": expected the name of a file, with at most one * and that in the last part',
  ],
  "a wrong value in a YAML file": [
    ["--config=x.yaml"],
    {},
    { "x.yaml": "port: 70000" },
    'Cannot read port "70000" in x.yaml: expected a whole number from 0 to 65535',
  ],
  "a wrong value in a list of a YAML file": [
    ["--config=x.yml"],
    {},
    { "x.yml": "labels: [continent, pays]" },
    'Cannot read labels "continent,pays" in x.yml: ' +
    "expected some of continent, produit_type, session, with commas between them",
  ],
  "a wrong value in config.py": [
    ["--config=a/config.py"],
    {},
    { "a/config.py": "METRICS_EXPORTER_PORT = -1" },
    'Cannot read METRICS_EXPORTER_PORT "-1" in a/config.py: expected a whole number from 0 to 65535',
  ],
  "an interval of config.py that is out of range": [
    ["--config=config.py"],
    {},
    { "config.py": "METRICS_COLLECTION_INTERVAL = 0.0" },
    'Cannot read METRICS_COLLECTION_INTERVAL "0s" in config.py: ' +
    "expected a time from 50ms to 24h, in ms, s, m or h",
  ],
  "a file that is not there": [
    [],
    { TRADESIM_EXPORTER_CONFIG: "n.yaml" },
    {},
    'Cannot read TRADESIM_EXPORTER_CONFIG "n.yaml": expected a file that can be read, ' +
    "but there is none",
  ],
};

for (const [name, [args, env, files, message]] of Object.entries(BAD)) {
  Deno.test(`readCommandLine() refuses ${name}`, () => {
    assert.throws(
      () => read(args, env, files),
      (error: unknown) =>
        error instanceof UsageError && error.message === message ||
        assert.fail(String(error)),
    );
  });
}

Deno.test("readCommandLine() refuses a file that may not be read", () => {
  const denied = () => {
    throw new Deno.errors.PermissionDenied("no");
  };
  assert.throws(
    () => readCommandLine(["--config=x"], () => undefined, denied),
    (error: unknown) =>
      error instanceof UsageError && error.cause instanceof Deno.errors.PermissionDenied &&
      error.message === 'Cannot read --config "x": expected a file that can be read',
  );
});

Deno.test("readCommandLine() reads the constants of config.py and hands on its notes", () => {
  const text = `# TradeSim
METRICS_ENABLED = False
METRICS_COLLECTION_INTERVAL = 2.0  # secondes
METRICS_EXPORTER_PORT = 8001
METRICS_EXPORTER_HOST = "0.0.0.0"
METRICS_SYSTEM_ENABLED = False
METRICS_SYSTEM_INTERVAL = 5.0
METRICS_LABELS_ENABLED = True
METRICS_LABELS_CONTINENT = True
METRICS_LABELS_PRODUIT_TYPE = False
`;
  assert.deepEqual(
    read(["--config", "config/config.py", ...STATE], {}, { "config/config.py": text }),
    {
      command: "serve",
      options: {
        ...DEFAULTS,
        addresses: [{ hostname: "localhost", port: 8001 }],
        collectInterval: 2,
        systemInterval: 0,
        labels: ["continent"],
        enabled: false,
        follow: ["logs/metrics*.jsonl"],
      },
      notes: ['METRICS_EXPORTER_HOST = "0.0.0.0" is ignored: only --host opens the network'],
    },
  );
});

Deno.test("readCommandLine() follows the journal beside config.py, unless another one is named", () => {
  const files = { "../tradesim/app/config/config.py": "METRICS_ENABLED = True\n" };
  const [path = ""] = Object.keys(files);
  const follow = (...args: readonly string[]) =>
    readServe(["--config", path, ...args, ...STATE], {}, files).options.follow;
  assert.deepEqual(follow(), ["../tradesim/app/logs/metrics*.jsonl"]);
  assert.deepEqual(follow("--follow", "other.jsonl"), ["other.jsonl"]);
  const notes = (...args: readonly string[]) =>
    readServe(["--config", path, ...args, ...STATE], {}, files).notes;
  assert.deepEqual(notes(), []);
  assert.match(notes("--port=9101").join(), /^TradeSim posts to port 8000 .*use --port 8000$/);
});

Deno.test("readCommandLine() opens no address that only config.py names", () => {
  const { options } = readServe(["--config=c.py"], {}, { "c.py": "METRICS_EXPORTER_HOST = '::'" });
  assert.deepEqual(options.addresses, DEFAULTS.addresses);
});

Deno.test("readCommandLine() names the state after the port, and keeps none with port 0", () => {
  const home = { XDG_STATE_HOME: "/x", LOCALAPPDATA: "C:\\x" };
  const state = (...args: string[]) => readServe(args, home).options.state;
  assert.match(state() ?? "", /x.tradesim-exporter.8000\.json$/);
  assert.match(state("--port=9") ?? "", /x.tradesim-exporter.9\.json$/);
  assert.match(
    state("--web.listen-address=:7", "--web.listen-address=:8") ?? "",
    /x.tradesim-exporter.7\.json$/,
  );
  assert.equal(state("--port=0"), undefined);
  assert.equal(state("--port=0", "--state=a"), "a");
  assert.equal(state("--state=none"), undefined);
});

Deno.test("readCommandLine() keeps no state and says so when there is no home", () => {
  const { options, notes } = readServe([], { HOME: "" });
  assert.equal(options.state, undefined);
  assert.deepEqual(notes, ["Cannot keep a state: there is no home directory"]);
  assert.deepEqual(readServe(["--port=0"], { HOME: "" }).notes, []);
});

type SimulateOptions = ReturnType<typeof readSimulate>;

const SIMULATE_DEFAULTS: SimulateOptions = {
  tours: 5,
  seed: 1,
  entreprises: undefined,
  produits: undefined,
  fournisseurs: undefined,
  commeTradesim: false,
  load: undefined,
  save: undefined,
  status: false,
  verbose: false,
  pause: 0,
  withMetrics: false,
  journal: "logs/metrics.jsonl",
  publishTo: undefined,
  publishTokenFile: undefined,
  publishInterval: 0.1,
  everyTurn: false,
  json: false,
};

const WITH_METRICS: Partial<SimulateOptions> = { withMetrics: true };

/** Command lines of `simulate` and what they make of its options. */
const SIMULATIONS: Readonly<Record<string, Partial<SimulateOptions>>> = {
  "--tours 5": {},
  "--tours=1000000000000": { tours: 1e12 },
  "--infinite": { tours: Infinity },
  "--status": { tours: 0, status: true },
  "--status --infinite": { tours: Infinity, status: true },
  "--tours 5 --seed=0": { seed: 0 },
  "--tours 5 --seed 9007199254740991": { seed: 2 ** 53 - 1 },
  "--tours 5 --entreprises 1 --produits 2 --fournisseurs 1000000": {
    entreprises: 1,
    produits: 2,
    fournisseurs: 1_000_000,
  },
  "--tours 5 --comme-tradesim": { commeTradesim: true },
  "--tours 5 --load a.json --save b.json": { load: "a.json", save: "b.json" },
  "--tours 5 --verbose --json": { verbose: true, json: true },
  "--tours 5 --pause 250ms": { pause: 0.25 },
  "--tours 5 --pause 0": {},
  "--tours 5 --with-metrics": WITH_METRICS,
  "--tours 5 --with-metrics --journal a.jsonl": { ...WITH_METRICS, journal: "a.jsonl" },
  "--tours 5 --with-metrics --publish-interval 1s": { ...WITH_METRICS, publishInterval: 1 },
  "--tours 5 --with-metrics --every-turn": { ...WITH_METRICS, everyTurn: true },
  "--tours 5 --with-metrics --publish-to http://[::1]:1/update_metrics": {
    ...WITH_METRICS,
    publishTo: "http://[::1]:1/update_metrics",
  },
  "--tours 5 --with-metrics --publish-to http://a --publish-token-file t": {
    ...WITH_METRICS,
    publishTo: "http://a/",
    publishTokenFile: "t",
  },
};

for (const [line, expected] of Object.entries(SIMULATIONS)) {
  Deno.test(`simulate ${line}`, () => {
    const expectedLine = { command: "simulate", options: { ...SIMULATE_DEFAULTS, ...expected } };
    assert.deepEqual(read(["simulate", ...line.split(" ")]), expectedLine);
  });
}

/** Command lines of `simulate` that are refused, and the message. */
const BAD_SIMULATIONS: Readonly<Record<string, string>> = {
  "": "Cannot play: expected --tours or --infinite",
  "--with-metrics": "Cannot play: expected --tours or --infinite",
  "--tours 5 --infinite": "Cannot use --tours together with --infinite: expected one of them",
  "--tours 0": 'Cannot read --tours "0": expected a whole number from 1 to 1000000000000',
  "--tours ten": 'Cannot read --tours "ten": expected a whole number from 1 to 1000000000000',
  "--tours": "Cannot read --tours without a value: expected --tours=<COUNT>",
  "--tours 5 --tours 6": "Cannot take --tours more than once",
  "--tours 5 --seed 9007199254740992":
    'Cannot read --seed "9007199254740992": expected a whole number from 0 to 9007199254740991',
  "--tours 5 --produits 0": 'Cannot read --produits "0": expected a whole number from 1 to 1000000',
  "--tours 5 --pause 1": 'Cannot read --pause "1": expected 0 or a time from 1ms to 1h, ' +
    "in ms, s, m or h",
  "--tours 5 --with-metrics --publish-interval 0": 'Cannot read --publish-interval "0": ' +
    "expected a time from 1ms to 1h, in ms, s, m or h",
  "--tours 5 --with-metrics --publish-to localhost:8000":
    'Cannot read --publish-to "localhost:8000": expected a URL that begins with http:// or https://',
  "--tours 5 --with-metrics --publish-to http://a --journal b":
    "Cannot use --journal together with --publish-to: expected one of them",
  "--tours 5 --publish-to http://a": "Cannot use --publish-to without --with-metrics",
  "--tours 5 --with-metrics --publish-token-file a":
    "Cannot use --publish-token-file without --publish-to",
  "--tours 5 --publish-interval 1s": "Cannot use --publish-interval without --with-metrics",
  "--tours 5 --journal a": "Cannot use --journal without --with-metrics",
  "--tours 5 --every-turn": "Cannot use --every-turn without --with-metrics",
  "--status --json":
    "Cannot use --json together with --status: no turn is played, so there is no summary",
  "--tours 5 --load a --entreprises 3":
    "Cannot use --entreprises together with --load: a saved world has its own size",
  "--tours 5 --no-verbose": "Unknown flag --no-verbose: did you mean --verbose?",
  "--tour 5": "Unknown flag --tour: did you mean --tours?",
  "--tours 5 --port 1": "Unknown flag --port",
  "5": 'Cannot use argument "5": expected only flags after the command',
};

for (const [line, message] of Object.entries(BAD_SIMULATIONS)) {
  Deno.test(`simulate ${line} is refused`, () => {
    assert.throws(
      () => read(["simulate", ...line === "" ? [] : line.split(" ")]),
      (error: unknown) =>
        error instanceof UsageError && error.message === message || assert.fail(String(error)),
    );
  });
}

Deno.test("simulate takes nothing from the environment", () => {
  const env = { TRADESIM_EXPORTER_SEED: "7", TRADESIM_EXPORTER_JOURNAL: "x" };
  assert.deepEqual(read(["simulate", "--tours=5"], env), {
    command: "simulate",
    options: SIMULATE_DEFAULTS,
  });
});

Deno.test("simulate --help gives its own help, whatever the other values are", () => {
  const expected = { command: "help", text: helpText("simulate") };
  assert.deepEqual(read(["simulate", "--tours=x", "--help"]), expected);
});

Deno.test("commandNamed() tells whose help is meant", () => {
  assert.equal(commandNamed(["simulate", "--tours"]), "simulate");
  for (const args of [[], ["serve"], ["simulat"], ["--help", "simulate"], ["toString"]]) {
    assert.equal(commandNamed(args), undefined);
  }
});

Deno.test("checkNamedFile() leaves the folder and what is in the file as they are", async () => {
  const dir = await Deno.makeTempDir();
  try {
    checkNamedFile(`${dir}/a`, "--save");
    assert.deepEqual([...Deno.readDirSync(dir)], []);
    Deno.writeTextFileSync(`${dir}/a`, "kept");
    checkNamedFile(`${dir}/a`, "--save");
    assert.equal(Deno.readTextFileSync(`${dir}/a`), "kept");
    for (const path of [dir, `${dir}/a/b`, `${dir}/no/b`]) {
      assert.throws(
        () => checkNamedFile(path, "--save"),
        (error: unknown) =>
          error instanceof UsageError && error.message ===
            `Cannot read --save ${JSON.stringify(path)}: expected a file that can be written`,
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Throws what a wrong command line may not throw. */
function expectUsageError(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    assert.match(formatUsageError(error), /^tradesim-exporter: error: [^\n]+\nTry: [^\n]+\n$/);
    assert.doesNotMatch(error.message, /[Oo]ption '|argument missing|undefined/);
  }
}

const names = Object.values(COMMANDS.serve.flags).map(({ name }) => name);
const word = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("", "-", "--", "1", "0", "5s", ":1", "/a", "true", "x.yaml", "c.py", "serve"),
  fc.constantFrom(...LABELS),
);
const argument = fc.oneof(
  word,
  fc.constantFrom(...names).map((name) => `--${name}`),
  fc.constantFrom(...names).map((name) => `--no-${name}`),
  fc.tuple(fc.constantFrom(...names), word).map(([name, value]) => `--${name}=${value}`),
  word.map((text) => `-${text}`),
  word.map((text) => `--${text}`),
);

Deno.test("readCommandLine() throws nothing but UsageError for random arguments", () => {
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 6 }), word, word, (args, yaml, python) => {
      expectUsageError(() => read(args, {}, { "x.yaml": yaml, "c.py": python }));
    }),
    { numRuns: 2000 },
  );
});

for (const command of ["simulate", "replay"] as const) {
  Deno.test(`readCommandLine() throws nothing but UsageError for random arguments of ${command}`, () => {
    const own = fc.constantFrom(...Object.values(COMMANDS[command].flags).map(({ name }) => name));
    const given = fc.oneof(
      word,
      own.map((name) => `--${name}`),
      fc.tuple(own, word).map(([name, value]) => `--${name}=${value}`),
    );
    fc.assert(
      fc.property(
        fc.array(given, { maxLength: 6 }),
        (args) => expectUsageError(() => read([command, ...args])),
      ),
      { numRuns: 1000 },
    );
  });
}

Deno.test("readCommandLine() throws nothing but UsageError for random variables and files", () => {
  const flags = Object.values(COMMANDS.serve.flags).filter((flag) => environmentName(flag));
  const variables = fc.dictionary(
    fc.constantFrom(...flags.map((flag) => environmentName(flag) ?? "")),
    word,
    { maxKeys: 4 },
  );
  const entry = fc.oneof(
    fc.tuple(fc.constantFrom(...names), word).map(([name, value]) => `${name}: ${value}`),
    fc.tuple(fc.constantFrom(...names), fc.json()).map(([name, value]) => `${name}: ${value}`),
    fc.string({ unit: "binary" }),
  );
  const constant = fc.oneof(
    fc.tuple(
      fc.constantFrom("EXPORTER_PORT", "ENABLED", "SYSTEM_INTERVAL", "LABELS_ENABLED"),
      fc.oneof(word, fc.json()),
    ).map(([name, value]) => `METRICS_${name} = ${value}`),
    fc.constantFrom('"""', "'", "(", ")", "\\", "#"),
  );
  fc.assert(
    fc.property(
      variables,
      fc.array(entry, { maxLength: 4 }),
      fc.array(constant, { maxLength: 4 }),
      (env, yaml, python) => {
        const files = { "x.yaml": yaml.join("\n"), "c.py": python.join("\n") };
        expectUsageError(() => read([], env, files));
        expectUsageError(() => read(["--config=x.yaml"], env, files));
        expectUsageError(() => read(["--config=c.py"], env, files));
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("readCommandLine() does not judge what a stronger place overrules, nor Kubernetes' own variables", () => {
  const portOf = (args: string[], env: Record<string, string>, file = "") => {
    const line = readCommandLine(args, (name) => env[name], () => file);
    assert.ok(line.command === "serve");
    return line.options.addresses[0]?.port;
  };
  const kubernetes = { TRADESIM_EXPORTER_PORT: "tcp://10.96.12.7:8000" };
  assert.equal(portOf([], kubernetes), 8000);
  assert.equal(portOf(["--port=1"], kubernetes), 1);
  assert.equal(portOf(["--port=1"], { TRADESIM_EXPORTER_PORT: "x" }), 1);
  assert.equal(portOf(["--port=1", "--config=a.yml"], {}, "port: x"), 1);
  assert.equal(portOf(["--config=a.yml"], { TRADESIM_EXPORTER_PORT: "2" }, "port: x"), 2);
});
