/** What the checks share: their input, and what earlier checks leave to later ones. @module */

import type { Report } from "../report/mod.ts";
import type { Answer, Ask } from "./ask.ts";
import type { Scrape } from "./text_format.ts";

/** The settings of the exporter that the checks need. */
export interface Configuration {
  /** Where it listens; port 0 = any free one. */
  readonly address: { readonly hostname: string; readonly port: number };
  readonly telemetryPath: string;
  /** Followed files, and patterns with a `*`. */
  readonly follow: readonly string[];
  /** Whether the user set these files, so that one must exist. */
  readonly isFollowChosen: boolean;
  /** The longest report, in bytes. */
  readonly maxBody: number;
  /** The certificate that it shows, in PEM; undefined = it speaks HTTP. */
  readonly certificate: string | undefined;
}

/** A server beside the exporter: where it is, and whether it must be there. */
export interface Neighbour {
  readonly url: string;
  readonly isAsked: boolean;
}

export interface Inquiry {
  readonly configuration: Configuration;
  /** The exporter, without a slash at the end. */
  readonly url: string;
  readonly metricsUrl: string;
  /** What shows the exporter who asks. */
  readonly authorization: Readonly<Record<string, string>>;
  readonly prometheus: Neighbour;
  readonly grafana: Neighbour;
  readonly ask: Ask;
  /** What stands before a command's name on the command line of this program. */
  readonly command: string;
  /** The time in seconds since 1970. */
  readonly now: () => number;
  /** The answer at the metrics' path. */
  answer?: Answer;
  /** The metrics, once they are known to be valid. */
  scrape?: Scrape;
  /** The last report of the followed file that was written to last. */
  lastReport?: { readonly path: string; readonly report: Report };
}

/** Where an exporter answers on its own machine, without a slash at the end. */
export function localUrl({ address: { hostname, port }, certificate }: Configuration): string {
  // One cannot connect to an unspecified address. A certificate is for a name.
  const plain = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]).get(hostname) ?? hostname;
  const host = plain === "localhost" && certificate === undefined ? "127.0.0.1" : plain;
  const scheme = certificate === undefined ? "http" : "https";
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
