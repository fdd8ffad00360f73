/** Runs Thanos Receive, and Thanos Query on it, for tests. @module */

import { builtEngine } from "./engines.ts";
import { type PrometheusApi, prometheusApi } from "./prometheus.ts";
import { freePort } from "./ports.ts";
import { until } from "./waiting.ts";

export interface RunningThanos extends PrometheusApi {
  /** Where samples are written to, at `/api/v1/receive`. */
  readonly receive: string;
  stop(): Promise<void>;
}

function isReady(port: number): () => Promise<boolean> {
  return async () => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/-/ready`);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };
}

/** Programs of Thanos, which are started together and stopped together. */
interface Started {
  start(args: readonly string[]): void;
  /** Waits until what answers on these ports is ready, or stops all. */
  ready(ports: Readonly<Record<string, number>>): Promise<void>;
  stop(): Promise<void>;
}

function starting(dir: string): Started {
  const children: Deno.ChildProcess[] = [];
  const stop = async () => {
    for (const child of children) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
    }
    await Promise.all(children.map(({ status }) => status));
  };
  return {
    start(args) {
      children.push(
        new Deno.Command(builtEngine("thanos"), {
          args: [...args],
          cwd: dir,
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn(),
      );
    },
    async ready(ports) {
      try {
        for (const [name, port] of Object.entries(ports)) await until(name, isReady(port));
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}

/**
 * Starts both with their data below `dir`, and waits until they answer.
 *
 * @param args Further flags of Receive.
 */
export async function startThanos(
  dir: string,
  args: readonly string[] = [],
): Promise<RunningThanos> {
  const [grpc, http, write, queryGrpc, query] = Array.from({ length: 5 }, () => freePort());
  const { start, ready, stop } = starting(dir);
  start([
    "receive",
    `--tsdb.path=${dir}/thanos`,
    '--label=receive="test"',
    `--grpc-address=127.0.0.1:${grpc}`,
    `--http-address=127.0.0.1:${http}`,
    `--remote-write.address=127.0.0.1:${write}`,
    ...args,
  ]);
  start([
    "query",
    `--endpoint=127.0.0.1:${grpc}`,
    `--grpc-address=127.0.0.1:${queryGrpc}`,
    `--http-address=127.0.0.1:${query}`,
  ]);
  const api = prometheusApi(`http://127.0.0.1:${query}`);
  await ready({ "Thanos Receive": http!, "Thanos Query": query! });
  return { ...api, receive: `http://127.0.0.1:${write}`, stop };
}

/** Uploads the blocks of a folder to a bucket below `dir`, and starts Thanos Store and Query on it. */
export async function startThanosOn(
  blocks: string,
  dir: string,
): Promise<PrometheusApi & { stop(): Promise<void> }> {
  const [grpc, http, queryGrpc, query] = Array.from({ length: 4 }, () => freePort());
  const bucket = `--objstore.config={type: FILESYSTEM, config: {directory: ${dir}/bucket}}`;
  const { success, stderr } = await new Deno.Command(builtEngine("thanos"), {
    args: ["tools", "bucket", "upload-blocks", `--path=${blocks}`, bucket, '--label=store="test"'],
    cwd: dir,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { start, ready, stop } = starting(dir);
  start([
    "store",
    `--data-dir=${dir}/store`,
    bucket,
    `--grpc-address=127.0.0.1:${grpc}`,
    `--http-address=127.0.0.1:${http}`,
  ]);
  start([
    "query",
    `--endpoint=127.0.0.1:${grpc}`,
    `--grpc-address=127.0.0.1:${queryGrpc}`,
    `--http-address=127.0.0.1:${query}`,
  ]);
  await ready({ "Thanos Store": http!, "Thanos Query": query! });
  return { ...prometheusApi(`http://127.0.0.1:${query}`), stop };
}
