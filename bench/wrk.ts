/** Loads a server with the program `wrk` and reads its results. @module */

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly requests: number;
}

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function field(output: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(output);
  if (found === null) throw new Error(`Cannot read what wrk says:\n${output}`);
  return found;
}

function milliseconds(output: string, pattern: RegExp): number {
  const [, number, unit] = field(output, pattern);
  return Number(number) * MILLISECONDS[unit!]!;
}

/**
 * Scrapes a URL with 4 connections for so many seconds.
 *
 * @throws {Error} When a request failed.
 */
export async function load(url: string, seconds: number, gzip: boolean): Promise<Load> {
  const { stdout, stderr } = await new Deno.Command("wrk", {
    args: [
      "-t1",
      "-c4",
      `-d${seconds}s`,
      "--latency",
      ...gzip ? ["-H", "Accept-Encoding: gzip"] : [],
      url,
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`Requests failed:\n${output}`);
  return {
    perSecond: Number(field(output, /Requests\/sec: *([\d.]+)/)[1]),
    p50Ms: milliseconds(output, /50% *([\d.]+)(us|ms|s|m)\b/),
    p99Ms: milliseconds(output, /99% *([\d.]+)(us|ms|s|m)\b/),
    // Columns: average, standard deviation, largest.
    maxMs: milliseconds(output, /Latency *\S+ +\S+ +([\d.]+)(us|ms|s|m)\b/),
    requests: Number(field(output, /(\d+) requests in/)[1]),
  };
}
