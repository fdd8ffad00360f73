/** Recorded games: turn logs and journals, plain, compressed and rotated. @module */

export { RecordingError } from "./error.ts";
export { type RecordedFile, recordedFiles } from "./files.ts";
export {
  type Fault,
  inOrder,
  type Part,
  type Place,
  readGames,
  type ReportPart,
  type TurnsPart,
} from "./games.ts";
export { type ReadRecordsOptions, type RecordedLine, recordedLines } from "./lines.ts";
