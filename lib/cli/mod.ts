/** What all commands share: parsing, layers of settings, help, messages and permissions. @module */

export { formatConfig } from "./config_file.ts";
export {
  type Command,
  emptyEnvironment,
  environmentName,
  type Flag,
  type Flags,
  isInConfigFile,
  type Values,
} from "./flag.ts";
export { formatFlags, formatHelp } from "./help.ts";
export { type Environment, type Layer, readArguments } from "./layers.ts";
export { checkNamedFile, readNamedFile, readNamedInput, readUser, textOf } from "./named_file.ts";
export { giveUpPermissions, KINDS, type Needs } from "./permissions.ts";
export { nearest } from "./suggest.ts";
export { commandLineValues } from "./values.ts";
export type { Address } from "./kinds.ts";
export {
  callOf,
  firstSignal,
  listenToHangUps,
  OutputError,
  ownCommand,
  print,
  printBytes,
} from "./process.ts";
export { formatUsageError, UsageError } from "./usage_error.ts";
export { BUILD_INFO, VERSION, versionText } from "./version.ts";
