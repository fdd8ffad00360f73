/** A web process that answers requests for ever, as an exporter hears of it. @module */

import assert from "node:assert/strict";
import { type Requests, webReport } from "../model/web_reports.ts";
import type { RunningExporter } from "./exporter.ts";

/** Posts again and again what a web process has answered: so many requests more of each kind. */
export function serveRequests(
  exporter: RunningExporter,
  kinds: readonly Requests[],
): AsyncDisposable {
  let rapport = 0;
  let isOver = false;
  const serving = (async () => {
    while (!isOver) {
      rapport++;
      const requests = kinds.map(({ count = 1, sum = 0, ...kind }) => ({
        ...kind,
        count: rapport * count,
        sum: rapport * sum,
      }));
      const report = webReport("web", rapport, requests, { active: { GET: 2, POST: 1 } });
      const response = await exporter.post(report);
      assert.equal(response.status, 200, await response.text());
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await serving;
    },
  };
}
