/** What the real program does to the machine, as the kernel sees it: files written, addresses called, programs started. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KINDS } from "../../lib/cli/mod.ts";
import {
  commandLine,
  runExporter,
  type RunningExporter,
  type RunOptions,
  startExporter,
} from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { startReceiver } from "../harness/receiver.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { turnsLine } from "../recording/lines.ts";

const IS_EXECUTABLE = Deno.env.get("EXPORTER_UNDER_TEST") !== undefined;

/** Deno looks for a newer Deno when it runs a program from source, unless it is told not to. */
const ENV = { DENO_NO_UPDATE_CHECK: "1" };

/** Where Deno keeps its caches; an executable has none. */
async function denoDir(): Promise<string | undefined> {
  if (IS_EXECUTABLE) return undefined;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** What a program did, each thing once and in order of the alphabet. */
interface Deeds {
  /** Paths that were opened for writing, made, moved or removed, without the folder of the run. */
  readonly written: readonly string[];
  /** Addresses that were listened on, with their port unless it is a free one. */
  readonly bound: readonly string[];
  /** Addresses that something was sent to. */
  readonly called: readonly string[];
  readonly started: readonly string[];
}

const NOTHING: Deeds = { written: [], bound: [], called: [], started: [] };

/** System calls that change what a path names; `openat` does with some flags only. */
const CHANGES =
  /^(creat|mknod|mkdir|rmdir|rename|link|symlink|unlink|truncate|chmod|chown|utime|setxattr|removexattr)/;
const SENDS = /^(connect|sendto|sendmsg|sendmmsg)$/;
const STARTS = /^(execve|execveat|fork|vfork|clone|clone3)$/;

function addressIn(args: string): string | undefined {
  const port = /sin6?_port=htons\((\d+)\)/.exec(args)?.[1];
  const host = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(args);
  if (host !== null) return `${host[1] ?? host[2]}:${port}`;
  return /sa_family=(AF_\w+)/.exec(args)?.[0];
}

/** Reads what strace wrote, of a program that ran in `cwd`. */
function deedsIn(trace: string, cwd: string, cache: string | undefined): Deeds {
  const written = new Set<string>();
  const bound = new Set<string>();
  const called = new Set<string>();
  const started: string[] = [];
  for (const line of trace.split("\n")) {
    // What a call was asked for stands in its first part, even when it is interrupted.
    const [, call = "", args = ""] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
    const isOpened = /^open(at2?)?$/.test(call) && /\bO_(WRONLY|RDWR|CREAT|TRUNC)\b/.test(args);
    if (isOpened || CHANGES.test(call)) {
      for (const [, path] of args.matchAll(/"([^"]*)"/g)) {
        if (cache !== undefined && path!.startsWith(`${cache}/`)) continue;
        written.add(path!.replace(`${cwd}/`, ""));
      }
    }
    if (call === "bind") bound.add(addressIn(args) ?? args);
    if (SENDS.test(call)) {
      const address = addressIn(args);
      if (address !== undefined) called.add(address);
    }
    if (STARTS.test(call) && !args.includes("CLONE_THREAD")) started.push(`${call}(${args}`);
  }
  const [first, ...more] = started;
  assert.match(first ?? "", /^execve\(/, "the program itself is the first that is started");
  return {
    written: [...written].sort(),
    bound: [...bound].sort(),
    called: [...called].sort(),
    started: more,
  };
}

interface Traced {
  /** What it does of itself, and further calls to it as long as it runs. */
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Ends the program; absent for one that ends by itself. */
  readonly use?: (exporter: RunningExporter, cwd: string) => Promise<void>;
  /** The exit code of a program that ends by itself. */
  readonly expected?: number;
}

/** Runs the program under strace. */
async function deedsOf({ args, files = {}, use, expected = 0 }: Traced): Promise<Deeds> {
  return await withTempDir(async (top) => {
    const cwd = join(await Deno.realPath(top), "run");
    await Deno.mkdir(cwd);
    const trace = join(top, "trace");
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(cwd, name), text);
    }
    // With -D the program is our own child, which signals reach.
    const runner = [
      ...["strace", "-D", "-f", "-e", "signal=none", "-s", "4096"],
      ...["-e", "trace=%file,%network,%process", "-o", trace],
    ];
    const options: RunOptions = { args, cwd, env: ENV, runner };
    let pid: number | undefined;
    if (use === undefined) {
      const { code, stderr } = await runExporter(options);
      assert.equal(code, expected, stderr);
    } else {
      const exporter = await startExporter(options);
      pid = exporter.pid;
      try {
        await use(exporter, cwd);
      } finally {
        await exporter.stop();
      }
    }
    const text = await until("the end of the trace", async () => {
      const text = await Deno.readTextFile(trace);
      const main = pid ?? /^\d+/.exec(text)?.[0];
      return new RegExp(`^${main} +\\+\\+\\+ `, "m").test(text) && text;
    });
    return deedsIn(text, cwd, await denoDir());
  });
}

const STATE = ["s", "s/state.json", "s/state.json.2", "s/state.json.lock"];
const PLAY = ["simulate", "--tours", "200", "--pause", "1ms"];

/** Programs that end by themselves, and what they do. */
const RUNS: Readonly<Record<string, [Traced, Partial<Deeds>]>> = {
  "--help": [{ args: ["--help"] }, {}],
  "--version": [{ args: ["--version"] }, {}],
  "--check-config": [
    { args: ["--check-config", "--config", "c.yml"], files: { "c.yml": "port: 0\n" } },
    {},
  ],
  "simulate": [{ args: PLAY }, {}],
  "simulate --save": [{ args: [...PLAY, "--save", "end.json"] }, { written: ["end.json"] }],
  "simulate --with-metrics": [
    { args: [...PLAY, "--with-metrics"] },
    { written: ["logs", "logs/metrics.jsonl", "logs/metrics.jsonl.lock"] },
  ],
  "simulate --with-metrics --every-turn": [
    { args: [...PLAY, "--with-metrics", "--every-turn"] },
    {
      written: ["logs", "logs/metrics.jsonl", "logs/metrics.jsonl.lock", "logs/turns.jsonl"]
        .concat("logs/turns.jsonl.lock"),
    },
  ],
  "backfill --out -": [
    {
      args: ["backfill", "turns.jsonl", "--out", "-"],
      files: { "turns.jsonl": turnsLine("a", 1, 3) },
    },
    {},
  ],
  "print config": [{ args: ["print", "config"] }, {}],
  "print config --out": [
    { args: ["print", "config", "--out", "a"] },
    { written: ["a", "a/tradesim-exporter.yml"] },
  ],
};

for (const [name, [traced, expected]] of Object.entries(RUNS)) {
  testWith("strace", `${name} does nothing that its flags do not ask for`, async () => {
    assert.deepEqual(await deedsOf(traced), { ...NOTHING, ...expected });
  });
}

testWith(
  "strace",
  "simulate --publish-to calls only the exporter, and writes nothing",
  async () => {
    await withTempDir(async (cwd) => {
      const exporter = await startExporter({ args: ["--follow", "none"], cwd });
      try {
        const args = [...PLAY, "--with-metrics", "--publish-to", exporter.url];
        const called = [`127.0.0.1:${exporter.port}`];
        assert.deepEqual(await deedsOf({ args }), { ...NOTHING, called });
        // It finds no cluster in an empty input.
        assert.deepEqual(await deedsOf({ args: ["doctor", "kubernetes"], expected: 1 }), NOTHING);
        assert.match(await exporter.scrape(), /^tours_completes 200$/m);
      } finally {
        await exporter.stop();
      }
    });
  },
);

testWith(
  "strace",
  "doctor calls only the exporter that it is asked about, and writes nothing",
  async () => {
    await withTempDir(async (cwd) => {
      const exporter = await startExporter({ args: ["--follow", "none"], cwd });
      try {
        const args = ["doctor", "--url", exporter.url, "--until", "metrics"];
        const called = [`127.0.0.1:${exporter.port}`];
        assert.deepEqual(await deedsOf({ args }), { ...NOTHING, called });
      } finally {
        await exporter.stop();
      }
    });
  },
);

testWith("strace", "backfill --out DIR starts promtool alone, and calls nobody", async () => {
  const { started, ...others } = await deedsOf({
    args: ["backfill", "turns.jsonl", "--anchor", "2000-01-01", "--out", "data"],
    files: { "turns.jsonl": turnsLine("a", 1, 3) },
  });
  const programs = started.flatMap((call) => /^execve\("([^"]*)"/.exec(call)?.[1] ?? []);
  assert.ok(programs.length >= 3, "it is asked what it can do, and makes the blocks");
  for (const program of programs) assert.match(program, /\/promtool$/);
  assert.deepEqual([others.called, others.bound], [[], []]);
  // Paths outside the folder of the run are absolute.
  const outside = others.written.filter((path) => path.startsWith("/") && path !== "/dev/null");
  assert.deepEqual(outside, []);
});

/** Lets an exporter do all that it does: take, read, answer, save, follow and meet rotation. */
async function beUsed(exporter: RunningExporter, cwd: string): Promise<void> {
  const line = (turn: number) => `${JSON.stringify(payloadAt({ session: "file" }, turn))}\n`;
  const turns = (count: number) =>
    until(
      `${count} turns`,
      async () => new RegExp(`^tours_completes ${count}$`, "m").test(await exporter.scrape()),
    );
  await Deno.writeTextFile(`${cwd}/metrics.jsonl`, line(1));
  await turns(1);
  await Deno.rename(`${cwd}/metrics.jsonl`, `${cwd}/metrics.jsonl.1`);
  await Deno.writeTextFile(`${cwd}/metrics.jsonl`, line(2));
  await turns(2);
  const response = await exporter.post(payloadAt({ session: "posted" }, 3));
  assert.equal(response.status, 200, await response.text());
  await turns(5);
}

for (
  const [name, args, written] of [
    ["--state", ["--state", "s/state.json"], STATE],
    ["--state none", ["--state", "none"], []],
  ] as const
) {
  testWith(
    "strace",
    `serve ${name} writes only its state, listens only where it is told, and calls nobody`,
    async () => {
      const traced = { args: [...args, "--follow", "metrics.jsonl"], use: beUsed };
      const { bound, ...others } = await deedsOf(traced);
      assert.deepEqual(others, { written, called: [], started: [] });
      // A free port of the one loopback address, and the same one of the other.
      const places = bound.map((address) => address.replace(/:[1-9]\d+$/, ":the same"));
      assert.deepEqual(places, ["127.0.0.1:0", "::1:0", "::1:the same"]);
    },
  );
}

testWith(
  "strace",
  "replay writes nothing, listens where it is told, and calls nobody",
  async () => {
    const line = `${JSON.stringify(payloadAt({ session: "s" }, 1))}\n`;
    const { bound, ...others } = await deedsOf({
      args: ["replay", "m.jsonl", "--speed", "50", "--loop"],
      files: { "m.jsonl": line, "m.jsonl.1": line },
      use: async (exporter) => {
        await until(
          "the game",
          async () => /^tours_completes [1-9]/m.test(await exporter.scrape()),
        );
      },
    });
    assert.deepEqual(others, { written: [], called: [], started: [] });
    assert.equal(bound.length, 3);
  },
);

testWith(
  "strace",
  "serve --remote-write calls only the receiver, not where that redirects to, and writes only its queue",
  async () => {
    const other = startReceiver();
    const receiver = startReceiver({
      reply: (number) =>
        number === 0 ? { status: 307, headers: { location: other.url } } : { status: 204 },
    });
    try {
      const flags = ["--remote-write", receiver.url, "--remote-write.queue", "q/queue"];
      const size = ["--remote-write.queue-size", "16MiB"];
      const { written, called, started } = await deedsOf({
        args: [...flags, ...size, "--state", "none", "--follow", "metrics.jsonl"],
        async use(exporter, cwd) {
          await beUsed(exporter, cwd);
          await until("a message", () => receiver.requests.length > 0);
          const response = await exporter.post(payloadAt({ session: "posted" }, 4));
          assert.equal(response.status, 200, await response.text());
          await until("samples", () => receiver.samples.size > 0);
        },
      });
      assert.deepEqual({ written, called, started }, {
        written: ["q", "q/queue"],
        called: [`127.0.0.1:${receiver.port}`],
        started: [],
      });
      assert.equal(other.requests.length, 0);
    } finally {
      await receiver.stop();
      await other.stop();
    }
  },
);

/** Runs a command line on a terminal where nobody answers. */
async function onTerminal(words: readonly string[]): Promise<{ code: number; said: string }> {
  return await withTempDir(async (cwd) => {
    const { code, stdout } = await new Deno.Command("timeout", {
      args: ["20", "script", "-qec", words.map((word) => `'${word}'`).join(" "), "/dev/null"],
      cwd,
      env: ENV,
      stdin: "null",
    }).output();
    const said = new TextDecoder().decode(stdout);
    // How Deno asks for a permission.
    assert.doesNotMatch(said, /Deno requests|Allow\?/);
    return { code, said };
  });
}

testWith(
  "script",
  "The program finds on a terminal all that it may need, and asks nobody",
  async () => {
    for (
      const args of [
        ["--check-config"],
        ["simulate", "--tours", "5", "--with-metrics", "--save", "end.json"],
        ["print", "config", "--out", "a"],
      ]
    ) {
      const { code, said } = await onTerminal(commandLine(args));
      assert.equal(code, 0, said);
    }
  },
);

const RECORDING = fileURLToPath(new URL("../testdata/tour-001.json", import.meta.url));

/** What is left of all rights in a running program, by its arguments. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  "serve --port 0 --state state.json": ["read", "sys"],
  "serve --port 0 --state none --system-interval 0": ["read"],
  [`replay ${RECORDING} --port 0`]: ["read", "sys"],
  [`replay ${RECORDING} --port 0 --system-interval 0`]: ["read"],
  "serve --port 0 --state none --remote-write http://127.0.0.1:9/w --remote-write.queue q": [
    "read",
    "sys",
  ],
  "simulate --infinite --pause 1h": [],
  "simulate --infinite --pause 1h --with-metrics": ["read", "write"],
};

/** Asks the debugger of a program for the value of an expression; undefined before it has begun. */
async function evaluate(debuggerUrl: string, expression: string): Promise<unknown> {
  const socket = new WebSocket(debuggerUrl);
  const answer = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<void>();
  socket.onopen = () =>
    socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } }));
  socket.onmessage = ({ data }) => answer.resolve(data);
  socket.onerror = () => answer.reject(new Error("the debugger does not answer"));
  socket.onclose = () => closed.resolve();
  try {
    return JSON.parse(await answer.promise).result.result.value;
  } finally {
    socket.close();
    await closed.promise;
  }
}

/** Starts the program with all rights there are, and asks it what it has once it runs. */
async function rightsOf(args: readonly string[]): Promise<unknown> {
  const granted = `JSON.stringify(${JSON.stringify(KINDS)}` +
    `.filter((name) => Deno.permissions.querySync({ name }).state === "granted"))`;
  return await withTempDir(async (cwd) => {
    const [program = "", ...words] = commandLine(args).filter((word) =>
      !word.startsWith("--allow-")
    );
    // It has each right at first: what it does not have then it has given up by itself.
    words.splice(1, 0, ...KINDS.map((kind) => `--allow-${kind}`), "--inspect=127.0.0.1:0");
    const child = new Deno.Command(program, {
      args: words,
      cwd,
      env: ENV,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let log = "";
    const reading = (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
    })();
    try {
      const url = await until("the debugger", () => /ws:\/\/\S+(?=\n)/.exec(log)?.[0]);
      let before: unknown;
      return await until("rights that do not change any more", async () => {
        const isServing = ["serve", "replay"].includes(args[0]!);
        const isStarted = !isServing || log.includes("msg=Listening");
        const kept = await evaluate(url, granted);
        // The debugger may ask in the middle of giving up.
        const isDone = isStarted && typeof kept === "string" && kept === before;
        before = isStarted ? kept : undefined;
        return isDone && !kept.includes("ffi") && JSON.parse(kept);
      });
    } finally {
      child.kill("SIGKILL");
      await Promise.all([child.status, reading]);
    }
  });
}

if (!IS_EXECUTABLE) {
  testWith(
    "script",
    "Without any right simulate plays, and serve ends and asks nobody",
    async () => {
      const run = (...args: string[]) =>
        onTerminal(commandLine(args).filter((word) => !word.startsWith("--allow-")));
      const played = await run("simulate", "--tours", "5");
      assert.equal(played.code, 0, played.said);
      const served = await run("serve", "--port", "0");
      assert.equal(served.code, 1, served.said);
      assert.match(served.said, /NotCapable/);
    },
  );

  for (const [line, expected] of Object.entries(KEPT)) {
    Deno.test(`${line} keeps ${expected.join(" and ") || "nothing"} of all rights`, async () => {
      assert.deepEqual(await rightsOf(line.split(" ")), expected);
    });
  }
}
