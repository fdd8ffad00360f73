/**
 * An exporter under a path of a Hono application, whose requests it measures:
 *
 *     deno run --allow-net --allow-read --allow-env examples/hono.ts 8080
 *
 * @module
 */

import { createExporter } from "@tradesim/exporter/exporter";
import { Hono } from "hono";

const exporter = createExporter({ systemInterval: 0 });
exporter.start();
const app = new Hono();
// Before what measures, so that scrapes are not measured.
app.mount("/tradesim", exporter.fetch);
app.use(exporter.hono());
app.get("/", (context) => context.text("The game\n"));
app.get("/produits/:id", (context) => context.text(`Product ${context.req.param("id")}\n`));
const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 8080) },
  app.fetch,
);
Deno.addSignalListener("SIGTERM", async () => {
  await exporter.stop();
  await server.shutdown();
  Deno.exit();
});
