/** The real program sends every turn to a receiver, whatever happens to the receiver and to itself. @module */

import assert from "node:assert/strict";
import { makeCertificate } from "../harness/certificate.ts";
import { runExporter, type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";

import { type Receiver, startReceiver } from "../harness/receiver.ts";
import { freePort } from "../harness/ports.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const T0 = Date.now() - 60_000;

/** A native report; turn 1 is at `T0`, and each turn two milliseconds later. */
function reportAt(turn: number, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    type: "tradesim.report",
    version: 1,
    session: "game",
    rapport: turn,
    tour: turn,
    timestamp: (T0 + 2 * turn) / 1000,
    budget_total: 1000 + turn / 4,
    transactions_total: 3 * turn,
    ...changes,
  };
}

/** The flags of an exporter that sends to a URL, and keeps its files in its folder. */
function flagsFor(url: string, ...more: readonly string[]): string[] {
  return [
    ...["--remote-write", url, "--remote-write.queue", "queue", "--remote-write.queue-size"],
    ...["16MiB", "--state", "state.json", "--follow", "none", ...more],
  ];
}

async function postTurns(exporter: RunningExporter, from: number, to: number): Promise<void> {
  for (let turn = from; turn <= to; turn++) {
    const response = await exporter.post(reportAt(turn));
    assert.equal(response.status, 200, await response.text());
  }
}

/** Time and value of a counter of turns, for all turns. */
function expected(to: number): [number, number][] {
  return Array.from({ length: to }, (_, index) => [T0 + 2 * (index + 1), index + 1]);
}

/** The turns that have come, each once: a message that was answered too late comes again. */
function turnsOf({ samples }: Receiver): (readonly [number, number])[] {
  const byTime = new Map<number, number>();
  for (const [time, value] of samples.get("tours_completes") ?? []) {
    const known = byTime.get(time);
    assert.ok(known === undefined || known === value, `two values at ${time}`);
    if (value > 0) byTime.set(time, value);
  }
  return [...byTime].toSorted(([a], [b]) => a - b);
}

function arrival(receiver: Receiver, turns: number) {
  return until(`${turns} turns`, () => turnsOf(receiver).length >= turns);
}

/** A metric of remote write. */
async function own(exporter: RunningExporter, name: string): Promise<number | undefined> {
  return valueOf(await exporter.scrape(), `tradesim_exporter_remote_write_${name}`);
}

Deno.test("each posted turn comes to the receiver once, in order, with its time and labels", async () => {
  await withTempDir(async (cwd) => {
    const receiver = startReceiver();
    await Deno.writeTextFile(`${cwd}/token`, "a-secret-of-mine\n");
    const more = ["--remote-write.token-file", "token", "--remote-write.label", "zone=1"];
    const exporter = await startExporter({ args: flagsFor(receiver.url, ...more), cwd });
    try {
      await postTurns(exporter, 1, 300);
      await arrival(receiver, 300);
      const all = receiver.samples.get("tours_completes")!;
      assert.deepEqual(all, [[T0 + 1, 0], ...expected(300)]);
      const money = receiver.samples.get("budget_total")!;
      assert.deepEqual(money, expected(300).map(([time, turn]) => [time, 1000 + turn / 4]));
      assert.deepEqual(receiver.labels.get("tours_completes"), {
        __name__: "tours_completes",
        instance: "localhost:0/turns",
        job: "tradesim",
        zone: "1",
      });
      const [headers] = receiver.requests;
      assert.equal(headers!.get("authorization"), "Bearer a-secret-of-mine");
      assert.match(headers!.get("user-agent")!, /^tradesim-exporter\/\d/);
      const samples = [...receiver.samples.values()].reduce((sum, { length }) => sum + length, 0);
      await until("the count", async () => await own(exporter, "samples_sent_total") === samples);
      assert.equal(await own(exporter, "samples_failed_total"), 0);
      assert.equal(await own(exporter, "queue_bytes"), 0);
      assert.equal(await own(exporter, "lag_seconds"), 0);
      assert.doesNotMatch(exporter.log(), /a-secret-of-mine/);
    } finally {
      await exporter.stop();
      await receiver.stop();
    }
  });
});

Deno.test("turns of a followed file are sent, those from before the exporter's first start are not", async () => {
  await withTempDir(async (cwd) => {
    const receiver = startReceiver();
    const line = (turn: number) => `${JSON.stringify(reportAt(turn))}\n`;
    const append = (turn: number) =>
      Deno.writeTextFile(`${cwd}/metrics.jsonl`, line(turn), { append: true });
    const args = flagsFor(receiver.url).map((arg) => arg === "none" ? "metrics.jsonl" : arg);
    await append(1);
    try {
      const exporter = await startExporter({ args, cwd });
      await append(2);
      await arrival(receiver, 1);
      await exporter.stop();
      // While it is away.
      await append(3);
      const next = await startExporter({ args, cwd });
      await append(4);
      await arrival(receiver, 3);
      await next.stop();
      assert.deepEqual(turnsOf(receiver), expected(4).slice(1));
    } finally {
      await receiver.stop();
    }
  });
});

Deno.test("nothing is lost while the receiver is down, and what is left at the end is sent by the next start", async () => {
  await withTempDir(async (cwd) => {
    const port = freePort();
    const args = flagsFor(`http://127.0.0.1:${port}/api/v1/write`);
    const exporter = await startExporter({ args, cwd });
    await postTurns(exporter, 1, 200);
    await until(
      "a failure",
      async () => (await own(exporter, 'requests_total{code="none"}') ?? 0) > 1,
    );
    assert.ok((await own(exporter, "queue_bytes"))! > 0);
    await exporter.stop();
    const receiver = startReceiver({ port });
    try {
      const next = await startExporter({ args, cwd });
      await arrival(receiver, 200);
      await postTurns(next, 201, 210);
      await arrival(receiver, 210);
      await next.stop();
      assert.deepEqual(turnsOf(receiver), expected(210));
    } finally {
      await receiver.stop();
    }
  });
});

/** What receivers may do that refuses no sample for good. */
const MOODS: Readonly<
  Record<
    string,
    (number: number) => { status: number; delay?: number; headers?: Record<string, string> }
  >
> = {
  "500 every other time": (number) => ({ status: number % 2 === 0 ? 500 : 204 }),
  "429 with Retry-After every other time": (number) =>
    number % 2 === 0 ? { status: 429, headers: { "retry-after": "0" } } : { status: 204 },
  "507, a full disk, for a while": (number) => ({ status: number % 8 < 5 ? 507 : 204 }),
  "slow answers": () => ({ status: 204, delay: 150 }),
  "415, which knows only 1.0": (number) => ({ status: number === 0 ? 415 : 204 }),
};

for (const [mood, reply] of Object.entries(MOODS)) {
  Deno.test(`kills in the middle lose no turn that was answered, with a receiver of ${mood}`, async () => {
    await withTempDir(async (cwd) => {
      const receiver = startReceiver({
        reply: (number, request) => {
          // A receiver of 1.0 refuses every message of 2.0.
          const isTwo = request.headers.get("x-prometheus-remote-write-version") === "2.0.0";
          return mood.startsWith("415") ? { status: isTwo ? 415 : 204 } : reply(number);
        },
      });
      try {
        const args = flagsFor(receiver.url);
        const perLife = 60;
        for (let life = 0; life < 4; life++) {
          const exporter = await startExporter({ args, cwd });
          await postTurns(exporter, life * perLife + 1, (life + 1) * perLife);
          await exporter.stop("SIGKILL");
        }
        const last = await startExporter({ args, cwd });
        await arrival(receiver, 4 * perLife);
        await last.stop();
        assert.deepEqual(turnsOf(receiver), expected(4 * perLife));
      } finally {
        await receiver.stop();
      }
    });
  });
}

Deno.test("samples that are refused are counted and logged with the receiver's words, and not sent again", async () => {
  await withTempDir(async (cwd) => {
    const receiver = startReceiver({ reply: () => ({ status: 400 }) });
    const exporter = await startExporter({ args: flagsFor(receiver.url), cwd });
    try {
      await postTurns(exporter, 1, 3);
      await until("the failure", async () => (await own(exporter, "samples_failed_total"))! > 0);
      await until("an empty queue", async () => await own(exporter, "queue_bytes") === 0);
      await until(
        "what is told of it",
        () =>
          exporter.log().includes('level=error msg="The receiver refused samples; they are lost"'),
      );
      assert.equal(receiver.requests.length, await own(exporter, 'requests_total{code="400"}'));
    } finally {
      await exporter.stop();
      await receiver.stop();
    }
  });
});

Deno.test("SIGHUP and a refusal read the token again, and a file that is gone changes nothing", async () => {
  await withTempDir(async (cwd) => {
    let valid = "a-secret-of-old";
    const write = (token: string) => Deno.writeTextFileSync(`${cwd}/token`, `${token}\n`);
    write(valid);
    const receiver = startReceiver({
      reply: (_, { headers }) => ({
        status: headers.get("authorization") === `Bearer ${valid}` ? 204 : 401,
      }),
    });
    const args = flagsFor(receiver.url, "--remote-write.token-file", "token");
    const exporter = await startExporter({ args, cwd });
    const countIn = (text: string) => exporter.log().split(text).length - 1;
    try {
      await postTurns(exporter, 1, 5);
      await arrival(receiver, 5);

      write(valid = "a-secret-of-today");
      Deno.kill(exporter.pid, "SIGHUP");
      await until("the new token", () => countIn("Read changed secrets") === 1);
      await postTurns(exporter, 6, 10);
      await arrival(receiver, 10);
      assert.equal(await own(exporter, 'requests_total{code="401"}'), undefined);

      write(valid = "a-secret-of-tomorrow");
      await postTurns(exporter, 11, 15);
      await arrival(receiver, 15);
      assert.equal(await own(exporter, 'requests_total{code="401"}'), 1);
      await until("the newer token", () => countIn("Read changed secrets") === 2);

      Deno.removeSync(`${cwd}/token`);
      for (let reloads = 1; reloads <= 2; reloads++) {
        Deno.kill(exporter.pid, "SIGHUP");
        await until("the reload", () => countIn("Reloaded web configuration") === 1 + reloads);
      }
      await postTurns(exporter, 16, 20);
      await arrival(receiver, 20);
      assert.deepEqual(turnsOf(receiver), expected(20));
      await until(
        "what is told of the file",
        () => countIn("Cannot read the secrets of remote write again") === 1,
      );
      assert.equal(await own(exporter, "samples_failed_total"), 0);
      assert.doesNotMatch(exporter.log(), /a-secret/);
    } finally {
      await exporter.stop();
      await receiver.stop();
    }
  });
});

testWith(
  "openssl",
  "TLS with an authority of one's own and a password; another authority is not trusted",
  async () => {
    await withTempDir(async (cwd) => {
      await makeCertificate(cwd);
      const [cert, key] = await Promise.all(
        ["cert.pem", "key.pem"].map((name) => Deno.readTextFile(`${cwd}/${name}`)),
      );
      const receiver = startReceiver({ tls: { cert: cert!, key: key! } });
      await Deno.writeTextFile(`${cwd}/user`, "moi:mot de passe\n");
      const trusting = ["--remote-write.ca-file", "cert.pem", "--remote-write.user-file", "user"];
      try {
        const doubting = await startExporter({ args: flagsFor(receiver.url), cwd });
        await postTurns(doubting, 1, 5);
        await until(
          "a failure",
          async () => (await own(doubting, 'requests_total{code="none"}') ?? 0) > 0,
        );
        await doubting.stop();
        assert.equal(receiver.requests.length, 0);
        const exporter = await startExporter({ args: flagsFor(receiver.url, ...trusting), cwd });
        await arrival(receiver, 5);
        await exporter.stop();
        assert.equal(
          receiver.requests[0]!.get("authorization"),
          `Basic ${btoa("moi:mot de passe")}`,
        );
      } finally {
        await receiver.stop();
      }
    });
  },
);

testWith("openssl", "SIGHUP reads the receiver's authority again", async () => {
  await withTempDir(async (cwd) => {
    await makeCertificate(cwd);
    Deno.renameSync(`${cwd}/cert.pem`, `${cwd}/ca.pem`);
    await makeCertificate(cwd);
    const [cert, key] = ["cert.pem", "key.pem"].map((name) =>
      Deno.readTextFileSync(`${cwd}/${name}`)
    );
    const receiver = startReceiver({ tls: { cert: cert!, key: key! } });
    const args = flagsFor(receiver.url, "--remote-write.ca-file", "ca.pem");
    const exporter = await startExporter({ args, cwd });
    try {
      await postTurns(exporter, 1, 5);
      await until(
        "a failure",
        async () => (await own(exporter, 'requests_total{code="none"}') ?? 0) > 0,
      );
      Deno.writeTextFileSync(`${cwd}/ca.pem`, "no certificate\n");
      Deno.kill(exporter.pid, "SIGHUP");
      await until("the complaint", () => exporter.log().includes("Cannot read the secrets"));
      Deno.writeTextFileSync(`${cwd}/ca.pem`, cert!);
      Deno.kill(exporter.pid, "SIGHUP");
      await arrival(receiver, 5);
      assert.deepEqual(turnsOf(receiver), expected(5));
    } finally {
      await exporter.stop();
      await receiver.stop();
    }
  });
});

Deno.test("a redirect is not followed: nobody else gets the samples, or the secret", async () => {
  await withTempDir(async (cwd) => {
    const other = startReceiver();
    const receiver = startReceiver({
      reply: () => ({ status: 307, headers: { location: other.url } }),
    });
    const exporter = await startExporter({ args: flagsFor(receiver.url), cwd });
    try {
      await postTurns(exporter, 1, 1);
      await until("the failure", async () => (await own(exporter, "samples_failed_total"))! > 0);
      assert.equal(other.requests.length, 0);
    } finally {
      await exporter.stop();
      await receiver.stop();
      await other.stop();
    }
  });
});

Deno.test("without --remote-write no metric of it is shown, and no file is made", async () => {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({
      args: ["--state", "state.json", "--follow", "none"],
      cwd,
    });
    await postTurns(exporter, 1, 1);
    const scrape = await exporter.scrape();
    await exporter.stop();
    assert.doesNotMatch(scrape, /remote_write/);
    const names = Array.from(Deno.readDirSync(cwd), ({ name }) => name).sort();
    assert.deepEqual(names, ["state.json", "state.json.2", "state.json.lock"]);
  });
});

/** What stops the start, and the two lines that say so. */
const STOPS: Readonly<Record<string, readonly [args: readonly string[], message: RegExp]>> = {
  "a file of secrets that is not there": [
    ["--remote-write.token-file", "missing"],
    /Cannot read --remote-write\.token-file "missing": expected a file that can be read/,
  ],
  "an authority that is no certificate": [
    ["--remote-write", "https://127.0.0.1:1/w", "--remote-write.ca-file", "none.pem"],
    /Cannot use the file of --remote-write\.ca-file: expected a certificate/,
  ],
  "an authority whose certificate is cut": [
    ["--remote-write", "https://127.0.0.1:1/w", "--remote-write.ca-file", "cut.pem"],
    /Cannot use the file of --remote-write\.ca-file: expected a certificate/,
  ],
  "a certificate that is none": [
    [
      ...["--remote-write", "https://127.0.0.1:1/w", "--remote-write.cert-file", "none.pem"],
      ...["--remote-write.key-file", "none.pem"],
    ],
    /Cannot use the files of --remote-write\.ca-file, --remote-write\.cert-file and --remote-write\.key-file: expected certificates, and the key of the second/,
  ],
  "a queue that is a folder": [
    ["--remote-write.queue", "."],
    /Cannot use the queue of remote write ".*": /,
  ],
};

for (const [name, [args, message]] of Object.entries(STOPS)) {
  Deno.test(`${name} stops the start in two lines`, async () => {
    await withTempDir(async (cwd) => {
      Deno.writeTextFileSync(`${cwd}/none.pem`, "no certificate\n");
      Deno.writeTextFileSync(`${cwd}/cut.pem`, "-----BEGIN CERTIFICATE-----\nMIIB\n");
      const url = args.includes("--remote-write") ? [] : ["--remote-write", "http://127.0.0.1:1/w"];
      const flags = [...url, ...args, "--state", "none", "--port"];
      const named = args.includes("--remote-write.queue") ? [] : ["--remote-write.queue", "q"];
      const { code, stderr } = await runExporter({ args: [...flags, "0", ...named], cwd });
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 2, stderr);
    });
  });
}
