/** The ways in which reports come: values of the label `source`. @module */

export const SOURCES = ["post", "follow"] as const;
export type SourceName = (typeof SOURCES)[number];
