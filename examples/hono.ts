/**
 * An exporter under a path of a Hono application:
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
app.get("/", (context) => context.text("The game\n"));
app.mount("/tradesim", exporter.fetch);
const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 8080) },
  app.fetch,
);
Deno.addSignalListener("SIGTERM", async () => {
  await exporter.stop();
  await server.shutdown();
  Deno.exit();
});
