/** Describes in words what an event did. @module */

import type { PastEvent, Summary } from "../../live/api.ts";
import type { Format } from "./format.ts";
import type { Texts } from "./texts.ts";

/** The name of an event type; the type itself if it is not one of TradeSim's. */
export function eventName({ type }: PastEvent, texts: Texts): string {
  return Object.hasOwn(texts.events, type) ? texts.events[type]! : type;
}

/** What the event did, as far as it was reported. */
export function eventEffect(event: PastEvent, texts: Texts, format: Format): string {
  const { type, nombre, total } = event;
  if (nombre === undefined || total === undefined) return "";
  const isMoney = type === "inflation" || type === "recharge_budget";
  // As it is formatted: less than half a cent is not a loss.
  const sign = Math.round(isMoney ? total * 100 : total) < 0 ? "−" : "+";
  const size = isMoney ? format.euros(Math.abs(total)) : format.whole(Math.abs(total));
  const words = Object.hasOwn(texts.effects, type) ? texts.effects[type] : undefined;
  const said = (value: string, word = "") => word === "" ? value : `${value} ${word}`;
  return said(format.whole(nombre), nombre === 1 ? words?.one : words?.many) + ", " +
    said(sign + size, words?.total);
}

/** Both in one line. */
export function eventLine(event: PastEvent, texts: Texts, format: Format): string {
  const effect = eventEffect(event, texts, format);
  const name = eventName(event, texts);
  return effect === "" ? name : `${name} (${effect})`;
}

/** The kind of a game, and when it started. TradeSim itself can send native reports, with the client. */
export function gameName(
  { format: kind, first_report }: Summary,
  texts: Texts,
  format: Format,
): string {
  return `${texts.kinds[kind]} · ${texts.begun(format.moment(first_report))}`;
}

/** The same, and how many turns it has. */
export function gameLine(summary: Summary, texts: Texts, format: Format): string {
  const name = gameName(summary, texts, format);
  const { turn } = summary;
  return turn === null
    ? name
    : `${name} · ${format.whole(turn)} ${turn === 1 ? texts.oneTurn : texts.series.turns}`;
}
