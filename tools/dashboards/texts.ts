/** The texts of the dashboards, in French and English. @module */

export const LANGUAGES = ["fr", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Text = Readonly<Record<Language, string>>;

/** What stands over a panel, and behind its "i". */
export interface PanelText {
  readonly title: Text;
  readonly about: Text;
}

function text(fr: string, en: string): Text {
  return { fr, en };
}

function panel(title: readonly [fr: string, en: string], about: readonly [string, string]) {
  return { title: text(...title), about: text(...about) } satisfies PanelText;
}

const NEEDS_DETAIL = [
  " Demande --detail à l'exporteur.",
  " Needs the exporter's --detail.",
] as const;

/** A panel of series that are there with `--detail` only. */
function detailPanel(
  title: readonly [string, string],
  [fr, en]: readonly [string, string],
): PanelText {
  return panel(title, [fr + NEEDS_DETAIL[0], en + NEEDS_DETAIL[1]]);
}

/** A panel that falls into parts only with a label and reports that know it. */
function labelPanel(
  label: string,
  title: readonly [string, string],
  [fr, en]: readonly [string, string],
): PanelText {
  return panel(title, [
    `${fr} Une seule courbe sans --labels ${label}, ou si les rapports ne le disent pas.`,
    `${en} A single line without --labels ${label}, or if reports do not have that label.`,
  ]);
}

export const BOARDS = {
  overview: panel(
    ["TradeSim – Vue d'ensemble", "TradeSim – Overview"],
    ["Comment va la partie, en un regard.", "The state of the game at a glance."],
  ),
  finances: panel(
    ["TradeSim – Finances", "TradeSim – Finances"],
    ["L'argent des entreprises.", "The money of the firms."],
  ),
  economy: panel(
    ["TradeSim – Économie", "TradeSim – Economy"],
    [
      "D'où viennent l'argent et les biens, où ils vont, et ce que font les prix.",
      "Where money and goods come from, where they go, and how prices change.",
    ],
  ),
  ranking: panel(
    ["TradeSim – Classement", "TradeSim – Ranking"],
    [
      "Qui mène, et qui vend à quel prix. Demande --detail à l'exporteur.",
      "Which firm leads, and which supplier sells at which price. Needs the exporter's --detail.",
    ],
  ),
  transactions: panel(
    ["TradeSim – Transactions", "TradeSim – Transactions"],
    ["Les achats : combien, pour combien, avec quel succès.", "Purchases: how many, for how much."],
  ),
  products: panel(
    ["TradeSim – Produits et prix", "TradeSim – Products and prices"],
    ["Ce qui peut être acheté, et à quel prix.", "What can be bought, and at what price."],
  ),
  firms: panel(
    ["TradeSim – Entreprises, produits, fournisseurs", "TradeSim – Firms, products, suppliers"],
    [
      "Le détail, par entreprise, produit ou fournisseur. Demande --detail à l'exporteur.",
      "Details by firm, product or supplier. Needs the exporter's --detail.",
    ],
  ),
  events: panel(
    ["TradeSim – Événements", "TradeSim – Events"],
    ["Ce qui arrive dans la partie, et ce qui en suit.", "Events in the game, and their effects."],
  ),
  exporter: panel(
    ["TradeSim – Exporteur, Prometheus, système", "TradeSim – Exporter, Prometheus, system"],
    ["L'état de la supervision elle-même.", "The state of the monitoring itself."],
  ),
  overhead: panel(
    ["TradeSim – Coût de la supervision", "TradeSim – Cost of monitoring"],
    ["Ce que la supervision coûte à la partie.", "What monitoring costs the game."],
  ),
  web: panel(
    ["TradeSim – Requêtes web", "TradeSim – Web requests"],
    [
      "Les requêtes des applications web : combien, avec quelles erreurs, en combien de temps.",
      "Requests of web applications: how many, with what errors, how long they take.",
    ],
  ),
  games: panel(
    ["TradeSim – Parties côte à côte", "TradeSim – Games side by side"],
    [
      "Des parties enregistrées, superposées à partir d'un même instant par `backfill --anchor`.",
      "Recorded games, overlaid from a common start by `backfill --anchor`.",
    ],
  ),
} satisfies Record<string, PanelText>;

export const ROWS = {
  firms: text("Entreprises", "Firms"),
  products: text("Produits", "Products"),
  suppliers: text("Fournisseurs", "Suppliers"),
  money: text("Argent", "Money"),
  goods: text("Prix et biens", "Prices and goods"),
  detail: text("Par produit (--detail)", "By product (--detail)"),
  exporter: text("Exporteur", "Exporter"),
  prometheus: text("Prometheus", "Prometheus"),
  system: text("Système", "System"),
  parts: text("Par continent et par type (--labels)", "By continent and by type (--labels)"),
} satisfies Record<string, Text>;

export const VARIABLES = {
  datasource: text("Source de données", "Data source"),
  job: text("Job", "Job"),
  instance: text("Instance", "Instance"),
  baseline: text("Comparer à", "Compare with"),
  session: text("Session", "Session"),
  entreprise: text("Entreprise", "Firm"),
  produit: text("Produit", "Product"),
  fournisseur: text("Fournisseur", "Supplier"),
} satisfies Record<string, Text>;

/** Names of the events, by TradeSim's own. */
export const EVENTS = {
  inflation: text("Inflation", "Inflation"),
  recharge_budget: text("Recharge de budget", "Budget recharge"),
  reassort: text("Réassort", "Restock"),
  variation_disponibilite: text("Variation de disponibilité", "Availability change"),
  recharge_stock_fournisseur: text("Recharge des fournisseurs", "Supplier recharge"),
} satisfies Record<string, Text>;

export const LEGENDS = {
  boards: text("Tableaux TradeSim", "TradeSim boards"),
  recorded: text("Parties enregistrées", "Recorded games"),
  drillDown: text("Voir le détail", "Show the detail"),
  turns: text("Tours joués", "Turns played"),
  entreprise: text("Entreprise", "Firm"),
  produit: text("Produit", "Product"),
  fournisseur: text("Fournisseur", "Supplier"),
  budget: text("Budget total", "Total budget"),
  opening: text("Au début", "At the start"),
  recharged: text("Recharges", "Recharges"),
  priceIndex: text("Indice des prix", "Price index"),
  bought: text("Achetées", "Bought"),
  delivered: text("Livrées", "Delivered"),
  rank: text("Rang", "Rank"),
  profit: text("Bénéfice", "Profit"),
  lowest: text("Minimum", "Lowest"),
  mean: text("Moyenne", "Mean"),
  highest: text("Maximum", "Highest"),
  running: text("en cours", "running"),
  finished: text("finies", "finished"),
  silent: text("muettes", "silent"),
  ended: text("terminées ou interrompues", "ended or interrupted"),
  succeeded: text("Réussis", "Succeeded"),
  failed: text("Échoués", "Failed"),
  active: text("Actifs", "Active"),
  inactive: text("Inactifs", "Inactive"),
  solvent: text("Solvables", "Solvent"),
  firms: text("Toutes", "All"),
  median: text("Médiane", "Median"),
  p95: text("95 %", "95%"),
  p99: text("99 %", "99%"),
  price: text("Prix moyen", "Mean price"),
  events: text("Événements", "Events"),
  stock: text("Unités", "Units"),
  stockValue: text("Valeur du stock", "Value of the stock"),
  withFirms: text("Chez les entreprises", "At firms"),
  withSuppliers: text("Chez les fournisseurs", "At suppliers"),
  down: text("hors service", "down"),
  up: text("en service", "up"),
  shown: text("montrées", "shown"),
  dropped: text("écartées", "dropped"),
  scrape: text("Lecture de /metrics", "Scrape"),
  report: text("Prise d'un rapport", "Report"),
  resident: text("Mémoire résidente", "Resident memory"),
  heap: text("Tas JavaScript", "JavaScript heap"),
  refused: text("refusé", "refused"),
  stateErrors: text("fichier d'état", "state file"),
  seen: text("Vus un à un", "Seen one by one"),
  missed: text("Dans les totaux seulement", "In totals only"),
  followErrors: text("fichiers suivis", "followed files"),
  unknownKeys: text("inconnue", "unknown"),
  processor: text("Processeur", "Processor"),
  memory: text("Mémoire", "Memory"),
  disk: text("Disque", "Disk"),
  ofWork: text("du temps de calcul", "of processing time"),
  ofRealTime: text("du temps réel", "of real time"),
  game: text("Le tour lui-même", "The turn itself"),
  publication: text("La publication", "Publishing"),
} satisfies Record<string, Text>;

export const PANELS = {
  // What several boards show.
  turns: panel(["Tours joués", "Turns played"], [
    "Tours menés à terme, depuis que l'exporteur compte.",
    "Completed turns, since the exporter started counting.",
  ]),
  turnsPerSecond: panel(["Tours par seconde", "Turns per second"], [
    "Vitesse de la partie, pauses comprises.",
    "Speed of the game, including pauses.",
  ]),
  budget: panel(["Budget total", "Total budget"], [
    "Argent de toutes les entreprises. Les achats le font baisser, les recharges monter.",
    "Money of all firms. Purchases reduce it, recharges increase it.",
  ]),
  budgetByTurn: panel(["Budget total, par tour", "Total budget, by turn"], [
    "En abscisse les tours joués, non le temps : une pause n'y laisse pas de trace.",
    "The x axis is the turns played, not time: a pause leaves no trace.",
  ]),
  activeProducts: panel(["Produits actifs", "Active products"], [
    "Produits qui peuvent être achetés.",
    "Products that can be bought now.",
  ]),
  availability: panel(["Produits actifs et inactifs", "Active and inactive products"], [
    "Combien de produits peuvent être achetés, combien ne le peuvent pas.",
    "How many products can be bought, and how many cannot.",
  ]),
  attempts: panel(["Achats tentés", "Purchases attempted"], [
    "Achats tentés, réussis ou non, depuis que l'exporteur compte.",
    "Purchases attempted, successful or not, since the exporter started counting.",
  ]),
  successShare: panel(["Taux de réussite", "Success rate"], [
    "Part des achats tentés qui réussissent ; un échec est un budget trop petit.",
    "Share of attempted purchases that succeed; a purchase fails if the budget is too small.",
  ]),
  purchasesPerSecond: panel(["Achats par seconde", "Purchases per second"], [
    "Achats réussis et échoués, l'un sur l'autre.",
    "Successful and failed purchases, stacked.",
  ]),
  eventsPerSecond: panel(["Événements par seconde", "Events per second"], [
    "Événements de la partie. TradeSim en compte plusieurs pour une recharge.",
    "Events of the game. TradeSim counts several for one recharge.",
  ]),
  turnSeconds: panel(["Durée d'un tour", "Turn duration"], [
    "Temps d'un tour dans la partie elle-même, sans la supervision : médiane, 95 % et 99 %.",
    "Duration of a turn in the game itself, without monitoring: median, 95th and 99th percentile.",
  ]),
  prices: panel(["Prix des produits", "Prices of products"], [
    "Prix de base le plus bas, moyen et le plus haut. L'inflation les fait monter.",
    "Lowest, mean and highest base price. Inflation raises them.",
  ]),

  // Games side by side.
  recordedGames: panel(["Parties", "Games"], [
    "Parties qui se trouvent dans la période montrée.",
    "Games in the selected time range.",
  ]),
  turnsOfGames: panel(["Tours des parties", "Turns of the games"], [
    "Le dernier tour de chaque partie dans la période montrée.",
    "The last turn of each game in the selected time range.",
  ]),
  budgetsOfGames: panel(["Budgets des parties à la fin", "Budgets of the games at the end"], [
    "Argent de toutes les entreprises de la partie, à la fin de la période montrée.",
    "Money of all firms of the game, at the end of the selected time range.",
  ]),
  budgetAboveBaseline: panel(["Écart de budget total", "Difference of total budget"], [
    "Budget total de chaque partie, moins celui de la partie choisie en haut, ou la moyenne de toutes.",
    "Total budget of each game, minus that of the game selected above, or the mean of all games.",
  ]),
  priceAboveBaseline: panel(["Écart de prix moyen", "Difference of mean price"], [
    "Prix moyen de chaque partie, moins celui de la partie choisie en haut, ou la moyenne de toutes.",
    "Mean price of each game, minus that of the game selected above, or the mean of all games.",
  ]),
  turnSecondsOfGames: panel(["Durée moyenne d'un tour", "Mean turn duration"], [
    "Temps d'un tour dans la partie elle-même, tel qu'il a été mesuré quand elle fut jouée.",
    "Duration of a turn in the game itself, as measured when it was played.",
  ]),

  // Overview.
  states: panel(["Parties", "Games"], [
    "En cours, finies, muettes (la partie aurait dit sa fin), terminées ou interrompues (TradeSim ne dit jamais la sienne).",
    "Running, finished, silent (it stopped reporting without saying that it is over), ended or interrupted (TradeSim never says which).",
  ]),
  sinceReport: panel(["Dernier rapport", "Last report"], [
    "Temps écoulé depuis le dernier rapport d'une partie.",
    "Time since the last report of a game.",
  ]),

  // Finances.
  meanBudget: panel(["Budget moyen", "Mean budget"], [
    "Budget total par entreprise.",
    "Total budget per firm.",
  ]),
  lowestBudget: panel(["Budget minimal", "Lowest budget"], [
    "Budget de l'entreprise la plus pauvre ; rouge sous 1000 €.",
    "Budget of the poorest firm; red below 1000 €.",
  ]),
  highestBudget: panel(["Budget maximal", "Highest budget"], [
    "Budget de l'entreprise la plus riche.",
    "Budget of the richest firm.",
  ]),
  spent: panel(["Dépenses", "Spent"], [
    "Argent dépensé en achats, depuis que l'exporteur compte.",
    "Money spent on purchases, since the exporter started counting.",
  ]),
  solventShare: panel(["Entreprises solvables", "Solvent firms"], [
    "Part des entreprises dont le budget n'est pas nul.",
    "Share of the firms whose budget is above zero.",
  ]),
  budgets: panel(["Budgets des entreprises", "Budgets of firms"], [
    "Le plus petit, le moyen et le plus grand budget ; le trait est à 1000 €.",
    "The lowest, the mean and the highest budget; the line is at 1000 €.",
  ]),
  spendingPerSecond: panel(["Dépenses par seconde", "Spending per second"], [
    "Argent dépensé en achats, par seconde de temps réel.",
    "Money spent on purchases, per second of real time.",
  ]),
  spendingPerTurn: panel(["Dépenses par tour", "Spending per turn"], [
    "Argent dépensé en achats, par tour joué.",
    "Money spent on purchases, per turn played.",
  ]),
  solvency: panel(["Entreprises, et les solvables", "Firms, and solvent ones"], [
    "Entreprises en jeu, et celles dont le budget n'est pas nul.",
    "Firms in the game, and those whose budget is above zero.",
  ]),
  budgetByContinent: labelPanel(
    "continent",
    ["Budget par continent", "Budget by continent"],
    ["Budget des entreprises d'un continent.", "Budget of the firms of a continent."],
  ),
  budgetsByTurn: panel(["Budgets, par tour", "Budgets, by turn"], [
    "Le plus petit, le moyen et le plus grand budget ; en abscisse les tours joués.",
    "The lowest, the mean and the highest budget; the x axis is the turns played.",
  ]),

  // Economy.
  priceIndex: panel(["Indice des prix", "Price index"], [
    "100 au premier tour ; chaque produit qui peut être acheté pèse autant.",
    "100 at the first turn; each product that can be bought weighs the same.",
  ]),
  priceIndexByTurn: panel(["Indice des prix, par tour", "Price index, by turn"], [
    "100 au premier tour ; en abscisse les tours joués.",
    "100 at the first turn; the x axis is the turns played.",
  ]),
  inflation: panel(["Inflation", "Inflation"], [
    "Hausse de l'indice des prix sur dix tours.",
    "Rise of the price index over ten turns.",
  ]),
  gini: panel(["Inégalité (Gini)", "Inequality (Gini)"], [
    "0 quand toutes les entreprises ont le même budget, près de 1 quand une seule a tout.",
    "0 when all firms have the same budget, near 1 when one has everything.",
  ]),
  concentration: panel(["Concentration (HHI)", "Concentration (HHI)"], [
    "Des achats par entreprise : 1 quand une seule achète.",
    "Concentration of purchases among firms: 1 if one firm makes all of them.",
  ]),
  velocity: panel(["Vitesse de l'argent", "Velocity of money"], [
    "Part de l'argent qui est dépensée en un tour, en moyenne sur dix tours.",
    "Share of the money that is spent in a turn, averaged over ten turns.",
  ]),
  broken: panel(["Invariants rompus", "Broken invariants"], [
    "Rapports qui se contredisent, hors défauts connus de TradeSim ; /api/sessions dit le tour et la cause.",
    "Reports that contradict themselves, except for known errors of TradeSim; /api/sessions has turn and cause.",
  ]),
  moneyLedger: panel(["Le compte de l'argent, par tour", "Money ledger, by turn"], [
    "Argent du début, plus les recharges, moins les achats : c'est le budget total, au centime. En abscisse les tours joués.",
    "Money at the start, plus recharges, minus purchases: the total budget, to the cent. The x axis is the turns played.",
  ]),
  moneyPerTurn: panel(["Recharges et achats par tour", "Recharges and purchases per turn"], [
    "Argent qui entre et qui sort, par tour joué.",
    "Money that enters and leaves, per turn played.",
  ]),
  inequality: panel(["Inégalité entre entreprises", "Inequality of firms"], [
    "Gini des budgets, concentration des achats, part des entreprises solvables.",
    "Gini of budgets, concentration of purchases, share of solvent firms.",
  ]),
  goods: panel(["Où sont les biens", "Where the goods are"], [
    "Unités de tous les produits chez les entreprises et chez les fournisseurs.",
    "Units of all products at firms and at suppliers.",
  ]),
  goodsPerTurn: panel(["Unités par tour", "Units per turn"], [
    "Unités achetées, et livrées aux fournisseurs, ce que TradeSim ne dit pas.",
    "Units bought, and units delivered to suppliers, which TradeSim does not report.",
  ]),
  soldOutEverywhere: panel(["Produits épuisés", "Products sold out"], [
    "Produits qu'aucun fournisseur n'a en stock.",
    "Products that no supplier has in stock.",
  ]),
  goodsByType: labelPanel(
    "produit_type",
    ["Stock des fournisseurs par type", "Suppliers' stock by type"],
    ["Unités par type de produit.", "Units by type of product."],
  ),
  boughtByType: labelPanel(
    "produit_type",
    ["Unités achetées par type", "Units bought by type"],
    ["Par seconde et par type de produit.", "Per second, by type of product."],
  ),
  brokenByInvariant: panel(["Invariants, un par un", "Each invariant"], [
    "Rapports qui ont rompu chacun ; les défauts connus de TradeSim commencent par tradesim_.",
    "Reports that broke each invariant; known errors of TradeSim start with tradesim_.",
  ]),

  // Ranking.
  ranking: detailPanel(["Classement", "Ranking"], [
    "Rang, budget et bénéfice ; un clic choisit l'entreprise.",
    "Rank, budget and profit; click to select the firm.",
  ]),
  profits: detailPanel(["Les plus gros bénéfices", "The highest profits"], [
    "Budget moins budget du début, les vingt plus grands.",
    "Budget minus initial budget, the twenty highest.",
  ]),
  ranks: detailPanel(["Rang dans le temps", "Rank over time"], [
    "1 est la plus riche.",
    "1 is the richest.",
  ]),
  profitCourse: detailPanel(["Bénéfice dans le temps", "Profit over time"], [
    "Budget moins budget du début.",
    "Budget minus initial budget.",
  ]),
  cheapest: detailPanel(["Le meilleur prix", "The best price"], [
    "Prix le plus bas de chaque produit chez un fournisseur. TradeSim ne le dit pas.",
    "Lowest supplier price of each product. TradeSim does not report it.",
  ]),
  spread: detailPanel(["Écart entre fournisseurs", "Spread between suppliers"], [
    "De combien le plus cher dépasse le moins cher. TradeSim ne le dit pas.",
    "By how much the highest supplier price exceeds the lowest. TradeSim does not report it.",
  ]),
  activity: detailPanel(["Produits actifs, un par un", "Each active product"], [
    "1 quand le produit peut être acheté. TradeSim ne le dit pas.",
    "1 when the product can be bought. TradeSim does not tell.",
  ]),

  // Transactions.
  succeeded: panel(["Achats réussis", "Successful purchases"], [
    "Achats réussis, depuis que l'exporteur compte.",
    "Successful purchases, since the exporter started counting.",
  ]),
  failed: panel(["Achats échoués", "Failed purchases"], [
    "Achats échoués faute d'argent, depuis que l'exporteur compte.",
    "Purchases that failed because the budget was too small, since the exporter started counting.",
  ]),
  meanPurchase: panel(["Montant d'un achat", "Amount of a purchase"], [
    "Argent dépensé par achat réussi.",
    "Money spent per successful purchase.",
  ]),
  purchasesPerTurn: panel(["Achats par tour", "Purchases per turn"], [
    "Achats réussis par tour joué.",
    "Successful purchases per turn played.",
  ]),
  purchasesByContinent: labelPanel(
    "continent",
    ["Achats réussis par continent", "Successful purchases by continent"],
    ["Par seconde et par continent de l'entreprise.", "Per second, by the firm's continent."],
  ),
  purchasesByType: labelPanel(
    "produit_type",
    ["Achats réussis par type de produit", "Successful purchases by type of product"],
    ["Par seconde et par type de produit.", "Per second, by type of product."],
  ),
  purchasesByTurn: panel(["Achats cumulés, par tour", "Purchases so far, by turn"], [
    "Achats réussis et échoués jusqu'à ce tour ; en abscisse les tours joués.",
    "Successful and failed purchases up to each turn; the x axis is the turns played.",
  ]),

  // Products and prices.
  products: panel(["Produits", "Products"], [
    "Produits de la partie, actifs ou non.",
    "Products in the game, active or not.",
  ]),
  inactiveProducts: panel(["Produits inactifs", "Inactive products"], [
    "Produits qui ne peuvent pas être achetés.",
    "Products that cannot be bought now.",
  ]),
  lowestPrice: panel(["Prix minimal", "Lowest price"], [
    "Prix de base le plus bas.",
    "Lowest base price of a product.",
  ]),
  meanPrice: panel(["Prix moyen", "Mean price"], [
    "Prix de base moyen de tous les produits.",
    "Mean base price over all products.",
  ]),
  highestPrice: panel(["Prix maximal", "Highest price"], [
    "Prix de base le plus haut.",
    "Highest base price of a product.",
  ]),
  pricesByTurn: panel(["Prix moyen, par tour", "Mean price, by turn"], [
    "En abscisse les tours joués.",
    "The x axis is the turns played.",
  ]),
  productsByType: labelPanel(
    "produit_type",
    ["Produits par type", "Products by type"],
    ["Produits de la partie par type.", "Products in the game by type."],
  ),
  productPrices: detailPanel(["Prix de chaque produit", "Price of each product"], [
    "Prix de base de chaque produit ; un clic ouvre le détail.",
    "Base price of each product; click to open its details.",
  ]),
  productStocks: detailPanel(
    ["Stock des fournisseurs par produit", "Suppliers' stock by product"],
    [
      "Unités de chaque produit chez tous les fournisseurs.",
      "Units of each product at all suppliers.",
    ],
  ),

  // Firms, products, suppliers.
  firmList: detailPanel(["Les entreprises", "The firms"], [
    "Budget, unités et valeur du stock au prix de base ; un clic choisit l'entreprise.",
    "Budget, units, and value of the stock at base prices; click to select the firm.",
  ]),
  firmRanking: detailPanel(["Les plus riches", "The richest"], [
    "Les vingt plus grands budgets.",
    "The twenty highest budgets.",
  ]),
  firmBudgets: detailPanel(["Budget par entreprise", "Budget by firm"], [
    "Budget des entreprises choisies.",
    "Budget of the selected firms.",
  ]),
  firmStocks: detailPanel(["Stock par entreprise", "Stock by firm"], [
    "Unités des produits choisis dans les entreprises choisies.",
    "Units of the selected products at the selected firms.",
  ]),
  productPrice: detailPanel(["Prix par produit", "Price by product"], [
    "Prix de base des produits choisis.",
    "Base price of the selected products.",
  ]),
  productUnits: detailPanel(["Où sont les unités", "Where the units are"], [
    "Unités des produits choisis chez les entreprises et les fournisseurs choisis.",
    "Units of the selected products at the selected firms and suppliers.",
  ]),
  firmProducts: detailPanel(["Stock des entreprises par produit", "Firms' stock by product"], [
    "Unités dans les entreprises choisies, par produit.",
    "Units at the selected firms, by product.",
  ]),
  supplierProducts: detailPanel([
    "Stock des fournisseurs par produit, au choix",
    "Supplier stock by selected product",
  ], [
    "Unités chez les fournisseurs choisis, par produit.",
    "Units at the selected suppliers, by product.",
  ]),
  supplierStocks: detailPanel(["Stock par fournisseur", "Stock by supplier"], [
    "Unités des produits choisis chez les fournisseurs choisis.",
    "Units of the selected products at the selected suppliers.",
  ]),
  soldOut: detailPanel(
    ["Produits sans stock par fournisseur", "Products out of stock by supplier"],
    [
      "Produits choisis dont le fournisseur n'a aucune unité.",
      "Selected products of which the supplier has no units.",
    ],
  ),

  // Events.
  events: panel(["Événements", "Events"], [
    "Événements de la partie, depuis que l'exporteur compte.",
    "Events of the game, since the exporter started counting.",
  ]),
  eventsPerTurn: panel(["Événements par tour", "Events per turn"], [
    "Événements par tour joué.",
    "Events per turn played.",
  ]),
  sinceEvents: panel(["Temps depuis le dernier", "Time since the last event"], [
    "Par type. Pour TradeSim, les types se déduisent de ce qui a changé en un tour.",
    "By type. For TradeSim, types are derived from what changed in a turn.",
  ]),
  eventsSeen: panel(["Événements vus, par type", "Events seen, by type"], [
    "Changements de la date du dernier événement entre deux lectures : au moins autant ont eu lieu.",
    "Changes of the time of the last event between scrapes: at least this many events happened.",
  ]),
  eventsByTurn: panel(["Événements cumulés, par tour", "Events so far, by turn"], [
    "Événements jusqu'à ce tour ; en abscisse les tours joués.",
    "Events up to each turn; the x axis is the turns played.",
  ]),

  // Exporter, Prometheus, system.
  up: panel(["État", "State"], [
    "Si Prometheus atteint l'exporteur.",
    "Whether Prometheus reaches the exporter.",
  ]),
  version: panel(["Version", "Version"], [
    "Version de l'exporteur.",
    "Version of the exporter.",
  ]),
  uptime: panel(["En service depuis", "Uptime"], [
    "Temps écoulé depuis le démarrage de l'exporteur.",
    "Time since the exporter started.",
  ]),
  seriesShown: panel(["Séries", "Series"], [
    "Séries montrées, et séries que --max-series écarte : celles-ci manquent aux tableaux.",
    "Exposed series, and series that --max-series drops: the dashboards lack these.",
  ]),
  refusedReports: panel(["Rapports refusés", "Reports refused"], [
    "Rapports refusés dans la période choisie.",
    "Reports that were rejected in the selected time range.",
  ]),
  failures: panel(["Erreurs de fichiers", "File errors"], [
    "Lectures de fichiers suivis et écritures du fichier d'état qui ont échoué dans la période.",
    "Failed reads of followed files and writes of the state file in the selected time range.",
  ]),
  reportsPerSecond: panel(["Rapports pris par seconde", "Reports taken per second"], [
    "Rapports nouveaux, par source.",
    "New reports, by source.",
  ]),
  turnsSeen: panel(["Tours vus par seconde", "Turns seen per second"], [
    "Tours dont les nombres sont arrivés, et tours qu'aucun rapport ne portait : les totaux les ont.",
    "Turns whose numbers arrived, and turns that no report carried: totals have them.",
  ]),
  otherReports: panel(["Rapports sans effet", "Reports without effect"], [
    "Répétés, en retard ou refusés, par seconde et par raison.",
    "Repeated, late or rejected reports per second, by reason.",
  ]),
  turnedAway: panel(["Requêtes refusées", "Requests turned away"], [
    "Requêtes refusées avant d'être lues, par seconde et par raison.",
    "Requests that were rejected before they were read, per second, by reason.",
  ]),
  leftOutKeys: panel(["Clés laissées de côté", "Keys left out"], [
    "Clés de rapports au mauvais type ou hors limites, et clés inconnues, par seconde.",
    "Keys of reports with a wrong type or value, and unknown keys, per second.",
  ]),
  otherRecords: panel(["Autres lignes des fichiers", "Other lines of files"], [
    "Lignes des fichiers suivis qui ne sont pas des rapports, par seconde et par type.",
    "Lines of followed files that are not reports, per second, by type.",
  ]),
  followed: panel(["Octets lus dans les fichiers", "Bytes read from files"], [
    "Octets lus dans les fichiers suivis, par seconde.",
    "Bytes read from followed files, per second.",
  ]),
  exporterWork: panel(["Travail de l'exporteur", "The exporter's work"], [
    "Temps pour prendre un rapport et pour répondre à une lecture : 95 % sont plus courts.",
    "Time to take a report and to answer a scrape: 95th percentile.",
  ]),
  lag: panel(["Retard de la boucle d'événements", "Lag of the event loop"], [
    "Retard des minuteries de l'exporteur : 99 % sont plus courts.",
    "Delay of timers in the exporter: 99th percentile.",
  ]),
  exporterMemory: panel(["Mémoire de l'exporteur", "The exporter's memory"], [
    "Mémoire en RAM, et part des objets JavaScript.",
    "Resident memory, and memory of JavaScript objects.",
  ]),
  exporterCpu: panel(["Processeur de l'exporteur", "The exporter's processor time"], [
    "Part d'un processeur.",
    "Share of one processor.",
  ]),
  scrapeSeconds: panel(["Durée d'une lecture", "Time of a scrape"], [
    "Temps d'une lecture vu par Prometheus, réseau compris.",
    "Duration of a scrape as seen by Prometheus, including the network.",
  ]),
  scrapeSamples: panel(["Valeurs par lecture", "Samples per scrape"], [
    "Valeurs lues à chaque fois ; la limite est dans prometheus.yml.",
    "Samples per scrape; the limit is in prometheus.yml.",
  ]),
  headSeries: panel(["Séries de Prometheus", "Prometheus' series"], [
    "Séries que Prometheus tient en mémoire.",
    "Series that Prometheus keeps in memory.",
  ]),
  appended: panel(["Valeurs reçues par seconde", "Samples per second"], [
    "Valeurs que Prometheus enregistre.",
    "Samples that Prometheus stores.",
  ]),
  prometheusMemory: panel(["Mémoire de Prometheus", "Prometheus' memory"], [
    "Mémoire de Prometheus en RAM.",
    "Resident memory of Prometheus.",
  ]),
  prometheusDisk: panel(["Disque de Prometheus", "Prometheus' disk"], [
    "Taille des blocs ; les deux ou trois dernières heures n'y sont pas encore.",
    "Size of the blocks, without the last two or three hours.",
  ]),
  queryTime: panel(["Durée des requêtes", "Time of queries"], [
    "Temps d'évaluation d'une requête : 99 % sont plus courts.",
    "Time to evaluate a query: 99th percentile.",
  ]),
  system: panel(["Machine de l'exporteur", "The exporter's machine"], [
    "Processeurs occupés, mémoire et disque utilisés.",
    "Usage of processors, memory and disk.",
  ]),
  load: panel(["Charge moyenne", "Load average"], [
    "Tâches prêtes, en moyenne sur 1, 5 et 15 minutes.",
    "Runnable tasks, averaged over 1, 5 and 15 minutes.",
  ]),

  // Overhead.
  overheadShare: panel(["Coût de la publication", "Cost of publishing"], [
    "Temps passé à publier, sur le temps réel de la partie ; rouge dès 1 %. Seulement si la partie le dit, ce que TradeSim ne fait pas.",
    "Time spent on publishing over the game's real time; red from 1%. Only if the game reports it, which TradeSim does not.",
  ]),
  overheadPerTurn: panel(["Publication par tour", "Publishing per turn"], [
    "Temps passé à publier, par tour joué.",
    "Time spent on publishing, per turn played.",
  ]),
  meanTurn: panel(["Durée moyenne d'un tour", "Mean time of a turn"], [
    "Temps d'un tour dans la partie elle-même, sans la supervision.",
    "Time that a turn takes in the game itself, without monitoring.",
  ]),
  turnInterval: panel(["Temps réel par tour", "Real time per turn"], [
    "Temps réel d'un tour à l'autre, supervision et pauses comprises.",
    "Real time from turn to turn, monitoring and pauses included.",
  ]),
  exporterCpuNow: panel(["Processeur", "Processor"], [
    "Part d'un processeur que prend l'exporteur.",
    "Share of one processor that the exporter takes.",
  ]),
  exporterMemoryNow: panel(["Mémoire", "Memory"], [
    "Mémoire de l'exporteur en RAM.",
    "Memory of the exporter in RAM.",
  ]),
  overheadShares: panel(["Part de la publication", "Share of publishing"], [
    "Temps passé à publier, sur le temps réel et sur le temps de calcul ; le trait est à 1 %.",
    "Time spent on publishing, over real time and over the working time; the line is at 1%.",
  ]),
  turnAndPublishing: panel(["Un tour et sa publication", "A turn and its publishing"], [
    "Temps d'un tour, et temps passé à le publier.",
    "Duration of a turn, and time spent on publishing it.",
  ]),
  turnBuckets: panel(["Répartition des durées de tour", "Distribution of turn times"], [
    "Tours par seconde dans chaque classe de durée.",
    "Turns per second in each class of duration.",
  ]),
  workPerTurn: panel(["Travail de l'exporteur par tour", "The exporter's work per turn"], [
    "Temps de processeur de l'exporteur, par tour joué ; il tourne hors de la partie.",
    "Processor time of the exporter, per turn played; it runs beside the game.",
  ]),
  webRate: panel(["Requêtes par seconde", "Requests per second"], [
    "Requêtes terminées par seconde, tous processus ensemble.",
    "Requests per second that were answered, all processes together.",
  ]),
  webErrorShare: panel(["Part d'erreurs", "Share of errors"], [
    "Part des requêtes auxquelles le serveur a répondu 500 ou plus, ou qui ont levé une exception.",
    "Share of requests that got 500 or more, or raised an exception.",
  ]),
  webMean: panel(["Durée moyenne", "Mean duration"], [
    "Durée moyenne d'une requête, jusqu'à la fin de la réponse.",
    "Mean duration of a request, to the end of its response.",
  ]),
  webP99: panel(["Durée, 99 %", "Duration, 99%"], [
    "99 % des requêtes ont été plus rapides.",
    "99% of requests were faster.",
  ]),
  webActive: panel(["En cours", "Active"], [
    "Requêtes en cours, tous processus ensemble.",
    "Requests being answered now, all processes together.",
  ]),
  webTotal: panel(["Requêtes", "Requests"], [
    "Requêtes terminées depuis le début, processus arrêtés compris.",
    "Requests answered since the beginning, ended processes included.",
  ]),
  webByRoute: panel(["Requêtes par route", "Requests by route"], [
    "Requêtes par seconde des dix routes les plus demandées.",
    "Requests per second of the ten routes that are asked for most.",
  ]),
  webByCode: panel(["Requêtes par code", "Requests by code"], [
    "Requêtes par seconde, par code de réponse. 499 : le client est parti avant.",
    "Requests per second, by code of the response. 499: the client left before it.",
  ]),
  webErrors: panel(["Erreurs par route", "Errors by route"], [
    "Erreurs par seconde des dix routes qui en ont le plus.",
    "Errors per second of the ten routes that have most.",
  ]),
  webErrorTypes: panel(["Erreurs par type", "Errors by type"], [
    "Erreurs par seconde, par type d'exception ou par code.",
    "Errors per second, by type of exception or by code.",
  ]),
  webDurations: panel(["Durée des requêtes", "Duration of requests"], [
    "Durée d'une requête : médiane, 95e et 99e centile.",
    "Duration of a request: median, 95th and 99th percentile.",
  ]),
  webMeans: panel(["Durée moyenne par route", "Mean duration by route"], [
    "Durée moyenne des dix routes les plus lentes.",
    "Mean duration of the ten slowest routes.",
  ]),
  webBuckets: panel(["Répartition des durées", "Distribution of durations"], [
    "Requêtes par seconde dans chaque classe de durée.",
    "Requests per second in each class of duration.",
  ]),
  webActiveNow: panel(["Requêtes en cours", "Active requests"], [
    "Requêtes en cours, par méthode.",
    "Requests being answered now, by method.",
  ]),
} satisfies Record<string, PanelText>;
