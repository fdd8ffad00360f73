/**
 * Messages of remote write in the wire format of protobuf, by hand: a message has three levels and
 * nine fields, and a generated encoder would build an object for each of 250 000 samples a second.
 *
 * Sources: `prompb/types.proto` and `remote.proto` (1.0), `prompb/io/prometheus/write/v2/types.proto`
 * (2.0-rc.5) of Prometheus.
 *
 * @module
 */

import type { MetricType } from "../catalogue/mod.ts";
import { ByteWriter, varintLength } from "./bytes.ts";
import { isCumulative, type QueuedSeries } from "./layout.ts";
import type { SeriesSamples } from "./unsent.ts";

/** Versions of the protocol. */
export type Protocol = "1.0" | "2.0";

/** Labels by name. */
export type Labels = readonly (readonly [name: string, value: string])[];

const CONTENT_TYPES: Readonly<Record<Protocol, string>> = {
  "1.0": "application/x-protobuf",
  "2.0": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
};
const VERSIONS: Readonly<Record<Protocol, string>> = { "1.0": "0.1.0", "2.0": "2.0.0" };

/** The headers that say what a message is. */
export function headersOf(protocol: Protocol): Record<string, string> {
  return {
    "content-type": CONTENT_TYPES[protocol],
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": VERSIONS[protocol],
  };
}

/** Wire types of protobuf. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const tag = (field: number, type: number) => field << 3 | type;

const METADATA_TYPES: Readonly<Record<MetricType, number>> = {
  counter: 1,
  gauge: 2,
  histogram: 3,
  summary: 5,
};

/** The number that says that a series ends; a NaN of its own, see `model/value/value.go`. */
const STALE = new Uint8Array([0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f]);

/** All labels of a series in order; a label of its own takes precedence over an external one. */
export function withExternal(labels: Labels, external: Labels): Labels {
  const own = new Set(labels.map(([name]) => name));
  return [...labels, ...external.filter(([name]) => !own.has(name))]
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => a < b ? -1 : 1);
}

function sampleLength(time: number, start: number): number {
  return 1 + 8 + 1 + varintLength(time) + (start === 0 ? 0 : 1 + varintLength(start));
}

/** Samples of a series but for their values, and the offset at which each of these goes. */
interface Template {
  readonly bytes: Uint8Array;
  readonly valueOffsets: Int32Array;
}

/** Makes the template of samples, each a field of `TimeSeries`. */
function createTemplate(times: readonly number[], startAt: (time: number) => number): Template {
  const writer = new ByteWriter();
  const valueOffsets = new Int32Array(times.length);
  for (const [index, time] of times.entries()) {
    const start = startAt(time);
    writer.byte(tag(2, BYTES));
    writer.varint(sampleLength(time, start));
    writer.byte(tag(1, FIXED64));
    valueOffsets[index] = writer.length;
    writer.zeros(8);
    writer.byte(tag(2, VARINT));
    writer.varint(time);
    if (start === 0) continue;
    writer.byte(tag(3, VARINT));
    writer.varint(start);
  }
  return { bytes: writer.written, valueOffsets };
}

/** Templates of one message: series of a turn have the same times, so that most of them share one. */
class Templates {
  readonly #known = new Map<readonly number[], Map<number, Template>>();
  readonly #hasStart: boolean;

  constructor(hasStart: boolean) {
    this.#hasStart = hasStart;
  }

  of(samples: SeriesSamples): Template {
    const { times, start, series } = samples;
    const own = this.#hasStart && isCumulative(series) ? start : 0;
    let ofTimes = this.#known.get(times);
    if (ofTimes === undefined) this.#known.set(times, ofTimes = new Map());
    let template = ofTimes.get(own);
    if (template === undefined) {
      // A start that is not before its sample says nothing.
      template = createTemplate(times, (time) => own < time ? own : 0);
      ofTimes.set(own, template);
    }
    return template;
  }
}

function writeSamples(
  writer: ByteWriter,
  { bytes, valueOffsets }: Template,
  { values }: SeriesSamples,
): void {
  const from = writer.length;
  writer.bytes(bytes);
  for (let index = 0; index < valueOffsets.length; index++) {
    const value = values[index];
    if (value === undefined) writer.setBytes(from + valueOffsets[index]!, STALE);
    else writer.setDouble(from + valueOffsets[index]!, value);
  }
}

/** Writes a nested message that was made apart. */
function writeMessage(writer: ByteWriter, field: number, message: ByteWriter): void {
  writer.byte(tag(field, BYTES));
  writer.varint(message.length);
  writer.bytes(message.written);
}

/** The name of the family that a series belongs to. */
function familyOf({ labels, type }: QueuedSeries): string {
  const name = labels.find(([label]) => label === "__name__")?.[1] ?? "";
  const hasParts = type === "histogram" || type === "summary";
  return hasParts ? name.replace(/_(bucket|sum|count)$/, "") : name;
}

/** Writes what is known of each family, once: version 1.0 has it apart from the samples. */
function writeFamilies(writer: ByteWriter, series: readonly SeriesSamples[]): void {
  const message = new ByteWriter();
  const families = new Map(series.map(({ series: own }) => [familyOf(own), own]));
  for (const [name, { type, help }] of families) {
    if (type === undefined && help === "") continue;
    message.length = 0;
    if (type !== undefined) {
      message.byte(tag(1, VARINT));
      message.varint(METADATA_TYPES[type]);
    }
    message.byte(tag(2, BYTES));
    message.text(name);
    message.byte(tag(4, BYTES));
    message.text(help);
    writeMessage(writer, 3, message);
  }
}

/** A message `prometheus.WriteRequest`. */
function encode1(series: readonly SeriesSamples[], external: Labels): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  const head = new ByteWriter();
  const label = new ByteWriter();
  const templates = new Templates(false);
  for (const samples of series) {
    const template = templates.of(samples);
    head.length = 0;
    for (const pair of withExternal(samples.series.labels, external)) {
      label.length = 0;
      pair.forEach((text, index) => {
        label.byte(tag(index + 1, BYTES));
        label.text(text);
      });
      writeMessage(head, 1, label);
    }
    writer.byte(tag(1, BYTES));
    writer.varint(head.length + template.bytes.length);
    writer.bytes(head.written);
    writeSamples(writer, template, samples);
  }
  writeFamilies(writer, series);
  return writer.written;
}

/** The texts of a message, each once; the first is empty. */
class Symbols {
  readonly #references = new Map([["", 0]]);

  referenceOf(text: string): number {
    let reference = this.#references.get(text);
    if (reference === undefined) this.#references.set(text, reference = this.#references.size);
    return reference;
  }

  write(writer: ByteWriter): void {
    for (const text of this.#references.keys()) {
      writer.byte(tag(4, BYTES));
      writer.text(text);
    }
  }
}

function metadataOf({ type, help }: QueuedSeries, symbols: Symbols): ByteWriter {
  const message = new ByteWriter();
  if (type !== undefined) {
    message.byte(tag(1, VARINT));
    message.varint(METADATA_TYPES[type]);
  }
  if (help !== "") {
    message.byte(tag(3, VARINT));
    message.varint(symbols.referenceOf(help));
  }
  return message;
}

/** A message `io.prometheus.write.v2.Request`. */
function encode2(series: readonly SeriesSamples[], external: Labels): Uint8Array<ArrayBuffer> {
  const symbols = new Symbols();
  const body = new ByteWriter();
  const head = new ByteWriter();
  const references = new ByteWriter();
  const templates = new Templates(true);
  for (const samples of series) {
    const template = templates.of(samples);
    references.length = 0;
    for (const [name, value] of withExternal(samples.series.labels, external)) {
      references.varint(symbols.referenceOf(name));
      references.varint(symbols.referenceOf(value));
    }
    head.length = 0;
    writeMessage(head, 1, references);
    const metadata = new ByteWriter();
    writeMessage(metadata, 5, metadataOf(samples.series, symbols));
    body.byte(tag(5, BYTES));
    body.varint(head.length + template.bytes.length + metadata.length);
    body.bytes(head.written);
    writeSamples(body, template, samples);
    body.bytes(metadata.written);
  }
  const writer = new ByteWriter();
  symbols.write(writer);
  writer.bytes(body.written);
  return writer.written;
}

/**
 * Encodes samples, not compressed yet.
 *
 * @param external Labels that all series get.
 */
export function encodeMessage(
  series: readonly SeriesSamples[],
  protocol: Protocol,
  external: Labels = [],
): Uint8Array<ArrayBuffer> {
  return protocol === "1.0" ? encode1(series, external) : encode2(series, external);
}
