/** Games from the command line. @module */

export { WorldError } from "../simulation/mod.ts";
export { createRestOfReport } from "./rest_of_report.ts";
export { simulate, type SimulateIo, type SimulateOptions } from "./simulate.ts";
