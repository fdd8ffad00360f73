/**
 * The engines that tests run on: Debian's, and those that the stack pins, which
 * `tests/engines/build.sh` builds.
 *
 * @module
 */

import { isInstalled } from "./programs.ts";

/** Folder of the engines that were built. */
const BUILT = Deno.env.get("TRADESIM_ENGINES") ??
  `${Deno.env.get("HOME")}/.cache/tradesim-exporter/engines`;

/** A version of Prometheus to test with. */
export interface PrometheusVersion {
  /** For names of tests. */
  readonly name: string;
  /** Programs, as names on the PATH or as paths. */
  readonly prometheus: string;
  readonly promtool: string;
  /** The flag that makes it an agent. */
  readonly agentFlag: string;
}

export const DEBIAN: PrometheusVersion = {
  name: "Prometheus 2.42",
  prometheus: "prometheus",
  promtool: "promtool",
  agentFlag: "--enable-feature=agent",
};

/** The version that compose.yml pins. */
export const PINNED: PrometheusVersion = {
  name: "Prometheus 3.16",
  prometheus: `${BUILT}/prometheus`,
  promtool: `${BUILT}/promtool`,
  agentFlag: "--agent",
};

export const PROMETHEUS_VERSIONS: readonly PrometheusVersion[] = [DEBIAN, PINNED];

/** Path of an engine that was built: `alertmanager`, `thanos`, `vmalert` and so on. */
export function builtEngine(program: string): string {
  return `${BUILT}/${program}`;
}

/**
 * Registers a test for each version of Prometheus. One that is missing is skipped, except with
 * `CI=true`: there the test runs, and fails.
 */
export function testWithPrometheus(
  name: string,
  body: (version: PrometheusVersion, test: Deno.TestContext) => void | Promise<void>,
): void {
  for (const version of PROMETHEUS_VERSIONS) {
    Deno.test({
      name: `${name} (needs ${version.name})`,
      ignore: Deno.env.get("CI") !== "true" && !isInstalled(version.prometheus),
      fn: (test) => body(version, test),
    });
  }
}
