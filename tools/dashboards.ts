/** Builds the Grafana dashboards from tools/dashboards, in each language. @module */

import { type Board, boardJson } from "./dashboards/board.ts";
import { ECONOMY } from "./dashboards/boards/economy.ts";
import { EVENTS } from "./dashboards/boards/events.ts";
import { EXPORTER } from "./dashboards/boards/exporter.ts";
import { FINANCES } from "./dashboards/boards/finances.ts";
import { FIRMS } from "./dashboards/boards/firms.ts";
import { GAMES } from "./dashboards/boards/games.ts";
import { OVERHEAD } from "./dashboards/boards/overhead.ts";
import { OVERVIEW } from "./dashboards/boards/overview.ts";
import { PRODUCTS } from "./dashboards/boards/products.ts";
import { RANKING } from "./dashboards/boards/ranking.ts";
import { TRANSACTIONS } from "./dashboards/boards/transactions.ts";
import { WEB } from "./dashboards/boards/web.ts";
import { LANGUAGES } from "./dashboards/texts.ts";

const BOARDS: readonly Board[] = [
  OVERVIEW,
  FINANCES,
  ECONOMY,
  RANKING,
  TRANSACTIONS,
  PRODUCTS,
  FIRMS,
  EVENTS,
  EXPORTER,
  OVERHEAD,
  WEB,
  GAMES,
];

/** The boards by path from the repository's top. */
export function dashboards(): ReadonlyMap<string, string> {
  return new Map(
    LANGUAGES.flatMap((language) =>
      BOARDS.map((board) =>
        [`grafana/dashboards/${language}/${board.file}.json`, boardJson(board, language)] as const
      )
    ),
  );
}
