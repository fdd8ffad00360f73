/** Writes the reports of a game as JSON. @module */

import type * as z from "zod";
import { messageOf } from "../error/mod.ts";
import type { NATIVE_SCHEMA, NATIVE_TYPE, NATIVE_VERSION } from "../report/mod.ts";
import { TURN_SECONDS_BUCKETS } from "../turns/mod.ts";
import { Line } from "./line.ts";
import type { RecentTurns, TurnNumbers } from "./recent_turns.ts";

type NativeReport = z.input<typeof NATIVE_SCHEMA>;

/** What a report carries besides the numbers of `TurnNumbers`, as docs/report.md has it. */
export interface RestOfReport {
  /** Further values by name of the catalogue's reported metrics, in the metric's unit: money in euros. */
  readonly values?: Readonly<Record<string, number>>;
  readonly evenements?: NonNullable<NativeReport["evenements"]>;
  /** Events since the last report: at most 100, each only once. */
  readonly evenements_recents?: NonNullable<NativeReport["evenements_recents"]>;
  readonly repartitions?: NonNullable<NativeReport["repartitions"]>;
  /** Some reports may omit it: the last one stays valid, and gauges with it for up to 3 s. */
  readonly detail?: NonNullable<NativeReport["detail"]>;
}

/** What is known about a report before it is composed. */
export interface ReportMoment {
  /** Now, in seconds since 1970. */
  readonly timestamp: number;
  readonly tour: number;
  /** Whether it is the last one. */
  readonly fini: boolean;
}

// The report's names come as types only: its reader is nothing that a game should have to load.
const TYPE: typeof NATIVE_TYPE = "tradesim.report";
const VERSION: typeof NATIVE_VERSION = 1;

/** The numbers in a report: names, values and decimal places. */
const FIELDS: readonly (readonly [string, (numbers: TurnNumbers) => number, number])[] = [
  ["budget_total", ({ budgetTotal }) => budgetTotal, 2],
  ["budget_min", ({ budgetMin }) => budgetMin, 2],
  ["budget_max", ({ budgetMax }) => budgetMax, 2],
  ["transactions_total", ({ reussies, echouees }) => reussies + echouees, 0],
  ["transactions_reussies_total", ({ reussies }) => reussies, 0],
  ["transactions_echouees_total", ({ echouees }) => echouees, 0],
  ["transactions_montant_total", ({ montant }) => montant, 2],
  ["produits_total", ({ produits }) => produits, 0],
  ["produits_actifs", ({ produitsActifs }) => produitsActifs, 0],
  ["produits_inactifs", ({ produits, produitsActifs }) => produits - produitsActifs, 0],
  ["evenements_total", ({ evenements }) => evenements, 0],
];

/** Members that no value may replace, because readers check them first. */
const RESERVED = new Set(["type", "version"]);
const LE = `{"le":[${TURN_SECONDS_BUCKETS.join()}],"counts":[`;

export interface ReportWriterOptions {
  readonly session: string;
  readonly numbers: TurnNumbers;
  /** The turns since the last report. */
  readonly recent: RecentTurns;
  /** Whether reports have columns of single turns. */
  readonly hasColumns: boolean;
  readonly rest: ((moment: ReportMoment) => RestOfReport) | undefined;
  /** Called for an error of `rest`. */
  readonly onProblem: (message: string) => void;
}

export class ReportWriter {
  readonly #options: ReportWriterOptions;
  readonly #line = new Line();
  readonly #identity: string;
  #reports = 0;

  constructor(options: ReportWriterOptions) {
    this.#options = options;
    this.#identity = `,"session":${JSON.stringify(options.session)}`;
  }

  /** Reports written so far. */
  get reports(): number {
    return this.#reports;
  }

  /**
   * Writes a report, and forgets the turns that it has.
   *
   * @param milliseconds Now, since 1970.
   * @param clock The same moment by the clock of the turns, in milliseconds.
   * @param spent Time spent on reports, in milliseconds.
   * @returns Bytes that are valid until the next report.
   */
  write(fini: boolean, milliseconds: number, clock: number, spent: number): Uint8Array {
    const { numbers, recent, hasColumns } = this.#options;
    const line = this.#line;
    recent.end(numbers);
    line.clear();
    line.text(`{"type":"${TYPE}","version":${VERSION}`);
    // What the caller adds comes first: of two equal keys the second one counts.
    this.#writeRest({ timestamp: milliseconds / 1000, tour: recent.tour, fini });
    line.text(this.#identity);
    line.member("rapport", ++this.#reports);
    line.member("tour", recent.tour);
    line.member("timestamp", milliseconds / 1000);
    if (fini) line.text(',"fini":true');
    for (const [name, read, places] of FIELDS) {
      line.key(name);
      line.decimal(read(numbers), places);
    }
    line.member("produits_prix_moyen", numbers.prixTotal / (numbers.produits || 1) / 100);
    line.member("simulation_publication_seconds_total", spent / 1000);
    this.#writeTurnSeconds();
    if (hasColumns && recent.count > 0) {
      line.key("colonnes");
      recent.write(line, milliseconds - clock);
    }
    line.text("}\n");
    recent.clear();
    return line.bytes();
  }

  /** Writes what the caller adds, all of it or nothing. */
  #writeRest(moment: ReportMoment): void {
    const { rest, onProblem } = this.#options;
    const line = this.#line;
    const start = line.length;
    try {
      const { values = {}, evenements, evenements_recents, repartitions, detail } =
        rest?.(moment) ?? {};
      for (const name in values) if (!RESERVED.has(name)) line.member(name, values[name]!);
      if (evenements !== undefined) {
        line.key("evenements");
        line.object(evenements);
      }
      for (const [name, value] of Object.entries({ evenements_recents, repartitions, detail })) {
        if (value === undefined) continue;
        line.key(name);
        line.text(JSON.stringify(value));
      }
    } catch (error) {
      line.cut(start);
      onProblem(`Cannot complete a report; the game continues: ${messageOf(error)}`);
    }
  }

  #writeTurnSeconds(): void {
    const { recent: { seconds } } = this.#options;
    const line = this.#line;
    line.key("temps_simulation_tour_seconds");
    line.text(LE);
    seconds.counts.forEach((turns, index) => {
      if (index > 0) line.text(",");
      line.decimal(turns, 0);
    });
    line.text('],"sum":');
    line.number(seconds.sum);
    line.text("}");
  }
}
