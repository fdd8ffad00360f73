/** Rendering 10 000 series after a report has changed them all, beside prom-client. @module */

import client from "prom-client";
import { metric } from "../lib/catalogue/mod.ts";
import { createRenderer } from "../lib/exposition/mod.ts";
import type { Family } from "../lib/model/mod.ts";

const SERIES = 10_000;

const stock = metric("entreprise_stock");
const [holderLabel = "", productLabel = ""] = stock.labels ?? [];
const rows = Array.from(
  { length: SERIES },
  (_, index) =>
    [`Café de l'Œuvre ${Math.floor(index / 100)}`, `Pièce détachée ${index % 100}`] as const,
);
const series = rows.map(([holder, product]) => ({
  suffix: "",
  labels: [[holderLabel, holder], [productLabel, product]] as const,
}));
const render = createRenderer();
const gauge = new client.Gauge({
  name: stock.name,
  help: stock.help,
  labelNames: [holderLabel, productLabel],
  registers: [],
});
const registry = new client.Registry();
registry.registerMetric(gauge);

let turn = 0;
const group = `render ${SERIES} changed series`;

Deno.bench("prom-client", { group, baseline: true }, async () => {
  turn++;
  rows.forEach(([holder, product], index) => {
    gauge.set({ [holderLabel]: holder, [productLabel]: product }, index + turn);
  });
  await registry.metrics();
});
Deno.bench("createRenderer()", { group }, () => {
  turn++;
  const family: Family = { metric: stock, series, values: series.map((_, index) => index + turn) };
  // Encoded, as each scrape needs it; joined text alone would be made later.
  new TextEncoder().encode(render([family]));
});
