/**
 * Makes the PNG of a screenshot small: charts and text need a few dozen colours, of which Chromium
 * writes each pixel in full. After the PNG specification, third edition.
 *
 * @module
 */

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = 8;
const COLORS = 64;

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

function chunksOf(png: Uint8Array): Chunk[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE; at < png.length;) {
    const length = view.getUint32(at);
    const type = new TextDecoder().decode(png.subarray(at + 4, at + 8));
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** What the filter of a row took for the byte: of the left, the upper, and the upper left one. */
function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const guess = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value)) as [
    number,
    number,
    number,
  ];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** The rows of pixels without their filters. */
function unfilter(raw: Uint8Array, width: number, height: number, size: number): Uint8Array {
  const stride = width * size;
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= size ? out[at - size]! : 0;
      const up = y > 0 ? out[at - stride]! : 0;
      const corner = x >= size && y > 0 ? out[at - stride - size]! : 0;
      out[at] = raw[y * (stride + 1) + 1 + x]! + predicted(filter, left, up, corner);
    }
  }
  return out;
}

function distance(a: number, b: number): number {
  const part = (shift: number) => ((a >> shift) & 255) - ((b >> shift) & 255);
  return part(16) ** 2 + part(8) ** 2 + part(0) ** 2;
}

/** The most frequent colours, and for each colour the place of the one nearest to it. */
function paletteOf(pixels: Uint32Array): { colors: number[]; places: Map<number, number> } {
  const counts = new Map<number, number>();
  for (const color of pixels) counts.set(color, (counts.get(color) ?? 0) + 1);
  const colors = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, COLORS).map(([c]) => c);
  const places = new Map<number, number>();
  for (const color of counts.keys()) {
    let best = 0;
    colors.forEach((other, place) => {
      if (distance(color, other) < distance(color, colors[best]!)) best = place;
    });
    places.set(color, best);
  }
  return { colors, places };
}

/**
 * The same picture with a palette of 64 colours.
 *
 * @param png With 8 bits a channel, not interlaced, as Chromium writes it.
 * @throws {Error} When it is another one.
 */
export function toPalette(png: Uint8Array): Uint8Array {
  const chunks = chunksOf(png);
  const head = chunks[0]!.data;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, kind, , , interlaced] = head.subarray(8);
  if (depth !== 8 || (kind !== 2 && kind !== 6) || interlaced !== 0) {
    throw new Error(`Expected a PNG of 8 bits a channel, found ${depth} of kind ${kind}`);
  }
  const size = kind === 6 ? 4 : 3;
  const data = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  const raw = inflateSync(new Uint8Array(data.flatMap((part) => [...part])));
  const bytes = unfilter(raw, width, height, size);
  const pixels = Uint32Array.from({ length: width * height }, (_, index) => {
    const at = index * size;
    return bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
  });
  const { colors, places } = paletteOf(pixels);
  const rows = new Uint8Array((width + 1) * height);
  pixels.forEach((color, index) => {
    rows[Math.floor(index / width) * (width + 1) + 1 + index % width] = places.get(color)!;
  });
  const newHead = head.slice();
  newHead[9] = 3; // Colours by their place in the palette.
  const palette = colors.flatMap((color) => [color >> 16, color >> 8 & 255, color & 255]);
  const parts = [
    png.subarray(0, SIGNATURE),
    chunk("IHDR", newHead),
    chunk("PLTE", new Uint8Array(palette)),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}
