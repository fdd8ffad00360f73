/** How unequally something is spread. @module */

/**
 * Gini coefficient, from 0 (all have the same) to 1 − 1/n (one of n has everything).
 *
 * G = Σ (2i − n − 1) xᵢ / (n Σ xᵢ), x ascending, i from 1.
 *
 * Source: A. Sen, "On Economic Inequality" (1973), section 2.6; half of the relative mean difference.
 *
 * @returns 0 when nobody has anything; undefined of nobody, and where somebody has less than nothing.
 */
export function gini(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const ascending = Float64Array.from(values).sort();
  if (ascending[0]! < 0) return undefined;
  // Shares of the largest, so that no sum is beyond all numbers.
  const largest = ascending.at(-1)!;
  if (largest === 0) return 0;
  let weighted = 0;
  let sum = 0;
  ascending.forEach((value, index) => {
    const share = value / largest;
    weighted += (2 * (index + 1) - ascending.length - 1) * share;
    sum += share;
  });
  return Math.max(0, weighted / (ascending.length * sum));
}

/**
 * Herfindahl–Hirschman index of concentration, from 1/n (n have the same) to 1 (one has everything).
 *
 * H = Σ (xᵢ / Σ xⱼ)²
 *
 * Source: A. O. Hirschman, "The Paternity of an Index", American Economic Review 54 (1964).
 *
 * @returns Undefined where there is nothing to share, and where a part is less than nothing.
 */
export function herfindahl(parts: readonly number[]): number | undefined {
  const largest = parts.reduce((most, part) => Math.max(most, part), 0);
  if (largest === 0 || parts.some((part) => part < 0)) return undefined;
  let sum = 0;
  let squares = 0;
  for (const part of parts) {
    const share = part / largest;
    sum += share;
    squares += share * share;
  }
  return squares / (sum * sum);
}
