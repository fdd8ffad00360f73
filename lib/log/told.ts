/** Logs each kind of event when it first happens, and then at most once a minute. @module */

const INTERVAL_MS = 60_000;
/** Maximum number of kinds, because input can create any number of them. */
const MAX_KINDS = 200;
/** The kind that stands for all further ones. */
const OTHERS = "";

/** Calls `tell` with the number of events of this kind since the last call. */
export type TellKind = (kind: string, tell: (times: number) => void) => void;

export interface Teller {
  readonly tell: TellKind;
  /** Logs what has waited for a minute, and forgets kinds that have not occurred again. */
  flush(): void;
  /** Logs all that waits, at the end. */
  close(): void;
}

/**
 * Creates such a logger. Beyond 200 kinds in a minute, the rest count as one kind, of which the last is logged.
 *
 * @param now Milliseconds that only grow.
 */
export function createTeller(now: () => number = () => performance.now()): Teller {
  const kinds = new Map<string, { toldAt: number; times: number; tell: (times: number) => void }>();

  function flush(isDue: (toldAt: number) => boolean): void {
    for (const [kind, known] of kinds) {
      if (!isDue(known.toldAt)) continue;
      if (known.times === 0) {
        kinds.delete(kind);
        continue;
      }
      known.tell(known.times);
      known.times = 0;
      known.toldAt = now();
    }
  }

  return {
    tell(kind, tell) {
      const name = kinds.has(kind) || kinds.size < MAX_KINDS ? kind : OTHERS;
      const known = kinds.get(name);
      if (known !== undefined && now() - known.toldAt < INTERVAL_MS) {
        known.times++;
        known.tell = tell;
        return;
      }
      kinds.set(name, { toldAt: now(), times: 0, tell });
      tell((known?.times ?? 0) + 1);
    },
    flush: () => flush((toldAt) => now() - toldAt >= INTERVAL_MS),
    close: () => flush(() => true),
  };
}
