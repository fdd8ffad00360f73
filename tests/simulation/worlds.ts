/** Small worlds for tests, and chances that come as a test says. @module */

import assert from "node:assert/strict";
import { PRODUCT_TYPES, type World } from "../../lib/simulation/mod.ts";
import type { Draws } from "../../lib/simulation/random.ts";

export interface SmallWorld {
  /** One per firm, in cents. */
  readonly budgets?: readonly number[];
  /** Base prices, one per product, in cents. */
  readonly prix?: readonly number[];
  /** Indices of the products that are not active. */
  readonly inactifs?: readonly number[];
  /** Indices into the types, one per product. */
  readonly types?: readonly number[];
  /** Per supplier and product: units and price. */
  readonly offres?: readonly (readonly (readonly [units: number, price: number])[])[];
}

export function smallWorld(
  { budgets = [100_00], prix = [10_00], inactifs = [], types = [], offres = [[[20, 10_00]]] }:
    SmallWorld,
): World {
  return {
    produits: prix.map((price, index) => ({
      id: index + 1,
      nom: `Produit ${index + 1}`,
      prix: price,
      actif: !inactifs.includes(index),
      type: PRODUCT_TYPES[types[index] ?? 0]!,
    })),
    fournisseurs: offres.map((offre, index) => ({
      id: index + 1,
      nom: `Fournisseur ${index + 1}`,
      pays: "France",
      continent: "Europe",
      stocks: prix.map((_, product) => offre[product]?.[0] ?? 0),
      prix: prix.map((_, product) => offre[product]?.[1] ?? 0),
    })),
    entreprises: budgets.map((budget, index) => ({
      id: index + 1,
      nom: `Entreprise ${index + 1}`,
      pays: "France",
      continent: "Europe",
      budget,
      budgetInitial: budget,
      typesPreferes: ["consommable"],
      strategie: "moins_cher",
      stocks: prix.map(() => 0),
    })),
  };
}

/** A draw that must come next, as `below 5`, `between 10 50` or `chance 40`, and its result. */
export type ScriptedDraw = readonly [draw: string, result: number | boolean];

/** Gives the results of a script, and fails when another draw is asked for. */
export class ScriptedDraws implements Draws {
  readonly #script: ScriptedDraw[];

  constructor(...script: readonly ScriptedDraw[]) {
    this.#script = [...script];
  }

  #take(asked: string): number | boolean {
    const next = this.#script.shift();
    assert.equal(asked, next?.[0]);
    return next![1];
  }

  below(count: number): number {
    return Number(this.#take(`below ${count}`));
  }

  between(low: number, high: number): number {
    return Number(this.#take(`between ${low} ${high}`));
  }

  chance(percent: number): boolean {
    return Boolean(this.#take(`chance ${percent}`));
  }

  /** Fails when draws are left. */
  end(): void {
    assert.deepEqual(this.#script, []);
  }
}
