/** The command `serve`: an exporter, its ports, and the signals that reload and end it. @module */

import { firstSignal, giveUpPermissions, listenToHangUps, print } from "../cli/mod.ts";
import { UserError } from "../error/mod.ts";
import { createLineWriter, createLog, type LineWriter, type Log } from "../log/mod.ts";
import {
  checkFree,
  Connections,
  listen,
  type Listening,
  withBothLoopbacks,
} from "../server/mod.ts";
import { readReceiver } from "../remote_write/receiver.ts";
import { createTelemetry } from "../telemetry/mod.ts";
import { createExporter, type ExporterOptions } from "./exporter.ts";
import { readFiles } from "./files.ts";
import { startRemoteWrite } from "./remote_write.ts";
import { neededToServe, type ServeOptions } from "./options.ts";
import type { Replay } from "./replay.ts";

/** How long a request under way or a slow disk may hold up the end. */
const SHUTDOWN_MS = 5000;
/** The same while readers of events have stalled, which would hold it up to the last. */
const STALLED_SHUTDOWN_MS = 1000;
/** How long the last lines of the log may take to be read. */
const FLUSH_MS = 500;

/**
 * Runs the exporter until a signal ends it, and writes its log to the last line; or checks its
 * configuration only.
 *
 * @param notes What the user should know about the configuration, one sentence each.
 * @param replay A recorded game to show, in place of reports that are posted.
 */
export async function serve(
  options: ServeOptions,
  notes: readonly string[],
  replay?: Replay,
): Promise<void> {
  const lines = createLineWriter();
  const { logLevel: level, logFormat: format } = options;
  const log = createLog({ level, format, write: lines.write });
  try {
    for (const note of notes) log.warn(note);
    if (options.checkConfig) {
      readFiles(options);
      readReceiver(options);
      print("The configuration is right\n");
    } else if (!options.enabled) {
      log.warn("METRICS_ENABLED is False; exiting");
    } else {
      await run({ ...options, replay }, log, lines);
    }
  } finally {
    await lines.flush(FLUSH_MS);
  }
}

/** @param lines What the log is written with; lines that it drops are counted. */
async function run(
  options: ServeOptions & Pick<ExporterOptions, "replay">,
  log: Log,
  lines: LineWriter,
): Promise<void> {
  const onHangUp = listenToHangUps();
  const access = readFiles(options);
  const telemetry = createTelemetry();
  telemetry.countFrom("tradesim_exporter_log_lines_dropped_total", () => lines.dropped);
  // Before the state: an exporter on the same port uses the same file, and the port says it better.
  const addresses = withBothLoopbacks(options.addresses);
  for (const address of addresses) checkFree(address);
  const sender = startRemoteWrite(options, { log, telemetry });
  const exporter = createExporter({
    ...{ ...options, log, telemetry, access },
    ...sender && { sender },
  });

  const connections = new Connections({ telemetry });
  const servers: Listening[] = [];
  for (const { hostname, port } of addresses) {
    // Both loopback addresses are served on one port, whichever that becomes.
    const real = port === 0 && hostname === "::1" ? servers.at(-1)?.port ?? 0 : port;
    const { tls } = access.web;
    const address = { hostname, port: real };
    servers.push(listen(address, { tls, handler: exporter.handle, connections, log }));
  }
  onHangUp(async () => {
    sender?.reload();
    try {
      const files = readFiles(options);
      await Promise.all(servers.map((server) => server.renew(files.web.tls)));
      exporter.reload(files);
      log.info("Reloaded web configuration, certificates and token");
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log.error("Cannot reload the configuration; the previous one stays in use", {
        reason: error.message,
      });
    }
  });
  const pastRead = exporter.start();
  giveUpPermissions(neededToServe(options));

  const signal = await Promise.race([
    firstSignal(),
    ...servers.map(({ lost }) => lost),
    // Never resolves, but tells of a bug in it.
    pastRead.then(() => new Promise<never>(() => {})),
  ]);
  log.info("Stopping", { signal });
  // No port closes while an answer is being sent on it, or waits for a reader that has stalled.
  const patience = exporter.quiet() ? STALLED_SHUTDOWN_MS : SHUTDOWN_MS;
  await Promise.race([
    Promise.all(servers.map((server) => server.shutdown())),
    new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, patience))),
  ]);
  connections.close();
  await exporter.stop(patience);
}
