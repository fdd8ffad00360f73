/** Takes families of series, gives the answer to a scrape. @module */

export { Exposition, type ExpositionOptions } from "./exposition.ts";
export { countSeries, limitSeries } from "./series_limit.ts";
export { canBeRead, CONTENT_TYPE, createRenderer, lineStart } from "./text.ts";
