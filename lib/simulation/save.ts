/** Reads and writes worlds as TradeSim saves them, in its `partie_active.json`. @module */

import { messageOf } from "../error/mod.ts";
import { PRIX_MAX } from "./rules.ts";
import {
  checkSize,
  type Entreprise,
  type Fournisseur,
  type Inflation,
  PRODUCT_TYPES,
  type ProductType,
  type Produit,
  type Reprise,
  type World,
  WorldError,
} from "./world.ts";

const VERSION = "0.1";

/** Of one budget, in cents, and of one stock, in units. No game comes near, and all sums stay exact. */
const BUDGET_MAX = 1e15;
const STOCK_MAX = 1e15;

/** A path in the file, such as `produits[3].prix`, and its value. */
interface Found {
  readonly path: string;
  readonly value: unknown;
}

function refuse({ path, value }: Found, expected: string): never {
  const text = value === undefined ? "missing" : JSON.stringify(value).slice(0, 60);
  throw new WorldError(`Cannot read the world: ${path} is ${text}, expected ${expected}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(found: Found): Readonly<Record<string, unknown>> {
  return isObject(found.value) ? found.value : refuse(found, "an object");
}

function at(found: Found, key: string): Found {
  const value = object(found);
  const path = found.path === "" ? key : `${found.path}.${key}`;
  return { path, value: Object.hasOwn(value, key) ? value[key] : undefined };
}

function list(found: Found): readonly Found[] {
  if (!Array.isArray(found.value)) return refuse(found, "a list");
  return found.value.map((value: unknown, index) => ({ path: `${found.path}[${index}]`, value }));
}

function entries(found: Found): readonly (readonly [string, Found])[] {
  return Object.entries(object(found)).map((
    [key, value],
  ) => [key, { path: `${found.path}["${key}"]`, value }]);
}

function text(found: Found): string {
  return typeof found.value === "string" && found.value !== ""
    ? found.value
    : refuse(found, "a text");
}

function flag(found: Found): boolean {
  return typeof found.value === "boolean" ? found.value : refuse(found, "true or false");
}

function integer(found: Found, min: number, max: number): number {
  const { value } = found;
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
    ? value
    : refuse(found, `an integer from ${min} to ${max}`);
}

/** Euros, as cents. Parts of a cent, which TradeSim's sums leave, are rounded. */
function cents(found: Found, min: number, max: number): number {
  const { value } = found;
  const rounded = typeof value === "number" ? Math.round(value * 100) : NaN;
  return rounded >= min && rounded <= max
    ? rounded
    : refuse(found, `an amount of euros from ${euros(min)} to ${euros(max)}`);
}

function productType(found: Found): ProductType {
  return PRODUCT_TYPES.find((type) => type === found.value) ??
    refuse(found, `one of ${PRODUCT_TYPES.join(", ")}`);
}

/** Places in a list by id, as text. */
type Index = ReadonlyMap<string, number>;

function indexOf(items: readonly { readonly id: number }[], name: string): Index {
  const index = new Map(items.map(({ id }, position) => [String(id), position]));
  if (index.size < items.length) {
    throw new WorldError(
      `Cannot read the world: two ${name} have the same id, expected different ones`,
    );
  }
  return index;
}

function position(index: Index, id: string, { path }: Found, name: string): number {
  const found = index.get(id);
  if (found !== undefined) return found;
  throw new WorldError(
    `Cannot read the world: ${path} is of ${name} "${id}", expected one that is listed`,
  );
}

function readId(found: Found): number {
  return integer(at(found, "id"), 0, Number.MAX_SAFE_INTEGER);
}

function readProduit(found: Found): Produit {
  return {
    id: readId(found),
    nom: text(at(found, "nom")),
    prix: cents(at(found, "prix"), 1, PRIX_MAX),
    actif: flag(at(found, "actif")),
    type: productType(at(found, "type")),
  };
}

function readStocks(found: Found, products: Index): number[] {
  const stocks = new Array<number>(products.size).fill(0);
  // TradeSim's default is none.
  if (found.value === undefined) return stocks;
  for (const [id, entry] of entries(found)) {
    stocks[position(products, id, entry, "produit")] = integer(entry, 0, STOCK_MAX);
  }
  return stocks;
}

function readEntreprise(found: Found, products: Index): Entreprise {
  return {
    id: readId(found),
    nom: text(at(found, "nom")),
    pays: text(at(found, "pays")),
    continent: text(at(found, "continent")),
    budget: cents(at(found, "budget"), 0, BUDGET_MAX),
    budgetInitial: cents(at(found, "budget_initial"), 0, BUDGET_MAX),
    typesPreferes: list(at(found, "types_preferes")).map(productType),
    strategie: text(at(found, "strategie")),
    stocks: readStocks(at(found, "stocks"), products),
  };
}

/** Changes the prices of the suppliers' lists to those of an object `{"<produit>_<fournisseur>": €}`. */
function readPrices(
  found: Found,
  products: Index,
  suppliers: Index,
  prices: readonly number[][],
): void {
  for (const [key, entry] of entries(found)) {
    const [product = "", supplier = "", ...rest] = key.split("_");
    if (rest.length > 0) position(products, key, entry, "produit");
    const row = prices[position(suppliers, supplier, entry, "fournisseur")]!;
    row[position(products, product, entry, "produit")] = cents(entry, 0, PRIX_MAX);
  }
}

function readInflation(found: Found): Inflation {
  return {
    tick: integer(at(found, "derniere_inflation_tick"), 0, Number.MAX_SAFE_INTEGER),
    prixOrigine: cents(at(found, "prix_origine"), 1, PRIX_MAX),
    prixApres: cents(at(found, "prix_apres_inflation"), 1, PRIX_MAX),
  };
}

function readReprise(
  found: Found,
  products: Index,
  suppliers: Index,
  prices: readonly number[][],
): Reprise {
  const alea = list(at(found, "alea")).map((entry) => integer(entry, 0, 2 ** 32 - 1));
  const [a, b, c, counter] = alea;
  if (
    a === undefined || b === undefined || c === undefined || counter === undefined ||
    alea.length > 4
  ) {
    return refuse(at(found, "alea"), "four integers");
  }
  const inflations = new Array<Inflation | null>(products.size).fill(null);
  for (const [id, entry] of entries(at(found, "inflations"))) {
    inflations[position(products, id, entry, "produit")] = readInflation(entry);
  }
  const prixOrigine = prices.map((row) => [...row]);
  readPrices(at(found, "prix_origine"), products, suppliers, prixOrigine);
  return {
    commeTradesim: flag(at(found, "comme_tradesim")),
    tick: integer(at(found, "tick"), 0, Number.MAX_SAFE_INTEGER),
    alea: [a, b, c, counter],
    inflations,
    prixOrigine,
  };
}

/**
 * Reads a world that TradeSim or {@linkcode formatWorld} wrote.
 *
 * @throws {WorldError} When it is not JSON, or not a world; the message names what is wrong.
 */
export function parseWorld(json: string): World {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new WorldError(`Cannot read the world: it is not JSON, ${messageOf(cause)}`, { cause });
  }
  if (!isObject(value)) return refuse({ path: "it", value }, "an object");
  const root = { path: "", value };
  const produits = list(at(root, "produits")).map(readProduit);
  const firms = list(at(root, "entreprises"));
  const holders = list(at(root, "fournisseurs"));
  checkSize(firms.length, produits.length, holders.length);
  const products = indexOf(produits, "produits");
  const suppliers = indexOf(holders.map((found) => ({ id: readId(found) })), "fournisseurs");
  const prices = holders.map(() => new Array<number>(produits.length).fill(0));
  readPrices(at(root, "prix"), products, suppliers, prices);
  const fournisseurs = holders.map((found, index): Fournisseur => ({
    id: readId(found),
    nom: text(at(found, "nom_entreprise")),
    pays: text(at(found, "pays")),
    continent: text(at(found, "continent")),
    stocks: readStocks(at(found, "stock_produit"), products),
    prix: prices[index]!,
  }));
  const entreprises = firms.map((found) => readEntreprise(found, products));
  indexOf(entreprises, "entreprises");
  const metadata = at(root, "metadata");
  const date = metadata.value === undefined ? metadata : at(metadata, "date_creation");
  const reprise = at(root, "reprise");
  return {
    ...(date.value === undefined ? {} : { dateCreation: text(date) }),
    produits,
    fournisseurs,
    entreprises,
    ...(reprise.value === undefined
      ? {}
      : { reprise: readReprise(reprise, products, suppliers, prices) }),
  };
}

/** The double nearest to the amount, which JSON writes with at most two decimals. */
function euros(cents: number): number {
  return cents / 100;
}

function byProduct<Value>(
  { produits }: World,
  value: (product: number) => Value | undefined,
): Record<string, Value> {
  return Object.fromEntries(
    produits.flatMap(({ id }, product) => {
      const own = value(product);
      return own === undefined ? [] : [[id, own]];
    }),
  );
}

function byPair(
  { produits, fournisseurs }: World,
  value: (product: number, supplier: number) => number | undefined,
): Record<string, number> {
  return Object.fromEntries(
    produits.flatMap(({ id }, product) =>
      fournisseurs.flatMap((fournisseur, supplier) => {
        const own = value(product, supplier);
        return own === undefined ? [] : [[`${id}_${fournisseur.id}`, own]];
      })
    ),
  );
}

function formatReprise(world: World, reprise: Reprise) {
  const { commeTradesim, tick, alea, inflations, prixOrigine } = reprise;
  return {
    comme_tradesim: commeTradesim,
    tick,
    alea,
    inflations: byProduct(world, (product) => {
      const inflation = inflations[product];
      if (!inflation) return undefined;
      return {
        derniere_inflation_tick: inflation.tick,
        prix_origine: euros(inflation.prixOrigine),
        prix_apres_inflation: euros(inflation.prixApres),
      };
    }),
    prix_origine: byPair(world, (product, supplier) => {
      const quote = prixOrigine[supplier]![product]!;
      return quote === world.fournisseurs[supplier]!.prix[product] ? undefined : euros(quote);
    }),
  };
}

/**
 * Writes a world as TradeSim saves it, with one key more, `reprise`, which TradeSim does not read.
 * A world has one text only: {@linkcode parseWorld} makes the same world of it.
 */
export function formatWorld(world: World): string {
  const { dateCreation, produits, fournisseurs, entreprises, reprise } = world;
  const saved = {
    metadata: { date_creation: dateCreation, version: VERSION },
    produits: produits.map(({ id, nom, prix, actif, type }) => ({
      id,
      nom,
      prix: euros(prix),
      actif,
      type,
    })),
    fournisseurs: fournisseurs.map(({ id, nom, pays, continent, stocks, prix }) => ({
      id,
      nom_entreprise: nom,
      pays,
      continent,
      // As in TradeSim, a product that was sold out stays listed.
      stock_produit: byProduct(
        world,
        (product) => stocks[product] === 0 && prix[product] === 0 ? undefined : stocks[product],
      ),
    })),
    entreprises: entreprises.map((entreprise) => ({
      id: entreprise.id,
      nom: entreprise.nom,
      pays: entreprise.pays,
      continent: entreprise.continent,
      budget: euros(entreprise.budget),
      budget_initial: euros(entreprise.budgetInitial),
      types_preferes: entreprise.typesPreferes,
      strategie: entreprise.strategie,
      stocks: byProduct(world, (product) => entreprise.stocks[product] || undefined),
    })),
    prix: byPair(world, (product, supplier) => {
      const prix = fournisseurs[supplier]!.prix[product]!;
      return prix === 0 ? undefined : euros(prix);
    }),
    reprise: reprise && formatReprise(world, reprise),
  };
  return JSON.stringify(saved, null, 2) + "\n";
}
