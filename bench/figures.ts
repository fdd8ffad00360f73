/** Figures, and how they are printed. @module */

const encoder = new TextEncoder();

/** Writes a line to standard output. */
export function print(line = ""): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

/** The value below which a share of all lies; 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Four significant digits at most, never in scientific notation. */
export function short(value: number): string {
  return value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** A list of raw figures, one per round. */
export function rounds(values: readonly number[]): string {
  return `[${values.map(short).join(", ")}]`;
}

/** Says whether a figure reached its target. */
export function verdict(reached: boolean): string {
  return reached ? "reached" : "NOT reached";
}

/** A copy of `items` in their order, or turned round in every other round. */
export function alternated<Item>(items: readonly Item[], round: number): Item[] {
  return round % 2 === 0 ? [...items] : items.toReversed();
}

/** Machine and versions, for the heading of a run. */
export function describeMachine(): string {
  return `deno ${Deno.version.deno}, v8 ${Deno.version.v8}, ${navigator.hardwareConcurrency} cores`;
}
