/** Reading a payload that arrives in chunks: skipping its history, or parsing all of it. @module */

import { JsonReader } from "../lib/report/mod.ts";
import { createPayloads, HISTORY_TURNS } from "./data.ts";

const CHUNK_BYTES = 64 * 1024;

for (const historyTurns of HISTORY_TURNS) {
  const payload = createPayloads(historyTurns)({ session: "banc" }, 1);
  const chunks = Array.from(
    { length: Math.ceil(payload.length / CHUNK_BYTES) },
    (_, index) => payload.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
  const group = `read a payload of ${(payload.length / 1e6).toFixed(2)} MB`;
  const reader = new JsonReader(payload.length);
  const decoder = new TextDecoder();

  Deno.bench("JSON.parse of the whole", { group, baseline: true }, () => {
    JSON.parse(decoder.decode(payload));
  });
  Deno.bench("JsonReader", { group }, () => {
    for (const chunk of chunks) reader.push(chunk);
    reader.finish();
  });
}
