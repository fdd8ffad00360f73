/** A chart as a self-contained picture with title, key and games. @module */

import type { Colour } from "./charts.ts";
import { h } from "./dom.ts";

const MARGIN = 12;
const LINE = 20;

/** A colour and its meaning. */
export interface Key {
  readonly label: string;
  readonly colour: Colour | "muted";
}

/** Parts of a line: a swatch, dashes for a second game, or text. */
interface Part {
  readonly text: string;
  readonly colour?: string;
  readonly isDashed?: boolean;
}

/** The colour and the words of each entry of a card's legend, without those that are switched off. */
function legendOf(card: HTMLElement): Part[] {
  return [...card.querySelectorAll<HTMLElement>('.key:not([aria-pressed="false"])')].map((key) => {
    const swatch = key.querySelector(".swatch")!;
    const other = key.querySelector(".other:not([hidden])")?.textContent;
    const own = [...key.childNodes].slice(1, 3).map(({ textContent }) => textContent).join("");
    return {
      text: other === undefined ? own : `${own} (- - ${other})`,
      colour: getComputedStyle(swatch).backgroundColor,
    };
  });
}

function keyOf({ label, colour }: Key): Part {
  const probe = h("i", { class: `swatch ${colour}` });
  document.body.append(probe);
  const part = { text: label, colour: getComputedStyle(probe).backgroundColor };
  probe.remove();
  return part;
}

/**
 * @param card The card of the chart, with its title and legend.
 * @param canvas The chart.
 */
export function picture(
  card: HTMLElement,
  more: { readonly keys: readonly Key[]; readonly games: readonly string[] },
  canvas: HTMLCanvasElement,
): HTMLCanvasElement {
  const scale = devicePixelRatio;
  const style = getComputedStyle(card);
  const made = h("canvas");
  const context = made.getContext("2d")!;
  const width = canvas.width / scale;
  const font = (size: number, weight = 400) => `${weight} ${size}px ${style.fontFamily}`;
  context.font = font(12);
  const place = (parts: readonly Part[], y: number) => {
    let x = MARGIN;
    return parts.map((part) => {
      const wide = context.measureText(part.text).width + (part.colour || part.isDashed ? 20 : 0);
      if (x > MARGIN && x + wide > width - MARGIN) [x, y] = [MARGIN, y + LINE];
      const placed = { ...part, x, y };
      x += wide + 16;
      return placed;
    });
  };
  const games = more.games.map((text, index) => ({ text, isDashed: index > 0 }));
  const legend = place(legendOf(card), 44);
  const events = place(more.keys.map(keyOf), legend.at(-1)!.y + LINE);
  const names = place(games, (events.at(-1) ?? legend.at(-1)!).y + LINE);
  const top = (names.at(-1) ?? events.at(-1) ?? legend.at(-1)!).y + 10;
  made.width = canvas.width;
  made.height = canvas.height + top * scale;
  context.scale(scale, scale);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width, made.height / scale);
  context.fillStyle = style.color;
  context.font = font(16, 600);
  context.fillText(card.querySelector("h3")!.innerText, MARGIN, 24, width - 2 * MARGIN);
  context.font = font(12);
  for (const { text, colour, isDashed, x, y } of [...legend, ...events, ...names]) {
    context.fillStyle = colour ?? style.color;
    if (colour !== undefined) context.fillRect(x, y - 9, 10, 10);
    if (isDashed) { for (const dash of [0, 6, 12]) context.fillRect(x + dash, y - 5, 4, 2); }
    context.fillStyle = style.color;
    const room = colour === undefined ? isDashed ? 20 : 0 : 16;
    context.fillText(text, x + room, y, width - x - room - MARGIN);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(canvas, 0, top * scale);
  return made;
}
