/** The program: reads the command line and hands over to the command that it names. @module */

import { neededToPlay } from "./lib/benchmark/flags.ts";
import type { PlayerSetup } from "./lib/benchmark/mod.ts";
import { ownProgram, PLAYER_COMMAND } from "./lib/benchmark/program.ts";
import {
  callOf,
  checkNamedFile,
  emptyEnvironment,
  firstSignal,
  formatUsageError,
  giveUpPermissions,
  OutputError,
  ownCommand,
  print,
  printBytes,
  readNamedFile,
  readNamedInput,
  readUser,
  VERSION,
  versionText,
} from "./lib/cli/mod.ts";
import {
  type CommandLine,
  commandNamed,
  COMMANDS,
  defaultConfig,
  neededFor,
  readCommandLine,
} from "./lib/commands/mod.ts";
import { Stopped, UserError } from "./lib/error/mod.ts";
import { readConfiguration, serve } from "./lib/exporter/mod.ts";
import { complain } from "./lib/log/mod.ts";
import { neverProxyThisMachine } from "./lib/network/mod.ts";
import { printFiles } from "./lib/print/mod.ts";
import { readToken } from "./lib/server/mod.ts";

/** More than the objects of a large cluster. */
const MAX_OBJECTS_BYTES = 256 * 1024 * 1024;
/** Exit code as of a program that SIGPIPE ended. */
const EXIT_UNREAD = 141;

/** The token that the exporter of `--publish-to` asks for. */
function readPublishToken({ publishTokenFile: path }: { publishTokenFile: string | undefined }) {
  return path && readToken(readNamedFile(path, "--publish-token-file", Deno.readTextFileSync));
}

/** Is aborted by the first signal that asks the program to end. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  firstSignal(["SIGHUP"]).then(() => stop.abort());
  return stop.signal;
}

type Asked<Name> = Extract<CommandLine, { readonly command: Name }>;

/**
 * Runs each command; gives the exit code. What only one command needs is loaded for that one: an exporter
 * at rest holds 6 MB less.
 */
const RUN: {
  readonly [Name in CommandLine["command"]]: (asked: Asked<Name>) => number | Promise<number>;
} = {
  help({ text }) {
    print(text);
    return 0;
  },
  version() {
    print(versionText());
    return 0;
  },
  async simulate({ options }) {
    const { simulate } = await import("./lib/play/mod.ts");
    return await simulate({ ...options, publishToken: readPublishToken(options) }, {
      write: print,
      say: complain,
      isTerminal: Deno.stderr.isTerminal(),
      readText: (path) => readNamedFile(path, "--load", Deno.readTextFileSync),
      checkWritable: (path) => checkNamedFile(path, "--save"),
      writeText: Deno.writeTextFileSync,
      stop: stopSignal(),
    });
  },
  async replay({ options }) {
    const { replay } = await import("./lib/replay/mod.ts");
    await replay(options);
    return 0;
  },
  async bench({ options }) {
    const { bench } = await import("./lib/benchmark/mod.ts");
    return await bench(options, {
      // Settings that are meant for the user's exporter are not for the one that is measured.
      program: ownProgram(emptyEnvironment(COMMANDS.serve.flags)),
      version: VERSION,
      write: print,
      say: complain,
      isTerminal: Deno.stderr.isTerminal(),
      checkWritable: checkNamedFile,
      stop: stopSignal(),
    });
  },
  async print({ options }) {
    await printFiles(options, { config: defaultConfig(), write: print });
    return 0;
  },
  async backfill({ options }) {
    const { backfill } = await import("./lib/backfill/mod.ts");
    return await backfill(options, {
      writeBytes: printBytes,
      write: print,
      say: complain,
      isTerminal: Deno.stderr.isTerminal(),
      fetch,
      now: Date.now,
      stop: stopSignal(),
    });
  },
  async doctor({ options, serve }) {
    const { doctor, doctorKubernetes } = await import("./lib/doctor/mod.ts");
    const { what, objects, userFile, json } = options;
    if (what === "kubernetes") {
      const text = await readNamedInput(objects ?? "-", "--objects", MAX_OBJECTS_BYTES);
      return doctorKubernetes({ text, json, write: print });
    }
    return await doctor(options, {
      configure: () => readConfiguration(serve),
      user: userFile === undefined ? undefined : readUser(
        readNamedFile(userFile, "--user-file", Deno.readTextFileSync),
        "--user-file",
      ),
      write: print,
      command: ownCommand(),
      now: () => Date.now() / 1000,
    });
  },
  async serve({ options, notes }) {
    await serve(options, notes);
    return 0;
  },
};

/** Plays games for a benchmark, as the process that asked for them says on standard input. */
async function playForBenchmark(setup: PlayerSetup): Promise<number> {
  giveUpPermissions(neededToPlay(setup));
  const { player } = await import("./lib/benchmark/mod.ts");
  await player(setup, Deno.stdin.readable, print);
  return 0;
}

/** Does what the arguments ask for; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first, second = ""] = args;
  if (first === PLAYER_COMMAND) return await playForBenchmark(JSON.parse(second));
  try {
    neverProxyThisMachine();
    const asked = readCommandLine(args, Deno.env.get, Deno.readTextFileSync);
    giveUpPermissions(neededFor(asked));
    return await RUN[asked.command](asked as never);
  } catch (error) {
    // Whoever read the output has seen enough.
    if (error instanceof OutputError && error.isClosed) return EXIT_UNREAD;
    if (!(error instanceof UserError)) throw error;
    complain(
      error instanceof Stopped
        ? `${error.message}\n`
        : formatUsageError(error, callOf(commandNamed(args) ?? "serve")),
    );
    return error.exitCode;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
