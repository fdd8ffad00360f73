/** Writes the results of checks as lines for people, or as one JSON object. @module */

import { printable } from "../log/mod.ts";
import type { Result } from "./link.ts";

export interface Reporter<Link extends string> {
  tell(link: Link, result: Result): void;
  /** Whether a problem was told. */
  isBroken(): boolean;
  /** Writes what is still missing. Returns the exit code: 1 if a link is broken. */
  end(): 0 | 1;
}

/** @param links All links; their names stand in one column. */
export function createReporter<Link extends string>(
  links: readonly Link[],
  { json, write }: { readonly json: boolean; readonly write: (text: string) => void },
): Reporter<Link> {
  const width = Math.max(...links.map(({ length }) => length));
  const results: (readonly [Link, Result])[] = [];
  const isBroken = () => results.some(([, { state }]) => state === "FAIL");
  return {
    tell(link, result) {
      results.push([link, result]);
      if (json) return;
      // One line, whatever a stranger's answer brought into it.
      write(`${result.state.padEnd(4)} ${link.padEnd(width)}  ${printable(result.text)}\n`);
      if (result.state === "FAIL") write(`remedy: ${printable(result.remedy)}\n`);
    },
    isBroken,
    end() {
      if (json) {
        const told = results.map(([link, result]) => ({ link, ...result }));
        const lines = JSON.stringify({ ok: !isBroken(), links: told }, undefined, 2).split("\n");
        write(lines.map(printable).join("\n") + "\n");
      }
      return isBroken() ? 1 : 0;
    },
  };
}
