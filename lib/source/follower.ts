/** Options and results of following files. @module */

import type { Log } from "../log/mod.ts";
import type { FollowCounters, LineConsumer } from "./file_tail.ts";
import type { Mark } from "./mark.ts";

/** How far a file was read, at the end of its last complete line. Can be JSON. */
export interface FilePosition extends Mark {
  /** When the file was last modified, as far as it was read, in milliseconds since 1970. */
  readonly modified?: number | undefined;
  /** The absolute path the file was followed under. */
  readonly path: string;
}

export interface FollowOptions {
  /**
   * Files to follow, which may be created later. A path with one `*` in its last part
   * (`logs/metrics*.jsonl`) follows all files that match, including new ones.
   */
  readonly paths: readonly string[];
  /** Seconds between two polls if there is no file event. */
  readonly interval: number;
  /**
   * Maximum length of a useful line, in bytes: how far beyond `tailBytes` a first start searches for one.
   * Longer lines are passed on too.
   */
  readonly maxLine: number;
  /** How many bytes before its end the reading of a file that exists at the first start begins. Default: 8 MiB. */
  readonly tailBytes?: number;
  /** Maximum number of files that match patterns; those last modified are followed. Default: `MAX_FILES`. */
  readonly maxFiles?: number;
  /** Creates the consumer of a file, by its normalized path. An error that it throws ends the poll. */
  readonly consumer: (path: string) => LineConsumer;
  readonly log: Log;
  /** What `positions()` returned in an earlier process. */
  readonly saved?: readonly FilePosition[];
  /** Called after a poll in which something was read or changed. */
  readonly onPolled?: () => void;
  /** Incremented while following. */
  readonly counters?: FollowCounters;
  /** The time in seconds since 1970. Default: the clock. */
  readonly now?: () => number;
}

export interface FollowedFile {
  /** As given (normalized), or as matched. */
  readonly path: string;
  /** Whether there is a regular file at the path. */
  readonly exists: boolean;
  /** Offset at which reading started. */
  readonly from: number;
  /** Offset up to which it was read. */
  readonly offset: number;
  /** Its size at the last survey, in bytes. */
  readonly size: number;
}

export interface Follower {
  /** Surveys all files, and reads each to its end before it returns. */
  poll(): void;
  /** How far the files were read, for `saved` of a later process. Works after `close()` too. */
  positions(): FilePosition[];
  /** The followed files, and those that are named without a `*` but do not exist. */
  files(): FollowedFile[];
  /** From now on polls by itself, in slices between which other work can run. */
  start(): void;
  /** Stops following, and closes all files, timers and watches. */
  close(): void;
}

/** Creates counters at zero. */
export function createFollowCounters(): FollowCounters {
  return { bytesRead: 0, rotations: 0, truncations: 0, readErrors: 0 };
}
