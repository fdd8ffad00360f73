/** Runs a real Alertmanager for tests. @module */

import { builtEngine } from "./engines.ts";
import { startListening } from "./listening.ts";

/** An alert as Alertmanager keeps it. */
export interface ReceivedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly status: {
    /** `suppressed` = somebody muted it, by a silence or by an inhibit rule. */
    readonly state: "unprocessed" | "active" | "suppressed";
    /** Fingerprints of the alerts that mute it. */
    readonly inhibitedBy: readonly string[];
  };
}

export interface RunningAlertmanager {
  /** Address and port. */
  readonly host: string;
  /** What fires at this moment, muted or not. */
  alerts(): Promise<readonly ReceivedAlert[]>;
  stop(): Promise<void>;
}

/**
 * Starts the Alertmanager that the stack pins on a free port of 127.0.0.1.
 *
 * @param config Path of its configuration.
 * @param dir A folder for its data.
 */
export async function startAlertmanager(config: string, dir: string): Promise<RunningAlertmanager> {
  const { host, stop } = await startListening(builtEngine("alertmanager"), {
    args: [
      `--config.file=${config}`,
      `--storage.path=${dir}/alertmanager`,
      "--web.listen-address=127.0.0.1:0",
      "--cluster.listen-address=",
    ],
  }, (log) => /msg="Listening on" address=(127\.0\.0\.1:\d+)/.exec(log)?.[1]);
  return {
    host,
    async alerts() {
      const response = await fetch(`http://${host}/api/v2/alerts`);
      return await response.json();
    },
    stop,
  };
}
