/** Makes text from outside harmless for a terminal and its reader. @module */

/**
 * What a reader cannot see but a terminal or a viewer obeys: control characters (C0, C1), line and
 * paragraph separators, and the format characters that turn text around or hide it (Unicode category
 * Cf, among them the bidirectional overrides; see Unicode Technical Report 36).
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** The text with unprintable characters escaped, such as `\u202e`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}
