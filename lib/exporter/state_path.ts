/** The default place of the state file. @module */

import { posix, win32 } from "node:path";
import type { Environment } from "../cli/layers.ts";

/**
 * The file of a port in the user's state directory, or undefined when the environment names no
 * such directory.
 */
export function defaultStatePath(
  port: number,
  env: Environment,
  os: "windows" | "other" = Deno.build.os === "windows" ? "windows" : "other",
): string | undefined {
  const file = `${port}.json`;
  if (os === "windows") {
    const local = env("LOCALAPPDATA");
    return local ? win32.join(local, "tradesim-exporter", file) : undefined;
  }
  // systemd's StateDirectory=, the first of several (systemd.exec(5)).
  const [service] = (env("STATE_DIRECTORY") ?? "").split(":");
  if (service?.startsWith("/")) return posix.join(service, file);
  // The XDG rules: a relative path is to be ignored. A home that is relative is as useless.
  const state = env("XDG_STATE_HOME");
  if (state?.startsWith("/")) return posix.join(state, "tradesim-exporter", file);
  const home = env("HOME");
  return home?.startsWith("/")
    ? posix.join(home, ".local/state/tradesim-exporter", file)
    : undefined;
}
