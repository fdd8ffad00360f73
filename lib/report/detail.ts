/** Every product, firm and supplier in a native report. @module */

import * as z from "zod";
import type { Things } from "../catalogue/mod.ts";
import { COUNT, LABEL } from "./checks.ts";
import { type Details, finiteSum, MAX_PRICES, type Report } from "./report.ts";
import type { Listing } from "./tables.ts";

const continent = LABEL.optional();
const stocks = z.array(z.number()).optional()
  .describe("Units of each product, in the order of `produits`.");

export const DETAIL = z.object({
  produits: z.array(
    z.object({
      nom: LABEL,
      prix: z.number().describe("Base price, in euros."),
      type: LABEL.optional().describe("Its `produit_type`."),
      actif: z.boolean().optional().describe("Whether it can be bought now."),
    }),
  ),
  entreprises: z.array(
    z.object({
      nom: LABEL,
      budget: z.number().describe("Money that it has now, in euros."),
      budget_initial: z.number().optional().describe("Money that it began with, in euros."),
      continent,
      strategie: LABEL.optional(),
      achats: COUNT.optional().describe("Purchases that succeeded since the session began."),
      stocks,
    }),
  ),
  fournisseurs: z.array(
    z.object({
      nom: LABEL,
      continent,
      stocks,
      prix: z.array(z.number().nullable()).optional().describe(
        "Its price of each product in euros, in the order of `produits`; null where it has none.",
      ),
    }),
  ),
}).describe(
  "Every product, firm and supplier: for --detail, and for indices of prices and inequality.",
);
export type Detail = z.infer<typeof DETAIL>;

/** What is listed, for tables of it. */
export function listingOf({ produits, entreprises, fournisseurs }: Detail): Listing {
  const holder = ({ nom, stocks = [] }: { nom: string; stocks?: number[] | undefined }) => ({
    name: nom,
    stocks: stocks.slice(0, produits.length)
      .map((units, index) => ({ name: produits[index]!.nom, units })),
  });
  return {
    firms: entreprises.map((firm) => ({
      ...holder(firm),
      budget: firm.budget,
      opening: firm.budget_initial,
    })),
    suppliers: fournisseurs.map((supplier) => ({ ...holder(supplier), prices: supplier.prix })),
    products: produits.map(({ nom, prix, actif }) => ({ name: nom, price: prix, active: actif })),
  };
}

/** What a report's detail tells of prices and budgets. */
export function economyOf(detail: Detail | undefined): Pick<Report, "prices" | "listedBudgets"> {
  if (detail === undefined) return {};
  const { produits, entreprises } = detail;
  const buyable = produits.filter(({ actif }) => actif !== false).slice(0, MAX_PRICES);
  return {
    prices: { names: buyable.map(({ nom }) => nom), values: buyable.map(({ prix }) => prix) },
    listedBudgets: finiteSum(entreprises.map(({ budget }) => budget)),
  };
}

export function thingsOf({ produits, entreprises }: Detail): Things {
  return {
    budgets: entreprises.map(({ budget }) => budget),
    prices: produits.map(({ prix }) => prix),
    purchases: entreprises.flatMap(({ achats }) => achats ?? []),
  };
}

/** Everything that there is, for the page. */
export function inventoryOf(detail: Detail | undefined): Details["inventory"] {
  if (detail === undefined) return undefined;
  const { produits, entreprises, fournisseurs } = detail;
  const held = (stocks: readonly number[] = []) => stocks.slice(0, produits.length);
  return () => ({
    produits: produits.map(({ nom, prix }) => ({ nom, prix })),
    entreprises: entreprises.map(({ nom, budget, stocks }) => ({
      nom,
      budget,
      stocks: held(stocks),
    })),
    fournisseurs: fournisseurs.map(({ nom, stocks }) => ({ nom, stocks: held(stocks) })),
  });
}
