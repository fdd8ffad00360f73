/** Takes what sources hand over: judged once, for model, write-ahead log, history and live readers. @module */

import type { History } from "../history/mod.ts";
import type { Model, SavedState } from "../model/mod.ts";
import {
  asWebReport,
  type Details,
  INPUT_REFUSAL_REASONS,
  type KeyProblem,
  type Noticed,
  type Outcome,
  type Reading,
  type ReadOptions,
  readReport,
  readWeb,
  type RefusalReason,
  type Report,
  REQUEST_REFUSAL_REASONS,
  type WebReading,
  type WebReport,
} from "../report/mod.ts";
import type { LineConsumer } from "../source/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import { createLineReader, type OddLine, OTHER_RECORDS, otherRecord } from "./line_reader.ts";
import { type SourceName, SOURCES } from "./sources.ts";
import { TurnsSeen } from "./turns_seen.ts";

/** A known key of a report whose value cannot be used. */
export interface LeftOut {
  readonly key: string;
  readonly problem: KeyProblem;
  readonly session: string;
  readonly source: SourceName;
}

export interface IntakeOptions {
  readonly model: Model;
  readonly history: History;
  readonly telemetry: Telemetry;
  readonly read: ReadOptions;
  /** Where reports may come from. Default: posts and followed files. */
  readonly sources?: readonly SourceName[];
  /** Called for each known key that was left out. */
  readonly onLeftOut?: (left: LeftOut) => void;
  /** The time in seconds since 1970; later arrivals count as arriving now. Default: no limit. */
  readonly now?: () => number;
  /**
   * Writes a report that was taken to the write-ahead log, before a scrape can show it, with the session
   * that its sender named. `session` is the one that it belongs to. Reports that are read while catching up
   * are not written: they can be read again.
   */
  readonly keep?: (sent: Report, arrival: number, session: string) => void;
  /** The same for a report of a web process. */
  readonly keepWeb?: (report: WebReport, arrival: number) => void;
  /** Takes the turns of a report, before it is kept: with `before`, as long as the model does not know it. */
  readonly turns?: {
    before(report: Report): void;
    taken(report: Report, details: Details, arrival: number): void;
  };
  /** Called for each report that was taken, with whether it is the first of its session. */
  readonly onTaken?: (session: string, isFirst: boolean) => void;
}

/** The report of a game or of a web process, as it was read. */
export type AnyReading = Reading | WebReading;

/** Every series of the counters exists from the start, so that its first increase is visible. */
function startAtZero(telemetry: Telemetry, sources: readonly SourceName[]): void {
  for (const type of OTHER_RECORDS) {
    telemetry.count("tradesim_exporter_other_records_total", { type }, 0);
  }
  for (const source of sources) {
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

/** Whether a report has neither an order nor a value. */
function isHollow({ order, values, extra, turnSeconds }: Report): boolean {
  return order === undefined && values.size === 0 && extra.size === 0 && turnSeconds === undefined;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #now: () => number;
  /** Which turns arrived; also told of what is read of the past of followed files. */
  readonly turnsSeen: TurnsSeen;
  #isCaughtUp = true;
  #isContinued = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => Infinity);
    const { telemetry, sources = SOURCES } = options;
    this.turnsSeen = new TurnsSeen(telemetry, sources);
    startAtZero(telemetry, sources);
  }

  /** Counts an input that was refused, because it is not JSON or not a report. */
  refuse(source: SourceName, reason: RefusalReason): void {
    const { telemetry } = this.#options;
    telemetry.count("tradesim_exporter_reports_refused_total", { source, reason });
  }

  /**
   * Takes a JSON value that arrived at `arrival`, in seconds since 1970.
   *
   * @throws {Refused} If it is not a report; {@linkcode refuse} counts it.
   */
  take(value: unknown, source: SourceName, arrival: number): Outcome {
    return this.takeReading(this.#read(value), source, arrival);
  }

  #read(value: unknown): AnyReading {
    const web = asWebReport(value);
    return web === undefined ? readReport(value, this.#options.read) : readWeb(web);
  }

  /**
   * Reads the value of a line, or counts a record that is not meant to be a report: then undefined.
   *
   * @throws {Refused} When it is no report.
   */
  readLine(value: unknown): AnyReading | undefined {
    const type = otherRecord(value);
    if (type === undefined) return this.#read(value);
    this.#options.telemetry.count("tradesim_exporter_other_records_total", { type });
    return undefined;
  }

  /** Takes what was read. */
  takeReading(reading: AnyReading, source: SourceName, arrival: number): Outcome {
    // The clock of a file's writer may have been ahead.
    const arrived = Math.min(arrival, this.#now());
    const { noticed } = reading;
    if (!("details" in reading)) {
      const { report } = reading;
      return this.#tally(this.#handOnWeb(report, arrived), noticed, report.session, source);
    }
    const { report, details } = reading;
    // A report without content starts no session.
    const outcome = isHollow(report) ? "taken" : this.#handOn(report, details, source, arrived);
    return this.#tally(outcome, noticed, report.session, source);
  }

  /** Counts what became of a report, and what could not be used of one that was taken. */
  #tally(
    outcome: Outcome,
    { problems, unknownKeys }: Noticed,
    session: string,
    source: SourceName,
  ): Outcome {
    const { telemetry, onLeftOut } = this.#options;
    if (outcome !== "taken") {
      telemetry.count("tradesim_exporter_reports_repeated_total", { source, reason: outcome });
      return outcome;
    }
    telemetry.count("tradesim_exporter_reports_taken_total", { source });
    for (const { key, problem } of problems) {
      telemetry.count("tradesim_exporter_keys_left_out_total", { key, reason: problem });
      onLeftOut?.({ key, problem, session, source });
    }
    if (unknownKeys > 0) telemetry.count("tradesim_exporter_unknown_keys_total", {}, unknownKeys);
    return outcome;
  }

  /** Takes what this process itself has answered, which nobody has sent. */
  takeOwn(report: WebReport): void {
    this.#handOnWeb(report, this.#now());
  }

  /** A web process is no game: neither history nor live readers are told of it. */
  #handOnWeb(report: WebReport, arrival: number): Outcome {
    const { model, keepWeb } = this.#options;
    const outcome = model.takeWeb(report, arrival);
    if (outcome === "taken" && this.#isCaughtUp) keepWeb?.(report, arrival);
    return outcome;
  }

  /** Judges a report, and passes it to model, write-ahead log, history and live readers. */
  #handOn(sent: Report, details: Details, source: SourceName, arrival: number): Outcome {
    const { model, history, keep, onTaken } = this.#options;
    const report = model.games.named(sent);
    // Turns of the past are no news, unless it is known what was news before.
    const turns = this.#isCaughtUp || this.#isContinued ? this.#options.turns : undefined;
    turns?.before(report);
    const last = model.turnOf(report.session);
    const verdict = model.take(report, arrival, details.tables);
    if (verdict.outcome === "taken") {
      turns?.taken(report, details, arrival);
      if (this.#isCaughtUp) keep?.(sent, arrival, report.session);
      const tours = details.columns.get("tour") ?? [];
      this.turnsSeen.take(report, tours, { source, last, mayCome: !this.#isCaughtUp });
      const isFirst = history.take(report, details, arrival, verdict);
      onTaken?.(report.session, isFirst);
    } else if (!this.#isCaughtUp) {
      // The history, unlike the model, was not restored from the state.
      history.take(report, details, arrival);
    }
    return verdict.outcome;
  }

  /**
   * Takes the lines of a followed file. A bad line is counted and skipped.
   *
   * @param onOdd Called for each bad line.
   */
  lines(maxLine: number, onOdd?: (line: OddLine) => void): LineConsumer {
    const { telemetry } = this.#options;
    const reader = createLineReader(maxLine, (value, writtenAt) => {
      const reading = this.readLine(value);
      if (reading !== undefined) this.takeReading(reading, "follow", writtenAt);
    }, ({ reason }, describe) => {
      this.refuse("follow", reason);
      onOdd?.(describe());
    });
    return {
      ...reader,
      endLine(writtenAt, start) {
        const started = performance.now();
        reader.endLine(writtenAt, start);
        telemetry.observe(
          "tradesim_exporter_report_duration_seconds",
          (performance.now() - started) / 1000,
          { source: "follow" },
        );
      },
    };
  }

  /** Restores the state that another process saved. */
  restore({ model: saved, reports, webReports }: SavedState): void {
    const { model } = this.#options;
    this.#isContinued = true;
    model.restore(saved, this.#now());
    for (const { report, arrival } of reports) {
      model.take(model.games.named(report), Math.min(arrival, this.#now()));
    }
    for (const { web, arrival } of webReports) {
      model.takeWeb(web, Math.min(arrival, this.#now()));
    }
  }

  /** Takes what `read` reads before the first scrape, and stops showing games that are over. */
  catchUp(read: () => void): void {
    const { model, history } = this.#options;
    const before = model.reports;
    this.#isCaughtUp = false;
    read();
    this.#isCaughtUp = true;
    model.settle(before);
    history.keepOnly((session) => model.sessions.has(session));
  }
}
