/** Economy: takes budgets, purchases and prices, gives indices. @module */

export * from "./economy.ts";
export * from "./inequality.ts";
