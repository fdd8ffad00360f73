/** What following files takes and gives. @module */

import type { Log } from "../log/mod.ts";
import type { FollowCounters, LineConsumer } from "./file_tail.ts";
import type { Mark } from "./mark.ts";

/** Where the reading of a file stands, at the end of its last complete line. JSON-able. */
export interface FilePosition extends Mark {
  /** When the file was last written to, as far as it was read, in milliseconds since the epoch. */
  readonly modified?: number | undefined;
  /** The absolute path the file was followed under. */
  readonly path: string;
}

export interface FollowOptions {
  /**
   * Files to follow; each may be absent now and come later. A path with one `*` in its last part
   * (`logs/metrics*.jsonl`) takes all files that match, new ones too.
   */
  readonly paths: readonly string[];
  /** Seconds between two looks at the files when no file event asks for one. */
  readonly interval: number;
  /**
   * The longest line worth having, in bytes: how far beyond `tailBytes` a first start looks for one.
   * Longer lines are handed on all the same.
   */
  readonly maxLine: number;
  /** How far back, in bytes from its end, the reading of a file that is there at the start begins. Default: 8 MiB. */
  readonly tailBytes?: number;
  /** Most files taken for the patterns, those last written to. Default: `MAX_FILES`. */
  readonly maxFiles?: number;
  /** Makes the consumer of a file, by its path as given (normalized). What it throws ends the poll. */
  readonly consumer: (path: string) => LineConsumer;
  readonly log: Log;
  /** What `positions()` gave in an earlier process. */
  readonly saved?: readonly FilePosition[];
  /** Called after a poll in which something was read or changed. */
  readonly onPolled?: () => void;
  /** Counted up while following. */
  readonly counters?: FollowCounters;
  /** Seconds since the epoch. Default: the clock. */
  readonly now?: () => number;
}

export interface FollowedFile {
  /** As given (normalized), or as matched. */
  readonly path: string;
  /** Whether there is a regular file at the path. */
  readonly exists: boolean;
  /** Where its reading began, in bytes. */
  readonly from: number;
  /** How far it was read, in bytes. */
  readonly offset: number;
  /** Its size at the last look, in bytes. */
  readonly size: number;
}

export interface Follower {
  /** Looks at all files and reads each to its end before it returns. */
  poll(): void;
  /** Where the reading stands, for `saved` of a later process. Still there after `close()`. */
  positions(): FilePosition[];
  /** The followed files, and those that are named without a `*` but absent. */
  files(): FollowedFile[];
  /** From now on polls by itself, in slices between which other work gets its turn. */
  start(): void;
  /** Stops following and gives back all files, timers and watches. */
  close(): void;
}

/** Makes counters that stand at zero. */
export function createFollowCounters(): FollowCounters {
  return { bytesRead: 0, rotations: 0, truncations: 0, readErrors: 0 };
}
