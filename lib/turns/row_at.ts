/** Finds rows in ascending columns. @module */

/** The first row whose value is at least `value`, in an ascending column; its length if there is none. */
export function rowAt(column: ArrayLike<number>, value: number): number {
  return firstRow(column, (each) => each >= value);
}

/** The first row whose value is above `value`, in an ascending column; its length if there is none. */
export function rowAfter(column: ArrayLike<number>, value: number): number {
  return firstRow(column, (each) => each > value);
}

function firstRow(column: ArrayLike<number>, isReached: (value: number) => boolean): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (!isReached(column[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
