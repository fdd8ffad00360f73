/** What the tests of publishing share: a game of made-up numbers, a clock, and the reading of reports. @module */

import type { Transport } from "../../lib/publish/mod.ts";
import type { JsonObject } from "../../lib/report/mod.ts";
import { type Flat, readFlat } from "../report/options.ts";

export type Numbers = {
  -readonly [Name in keyof typeof NUMBERS]: number;
};

/** A world as it stands before the first turn; money in cents. */
export const NUMBERS = {
  budgetTotal: 7_500_000,
  budgetMin: 1_800_000,
  budgetMax: 3_500_000,
  reussies: 0,
  echouees: 0,
  montant: 0,
  produits: 12,
  produitsActifs: 9,
  prixTotal: 33_000,
  evenements: 0,
};

export function createNumbers(): Numbers {
  return { ...NUMBERS };
}

/** Plays a turn whose numbers follow from its number. */
export function playTurn(numbers: Numbers): void {
  numbers.reussies += 3;
  numbers.echouees += 1;
  numbers.montant += 12_345;
  numbers.budgetTotal -= 12_345;
  numbers.evenements += numbers.reussies % 2;
}

/** Reads a line as the exporter does, all of it. */
export const read = (line: string): Flat => readFlat(JSON.parse(line));

/** A transport into memory. */
export class MemoryTransport implements Transport {
  readonly lines: string[] = [];
  isReady = true;
  ended = false;

  get reports(): Flat[] {
    return this.lines.map(read);
  }

  get objects(): JsonObject[] {
    return this.lines.map((line): JsonObject => JSON.parse(line));
  }

  ready(): boolean {
    return this.isReady;
  }

  write(report: Uint8Array): void {
    this.lines.push(new TextDecoder().decode(report));
  }

  end(report: Uint8Array): Promise<void> {
    this.write(report);
    this.ended = true;
    return Promise.resolve();
  }
}

/** A clock that goes on only when told. */
export class Clock {
  milliseconds = 5000;
  readonly now = (): number => this.milliseconds;
  readonly wallClock = (): number => 1_795_343_329_000 + this.milliseconds;
}
