/** The colours of page.css for a canvas: resolved, for the current theme. @module */

import type { Colour } from "./charts.ts";
import { h } from "./dom.ts";

export type Palette = Readonly<Record<Colour | "text" | "muted" | "grid" | "surface", string>>;

const NAMES = [
  ...["blue", "green", "orange", "violet", "ochre"],
  ...["text", "muted", "grid", "surface"],
] as readonly (keyof Palette)[];

export function readPalette(): Palette {
  const probe = h("i", { hidden: true });
  document.body.append(probe);
  const read = (name: string) => {
    probe.className = `colour-${name}`;
    return getComputedStyle(probe).color;
  };
  const palette = Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Palette;
  probe.remove();
  return palette;
}

/** The colour of each type of event; other types have the colour of text. */
export const EVENT_COLOURS: Readonly<Record<string, Colour>> = {
  inflation: "orange",
  recharge_budget: "green",
  reassort: "blue",
  variation_disponibilite: "violet",
  recharge_stock_fournisseur: "ochre",
};

/** A colour with an opacity `share` from 0 to 1. */
export function faint(colour: string, share: number): string {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);
}
