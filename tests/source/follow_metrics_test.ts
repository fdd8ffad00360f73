/** Tests of the metrics of followed files. @module */

import assert from "node:assert/strict";
import { createFollowCounters, type FollowedFile, reportFollowing } from "../../lib/source/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { valueOf } from "../harness/exporter.ts";

Deno.test("reportFollowing() shows what was counted before and after it, and the files that are there", async () => {
  const telemetry = createTelemetry();
  const counters = createFollowCounters();
  const files: FollowedFile[] = [];
  const shown = async () => {
    // Readers are asked when something else has changed.
    telemetry.count("tradesim_exporter_unknown_keys_total");
    const text = await telemetry.text();
    return [
      "follow_bytes_total",
      "follow_rotations_total",
      "follow_truncations_total",
      "follow_errors_total",
      "followed_files",
    ].map((name) => valueOf(text, `tradesim_exporter_${name}`));
  };
  counters.bytesRead = 100;
  reportFollowing(
    telemetry,
    { files: () => files, poll: () => {}, start: () => {}, close: () => {}, positions: () => [] },
    counters,
  );
  assert.deepEqual(await shown(), [100, 0, 0, 0, 0]);
  assert.deepEqual(await shown(), [100, 0, 0, 0, 0]);
  counters.bytesRead += 50;
  counters.rotations++;
  counters.truncations += 2;
  counters.readErrors += 3;
  const file = { from: 0, offset: 0, size: 0 };
  files.push({ ...file, path: "/a", exists: true }, { ...file, path: "/b", exists: false });
  assert.deepEqual(await shown(), [150, 1, 2, 3, 1]);
});
