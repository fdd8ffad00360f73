/** Takes what sources hand over into the model, and counts what became of it. @module */

import {
  beginningOf,
  HEAD_BYTES,
  INPUT_REFUSAL_REASONS,
  isObject,
  JsonReader,
  type KeyProblem,
  nameOddLine,
  type Reading,
  type ReadOptions,
  readReport,
  type RefusalReason,
  Refused,
  type Report,
  REQUEST_REFUSAL_REASONS,
} from "../report/mod.ts";
import type { LineConsumer } from "../source/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { Model } from "./model.ts";
import type { Outcome } from "./session.ts";

export const SOURCES = ["post", "follow"] as const;
export type SourceName = (typeof SOURCES)[number];

/** A known key of a report whose value cannot be used. */
export interface LeftOut {
  readonly key: string;
  readonly problem: KeyProblem;
  readonly session: string;
  readonly source: SourceName;
}

export interface IntakeOptions {
  readonly model: Model;
  readonly telemetry: Telemetry;
  readonly read: ReadOptions;
  /** Told of each known key that was left out. */
  readonly onLeftOut?: (left: LeftOut) => void;
  /** Told of each report that the model knows, or a later one than it. */
  readonly onRepeated?: (report: Report, arrival: number, sent: Reading) => void;
  /** The time in seconds since 1970, after which nothing can have arrived. Default: no limit. */
  readonly now?: () => number;
  /**
   * Called with each report that was taken, before anyone can see it; `sent.report` still has the
   * session that it named, which several games may have.
   */
  readonly note?: (report: Report, arrival: number, sent: Reading) => void;
}

export interface Intake {
  /**
   * Takes a JSON value that arrived at `arrival`, in seconds since 1970.
   *
   * @throws {Refused} When it is no report; it is counted already.
   */
  take(value: unknown, source: SourceName, arrival: number): Outcome;
  /** Counts an input that did not even become a JSON value. */
  refuse(source: SourceName, reason: RefusalReason): void;
}

/** Records that TradeSim writes between its reports. */
const OTHER_RECORDS = ["alert", "error"];

/** Every series of the counters is there from the start, so that its first increase is seen. */
function startAtZero(telemetry: Telemetry): void {
  for (const type of OTHER_RECORDS) {
    telemetry.count("tradesim_exporter_other_records_total", { type }, 0);
  }
  for (const source of SOURCES) {
    telemetry.count("tradesim_exporter_reports_taken_total", { source }, 0);
    for (const reason of ["repeat", "late"]) {
      telemetry.count("tradesim_exporter_reports_repeated_total", { source, reason }, 0);
    }
    const reasons = source === "post"
      ? [...REQUEST_REFUSAL_REASONS, ...INPUT_REFUSAL_REASONS]
      : INPUT_REFUSAL_REASONS;
    for (const reason of reasons) {
      telemetry.count("tradesim_exporter_reports_refused_total", { source, reason }, 0);
    }
  }
}

export function createIntake(
  { model, telemetry, read, note, onLeftOut, onRepeated, now = () => Infinity }: IntakeOptions,
): Intake {
  startAtZero(telemetry);

  function refuse(source: SourceName, reason: RefusalReason): void {
    telemetry.count("tradesim_exporter_reports_refused_total", { source, reason });
  }

  return {
    refuse,
    take(value, source, arrivedAt) {
      // A file may have been written by a clock that was ahead.
      const arrival = Math.min(arrivedAt, now());
      let sent: Reading;
      try {
        sent = readReport(value, read);
      } catch (error) {
        if (error instanceof Refused) refuse(source, error.reason);
        throw error;
      }
      // What tells nothing of a game begins none, here or in what is noted.
      if (!isHollow(sent.report)) {
        const report = model.games.named(sent.report);
        const outcome = model.take(report, arrival, sent.details.tables);
        if (outcome !== "taken") {
          telemetry.count("tradesim_exporter_reports_repeated_total", { source, reason: outcome });
          onRepeated?.(report, arrival, sent);
          return outcome;
        }
        note?.(report, arrival, sent);
      }
      telemetry.count("tradesim_exporter_reports_taken_total", { source });
      for (const { key, problem } of sent.noticed.problems) {
        telemetry.count("tradesim_exporter_keys_left_out_total", { key, reason: problem });
        onLeftOut?.({ key, problem, session: sent.report.session, source });
      }
      const { unknownKeys } = sent.noticed;
      if (unknownKeys > 0) {
        telemetry.count("tradesim_exporter_unknown_keys_total", {}, unknownKeys);
      }
      return "taken";
    },
  };
}

/** Whether a report has nothing that could be placed or shown. */
function isHollow({ order, values, extra, turnSeconds }: Report): boolean {
  return order === undefined && values.size === 0 && extra.size === 0 && turnSeconds === undefined;
}

/** The type of a record that is not meant to be a report, if it is one. */
function otherRecord(value: unknown): string | undefined {
  const type = isObject(value) ? value.type : undefined;
  return OTHER_RECORDS.find((name) => name === type);
}

/** A line that is no report. */
export interface OddLine {
  /** One of a few names. */
  readonly kind: string;
  /** What it is, in words for whoever writes it. */
  readonly what: string;
  /** Its first bytes as text, and where it begins in its file, in bytes. */
  readonly beginning: string;
  readonly start: number;
}

/**
 * Reads the lines of one followed file into the intake. A bad line is counted and skipped.
 *
 * @param onOdd Told of each bad line.
 */
export function createLineConsumer(
  intake: Intake,
  telemetry: Telemetry,
  maxLine: number,
  onOdd: (line: OddLine) => void = () => {},
): LineConsumer {
  const json = new JsonReader(maxLine);
  const head = new Uint8Array(HEAD_BYTES);
  let headLength = 0;
  let last = 0;
  let refused: Refused | undefined;

  function attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused = error;
    }
  }

  return {
    bytes(chunk) {
      last = chunk.at(-1) ?? last;
      if (headLength < HEAD_BYTES) {
        const part = chunk.subarray(0, HEAD_BYTES - headLength);
        head.set(part, headLength);
        headLength += part.length;
      }
      if (refused === undefined) attempt(() => json.push(chunk));
    },
    endLine(writtenAt, start) {
      const started = performance.now();
      let value: unknown;
      if (refused === undefined) attempt(() => value = json.finish());
      if (refused !== undefined) intake.refuse("follow", refused.reason);
      else {
        const type = otherRecord(value);
        if (type !== undefined) telemetry.count("tradesim_exporter_other_records_total", { type });
        else attempt(() => intake.take(value, "follow", writtenAt));
      }
      telemetry.observe(
        "tradesim_exporter_report_duration_seconds",
        (performance.now() - started) / 1000,
        { source: "follow" },
      );
      if (refused !== undefined) {
        const bytes = head.subarray(0, headLength);
        const name = nameOddLine(bytes, last, refused);
        onOdd({
          kind: name ?? refused.reason,
          what: name ??
            refused.message.replace(/^Cannot (?:read|take) the (?:report|record): /, ""),
          beginning: beginningOf(bytes),
          start,
        });
      }
      refused = undefined;
      headLength = 0;
      json.reset();
    },
    discard() {
      refused = undefined;
      headLength = 0;
      json.reset();
    },
  };
}
