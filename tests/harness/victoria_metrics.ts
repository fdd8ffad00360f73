/** Runs a real VictoriaMetrics for tests. @module */

import { type PrometheusApi, prometheusApi } from "./prometheus.ts";
import { freePort } from "./ports.ts";
import { until } from "./waiting.ts";

/** One series as it is stored, with its times in milliseconds since 1970. */
export interface StoredSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

export interface RunningVictoriaMetrics extends PrometheusApi {
  /** All stored samples of the series that a selector finds. */
  export(selector: string): Promise<readonly StoredSeries[]>;
  /** Makes everything that was written until now visible to queries. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts VictoriaMetrics with its data below `dir`, and waits until it answers.
 *
 * @param program Name on the PATH, or path. Default: Debian's.
 * @param flags Further flags.
 */
export async function startVictoriaMetrics(
  dir: string,
  program = "victoria-metrics",
  flags: readonly string[] = [],
): Promise<RunningVictoriaMetrics> {
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = new Deno.Command(program, {
    args: [`-storageDataPath=${dir}/victoria`, `-httpListenAddr=127.0.0.1:${port}`, ...flags],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();

  async function stop(): Promise<void> {
    // Asked politely it takes five seconds to save what nobody reads again.
    child.kill("SIGKILL");
    await child.status;
  }

  async function get(path: string): Promise<string | undefined> {
    try {
      const response = await fetch(url + path);
      const text = await response.text();
      return response.ok ? text : undefined;
    } catch {
      return undefined;
    }
  }

  try {
    await until("VictoriaMetrics", () => get("/health"));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...prometheusApi(url),
    async export(selector) {
      const text = await get(`/api/v1/export?${new URLSearchParams({ "match[]": selector })}`);
      return (text ?? "").split("\n").filter((line) => line !== "")
        .map((line): StoredSeries => JSON.parse(line));
    },
    async flush() {
      if (await get("/internal/force_flush") === undefined) throw new Error("It does not flush");
    },
    stop,
  };
}
