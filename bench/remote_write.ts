/** Writes samples with explicit times to a Prometheus, by its remote write protocol. @module */

/** Samples of one series: its labels, the name among them as `__name__`, and as many values as times. */
export interface TimeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  /** In milliseconds since 1970, ascending. */
  readonly times: readonly number[];
}

const encoder = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}

/** A field that holds bytes: its number, their length, the bytes. */
function field(number: number, bytes: ArrayLike<number>): number[] {
  return [number << 3 | 2, ...varint(bytes.length), ...Array.from(bytes)];
}

function encodeLabels(labels: Readonly<Record<string, string>>): number[] {
  return Object.keys(labels).toSorted().flatMap((name) =>
    field(1, [
      ...field(1, encoder.encode(name)),
      ...field(2, encoder.encode(labels[name]!)),
    ])
  );
}

/** Times of this century take six bytes as a varint, so that every sample is of one size. */
const TIME_BYTES = 6;
/** A sample is a field of 16 bytes: a double (tag, 8 bytes) and a time (tag, varint). */
const SAMPLE_BYTES = 2 + 1 + 8 + 1 + TIME_BYTES;

function encodeSeries({ labels, values, times }: TimeSeries): Uint8Array {
  const head = encodeLabels(labels);
  const size = head.length + values.length * SAMPLE_BYTES;
  const before = [1 << 3 | 2, ...varint(size)];
  const bytes = new Uint8Array(before.length + size);
  bytes.set(before);
  bytes.set(head, before.length);
  const view = new DataView(bytes.buffer);
  let at = before.length + head.length;
  for (const [index, value] of values.entries()) {
    view.setUint16(at, 2 << 11 | 2 << 8 | SAMPLE_BYTES - 2);
    view.setUint8(at + 2, 1 << 3 | 1);
    view.setFloat64(at + 3, value, true);
    view.setUint8(at + 11, 2 << 3);
    bytes.set(varint(times[index]!), at + 12);
    at += SAMPLE_BYTES;
  }
  return bytes;
}

/** The longest literal whose length takes two bytes. */
const LITERAL_BYTES = 65_536;
const LITERAL_TAG = 61 << 2;

/** Snappy's block format with literals only: it costs no time, and nobody has to unpack anything. */
function frame(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const plain = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    plain.set(part, at);
    at += part.length;
  }
  const head = varint(size);
  const framed = new Uint8Array(head.length + size + 3 * Math.ceil(size / LITERAL_BYTES));
  framed.set(head);
  at = head.length;
  for (let from = 0; from < size; from += LITERAL_BYTES) {
    const literal = plain.subarray(from, from + LITERAL_BYTES);
    framed.set([LITERAL_TAG, (literal.length - 1) & 255, (literal.length - 1) >> 8], at);
    framed.set(literal, at + 3);
    at += 3 + literal.length;
  }
  return framed;
}

/**
 * Writes samples, all of them or none.
 *
 * @param url The address of a Prometheus with `--web.enable-remote-write-receiver`, or of what takes
 *   the same.
 * @param path Where that takes it.
 * @throws {Error} When they are refused.
 */
export async function remoteWrite(
  url: string,
  series: readonly TimeSeries[],
  path = "/api/v1/write",
): Promise<void> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
    },
    body: frame(series.map(encodeSeries)),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Samples were answered ${response.status}: ${text}`);
}
