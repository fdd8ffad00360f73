/**
 * The exporter as a library: made, started, asked and stopped by another program.
 *
 * ```ts
 * import { createExporter } from "@tradesim/exporter/exporter";
 *
 * const exporter = createExporter({ follow: ["logs/metrics.jsonl"] });
 * exporter.start();
 * Deno.serve({ hostname: "127.0.0.1", port: 8000 }, exporter.fetch);
 * ```
 *
 * @module
 */

export { createExporter, type Exporter, type ExporterOptions } from "./exporter.ts";
export { type AccessFiles, readConfiguration, readFiles } from "./files.ts";
export type { FetchHandler, HonoContext, MeasureOptions, Measuring } from "./measure.ts";
export type { Replay, ReplayTarget } from "./replay.ts";
export { serve } from "./serve.ts";
export type { Settings } from "./settings.ts";
export type { ServeOptions } from "./options.ts";
