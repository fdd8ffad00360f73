/** The kinds of values that flags take: how they are parsed, and what was expected. @module */

import { isIP, isIPv4, isIPv6 } from "node:net";
import { parseDuration } from "../text/mod.ts";

/** A kind of value. */
export interface Kind<T> {
  /** A description of valid values, to follow "expected". */
  readonly expected: string;
  /** The types that a configuration file may write it in. */
  readonly types: readonly ("string" | "number" | "boolean")[];
  /** True when a configuration file may also write it as a list of such values. */
  readonly list?: boolean;
  /** The value that the text means, or undefined when it means none. */
  readonly parse: (text: string) => T | undefined;
}

/** Where to listen. */
export interface Address {
  /** An IP address without brackets, or a host name. */
  readonly hostname: string;
  /** 0 to 65535; 0 = any free port. */
  readonly port: number;
}

const BYTES: Readonly<Record<string, number>> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

function parseSeconds(text: string): number | undefined {
  if (text === "0") return 0;
  return /^[\d.]+(?:ms|[smh])$/.test(text) ? parseDuration(text) : undefined;
}

function parseBytes(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? [];
  const factor = BYTES[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

function parseWhole(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  if (/^[\d.]+$/.test(text)) return isIPv4(text);
  return text.length <= 253 &&
    /^[a-z\d]([a-z\d_-]*[a-z\d])?(\.[a-z\d]([a-z\d_-]*[a-z\d])?)*$/i.test(text);
}

function within(low: number, high: number, value: number | undefined): number | undefined {
  return value !== undefined && value >= low && value <= high ? value : undefined;
}

/** A whole number from `low` to `high`. */
export function wholeNumber(low: number, high: number): Kind<number> {
  return {
    expected: `a whole number from ${low} to ${high}`,
    types: ["number"],
    parse: (text) => within(low, high, parseWhole(text)),
  };
}

/** A number from `low` to `high`, with or without a fraction. */
export function decimal(low: number, high: number, thing = "a number"): Kind<number> {
  return {
    expected: `${thing} from ${low} to ${high}`,
    types: ["number"],
    parse: (text) => within(low, high, /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined),
  };
}

/** A time from `low` to `high`, both written as a user writes them; its value is in seconds. */
export function time(low: string, high: string, zero: "zero too" | "not zero"): Kind<number> {
  const [least, most] = [parseSeconds(low) ?? NaN, parseSeconds(high) ?? NaN];
  return {
    expected: `${
      zero === "zero too" ? "0 or " : ""
    }a time from ${low} to ${high}, in ms, s, m or h`,
    types: ["string", "number"],
    parse: (text) => {
      const seconds = parseSeconds(text);
      return seconds === 0 && zero === "zero too" ? 0 : within(least, most, seconds);
    },
  };
}

/** A size from `low` to `high`, both written as a user writes them; its value is in bytes. */
export function size(low: string, high: string): Kind<number> {
  const [least, most] = [parseBytes(low) ?? NaN, parseBytes(high) ?? NaN];
  return {
    expected: `a size from ${low} to ${high}, in bytes, KiB, MiB or GiB`,
    types: ["string", "number"],
    parse: (text) => within(least, most, parseBytes(text)),
  };
}

/** One of the given words. */
export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  return {
    expected: `one of ${words.join(", ")}`,
    types: ["string"],
    parse: (text) => words.find((word) => word === text),
  };
}

/** Some of the given words with commas between them, or none; in the order of `words`, each once. */
export function someOf<T extends string>(words: readonly T[]): Kind<readonly T[]> {
  return {
    expected: `some of ${words.join(", ")}, with commas between them`,
    types: ["string"],
    list: true,
    parse: (text) => {
      if (text.trim() === "") return [];
      const parts: readonly string[] = text.split(",").map((part) => part.trim());
      const chosen = words.filter((word) => parts.includes(word));
      // An unknown or repeated word is a mistake.
      return chosen.length === parts.length ? chosen : undefined;
    },
  };
}

export const YES_OR_NO: Kind<boolean> = {
  expected: "true, false, 1 or 0",
  types: ["boolean"],
  parse: (text) => {
    if (text === "true" || text === "1") return true;
    return text === "false" || text === "0" ? false : undefined;
  },
};

export const FILE: Kind<string> = {
  expected: "the name of a file",
  types: ["string"],
  parse: (text) => text === "" || text.includes("\0") ? undefined : text,
};

/** What can be followed: a file, or all files whose names match in the path's last part. */
export const FILES: Kind<string> = {
  expected: "the name of a file, with at most one * and that in the last part",
  types: ["string"],
  parse: (text) => /^[^*]*(\*[^*/\\]*)?$/.test(text) ? FILE.parse(text) : undefined,
};

export const WEB_URL: Kind<string> = {
  expected: "a URL that begins with http:// or https://",
  types: ["string"],
  parse: (text) => /^https?:\/\//.test(text) ? URL.parse(text)?.href : undefined,
};

/**
 * A URL without user and password, which everyone could read in the list of processes, and of a port that
 * one can connect to.
 */
function publicUrl(text: string): URL | undefined {
  const url = URL.parse(WEB_URL.parse(text) ?? "");
  const isPublic = url?.username === "" && url.password === "" && url.hash === "";
  return isPublic && url.port !== "0" ? url : undefined;
}

/** The address of a server. */
export const PLAIN_URL: Kind<string> = {
  expected: "a URL such as http://127.0.0.1:8000, without user and password",
  types: ["string"],
  parse: (text) => {
    const url = publicUrl(text);
    return url?.search === "" ? url.href : undefined;
  },
};

/** The address of a receiver of samples. */
export const RECEIVER_URL: Kind<string> = {
  expected: "a URL such as http://127.0.0.1:9090/api/v1/write, without user and password",
  types: ["string"],
  parse: (text) => publicUrl(text)?.href,
};

/** A label for all series; those that begin with two underscores have a meaning of their own. */
export const LABEL: Kind<readonly [name: string, value: string]> = {
  expected: "a label such as job=tradesim, whose name does not begin with __",
  types: ["string"],
  parse: (text) => {
    const [, name, value] = /^((?!__)[a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/su.exec(text) ?? [];
    return name === undefined || value === undefined || !value.isWellFormed()
      ? undefined
      : [name, value];
  },
};

export const HOST: Kind<string> = {
  expected: "a host name or an IP address, without a port",
  types: ["string"],
  parse: (text) => {
    const bare = /^\[(.*)\]$/.exec(text)?.[1];
    if (bare !== undefined) return isIPv6(bare) ? bare : undefined;
    return isHost(text) ? text : undefined;
  },
};

export const LISTEN_ADDRESS: Kind<Address> = {
  expected: "an address such as :8000, 127.0.0.1:8000 or [::1]:8000",
  types: ["string"],
  parse: (text) => {
    const [, host, digits = ""] = /^(\[.*\]|[^:]*):(\d+)$/.exec(text) ?? [];
    const port = within(0, 65535, parseWhole(digits));
    const hostname = host === "" ? "0.0.0.0" : HOST.parse(host ?? "");
    return port === undefined || hostname === undefined ? undefined : { hostname, port };
  },
};

/** A path of a URL that is none of those in `taken`. */
export function urlPath(taken: readonly string[]): Kind<string> {
  return {
    expected: `a path that starts with / and is none of ${taken.join(", ")}`,
    types: ["string"],
    parse: (text) => {
      if (!text.startsWith("/") || taken.includes(text)) return undefined;
      // Only a path that a request shows just as it is written can be served.
      return new URL("http://localhost" + text).pathname === text ? text : undefined;
    },
  };
}
