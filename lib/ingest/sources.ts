/** The ways in which reports come: values of the label `source`. @module */

/** Of an exporter that watches games. */
export const SOURCES = ["post", "follow"] as const;
/** Of one that shows a recorded game, there is only this one. */
export const REPLAY = "replay";
export type SourceName = (typeof SOURCES)[number] | typeof REPLAY;
