/** What an exporter can be told, and what holds where it is told nothing. @module */

import { SERVE } from "./flags.ts";
import type { ServeOptions } from "./options.ts";

/**
 * An exporter's settings, named and meant as the options of `serve`: times in seconds, sizes in bytes.
 * See docs/configuration.md.
 */
export type Settings = Pick<
  ServeOptions,
  | "follow"
  | "collectInterval"
  | "systemInterval"
  | "labels"
  | "detail"
  | "allKeys"
  | "staleAfter"
  | "maxSeries"
  | "maxSessions"
  | "historyTurns"
  | "maxBody"
  | "allowedHost"
  | "allowRemoteIngest"
  | "webTelemetryPath"
  | "state"
  | "isStateChosen"
>;

/** Fills settings up: by default no file is followed, no state kept, and all else as on the command line. */
export function completed(given: Partial<Settings>): Settings {
  const { flags } = SERVE;
  return {
    follow: [],
    collectInterval: flags.collectInterval.defaultValue,
    systemInterval: flags.systemInterval.defaultValue,
    labels: flags.labels.defaultValue,
    detail: flags.detail.defaultValue,
    allKeys: flags.allKeys.defaultValue,
    staleAfter: flags.staleAfter.defaultValue,
    maxSeries: flags.maxSeries.defaultValue,
    maxSessions: flags.maxSessions.defaultValue,
    historyTurns: flags.historyTurns.defaultValue,
    maxBody: flags.maxBody.defaultValue,
    allowedHost: flags.allowedHost.defaultValue,
    allowRemoteIngest: flags.allowRemoteIngest.defaultValue,
    webTelemetryPath: flags.webTelemetryPath.defaultValue,
    state: undefined,
    isStateChosen: given.state !== undefined,
    ...given,
  };
}
