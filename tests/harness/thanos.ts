/** Runs Thanos Receive, and Thanos Query on it, for tests. @module */

import { builtEngine } from "./engines.ts";
import { type PrometheusApi, prometheusApi } from "./prometheus.ts";
import { freePort } from "./victoria_metrics.ts";
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

/** Starts both with their data below `dir`, and waits until they answer. */
export async function startThanos(dir: string): Promise<RunningThanos> {
  const [grpc, http, write, queryGrpc, query] = Array.from({ length: 5 }, freePort);
  const children: Deno.ChildProcess[] = [];
  const start = (args: readonly string[]) => {
    children.push(
      new Deno.Command(builtEngine("thanos"), {
        args: [...args],
        cwd: dir,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn(),
    );
  };
  async function stop(): Promise<void> {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(({ status }) => status));
  }
  start([
    "receive",
    `--tsdb.path=${dir}/thanos`,
    '--label=receive="test"',
    `--grpc-address=127.0.0.1:${grpc}`,
    `--http-address=127.0.0.1:${http}`,
    `--remote-write.address=127.0.0.1:${write}`,
  ]);
  start([
    "query",
    `--endpoint=127.0.0.1:${grpc}`,
    `--grpc-address=127.0.0.1:${queryGrpc}`,
    `--http-address=127.0.0.1:${query}`,
  ]);
  const api = prometheusApi(`http://127.0.0.1:${query}`);
  try {
    await until("Thanos Receive", isReady(http!));
    await until("Thanos Query", isReady(query!));
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...api, receive: `http://127.0.0.1:${write}`, stop };
}
