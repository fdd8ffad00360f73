/** A TradeSim world that plays by itself, from a seed, without clock and files. @module */

export { type Effect, EVENT_TYPES, type EventType } from "./events.ts";
export {
  createGame,
  type Game,
  type GameEvent,
  type GameNumbers,
  type GameOptions,
  GameOver,
  type Purchase,
  type Shares,
} from "./game.ts";
export { KEPT_EVENTS, type RecentEvent } from "./recent_events.ts";
export { formatWorld, parseWorld } from "./save.ts";
export { stateSha256, statusLines } from "./status.ts";
export {
  type Entreprise,
  type Fournisseur,
  type Inflation,
  MAX_COUNT,
  PRODUCT_TYPES,
  type Produit,
  type World,
  WorldError,
} from "./world.ts";
