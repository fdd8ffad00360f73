/** Saves the state when something has changed, and notes each report in between. @module */

import type { Model, StateFile } from "../model/mod.ts";
import type { FilePosition } from "../source/mod.ts";

/** How often the state is saved, at most. */
const INTERVAL_MS = 1000;

export interface Saving {
  /** Where an earlier process stood in followed files. */
  readonly positions: readonly FilePosition[];
  /** Something other than the model has changed. */
  readonly changed: () => void;
  /** Notes a report before anyone can see it. */
  readonly note: StateFile["note"];
  readonly noteWeb: StateFile["noteWeb"];
  /** Saves now and then from now on. */
  begin(positions: () => readonly FilePosition[]): void;
  /** Resolves when what was saved last is on the disk. */
  synced(): Promise<void>;
  /** Saves once more and closes the files. */
  close(): void;
}

/** @param state Undefined keeps nothing. */
export function createSaving(state: StateFile | undefined, model: Model): Saving {
  let isChanged = true;
  let savedVersion = -1;
  let positions: (() => readonly FilePosition[]) | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  function save(): void {
    if (state === undefined || positions === undefined) return;
    if (!isChanged && model.version === savedVersion) return;
    const { version } = model;
    if (!state.save(model.state(), positions())) return;
    isChanged = false;
    savedVersion = version;
  }

  return {
    positions: state?.saved?.positions ?? [],
    changed: () => isChanged = true,
    note(report, arrival, session) {
      state?.note(report, arrival, session);
      if (state?.isFull) save();
    },
    noteWeb(web, arrival) {
      state?.noteWeb(web, arrival);
      if (state?.isFull) save();
    },
    begin(ask) {
      positions = ask;
      save();
      timer = setInterval(save, INTERVAL_MS);
    },
    synced: async () => await state?.synced(),
    close() {
      clearInterval(timer);
      save();
      state?.close();
    },
  };
}
