/** The answer to a scrape: rendered when something has changed, otherwise reused. @module */

import { gzipSync } from "node:zlib";
import type { Group } from "../catalogue/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Family, Model } from "../model/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import { countSeries, limitSeries } from "./series_limit.ts";
import { createRenderer } from "./text.ts";

/** A source of families that knows when they have changed. */
export interface FamilySource {
  readonly version: number;
  families(): readonly Family[];
}

export interface ExpositionOptions {
  readonly model: Model;
  readonly system: FamilySource;
  readonly telemetry: Telemetry;
  readonly maxSeries: number;
  readonly log: Log;
  /** The time in seconds since 1970. */
  readonly now: () => number;
  /** Compresses off the event loop; takes the buffer. */
  readonly gzip: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;
}

export interface Exposition {
  /** The text of now: a report that was taken before this call is in it. */
  text(): Promise<string>;
  /** The same in UTF-8, made at most once per text; not to be changed. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The same, compressed; made at most once per text, and not to be changed. */
  gzip(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Up to this size, compression takes a fraction of a millisecond, less than a worker would. */
const LARGEST_INLINE_BYTES = 32 * 1024;

/** Names of families in one log entry. */
const MAX_TOLD = 20;

const encoder = new TextEncoder();

export function createExposition(options: ExpositionOptions): Exposition {
  const { model, system, telemetry, maxSeries, log, now, gzip } = options;
  const leftOut = new Set<string>();
  const render = createRenderer((metric) => {
    if (leftOut.has(metric)) return;
    leftOut.add(metric);
    log.warn(
      "Dropped a series: its value is not finite, or its name is not valid",
      {
        metric,
      },
    );
  });
  const told = new Set<Group>();
  let modelVersion = -1;
  let systemVersion = -1;
  let until = -Infinity;
  let gameText = "";
  let whole = { game: "", own: "", text: "" };
  let encoded: { readonly text: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  let compressed:
    | { readonly text: string; readonly bytes: Promise<Uint8Array<ArrayBuffer>> }
    | undefined;

  /** Logs once for each group that families of it are dropped. */
  function tell(dropped: readonly Family[]): void {
    const fresh = dropped.filter(({ metric }) => !told.has(metric.group));
    if (fresh.length === 0) return;
    for (const { metric } of fresh) told.add(metric.group);
    log.warn("Too many series: whole metric families are dropped; see --max-series", {
      limit: maxSeries,
      series: countSeries(fresh),
      families: fresh.slice(0, MAX_TOLD).map(({ metric }) => metric.name).join(","),
    });
  }

  /** Renders game and system again if something has changed. */
  function renderGame(): void {
    const time = now();
    const isFresh = model.version === modelVersion && system.version === systemVersion &&
      time < until;
    if (isFresh) return;
    const game = model.families(time);
    modelVersion = model.version;
    systemVersion = system.version;
    until = game.until;
    const families = [...game.families, ...system.families()]
      .sort((a, b) => a.metric.name < b.metric.name ? -1 : 1);
    const { shown, dropped } = limitSeries(families, maxSeries);
    tell(dropped);
    telemetry.set("tradesim_exporter_series", countSeries(shown), { state: "exposed" });
    telemetry.set("tradesim_exporter_series", countSeries(dropped), { state: "dropped" });
    gameText = render(shown);
  }

  async function currentText(): Promise<string> {
    renderGame();
    const own = await telemetry.text();
    // Another scrape may have rendered while this one waited; the newest text serves both.
    if (gameText !== whole.game || own !== whole.own) {
      whole = { game: gameText, own, text: gameText + own };
    }
    return whole.text;
  }

  function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    if (bytes.length > LARGEST_INLINE_BYTES) return gzip(bytes);
    return Promise.resolve(new Uint8Array(gzipSync(bytes, { level: 1 })));
  }

  return {
    text: currentText,
    async bytes() {
      const current = await currentText();
      if (encoded?.text !== current) encoded = { text: current, bytes: encoder.encode(current) };
      return encoded.bytes;
    },
    async gzip() {
      const current = await currentText();
      if (compressed?.text !== current) {
        compressed = { text: current, bytes: compress(encoder.encode(current)) };
      }
      return await compressed.bytes;
    },
  };
}
