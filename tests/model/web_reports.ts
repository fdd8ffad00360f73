/** Made-up reports of web processes, for tests. @module */

import { HTTP_SECONDS_BUCKETS } from "../../lib/catalogue/mod.ts";

/** Requests of one kind: how many were as quick as the first bucket, and their sum in seconds. */
export interface Requests {
  readonly method?: string;
  readonly route?: string;
  readonly status?: number;
  readonly error?: string;
  readonly count?: number;
  readonly sum?: number;
}

/** The report of a web process as it is sent. */
export function webReport(
  session: string,
  rapport: number,
  requests: readonly Requests[],
  others: Readonly<Record<string, unknown>> = {},
) {
  const { active = {}, ...rest } = others;
  return {
    type: "tradesim.report",
    version: 1,
    session,
    rapport,
    http: {
      le: [...HTTP_SECONDS_BUCKETS],
      requests: requests.map((
        { method = "GET", route = "/produits", status = 200, error, count = 1, sum = 0 },
      ) => ({
        method,
        route,
        status,
        ...(error === undefined ? {} : { error }),
        counts: [count, ...HTTP_SECONDS_BUCKETS.map(() => 0)],
        sum,
      })),
      active,
    },
    ...rest,
  };
}
