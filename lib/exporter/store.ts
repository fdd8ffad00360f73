/** Makes the model and opens the state that it goes on from. @module */

import type { Log, Teller } from "../log/mod.ts";
import { Model, openState, RETIRED_PER_SESSION, StateError, type StateFile } from "../model/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { Settings } from "./settings.ts";

interface Surroundings {
  readonly log: Log;
  readonly teller: Teller;
  readonly telemetry: Telemetry;
  /** Told of a session that the model has forgotten. */
  readonly onEvicted: (session: string) => void;
}

export function createModel(
  { labels, maxSessions, staleAfter, detail, allKeys }: Settings,
  { log, teller, telemetry, onEvicted }: Surroundings,
): Model {
  return new Model({
    breakdowns: labels.filter((label) => label !== "session"),
    bySession: labels.includes("session"),
    maxSessions,
    staleAfter,
    detail,
    allKeys,
    onEvicted: (session) => {
      onEvicted(session);
      telemetry.count("tradesim_exporter_sessions_evicted_total");
      teller.tell(
        "forgotten",
        (times) =>
          log.info("Forgot a session; its totals are kept; see --max-sessions", {
            session,
            times,
          }),
      );
    },
    onGames: {
      onSecond: (session, name) =>
        log.warn("Another game uses a known session ID; it counts as a session of its own", {
          session,
          as: name,
        }),
      onMixed: (session) =>
        log.warn("Turns of a known session ID arrive again; they do not count", {
          session,
          remedy: "start games that run at the same time at least a second apart",
        }),
    },
  });
}

/**
 * Opens the state file. Only one that was asked for must be usable.
 *
 * @throws {StateError}
 */
export function openStateFile(
  { state: path, isStateChosen, maxSessions }: Settings,
  { log, telemetry }: Pick<Surroundings, "log" | "telemetry">,
): StateFile | undefined {
  if (path === undefined) return undefined;
  const onError = () => telemetry.count("tradesim_exporter_state_errors_total");
  try {
    return openState({ path, maxSessions: maxSessions * RETIRED_PER_SESSION, log, onError });
  } catch (error) {
    if (isStateChosen || !(error instanceof StateError) || error.mustStop) throw error;
    log.warn("Cannot keep a state; counters start at 0 after a restart", { reason: error.message });
    return undefined;
  }
}
