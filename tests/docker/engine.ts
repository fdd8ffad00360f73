/** Runs a Docker engine for tests, which knows nothing of the machine's own and reaches no network. @module */

import { until } from "../harness/waiting.ts";

/** A program's answer. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  [program = "", ...args]: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env"> = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(program, { ...options, args }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Runs a program that must succeed.
 *
 * @returns What it wrote to standard output, without white space around it.
 */
export async function runWell(
  command: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env"> = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stderr}${stdout}`);
  return stdout.trim();
}

export interface Engine {
  /** The environment that leads `docker` and `docker-compose` to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `docker`, which must succeed. */
  docker(...args: readonly string[]): Promise<string>;
  /**
   * Asks for a page of the engine's host, whose published ports nobody else reaches.
   *
   * @returns The answer, whatever its status; undefined when there is none.
   */
  get(url: string): Promise<string | undefined>;
  /** Removes all containers and ends it. */
  stop(): Promise<void>;
}

/**
 * Starts an engine in a network namespace and a mount namespace of its own, so that neither its
 * bridges and rules nor its mounts are anybody else's. Needs root.
 *
 * @param dir A folder of its own.
 */
export async function startEngine(dir: string): Promise<Engine> {
  const socket = `unix://${dir}/docker.sock`;
  await Deno.writeTextFile(`${dir}/log`, "");
  const child = new Deno.Command("unshare", {
    args: [
      ...["--net", "--mount", "--fork", "--kill-child", "sh", "-c"],
      `ip link set lo up && exec dockerd --host=${socket} --data-root=${dir}/data ` +
      `--exec-root=${dir}/exec --pidfile=${dir}/pid >${dir}/log 2>&1`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isEnded = false;
  child.status.then(() => isEnded = true);
  const env = { DOCKER_HOST: socket };
  const docker = (...args: readonly string[]) => runWell(["docker", ...args], { env });
  try {
    await until("the Docker engine", async () => {
      if (isEnded) throw new Error("dockerd ended");
      return (await run(["docker", "version"], { env })).code === 0;
    });
  } catch (cause) {
    if (!isEnded) child.kill("SIGKILL");
    await child.status;
    throw new Error(Deno.readTextFileSync(`${dir}/log`), { cause });
  }
  const pid = Deno.readTextFileSync(`${dir}/pid`).trim();

  return {
    env,
    docker,
    async get(url) {
      const { code, stdout } = await run(
        ["nsenter", `--net=/proc/${pid}/ns/net`, "curl", "-s", "--max-time", "5", url],
      );
      return code === 0 ? stdout : undefined;
    },
    async stop() {
      try {
        const ids = await docker("ps", "--all", "--quiet");
        if (ids !== "") await docker("rm", "--force", "--volumes", ...ids.split("\n"));
      } finally {
        if (!isEnded) Deno.kill(Number(pid), "SIGTERM");
        await child.status;
      }
    },
  };
}
