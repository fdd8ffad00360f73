/** Counts what following files does, as metrics. @module */

import type { Telemetry } from "../telemetry/mod.ts";
import type { FollowCounters, Follower } from "./follow.ts";

export function reportFollowing(
  telemetry: Telemetry,
  follower: Follower,
  counters: FollowCounters,
): void {
  telemetry.countFrom("tradesim_exporter_follow_bytes_total", () => counters.bytesRead);
  telemetry.countFrom("tradesim_exporter_follow_rotations_total", () => counters.rotations);
  telemetry.countFrom("tradesim_exporter_follow_truncations_total", () => counters.truncations);
  telemetry.countFrom("tradesim_exporter_follow_errors_total", () => counters.readErrors);
  telemetry.beforeRender(() => {
    const there = follower.files().filter(({ exists }) => exists);
    telemetry.set("tradesim_exporter_followed_files", there.length);
  });
}
