/** The answer to a scrape: rendered when something has changed, otherwise reused. @module */

import { gzipSync } from "node:zlib";
import type { Group } from "../catalogue/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Family, Model } from "../model/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import { countSeries, limitSeries } from "./series_limit.ts";
import { createRenderer } from "./text.ts";

/** A source of families with a version. */
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
  /** Compresses in a worker; the buffer is transferred. */
  readonly gzip: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;
}

/** Up to this size, compression takes a fraction of a millisecond, less than a message to a worker. */
const LARGEST_INLINE_BYTES = 32 * 1024;

/** Maximum number of family names in a log entry. */
const MAX_TOLD = 20;

const encoder = new TextEncoder();

/** A text and its bytes. */
interface Made<Bytes> {
  readonly text: string;
  readonly bytes: Bytes;
}

export class Exposition {
  readonly #options: ExpositionOptions;
  readonly #render: ReturnType<typeof createRenderer>;
  /** Metrics of which a series was dropped, and groups of which families were: each is logged once. */
  readonly #withoutSeries = new Set<string>();
  readonly #withoutFamilies = new Set<Group>();
  #modelVersion = -1;
  #systemVersion = -1;
  #until = -Infinity;
  #gameText = "";
  #whole = { game: "", own: "", text: "" };
  #encoded: Made<Uint8Array<ArrayBuffer>> | undefined;
  #compressed: Made<Promise<Uint8Array<ArrayBuffer>>> | undefined;

  constructor(options: ExpositionOptions) {
    this.#options = options;
    this.#render = createRenderer((metric) => {
      if (this.#withoutSeries.has(metric)) return;
      this.#withoutSeries.add(metric);
      options.log.warn("Dropped a series: its value is not finite, or its name is not valid", {
        metric,
      });
    });
  }

  /** The current text. It includes every report that was taken before this call. */
  async text(): Promise<string> {
    this.#renderGame();
    const own = await this.#options.telemetry.text();
    // Another scrape may have rendered while this one waited; the newest text serves both.
    if (this.#gameText !== this.#whole.game || own !== this.#whole.own) {
      this.#whole = { game: this.#gameText, own, text: this.#gameText + own };
    }
    return this.#whole.text;
  }

  /** The same in UTF-8, made at most once per text; not to be changed. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const text = await this.text();
    if (this.#encoded?.text !== text) this.#encoded = { text, bytes: encoder.encode(text) };
    return this.#encoded.bytes;
  }

  /** The same, compressed; made at most once per text, and not to be changed. */
  async gzip(): Promise<Uint8Array<ArrayBuffer>> {
    const text = await this.text();
    if (this.#compressed?.text !== text) {
      this.#compressed = { text, bytes: this.#compress(encoder.encode(text)) };
    }
    return await this.#compressed.bytes;
  }

  /** Renders game and system again if something has changed. */
  #renderGame(): void {
    const { model, system, telemetry, maxSeries, now } = this.#options;
    const time = now();
    const isFresh = model.version === this.#modelVersion &&
      system.version === this.#systemVersion && time < this.#until;
    if (isFresh) return;
    const game = model.families(time);
    this.#modelVersion = model.version;
    this.#systemVersion = system.version;
    this.#until = game.until;
    const families = [...game.families, ...system.families()]
      .sort((a, b) => a.metric.name < b.metric.name ? -1 : 1);
    const { shown, dropped } = limitSeries(families, maxSeries);
    this.#tell(dropped);
    telemetry.set("tradesim_exporter_series", countSeries(shown), { state: "exposed" });
    telemetry.set("tradesim_exporter_series", countSeries(dropped), { state: "dropped" });
    this.#gameText = this.#render(shown);
  }

  /** Logs once for each group that families of it are dropped. */
  #tell(dropped: readonly Family[]): void {
    const fresh = dropped.filter(({ metric }) => !this.#withoutFamilies.has(metric.group));
    if (fresh.length === 0) return;
    for (const { metric } of fresh) this.#withoutFamilies.add(metric.group);
    this.#options.log.warn(
      "Too many series: whole metric families are dropped; see --max-series",
      {
        limit: this.#options.maxSeries,
        series: countSeries(fresh),
        families: fresh.slice(0, MAX_TOLD).map(({ metric }) => metric.name).join(","),
      },
    );
  }

  #compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    if (bytes.length > LARGEST_INLINE_BYTES) return this.#options.gzip(bytes);
    return Promise.resolve(new Uint8Array(gzipSync(bytes, { level: 1 })));
  }
}
