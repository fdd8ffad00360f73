/** Reads the files that decide who may ask: web configuration, certificates and token. @module */

import { readNamedFile } from "../cli/mod.ts";
import type { Configuration } from "../doctor/mod.ts";
import { UserError } from "../error/mod.ts";
import type { ServeOptions } from "./options.ts";
import { readToken, readWebConfig, type WebConfig } from "../server/mod.ts";

export const NO_WEB_CONFIG: WebConfig = { tls: undefined, headers: {}, users: {} };

/** What decides who may ask, and how they are answered. */
export interface AccessFiles {
  readonly web: WebConfig;
  /** The token with which others than this machine may report. */
  readonly token: string | undefined;
}

/**
 * Reads the files that options name.
 *
 * @throws {UsageError | WebConfigError} When one cannot be read or used.
 */
export function readFiles(
  { webConfigFile, ingestTokenFile }: Pick<ServeOptions, "webConfigFile" | "ingestTokenFile">,
): AccessFiles {
  const read = (flag: string, path: string) => readNamedFile(path, flag, Deno.readTextFileSync);
  return {
    web: webConfigFile === undefined ? NO_WEB_CONFIG : readWebConfig(
      read("--web.config.file", webConfigFile),
      webConfigFile,
      Deno.readTextFileSync,
    ),
    token: ingestTokenFile === undefined
      ? undefined
      : readToken(read("--ingest-token-file", ingestTokenFile)),
  };
}

/**
 * An exporter's settings as `doctor` needs them, or what is wrong with them.
 *
 * @param readOptions Reads the options of `serve`, and may throw.
 */
export function readConfiguration(
  readOptions: () => ServeOptions,
): Configuration | { readonly problem: string } {
  try {
    const options = readOptions();
    const { web } = readFiles(options);
    const [address] = options.addresses;
    if (!options.enabled || address === undefined) return { problem: "METRICS_ENABLED is False" };
    return {
      address,
      telemetryPath: options.webTelemetryPath,
      follow: options.follow,
      isFollowChosen: options.isFollowChosen,
      maxBody: options.maxBody,
      certificate: web.tls?.cert,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: error.message };
  }
}
