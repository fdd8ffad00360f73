/** The command with which this program starts itself again, from source or as an executable. @module */

/** The hidden command of `player.ts`. Its one argument is a `PlayerSetup` as JSON. */
export const PLAYER_COMMAND = "bench-player";

/** A program and the arguments that come before its own. */
export interface Program {
  readonly path: string;
  readonly args: readonly string[];
  /** Set for it, besides what this process has. */
  readonly env: Readonly<Record<string, string>>;
}

/** What its exporter and its players need, from source; an executable has its permissions built in. */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-net=127.0.0.1",
  "--allow-read",
  "--allow-write",
  "--allow-env=TRADESIM_EXPORTER_*,LOG_TOKENS,LOG_STREAM",
  "--allow-sys=systemMemoryInfo,loadavg,cpus,statfs",
];

/** The program that is running. */
export function ownProgram(env: Program["env"] = {}): Program {
  return {
    path: Deno.execPath(),
    args: Deno.build.standalone ? [] : ["run", ...PERMISSIONS, Deno.mainModule],
    env,
  };
}

/** Starts a program. Its standard error is captured on request only. */
export function spawn<In extends "null" | "piped", Err extends "inherit" | "piped">(
  { path, args, env }: Program,
  own: readonly string[],
  streams: { readonly stdin: In; readonly stderr: Err },
): Deno.ChildProcess {
  return new Deno.Command(path, {
    args: [...args, ...own],
    env: { ...env, NO_COLOR: "1" },
    stdout: "piped",
    ...streams,
  }).spawn();
}

/** The lines of a stream, without their ends. */
export async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
