/** Runs the real program for tests: from source, or the executable that EXPORTER_UNDER_TEST names. @module */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import settings from "../../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The program and the arguments before its own, with the rights that the task of its command has. */
function command([first]: readonly string[]): [string, string[]] {
  const executable = Deno.env.get("EXPORTER_UNDER_TEST");
  if (executable !== undefined) return [resolve(ROOT, executable), []];
  const { start, simulate, replay, backfill, "bench:load": bench, print, doctor } = settings.tasks;
  const tasks = new Map(Object.entries({ simulate, replay, backfill, bench, print, doctor }));
  const task = tasks.get(first ?? "") ?? start;
  const [, ...args] = task.command.split(" ");
  return [Deno.execPath(), [...args.slice(0, args.indexOf("main.ts")), `${ROOT}main.ts`]];
}

/** All words of a command line that runs the program with these arguments. */
export function commandLine(args: readonly string[]): string[] {
  const [program, before] = command(args);
  return [program, ...before, ...args];
}

export interface Finished {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly args?: readonly string[];
  /** Where it runs; by default a folder of its own would be safer, so name one. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program that runs it, such as a tracer, with the arguments before its command line. */
  readonly runner?: readonly string[];
  /** The program, with the arguments before its own. Default: the one under test. */
  readonly program?: readonly string[];
}

function spawn({ args = [], cwd, env = {}, runner = [], ...own }: RunOptions): Deno.ChildProcess {
  const ownLine = own.program === undefined ? commandLine(args) : [...own.program, ...args];
  const [program = "", ...words] = [...runner, ...ownLine];
  return new Deno.Command(program, {
    args: words,
    cwd,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** How long a program that ought to end may take; then it is killed, and ends with a signal. */
const END_MS = 180_000;

export interface RunningProgram {
  readonly pid: number;
  /** Waits until it ends by itself, or by a signal sent to its `pid`. */
  end(): Promise<Finished>;
  /** Ends it with a signal and waits for its end. Safe to call twice. */
  stop(signal?: Deno.Signal): Promise<Finished>;
}

/** Starts the program and waits for nothing. */
export function startProgram(options: RunOptions): RunningProgram {
  const child = spawn(options);
  let isEnded = false;
  const finished = child.output().then(({ code, signal, stdout, stderr }): Finished => {
    isEnded = true;
    const decoder = new TextDecoder();
    return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  });
  function end(): Promise<Finished> {
    const limit = setTimeout(() => child.kill("SIGKILL"), END_MS);
    return finished.finally(() => clearTimeout(limit));
  }
  return {
    pid: child.pid,
    end,
    stop(signal = "SIGTERM") {
      if (!isEnded) child.kill(signal);
      return end();
    },
  };
}

/** Runs the program to its end. */
export function runExporter(options: RunOptions): Promise<Finished> {
  return startProgram(options).end();
}

export interface RunningExporter extends RunningProgram {
  /** Where it answers, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** What it wrote to standard error so far. A line may come after an answer that shows what it tells of. */
  log(): string;
  /** The text of a scrape. */
  scrape(): Promise<string>;
  /** Posts a report as TradeSim does. */
  post(report: unknown): Promise<Response>;
}

/** Starts the exporter on a free port, unless `args` name one, and waits until the port is open. */
export async function startExporter(options: RunOptions): Promise<RunningExporter> {
  const { args = [] } = options;
  const isPortNamed = args.some((arg) => /^--(port|web\.listen-address)/.test(arg));
  const child = spawn({ ...options, args: [...args, ...isPortNamed ? [] : ["--port", "0"]] });
  const stdout = new Response(child.stdout).text();
  let log = "";
  const listening = Promise.withResolvers<string>();
  const stderr = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      const address = /msg=Listening address=(\S+)/.exec(log)?.[1];
      if (address !== undefined) listening.resolve(address);
    }
    listening.reject(new Error(`The exporter ended before it listened:\n${log}`));
  })();
  let url: string;
  try {
    url = await listening.promise;
  } catch (error) {
    await Promise.all([child.status, stdout, stderr]);
    throw error;
  }
  let isEnded = false;
  child.status.then(() => isEnded = true);

  async function end(): Promise<Finished> {
    const { code, signal } = await child.status;
    await stderr;
    return { code, signal, stdout: await stdout, stderr: log };
  }

  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    log: () => log,
    async scrape() {
      const response = await fetch(`${url}/metrics`);
      return await response.text();
    },
    post(report) {
      return fetch(`${url}/update_metrics`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof report === "string" ? report : JSON.stringify(report),
      });
    },
    end,
    async stop(signal = "SIGTERM") {
      if (!isEnded) child.kill(signal);
      return await end();
    },
  };
}

/** The value of one series in a scrape, by the beginning of its line; undefined when it is not there. */
export function valueOf(scrape: string, series: string): number | undefined {
  const line = scrape.split("\n").find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
