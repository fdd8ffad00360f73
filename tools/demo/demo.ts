/**
 * Runs the exporter beside a game: the recorded one in this folder, played again and again. Further
 * arguments go to the exporter.
 *
 * @module
 */

import settings from "../../deno.json" with { type: "json" };

/** Real time of a turn, in milliseconds. */
const TURN_MS = 250;

const ROOT = new URL("../../", import.meta.url).pathname;

/** What the recording leaves to the replay: times count from the start of the game. */
interface Recorded {
  readonly timestamp: number;
  readonly evenements: Readonly<Record<string, number>>;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** The arguments of the `start` task, with the demo's own behind them. */
function exporterArguments(): string[] {
  const [, ...args] = settings.tasks.start.command.split(" ");
  return [
    ...args.map((arg) => arg === "main.ts" ? `${ROOT}main.ts` : arg),
    ...["--detail", "--state", "none"],
    ...Deno.args,
  ];
}

/** Starts the exporter, shows its log, and tells where it listens, or undefined if it does not. */
async function startExporter() {
  const child = new Deno.Command(Deno.execPath(), {
    args: exporterArguments(),
    stderr: "piped",
  }).spawn();
  const listening = Promise.withResolvers<string | undefined>();
  (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      Deno.stderr.writeSync(new TextEncoder().encode(text));
      const address = /msg=Listening address=(\S+)/.exec(text)?.[1];
      if (address !== undefined) listening.resolve(address);
    }
    listening.resolve(undefined);
  })();
  return { child, address: await listening.promise };
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Posts the recorded game, turn by turn, as a session of its own. */
async function playOnce(address: string, lines: readonly string[]): Promise<void> {
  const start = Date.now() / 1000;
  const session = `demo_${new Date().toISOString().replace(/[-:]|\..*$/g, "").replace("T", "_")}`;
  for (const line of lines) {
    const recorded = JSON.parse(line) as Recorded;
    const report = {
      ...recorded,
      session,
      timestamp: start + recorded.timestamp,
      evenements: Object.fromEntries(
        Object.entries(recorded.evenements).map(([type, time]) => [type, start + time]),
      ),
    };
    const response = await fetch(`${address}/update_metrics`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(report),
    });
    if (!response.ok) throw new Error(`A report was refused: ${await response.text()}`);
    await response.body?.cancel();
    await pause(TURN_MS);
  }
}

async function main(): Promise<number> {
  const { child, address } = await startExporter();
  if (address === undefined) return (await child.status).code;
  // The exporter is told of the end by the same signal, and says goodbye itself.
  let isOver = false;
  const stop = () => {
    isOver = true;
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);

  const lines = Deno.readTextFileSync(new URL("partie.jsonl", import.meta.url)).trimEnd().split(
    "\n",
  );
  const shown = address.replace("127.0.0.1", "localhost");
  say(`A game is being played. Look at ${shown}/ or ${shown}/metrics; Ctrl-C ends it.`);
  say(`Une partie est en cours. Voir ${shown}/ ou ${shown}/metrics ; Ctrl-C y met fin.`);
  const playing = (async () => {
    while (!isOver) await playOnce(address, lines);
  })().catch((error) => {
    if (!isOver) say(`The game ended: ${error.message}`);
    stop();
  });
  const { code } = await child.status;
  isOver = true;
  await Promise.race([playing, pause(0)]);
  return code;
}

if (import.meta.main) Deno.exit(await main());
