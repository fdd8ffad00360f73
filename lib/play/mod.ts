/** Games from the command line. @module */

export { WorldError } from "../simulation/mod.ts";
export { createRestOfReport } from "./rest_of_report.ts";
export type { SimulateOptions } from "./flags.ts";
export { simulate, type SimulateIo } from "./simulate.ts";
