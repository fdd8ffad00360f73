/**
 * An exporter inside another program, on a port of its own:
 *
 *     deno run --allow-net --allow-read --allow-env examples/deno_serve.ts 8000
 *
 * @module
 */

import { createExporter } from "@tradesim/exporter/exporter";

const exporter = createExporter({ follow: ["logs/metrics.jsonl"], systemInterval: 0 });
exporter.start();
const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 8000) },
  exporter.fetch,
);
Deno.addSignalListener("SIGTERM", async () => {
  await exporter.stop();
  await server.shutdown();
  Deno.exit();
});
