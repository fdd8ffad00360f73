/** Numbers, times and sizes as text for people, and times out of text. @module */

/** A number of things, such as `1 session` or `2 sessions`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** An amount in euros, to the cent. */
export function euros(amount: number): string {
  return `${amount.toFixed(2)} €`;
}

export function percent(ratio: number, places = 2): string {
  return `${(100 * ratio).toFixed(places)} %`;
}

/** A time span in seconds as text, such as `0.4 s` or `3 min`, never negative. */
export function span(seconds: number): string {
  const units = [["d", 86_400], ["h", 3600], ["min", 60]] as const;
  const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? ["s", 1];
  const amount = Math.max(0, seconds / size);
  return `${amount < 10 && unit === "s" ? Number(amount.toFixed(1)) : Math.floor(amount)} ${unit}`;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: MINUTE_MS,
  h: 60 * MINUTE_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
};

/** Seconds of a duration as Prometheus has it, such as `1m30s`; undefined where the text is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/.test(text)) return undefined;
  const parts = text.matchAll(/([\d.]+)(ms|[smhdwy])/g);
  return Array.from(parts, ([, amount, unit]) => Number(amount) * UNIT_MS[unit!]!)
    .reduce((sum, each) => sum + each) / 1000;
}

/** A number of bytes, such as `2.5 KiB` or `64 MiB`. */
export function bytes(size: number): string {
  const units = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const;
  const [unit, factor] = units.find(([, factor]) => size >= factor) ?? ["B", 1];
  const amount = size / factor;
  return `${amount < 10 && unit !== "B" ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}
