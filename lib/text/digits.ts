/**
 * Writes numbers as bytes of text, without strings between. Each function writes from `at` on and
 * returns the position after the last byte.
 *
 * @module
 */

const encoder = new TextEncoder();

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const NULL = encoder.encode("null");

/** Numbers from here on are written in two parts, each of which is a small integer. */
const PART = 1_000_000_000;
const PART_DIGITS = 9;
/** More than the longest number takes, with its sign, point and comma. */
export const NUMBER_BYTES = 32;

const POWERS = Array.from({ length: PART_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/** Writes a small integer with zeros before it. */
function writePadded(bytes: Uint8Array, at: number, value: number, places: number): number {
  let rest = value | 0;
  for (let place = at + places - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    bytes[place] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + places;
}

/** Writes a whole number from 0 on that is exact. */
export function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  if (value >= PART) {
    const high = Math.floor(value / PART);
    return writePadded(bytes, writeInteger(bytes, at, high), value - high * PART, PART_DIGITS);
  }
  let places = 1;
  while (value >= POWERS[places]!) places++;
  return writePadded(bytes, at, value, places);
}

export function writeNull(bytes: Uint8Array, at: number): number {
  bytes.set(NULL, at);
  return at + NULL.length;
}

/** Writes round(value) / 10^places, or null where the value is not finite or too large to be exact. */
export function writeDecimal(bytes: Uint8Array, at: number, value: number, places: number): number {
  let digits = Math.round(value);
  if (!(Math.abs(digits) <= Number.MAX_SAFE_INTEGER)) return writeNull(bytes, at);
  let next = at;
  if (digits < 0) {
    bytes[next++] = MINUS;
    digits = -digits;
  }
  if (places === 0) return writeInteger(bytes, next, digits);
  const unit = POWERS[places]!;
  const whole = Math.floor(digits / unit);
  next = writeInteger(bytes, next, whole);
  const rest = digits - whole * unit;
  if (rest === 0) return next;
  bytes[next++] = POINT;
  return writePadded(bytes, next, rest, places);
}

/** Decimal places that are tried before a number goes through a string: money, means, durations. */
const USUAL_PLACES = [0, 2, 6, 9];

/** Writes a finite number such that it is read back as the same one. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  for (const places of USUAL_PLACES) {
    const scaled = Math.round(value * POWERS[places]!);
    if (scaled / POWERS[places]! === value && Math.abs(scaled) <= Number.MAX_SAFE_INTEGER) {
      return writeDecimal(bytes, at, scaled, places);
    }
  }
  return at + encoder.encodeInto(String(value), bytes.subarray(at)).written;
}
