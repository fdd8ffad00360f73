/** Starts a server of another project, and waits until its log says where it listens. @module */

export interface ListeningServer {
  /** Where it listens, as its log says. */
  readonly host: string;
  /** @param signal Default: SIGTERM. */
  stop(signal?: Deno.Signal): Promise<void>;
}

/**
 * @param find Gives the address out of all that was logged so far; undefined while it is not there.
 * @throws {Error} With its log, when it ends before.
 */
export async function startListening(
  program: string,
  options: { readonly args: readonly string[]; readonly cwd?: string },
  find: (log: string) => string | undefined,
): Promise<ListeningServer> {
  const child = new Deno.Command(program, {
    ...options,
    args: [...options.args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  const listening = Promise.withResolvers<string>();
  const stderr = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      const address = find(log);
      if (address !== undefined) listening.resolve(address);
    }
    listening.reject(new Error(`${program} ended before it listened:\n${log}`));
  })();
  try {
    return {
      host: await listening.promise,
      async stop(signal = "SIGTERM") {
        child.kill(signal);
        await Promise.all([child.status, stderr]);
      },
    };
  } catch (error) {
    await Promise.all([child.status, stderr]);
    throw error;
  }
}
