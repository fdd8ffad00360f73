/** The numbers of a turn, by which reports, history and page know it. @module */

/** In the order in which a turn's numbers lie. */
export const COLUMN_NAMES = [
  "tour",
  "timestamp",
  "budget_total",
  "budget_min",
  "budget_max",
  "transactions_reussies_total",
  "transactions_echouees_total",
  "transactions_montant_total",
  "produits_actifs",
  "produits_prix_moyen",
  "duree_seconds",
  "evenements_total",
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** Numbers per turn. */
export const WIDTH = COLUMN_NAMES.length;

/** The index of each column among a turn's numbers. */
export const INDEX_OF = Object.fromEntries(
  COLUMN_NAMES.map((name, index) => [name, index]),
) as Readonly<Record<ColumnName, number>>;

/** Most turns of a report. */
export const MAX_COLUMN_LENGTH = 1000;
