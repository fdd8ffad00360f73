/** What an exporter can be told, and what holds where it is told nothing. @module */

import { mergeValues } from "../cli/values.ts";
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
  return {
    ...mergeValues(SERVE.flags, []),
    follow: [],
    state: undefined,
    isStateChosen: given.state !== undefined,
    ...given,
  };
}
