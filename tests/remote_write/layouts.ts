/** Made-up layouts for tests. @module */

import type { Layout } from "../../lib/remote_write/layout.ts";

/** A layout of so many gauges, `m0` and so on. */
export function layoutOf(count: number, stream = ""): Layout {
  return {
    stream,
    start: 0,
    series: Array.from({ length: count }, (_, place) => ({
      labels: [["__name__", `m${place}`]],
      type: "gauge",
      help: "",
    })),
  };
}
