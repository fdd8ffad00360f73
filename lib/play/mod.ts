/** Games from the command line. @module */

export { simulate, type SimulateIo, type SimulateOptions } from "./simulate.ts";
