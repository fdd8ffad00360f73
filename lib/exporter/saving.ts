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
  /**
   * Saves once more, and closes the files once what was saved is on the disk.
   *
   * @param patience How long it waits for a disk that does not answer, in milliseconds.
   */
  close(patience: number): Promise<void>;
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
    async close(patience) {
      clearInterval(timer);
      let limit: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => limit = setTimeout(resolve, patience));
      await Promise.race([state?.synced(), late]);
      save();
      await Promise.race([state?.synced(), late]);
      clearTimeout(limit);
      state?.close();
    },
  };
}
