/** Tests of the transport over HTTP. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  createPublisher,
  type HttpOptions,
  openHttp,
  type Transport,
} from "../../lib/publish/mod.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import type { Flat } from "../report/options.ts";
import { createNumbers, playTurn, read } from "./support.ts";

/** What a made-up exporter does with a request. */
type Behaviour = (request: Request) => Response | Promise<Response>;

const answerWell: Behaviour = () => Response.json({ status: "success" });

/** An exporter that reads what it is sent, as it is told to. */
class FakeExporter {
  readonly reports: Flat[] = [];
  readonly headers: Headers[] = [];
  behaviour: Behaviour = answerWell;
  /** Told of every report that is asked to be taken. */
  onReport: (report: Flat) => void = () => {};
  /** Requests that are being answered, now and at most. */
  open = 0;
  mostOpen = 0;
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #port = 0;

  start(): void {
    const onListen = () => {};
    const options = { hostname: "127.0.0.1", port: this.#port, onListen };
    this.#server = Deno.serve(options, async (request) => {
      this.mostOpen = Math.max(this.mostOpen, ++this.open);
      try {
        const report = read(await request.text());
        this.onReport(report);
        const response = await this.behaviour(request);
        if (response.ok) {
          this.reports.push(report);
          this.headers.push(request.headers);
        }
        return response;
      } finally {
        this.open--;
      }
    });
    this.#port = this.#server.addr.port;
  }

  async stop(): Promise<void> {
    await this.#server?.shutdown();
    this.#server = undefined;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/update_metrics`;
  }

  get last(): Flat | undefined {
    return this.reports.at(-1);
  }
}

async function withExporter(use: (exporter: FakeExporter) => Promise<void>): Promise<void> {
  const exporter = new FakeExporter();
  exporter.start();
  try {
    await use(exporter);
  } finally {
    await exporter.stop();
  }
}

/** A game that publishes over HTTP. */
function openGame(url: string, options: HttpOptions & { interval?: number } = {}) {
  const problems: string[] = [];
  const { interval = 0, ...httpOptions } = options;
  const transport: Transport = openHttp({
    url,
    onProblem: (message) => problems.push(message),
    ...httpOptions,
  });
  const numbers = createNumbers();
  const publisher = createPublisher({
    session: "s1",
    numbers,
    transport,
    interval,
    maxTurns: 1000,
  });
  const play = (turns: number) => {
    for (let turn = 0; turn < turns; turn++) {
      publisher.begin(); // Otherwise such short turns are told in batches.
      playTurn(numbers);
      publisher.turn();
    }
  };
  return { transport, numbers, publisher, problems, play };
}

Deno.test("openHttp() delivers reports in order, the last one included, one at a time", () =>
  withExporter(async (exporter) => {
    const { publisher, problems, play, transport } = openGame(exporter.url, { token: "geheim" });
    for (let number = 1; number <= 5; number++) {
      await until("the transport to be ready", () => transport.ready());
      play(1);
    }
    await publisher.finish();
    assert.deepEqual(exporter.reports.map(({ order }) => order), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(exporter.reports.map(({ turn }) => turn), [1, 2, 3, 4, 5, 5]);
    assert.equal(exporter.last?.finished, true);
    assert.equal(exporter.mostOpen, 1);
    assert.deepEqual(problems, []);
    for (const headers of exporter.headers) {
      assert.equal(headers.get("authorization"), "Bearer geheim");
      assert.equal(headers.get("content-type"), "application/json");
    }
  }));

Deno.test("openHttp() delivers while the simulation never lets its event loop run", () =>
  withTempDir(async (dir) => {
    // The exporter has to live in another process: this one's event loop is what stands still.
    const module = new URL("../../lib/publish/mod.ts", import.meta.url).href;
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    await withExporter(async (exporter) => {
      const program = `
        const { createPublisher, openHttp } = await import(${JSON.stringify(module)});
        const numbers = { budgetTotal: 1, budgetMin: 1, budgetMax: 1, reussies: 0, echouees: 0, montant: 0,
          produits: 1, produitsActifs: 1, prixTotal: 1, evenements: 0 };
        const transport = openHttp({ url: ${JSON.stringify(exporter.url)} });
        const publisher = createPublisher({ session: "s1", numbers, transport, interval: 5 });
        const end = performance.now() + 60_000;
        while (publisher.stats.reports < 5 && performance.now() < end) {
          numbers.reussies++;
          publisher.turn();
        }
        console.log(publisher.stats.reports);
        await publisher.finish();`;
      const { success, stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "--config", config, "--allow-net=127.0.0.1", "--allow-read"],
          `data:text/javascript,${encodeURIComponent(program)}`,
        ],
        cwd: dir,
        stdout: "piped",
        stderr: "null",
      }).output();
      assert.ok(success);
      assert.equal(new TextDecoder().decode(stdout), "5\n");
      assert.deepEqual(exporter.reports.map(({ order }) => order), [1, 2, 3, 4, 5, 6]);
    });
  }));

Deno.test("openHttp() holds one report while the exporter is slow; the next tells all turns since", () =>
  withExporter(async (exporter) => {
    const gate = Promise.withResolvers<void>();
    exporter.behaviour = async (request) => {
      await gate.promise;
      return answerWell(request);
    };
    const { publisher, play, problems, transport } = openGame(exporter.url);
    play(1);
    await until("the first report to arrive", () => exporter.open === 1);
    play(700);
    assert.equal(publisher.stats.reports, 1);
    gate.resolve();
    await until("the transport to be ready", () => transport.ready());
    play(1);
    await publisher.finish();
    const tours = exporter.reports.flatMap(({ columns }) => columns.get("tour") ?? []);
    assert.deepEqual(tours, Array.from({ length: 702 }, (_, index) => index + 1));
    assert.deepEqual(problems, []);
  }));

Deno.test("openHttp() outlives an exporter that is not there, dies and comes back", () =>
  withExporter(async (exporter) => {
    await exporter.stop();
    const { publisher, play, problems, numbers, transport } = openGame(exporter.url);
    play(10);
    await until("the failure to be told", () => problems.length > 0);
    for (let life = 0; life < 2; life++) {
      play(10);
      exporter.start();
      const known = exporter.reports.length;
      await until("a report to arrive", () => exporter.reports.length > known);
      await until("the transport to be ready", () => transport.ready());
      play(10);
      await until("the next one", () => exporter.reports.length > known + 1);
      await exporter.stop();
    }
    play(10);
    exporter.start();
    await publisher.finish();
    assert.equal(exporter.last?.finished, true);
    assert.equal(exporter.last?.turn, 60);
    assert.equal(exporter.last?.values.get("transactions_reussies_total"), numbers.reussies);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^Cannot post reports to "http:.*" for now; the game continues: /);
    // No report was given up, so all turns were told.
    const tours = exporter.reports.flatMap(({ columns }) => columns.get("tour") ?? []);
    assert.deepEqual([...new Set(tours)], Array.from({ length: 60 }, (_, index) => index + 1));
  }));

Deno.test("openHttp() tries again after answers that time can mend", () =>
  withExporter(async (exporter) => {
    const answers = [500, 503, 408, 429, 307, 200];
    let asked = 0;
    exporter.behaviour = (request) => {
      const status = answers[asked++] ?? 200;
      const headers = { location: exporter.url };
      return status === 200 ? answerWell(request) : new Response("later", { status, headers });
    };
    const { publisher, play, problems, transport } = openGame(exporter.url);
    play(1);
    await until("the fifth answer", () => asked >= 5);
    await until("the transport to be ready", () => transport.ready());
    // A redirect is no answer of an exporter: the report was dropped, not sent elsewhere.
    assert.equal(exporter.reports.length, 0);
    play(1);
    await publisher.finish();
    assert.deepEqual(exporter.reports.map(({ order }) => order), [2, 3]);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /the answer is 500/);
  }));

Deno.test("openHttp() drops what the exporter refuses for good, and says that the last one failed", () =>
  withExporter(async (exporter) => {
    exporter.behaviour = () => new Response("no", { status: 401 });
    const { publisher, play, problems, transport } = openGame(exporter.url);
    play(1);
    await until("the transport to be ready", () => problems.length > 0 && transport.ready());
    play(1);
    await publisher.finish();
    assert.equal(problems.length, 2);
    assert.match(problems[0]!, /the answer is 401/);
    assert.match(problems[1]!, /^The last report did not reach "http/);
  }));

Deno.test("finish() sends the last report though the one before has no answer, and waits for none for ever", () =>
  withExporter(async (exporter) => {
    const gate = Promise.withResolvers<void>();
    const asked: boolean[] = [];
    exporter.onReport = ({ finished }) => asked.push(finished);
    exporter.behaviour = async (request) => {
      await gate.promise;
      return answerWell(request);
    };
    const patient = openGame(exporter.url, { patience: 60_000 });
    patient.play(1);
    const { publisher, play, problems } = openGame(exporter.url, { patience: 300 });
    play(1);
    await until("the first reports to arrive", () => exporter.open === 2);
    const finished = patient.publisher.finish();
    await publisher.finish();
    assert.deepEqual(asked.slice(2), [true]);
    assert.equal(problems.length, 2);
    assert.match(problems[1]!, /^The last report did not reach/);
    // The patient game is waiting still.
    assert.equal(
      await Promise.race([finished.then(() => "over"), Promise.resolve("waits")]),
      "waits",
    );
    gate.resolve();
    await finished;
    assert.deepEqual(patient.problems, []);
    await until("the exporter to be done", () => exporter.open === 0);
  }));

Deno.test("finish() does not sit out a long pause: both reports are tried at once and soon again", () =>
  withExporter(async (exporter) => {
    let refusals = 6;
    exporter.behaviour = (request) =>
      refusals-- > 0 ? new Response("later", { status: 503 }) : answerWell(request);
    const { publisher, play, problems } = openGame(exporter.url, { patience: 800 });
    play(1);
    // The next pause is a second at least, longer than the end has.
    await until("six attempts", () => refusals <= 0);
    refusals = 2;
    await publisher.finish();
    assert.equal(exporter.last?.finished, true);
    assert.equal(problems.length, 1);
  }));

Deno.test("openHttp() gives up an attempt that takes too long, and tries again", () =>
  withExporter(async (exporter) => {
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    exporter.behaviour = async (request) => {
      if (++asked === 1) await gate.promise;
      return answerWell(request);
    };
    const { publisher, play, problems } = openGame(exporter.url, { timeout: 200 });
    play(1);
    await until("the second attempt", () => exporter.reports.length > 0);
    await publisher.finish();
    gate.resolve();
    await until("the exporter to be done", () => exporter.open === 0);
    assert.match(problems[0]!, /no answer within 200 ms/);
    assert.equal(problems.length, 1);
  }));

Deno.test("openHttp() survives the end of its thread", () =>
  withExporter(async (exporter) => {
    const realWorker = globalThis.Worker;
    globalThis.Worker = class extends realWorker {
      constructor() {
        super("data:text/javascript,throw new Error('out of order')", { type: "module" });
      }
    };
    try {
      const { publisher, play, problems, transport } = openGame(exporter.url);
      await until("the failure to be told", () => problems.length > 0);
      assert.match(problems[0]!, /any more; the game continues: .*out of order/);
      assert.equal(transport.ready(), false);
      play(100);
      await publisher.finish();
      assert.equal(problems.length, 2);
      assert.equal(exporter.reports.length, 0);
    } finally {
      globalThis.Worker = realWorker;
    }
  }));

Deno.test("openHttp() has one thread for all games of a process, and each has its own fortune", () =>
  withExporter(async (exporter) => {
    const realWorker = globalThis.Worker;
    let threads = 0;
    globalThis.Worker = class extends realWorker {
      constructor(url: string | URL, options?: WorkerOptions) {
        threads++;
        super(url, options);
      }
    };
    try {
      const gone = new FakeExporter();
      gone.start();
      await gone.stop();
      const lost = openGame(gone.url, { patience: 200 });
      const games = Array.from({ length: 20 }, () => openGame(exporter.url));
      for (const { play } of [lost, ...games]) play(3);
      await until("all games to arrive", () => exporter.reports.length >= games.length);
      await lost.publisher.finish();
      await Promise.all(games.slice(1).map(({ publisher }) => publisher.finish()));
      assert.equal(lost.problems.length, 2);
      // One is left over, and the thread goes on for it.
      games[0]!.play(1);
      await games[0]!.publisher.finish();
      assert.equal(threads, 1);
      assert.equal(exporter.reports.filter(({ finished }) => finished).length, games.length);
      assert.ok(games.every(({ problems }) => problems.length === 0));
      // Nobody is left over: the next game has a thread of its own.
      const next = openGame(exporter.url);
      await next.publisher.finish();
      assert.equal(threads, 2);
    } finally {
      globalThis.Worker = realWorker;
    }
  }));

Deno.test("openHttp() posts nothing any more once its patience has passed", () =>
  withExporter(async (exporter) => {
    const other = openGame(exporter.url);
    let isOpen = false;
    exporter.behaviour = (request) =>
      isOpen ? answerWell(request) : new Response("later", { status: 503 });
    const { publisher, play } = openGame(exporter.url, { patience: 100 });
    play(1);
    await publisher.finish();
    isOpen = true;
    other.play(1);
    // Were it tried again, then after a pause of 0.4 s at most: so many failures fit into 0.1 s.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await other.publisher.finish();
    assert.deepEqual(exporter.reports.map(({ order }) => order), [1, 2]);
  }));

Deno.test("openHttp() refuses a token that no header can have, and does not tell it", () => {
  for (const token of ["", "ge heim", "ge\nheim", "geheïm"]) {
    assert.throws(() => openHttp({ token }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.doesNotMatch(error.message, /ge/);
      return true;
    });
  }
});

Deno.test("openHttp() refuses what is no URL of HTTP", () => {
  for (const url of ["", "localhost:8000", "ftp://127.0.0.1/", "/update_metrics"]) {
    assert.throws(() => openHttp({ url }), TypeError, url);
  }
});
