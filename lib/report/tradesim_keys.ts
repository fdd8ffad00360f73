/** The keys of TradeSim's payload in their order: type, kind and meaning. @module */

import { GAME_METRICS } from "../catalogue/mod.ts";

type JsonType = "number" | "string" | "object" | "array";

/**
 * - `identity`: says which report it is
 * - `constant`: comes from TradeSim's configuration, or is the same number by construction
 * - `value`: the value of now
 * - `total`: grows since the session or its last reset
 * - `mean`: over all that was recorded since then
 * - `derived`: a trend, slope or ratio over the past
 * - `frozen`: stays at its value of the first turn
 */
export type KeyKind =
  | "identity"
  | "constant"
  | "value"
  | "total"
  | "mean"
  | "derived"
  | "frozen";

export interface TradesimKey {
  readonly key: string;
  readonly json: JsonType;
  readonly kind: KeyKind;
  readonly help: string;
}

/** One line per key: name, JSON type, kind, meaning. */
const TABLE = `
action_id string identity Number of the report within its session.
session_id string identity Session: one process of the simulation.
tick number identity Turns since the last reset, from 0.
timestamp string identity When the report was made, ISO 8601 with offset.
timestamp_humain string identity The same, for people.
type string identity Always "metrics".
budget_total number frozen Money of all firms at turn 1.
stock_total number frozen Units held by suppliers and firms at turn 1.
stock_par_produit object constant Always empty.
tours_completes number identity The tick once more.
evenements_appliques number frozen Events of turn 1.
duree_simulation number frozen Time elapsed at turn 1, in seconds.
error_count number total Internal errors of the simulation.
total_actions number total Purchases attempted.
error_rate number mean Internal errors per attempted purchase.
tick_actuel number identity The tick once more.
probabilite_selection_entreprise number constant Configured chance that a firm plays; without effect.
duree_pause_entre_tours number constant Configured pause between turns, in seconds.
tick_interval_event number constant Ticks between two trials of events.
probabilite_evenement number constant Configured chance of an inflation.
frequence_evenements number constant Always 0.
taux_succes_transactions number constant Always 0.
vitesse_simulation number constant Always 0.
stabilite_prix number value Standard deviation of base prices over their mean.
latency object frozen Latencies of actions, in milliseconds, as first read.
throughput object value Operations per second, at most 1.
budget_total_entreprises number value Money of all firms, in euros.
budget_moyen_entreprises number value Mean budget, in euros.
budget_median_entreprises number value Median budget, in euros.
budget_ecart_type_entreprises number value Standard deviation of budgets, in euros.
budget_coefficient_variation number value Standard deviation of budgets over their mean.
budget_variation_totale number value Budgets less initial budgets, summed, in euros.
budget_depenses_totales number total Money spent on purchases, in euros.
budget_gains_totaux number total Always 0: recharges are not recorded as gains.
budget_ratio_depenses_revenus number constant 0, or 999999 once something was bought.
budget_entreprises_critiques number value Firms with at most 1000 euros.
budget_entreprises_faibles number value Firms with more than 1000 and at most 3000 euros.
budget_evolution_tour number value Change of the total since the turn before, in euros.
budget_tendance_globale number derived Slope of the total over 10 turns, in euros per turn.
budget_skewness number value Skewness of budgets.
entreprises_count number value Firms in the game.
tour_actuel number identity Turns of the session, from 1.
transactions_count number frozen Purchases of turn 1, 0 afterwards.
entreprises_total number value Firms in the game.
entreprises_actives number value Firms with a budget above 0.
entreprises_par_pays object value Firms per country.
entreprises_par_continent object value Firms per continent.
entreprises_par_strategie object value Firms per strategy.
entreprises_par_type_prefere object value Firms per preferred product type.
entreprises_transactions_moyennes number mean Purchases per firm since the start.
entreprises_budget_moyen number value Mean budget, unrounded, in euros.
entreprises_stock_moyen number value Mean units held per firm.
entreprises_rentabilite number value Mean of budget over initial budget.
entreprises_efficacite_achat number derived Purchases per euro spent, averaged over firms.
entreprises_survie_taux number value Share of firms with a budget above 0.
entreprises_frequence_achat number mean Purchases per firm and tick.
entreprises_preference_produits number value Mean number of preferred product types.
entreprises_adaptation_prix number derived Share of budget spent per purchase, averaged over firms.
entreprises_competitivite number derived Score of purchases and budget; grows without bound.
entreprises_resilience number value Mean of budget over initial budget, at most 1 per firm.
entreprises_innovation number derived Distinct products bought out of ten, averaged over firms.
total_transactions number total Successful purchases.
fournisseurs_total number value Suppliers in the game.
fournisseurs_actifs number value Suppliers with stock.
fournisseurs_par_pays object value Suppliers per country.
fournisseurs_par_continent object value Suppliers per continent.
fournisseurs_stock_moyen number value Mean units per supplier.
fournisseurs_produits_moyen number value Mean number of products per supplier.
fournisseurs_ventes_moyennes number mean Sales per supplier since the start.
fournisseurs_rotation_stock number derived Sales over stock, averaged over suppliers.
fournisseurs_disponibilite number value Share of suppliers with stock.
fournisseurs_rentabilite number derived The rotation once more.
fournisseurs_popularite number derived Sales over the best seller's, averaged over suppliers.
fournisseurs_efficacite number derived Sales times products over stock, averaged over suppliers.
fournisseurs_volatilite_prix number constant Always 0.
fournisseurs_tendance_prix number constant Always 0.
fournisseurs_competitivite number derived As the efficiency, with one unit of stock more.
fournisseurs_resilience number derived Stock over sales and one, averaged over suppliers.
fournisseurs_count number value Suppliers in the game.
total_ventes number total Successful purchases.
transactions_total number total Purchases attempted.
transactions_reussies number total Successful purchases.
transactions_echouees number total Failed purchases.
transactions_par_strategie object total Successful purchases per strategy.
transactions_par_produit object total Successful purchases per product name.
transactions_par_entreprise object total Successful purchases per firm name.
transactions_volume_moyen number mean Units per successful purchase.
transactions_prix_moyen number mean Unit price of purchases, in euros.
transactions_frequence number mean Turns with a purchase per tick.
transactions_taux_reussite number mean Successful purchases per attempted one.
transactions_efficacite number mean Units per euro.
transactions_rentabilite number mean Units per successful purchase.
transactions_volatilite_prix number mean Standard deviation of unit prices, in euros.
transactions_tendance_volume number derived Slope of units against the purchase's number.
transactions_preference_strategie number derived Distinct strategies per successful purchase.
transactions_competitivite number mean Units per purchase over unit price.
total_volume number total Units bought.
total_montant number total Money spent on purchases, unrounded, in euros.
evenements_total number total Log entries of events.
evenements_par_type object total Log entries per type.
evenements_par_impact object total Log entries per impact.
evenements_frequence number mean Turns with events per tick.
evenements_duree_moyenne number constant Always 0.
evenements_intensite_moyenne number constant Always 0.
evenements_impact_budget number constant Always 0.
evenements_impact_prix number constant Always 0.
evenements_impact_stock number constant Always 0.
evenements_efficacite number constant Always 0.
evenements_rentabilite number constant Always 0.
evenements_stabilite number constant 1 once an event has happened.
evenements_volatilite number constant Always 0.
evenements_tendance number constant Always 0.
evenements_correlation number constant Always 0.
evenements_predictibilite number derived Regularity of the time between log entries of events.
total_impact number constant Always 0.
total_intensite number constant Always 0.
performance_temps_execution number mean Duration of a turn without monitoring, in seconds.
performance_memoire_utilisee number mean Resident memory of the simulation, in MiB.
performance_cpu_utilisation number constant Always 0.
performance_temps_reponse number mean The duration of a turn once more, in seconds.
performance_throughput number mean Turns per second, without monitoring.
performance_latence number mean The duration of a turn once more, in seconds.
performance_efficacite_cache number derived 1 over 1 and the variance of turn times.
performance_optimisation number derived 1 over 1 and the mean turn time.
performance_charge_systeme number mean Mixture of processor and memory load, in percent.
performance_stabilite number derived 1 over 1 and the variances of time, processor and memory.
performance_scalabilite number derived 1 over 1 and the slope of turn times.
performance_qualite number derived Mean of the scores before.
performance_volatilite number derived Standard deviation of turn times, in seconds.
performance_tendance number derived Slope of turn times, in seconds per turn.
performance_bottlenecks number derived Turns slower than twice the mean.
performance_optimisations_disponibles number derived Critical thresholds exceeded, 0 to 3.
total_mesures number total Turns measured.
total_temps number total Time of all measured turns, in seconds.
produits_total number value Products in the game.
produits_actifs number value Products that can be bought.
produits_par_type object value Products per type.
produits_par_continent object value Products in stock per continent of their first supplier.
produits_prix_moyen number value Mean base price, in euros.
produits_prix_median number value Median base price, in euros.
produits_demande_moyenne number mean Purchases per product since the start.
produits_offre_moyenne number value Mean units at suppliers per product.
produits_rotation_stock number derived Purchases over units at suppliers, averaged over products.
produits_rentabilite number derived Purchases times price, averaged over products.
produits_popularite number derived Purchases over the most bought product's, averaged over products.
produits_disponibilite number value Share of products that a supplier has.
produits_volatilite_prix number derived Standard deviation of each price's past, averaged, in euros.
produits_tendance_prix number derived Slope of each price's past, averaged, in euros per turn.
produits_elasticite_demande number derived Purchases over relative price change, averaged over products.
produits_competitivite number derived Purchases over price, averaged over products.
produits_count number value Products in the game.
total_demandes number total Successful purchases.
entreprises_individuales array value Every firm with its budget and stocks.
produits_individuales array value Every product with its price.
fournisseurs_individuales array value Every supplier with its stocks.
stocks_historiques object value Every stock at every turn so far; skipped over.
stock_history_performance object value Cost of making the stock history.
`;

/** Every key of TradeSim's payload. */
export const TRADESIM_KEYS: ReadonlyMap<string, TradesimKey> = new Map(
  TABLE.trim().split("\n").map((line) => {
    const [key, json, kind, ...help] = line.split(" ");
    return [key!, {
      key: key!,
      json: json as JsonType,
      kind: kind as KeyKind,
      help: help.join(" "),
    }];
  }),
);

/** Turn counts and durations have a form of their own in the report. */
const USED_OUTSIDE_THE_CATALOGUE = ["total_mesures", "total_temps"];

const USED = new Set([
  ...USED_OUTSIDE_THE_CATALOGUE,
  ...GAME_METRICS.flatMap(({ tradesim }) =>
    tradesim !== undefined && "keys" in tradesim ? tradesim.keys : []
  ),
]);

/** Why a key is, or is not, shown with `--all-keys`. */
export type KeyUse = "catalogue" | "all-keys" | "not a number" | "frozen" | "identity";

/** How a key of TradeSim's payload is used: by the catalogue, by `--all-keys`, or why not at all. */
export function useOf({ key, json, kind }: TradesimKey): KeyUse {
  if (USED.has(key)) return "catalogue";
  if (kind === "identity") return "identity";
  if (kind === "frozen") return "frozen";
  return json === "number" ? "all-keys" : "not a number";
}
