/** Writes tables as CSV (RFC 4180). @module */

/** Spreadsheets treat a text that starts with one of these as a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** Without this byte order mark, Excel does not read UTF-8. */
const BYTE_ORDER_MARK = "\uFEFF";

/** A text with a semicolon is quoted too: with a decimal comma, spreadsheets separate cells by semicolons. */
function field(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line per row. What is unknown or not finite is left empty. */
export function csv(
  header: readonly string[],
  rows: Iterable<readonly (string | number | null | undefined)[]>,
): string {
  let text = `${BYTE_ORDER_MARK}${header.map(field).join(",")}\r\n`;
  for (const row of rows) text += `${row.map(field).join(",")}\r\n`;
  return text;
}
