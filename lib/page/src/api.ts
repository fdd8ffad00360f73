/** Asks the exporter's API. @module */

import type { Sessions, State, TurnsMessage } from "../../live/api.ts";

/** Maximum number of turns in an answer; the exporter thins more. */
const POINTS = 20_000;

/** Fetches an answer; undefined if the exporter does not know the session. */
async function ask<T>(path: string): Promise<T | undefined> {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`Cannot ask for ${path}: status ${response.status}`);
  return await response.json();
}

export function askSessions(): Promise<Sessions | undefined> {
  return ask("./api/sessions");
}

/** @param from The first turn to fetch. */
export function askHistory(session: string, from: number): Promise<TurnsMessage | undefined> {
  const query = new URLSearchParams({ session, from: String(from), points: String(POINTS) });
  return ask(`./api/history?${query}`);
}

export function askState(session: string): Promise<State | undefined> {
  return ask(`./api/state?${new URLSearchParams({ session })}`);
}
