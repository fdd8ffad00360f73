/** Counts what following files does, as metrics. @module */

import type { Telemetry } from "../telemetry/mod.ts";
import { createFollowCounters, type FollowCounters, type Follower } from "./follow.ts";

export function reportFollowing(
  telemetry: Telemetry,
  follower: Follower,
  counters: FollowCounters,
): void {
  const told = createFollowCounters();
  const names = [
    ["bytesRead", "tradesim_exporter_follow_bytes_total"],
    ["rotations", "tradesim_exporter_follow_rotations_total"],
    ["truncations", "tradesim_exporter_follow_truncations_total"],
    ["readErrors", "tradesim_exporter_follow_errors_total"],
  ] as const;
  telemetry.beforeRender(() => {
    for (const [key, name] of names) {
      telemetry.count(name, {}, counters[key] - told[key]);
      told[key] = counters[key];
    }
    const there = follower.files().filter(({ exists }) => exists);
    telemetry.set("tradesim_exporter_followed_files", there.length);
  });
}
