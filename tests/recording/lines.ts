/** Lines of turn logs for tests. @module */

/**
 * A line of a turn log. Turn `first` ends so many seconds after `start`, and each turn a second after the
 * one before; budgets are the turns' numbers.
 *
 * @param start In seconds since 1970.
 */
export function turnsLine(
  session: string,
  first: number,
  count: number,
  { start = 1_795_000_000, step = 1, more = {} } = {},
): string {
  const differences = (begin: number, each: number) => [
    begin,
    ...new Array<number>(count - 1).fill(each),
  ];
  return JSON.stringify({
    type: "tradesim.turns",
    version: 1,
    session,
    tour: first,
    tours: count,
    colonnes: {
      timestamp: [6, ...differences(start * 1e6 + first * step * 1e6, step * 1e6)],
      budget_total: [0, ...differences(first, 1)],
      ...more,
    },
  }) + "\n";
}
