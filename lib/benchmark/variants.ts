/** What is measured: the worlds, and the ways to monitor a game. @module */

/** Worlds, from small to large. */
export const WORLDS = ["default", "moyen", "grand"] as const;
export type World = (typeof WORLDS)[number];

/**
 * What is compared with a game without monitoring; `none` is such a game again, as a control, and
 * `turns` is a journal and a turn log.
 */
export const PUBLISHERS = ["none", "journal", "turns", "http"] as const;
export type Publisher = (typeof PUBLISHERS)[number];
/** Those that are compared unless others are asked for: what a game does by default. */
export const USUAL_PUBLISHERS: readonly Publisher[] = ["none", "journal", "http"];

/** How a run was played. */
export const VARIANTS = ["off", ...PUBLISHERS] as const;
export type Variant = (typeof VARIANTS)[number];
