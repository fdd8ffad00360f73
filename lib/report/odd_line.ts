/** Describes a line that is not a report, so that its author can find the mistake. @module */

import type { Refused } from "./report.ts";

/** As many first bytes of a line as it takes to tell what it is. */
export const HEAD_BYTES = 160;

const decoder = new TextDecoder();

function isUtf16(head: Uint8Array): boolean {
  const [a = 0, b = 0] = head;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true;
  // Each other byte of ASCII text is zero, and none beside it.
  const sample = head.subarray(0, 32);
  const zeros = (offset: number) => sample.filter((byte, at) => at % 2 === offset && byte === 0);
  return sample.length >= 8 &&
    [0, 1].some((offset) =>
      zeros(offset).length >= sample.length / 2 - 1 && zeros(1 - offset).length <= 1
    );
}

/**
 * What kind of thing a line is, for whoever writes it.
 *
 * @returns Undefined where `refused` says it best.
 * @param head Its first `HEAD_BYTES` bytes.
 * @param last Its last byte.
 * @param refused Why it was refused.
 */
export function nameOddLine(head: Uint8Array, last: number, refused: Refused): string | undefined {
  if (isUtf16(head)) return "it is UTF-16, expected UTF-8";
  if (head.includes(0)) {
    return "it begins with NUL bytes: its writer crashed, or copied a sparse file";
  }
  const { message } = refused;
  if (/not UTF-8/.test(message)) return "it is not UTF-8, perhaps Latin-1, expected UTF-8";
  const text = decoder.decode(head).trim();
  const isPart = /^(?:\{|[\]}],?|"[^"]*": ?.*[,{[]?)$/.test(text);
  if (isPart) {
    return "it is part of JSON that spans several lines, expected one report per line";
  }
  const isAfter = /after JSON|non-whitespace/i.test(message);
  const isBetween = isAfter || message.endsWith("its brackets do not match");
  if (text.startsWith("[") || (isBetween && ",]".includes(String.fromCharCode(last)))) {
    return "it is a JSON array or part of one, expected one report per line";
  }
  if (/^[^{["]+\{/.test(text)) return "it has text before the JSON, expected only the report";
  return isAfter ? "it has two reports, expected one report per line" : undefined;
}

/** The beginning of a line, as text for a log. */
export function beginningOf(head: Uint8Array): string {
  return decoder.decode(head.subarray(0, 60));
}
