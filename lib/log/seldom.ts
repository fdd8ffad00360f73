/** Tells of what may happen very often, without filling the log. @module */

const INTERVAL_MS = 10_000;

/**
 * Calls `tell` at most once in ten seconds, with how many values before were not told.
 *
 * @param now Milliseconds that only grow.
 */
export function seldom<Value>(
  tell: (value: Value, untold: number) => void,
  now: () => number = () => performance.now(),
): (value: Value) => void {
  let toldAt = -Infinity;
  let untold = 0;
  return (value) => {
    if (now() - toldAt < INTERVAL_MS) {
      untold++;
      return;
    }
    toldAt = now();
    tell(value, untold);
    untold = 0;
  };
}
