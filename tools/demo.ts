/**
 * Runs the exporter beside a game that goes on until Ctrl-C. Further arguments go to the exporter.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import settings from "../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PAUSE = "250ms";

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Starts the program as a task of deno.json does, with further arguments. */
function start(task: "start" | "simulate", more: readonly string[]): Deno.ChildProcess {
  const [, ...args] = settings.tasks[task].command.split(" ");
  return new Deno.Command(Deno.execPath(), {
    args: [...args.map((arg) => arg === "main.ts" ? `${ROOT}main.ts` : arg), ...more],
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Ctrl-C ends both at once; that the game then finds no exporter is no news. */
let isEnding = false;

/** Shows what a process says, and tells where it listens, or undefined if it ends before. */
function listened(child: Deno.ChildProcess): Promise<string | undefined> {
  const listening = Promise.withResolvers<string | undefined>();
  (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (!isEnding) Deno.stderr.writeSync(new TextEncoder().encode(text));
      const address = /msg=Listening address=(\S+)/.exec(text)?.[1];
      if (address !== undefined) listening.resolve(address);
    }
    listening.resolve(undefined);
  })();
  return listening.promise;
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended already.
  }
}

async function main(): Promise<number> {
  const exporter = start("start", ["--detail", "--state", "none", ...Deno.args]);
  const address = await listened(exporter);
  if (address === undefined) return (await exporter.status).code;
  const game = start("simulate", [
    ...["--infinite", "--pause", PAUSE, "--with-metrics"],
    ...["--publish-to", `${address}/update_metrics`],
  ]);
  listened(game);
  const ended = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      isEnding = true;
      ended.resolve();
    });
  }
  const shown = address.replace("127.0.0.1", "localhost");
  say(`A game is being played. Look at ${shown}/ or ${shown}/metrics; Ctrl-C ends it.`);
  say(`Une partie est en cours. Voir ${shown}/ ou ${shown}/metrics ; Ctrl-C y met fin.`);

  await Promise.race([ended.promise, exporter.status, game.status]);
  // The game first: its last report says that it is over.
  end(game);
  await game.status;
  end(exporter);
  return (await exporter.status).code;
}

if (import.meta.main) Deno.exit(await main());
