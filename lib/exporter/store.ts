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
          log.info("A session is forgotten, its totals are kept; see --max-sessions", {
            session,
            times,
          }),
      );
    },
    onGames: {
      onSecond: (session, name) =>
        log.warn("A second game has come under one session id: it counts as a session of its own", {
          session,
          as: name,
        }),
      onMixed: (session) =>
        log.warn("Turns come again later under one session id: they do not count", {
          session,
          remedy: "play games at once in processes that did not begin in the same second",
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
    log.warn("No state is kept: a restart begins at 0", { reason: error.message });
    return undefined;
  }
}
