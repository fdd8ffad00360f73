/** Made-up names of firms, suppliers and products, where TradeSim's own pools are as large. @module */

import type { ProductType } from "./world.ts";

export interface Place {
  readonly nom: string;
  readonly pays: string;
  readonly continent: string;
}

/** By continent: a country, a firm there, a supplier there. */
const PLACES: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  "Europe": [
    ["France", "Manufacture du Morvan", "Comptoir de la Saône"],
    ["Allemagne", "Werkhof Altmark", "Lagerhaus Nordelbe"],
    ["Italie", "Officine Valdarno", "Magazzini del Brenta"],
    ["Espagne", "Talleres del Ebro", "Almacenes Sierra Parda"],
    ["Portugal", "Fábrica do Mondego", "Armazéns do Sado"],
    ["Belgique", "Ateliers de la Lesse", "Entrepôts du Zwin"],
    ["Pays-Bas", "Werkplaats Oosterdijk", "Pakhuis Zuiderhaven"],
    ["Suisse", "Mécanique du Jorat", "Dépôt des Trois Cols"],
    ["Autriche", "Hütte am Grimming", "Handelshof Traunsee"],
    ["Suède", "Bruket Norrsund", "Magasinet Vintervik"],
    ["Norvège", "Verkstedet Fagerfjord", "Lageret Skogøy"],
    ["Pologne", "Zakłady Modrzew", "Skład Jantar"],
    ["Grèce", "Ergastiria Pindos", "Apothiki Kyklades"],
    ["Irlande", "Slievebawn Works", "Lough Derra Stores"],
  ],
  "Asie": [
    ["Japon", "Mikazuki Kōgyō", "Aogiri Shōten"],
    ["Chine", "Ateliers de la Grue Blanche", "Comptoir du Fleuve Clair"],
    ["Corée du Sud", "Hanbit Gongjang", "Dalmaji Sangsa"],
    ["Inde", "Neelgiri Udyog", "Sagarika Bhandar"],
    ["Viêt Nam", "Xưởng Sen Vàng", "Kho Sông Lam"],
    ["Thaïlande", "Rong Ngan Chang Thong", "Khlang Doi Mek"],
    ["Indonésie", "Pabrik Melati Jaya", "Gudang Samudra Biru"],
    ["Malaisie", "Kilang Rimba Hijau", "Stor Selat Indah"],
    ["Philippines", "Gawaan Bulawan", "Bodega Habagat"],
    ["Singapour", "Merbau Lane Industries", "Keramat Quay Supplies"],
    ["Turquie", "Bozdağ Atölyesi", "Yakamoz Ambarı"],
  ],
  "Amérique du Nord": [
    ["États-Unis", "Tamarack Ridge Works", "Copper Creek Supply"],
    ["États-Unis", "Bluestem Fabrication", "Longleaf Depot"],
    ["Canada", "Ateliers de la Matawin", "Comptoir du Grand Lièvre"],
    ["Canada", "Saltgrass Foundry", "Nine Mile Warehouse"],
    ["Mexique", "Talleres Agua Quieta", "Bodegas del Mezquite"],
  ],
  "Amérique du Sud": [
    ["Brésil", "Oficinas Jequitibá", "Depósito Rio Manso"],
    ["Argentine", "Talleres Viento Sur", "Acopio La Calandria"],
    ["Chili", "Maestranza Araucaria", "Bodegas Piedra Lobo"],
    ["Colombie", "Taller Guacamaya", "Almacén Alto Frailejón"],
    ["Pérou", "Obraje Vicuña", "Depósito Valle Quinua"],
  ],
  "Afrique": [
    ["Maroc", "Ateliers de l'Arganier", "Magasins du Haut Drâa"],
    ["Sénégal", "Forge du Saloum", "Comptoir des Filaos"],
    ["Kenya", "Karakana Mlima", "Ghala la Tumaini"],
    ["Nigéria", "Iroko Workshops", "Harmattan Stores"],
    ["Afrique du Sud", "Fynbos Engineering", "Umhlanga Bay Storage"],
  ],
  "Océanie": [
    ["Australie", "Ironbark Gully Works", "Wattle Flat Supplies"],
    ["Nouvelle-Zélande", "Rimu Point Mills", "Kōwhai Storehouse"],
  ],
};

function places(pick: 1 | 2): readonly Place[] {
  return Object.entries(PLACES).flatMap(([continent, entries]) =>
    entries.map((entry) => ({ nom: entry[pick], pays: entry[0], continent }))
  );
}

export const FIRM_NAMES: readonly Place[] = places(1);
export const SUPPLIER_NAMES: readonly Place[] = places(2);

const PRODUCTS: Readonly<Record<ProductType, readonly string[]>> = {
  matiere_premiere: [
    "Argile rouge",
    "Basalte concassé",
    "Bauxite",
    "Bois de mélèze",
    "Chanvre brut",
    "Étain en lingots",
    "Fil de laine",
    "Graphite naturel",
    "Grumes de hêtre",
    "Kaolin",
    "Latex brut",
    "Lin teillé",
    "Liège en planches",
    "Minerai de manganèse",
    "Ocre",
    "Plomb affiné",
    "Quartz",
    "Sel gemme",
    "Soufre",
    "Zinc en plaques",
  ],
  consommable: [
    "Agrafes",
    "Bobines de ficelle",
    "Bougies de suif",
    "Cartouches filtrantes",
    "Chiffons d'atelier",
    "Colle d'os",
    "Craies",
    "Disques à poncer",
    "Encre noire",
    "Forets de trois",
    "Gants de toile",
    "Graisse de roulement",
    "Huile de coupe",
    "Mastic",
    "Mèches de lampe",
    "Papier kraft",
    "Rivets",
    "Ruban de masquage",
    "Savon noir",
    "Vis à bois",
  ],
  produit_fini: [
    "Accordéon",
    "Baromètre",
    "Brouette",
    "Canot à rames",
    "Clavier de bureau",
    "Coffre ferré",
    "Duvet",
    "Écran portatif",
    "Enclume",
    "Fourneau",
    "Guéridon",
    "Horloge murale",
    "Lampe frontale",
    "Longue-vue",
    "Machine à tisser",
    "Malle de voyage",
    "Moulin à café",
    "Parapluie",
    "Réchaud",
    "Tabouret",
    "Vélo cargo",
  ],
};

export const PRODUCT_NAMES: readonly { readonly nom: string; readonly type: ProductType }[] =
  (Object.keys(PRODUCTS) as ProductType[]).flatMap((type) =>
    PRODUCTS[type].map((nom) => ({ nom, type }))
  );
