/** Suggests what a mistyped name was meant to be. @module */

/** How many letters must be put in, left out or changed to make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(changed, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    above = line;
  }
  return above[b.length] ?? 0;
}

/** The name that is nearest to the given one, or undefined when none is near. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.floor(given.length / 2)) + 1;
  for (const name of names) {
    if (name.endsWith("." + given)) return name;
    // Names of very different length are never near, and need no table.
    if (Math.abs(name.length - given.length) >= least) continue;
    const distance = editDistance(given, name);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}
