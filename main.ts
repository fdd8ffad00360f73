/** The program: reads the options, connects the stages and waits for its end. @module */

import { BenchmarkError, BenchmarkStopped } from "./lib/benchmark/error.ts";
import type { PlayerSetup } from "./lib/benchmark/mod.ts";
import { ownProgram, PLAYER_COMMAND } from "./lib/benchmark/program.ts";
import { SYSTEM_METRICS } from "./lib/catalogue/mod.ts";
import { createClock } from "./lib/clock/mod.ts";
import { neverProxyThisMachine } from "./lib/network/mod.ts";
import {
  BUILD_INFO,
  checkNamedFile,
  commandNamed,
  complain,
  defaultConfig,
  emptyEnvironment,
  firstSignal,
  formatUsageError,
  listenToHangUps,
  OutputError,
  ownCommand,
  print,
  readCommandLine,
  readNamedFile,
  readUser,
  type ServeOptions,
  UsageError,
  VERSION,
  versionText,
} from "./lib/cli/mod.ts";
import {
  giveUpPermissions,
  neededFor,
  neededToPlay,
  neededToServe,
} from "./lib/cli/permissions.ts";
import type { Configuration } from "./lib/doctor/mod.ts";
import { createExposition } from "./lib/exposition/mod.ts";
import { History, lookBack } from "./lib/history/mod.ts";
import { Answers, Hub } from "./lib/live/mod.ts";
import {
  createLineWriter,
  createLog,
  createTeller,
  type LineWriter,
  type Log,
} from "./lib/log/mod.ts";
import {
  createIntake,
  createLineConsumer,
  Model,
  openState,
  plainFamily,
  RETIRED_PER_SESSION,
  StateError,
  type StateFile,
} from "./lib/model/mod.ts";
import { PrintError, printFiles } from "./lib/print/mod.ts";
import {
  checkFree,
  createAccess,
  createApi,
  createBasicAuth,
  createConnections,
  createHandler,
  createOffLoop,
  filesOf,
  listen,
  ListenError,
  type Listening,
  readToken,
  readWebConfig,
  type WebConfig,
  WebConfigError,
  withBothLoopbacks,
} from "./lib/server/mod.ts";
import { WorldError } from "./lib/simulation/world.ts";
import {
  createBodyReader,
  createFollowCounters,
  follow,
  reportFollowing,
  startSystem,
  watchProcess,
} from "./lib/source/mod.ts";
import { createTelemetry, type Telemetry } from "./lib/telemetry/mod.ts";

/** How often the state is saved, at most. */
const SAVE_INTERVAL_MS = 1000;
/** How often what has waited is looked through for the log. */
const TELL_INTERVAL_MS = 10_000;
/** How long a request under way or a slow disk may hold up the end. */
const SHUTDOWN_MS = 5000;
/** The same while readers of events have stalled, which would hold it up to the last. */
const STALLED_SHUTDOWN_MS = 1000;

/** How long the last lines of the log may take to be read. */
const FLUSH_MS = 500;

/** Exit codes: something on this machine is in the way, and what was asked for is wrong. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** The same as of a program that a signal ended. */
const EXIT_STOPPED = 130;
/** The same as of a program that SIGPIPE ended. */
const EXIT_UNREAD = 141;

const NO_WEB_CONFIG: WebConfig = { tls: undefined, headers: {}, users: {} };

/** Everything that can be wrong with files named by flags is found here, before anything starts. */
function readFiles({ webConfigFile, ingestTokenFile }: ServeOptions) {
  const read = (flag: string, path: string) => readNamedFile(path, flag, Deno.readTextFileSync);
  return {
    web: webConfigFile === undefined ? NO_WEB_CONFIG : readWebConfig(
      read("--web.config.file", webConfigFile),
      webConfigFile,
      Deno.readTextFileSync,
    ),
    token: ingestTokenFile === undefined
      ? undefined
      : readToken(read("--ingest-token-file", ingestTokenFile)),
  };
}

/** Opens the state file. Only one that was asked for must be usable. */
function openStateFile(
  { state: path, isStateChosen, maxSessions }: ServeOptions,
  log: Log,
  telemetry: Telemetry,
): StateFile | undefined {
  if (path === undefined) return undefined;
  const onError = () => telemetry.count("tradesim_exporter_state_errors_total");
  try {
    return openState({ path, maxSessions: maxSessions * RETIRED_PER_SESSION, log, onError });
  } catch (error) {
    if (isStateChosen || !(error instanceof StateError) || error.mustStop) throw error;
    log.warn("No state is kept: a restart begins at 0", { reason: error.message });
    return undefined;
  }
}

/** Runs the exporter until a signal ends it. */
async function serve(options: ServeOptions, log: Log, lines: LineWriter): Promise<void> {
  const onHangUp = listenToHangUps();
  const { web, token } = readFiles(options);
  const started = performance.now();
  const telemetry = createTelemetry();
  telemetry.set("tradesim_exporter_build_info", 1, BUILD_INFO);
  let dropped = 0;
  telemetry.beforeRender(() => {
    telemetry.count("tradesim_exporter_log_lines_dropped_total", {}, lines.dropped - dropped);
    dropped = lines.dropped;
  });

  const teller = createTeller();
  const history = new History({
    maxTurns: options.historyTurns,
    maxSessions: options.maxSessions,
  });
  const model = new Model({
    breakdowns: options.labels.filter((label) => label !== "session"),
    bySession: options.labels.includes("session"),
    maxSessions: options.maxSessions,
    staleAfter: options.staleAfter,
    detail: options.detail,
    allKeys: options.allKeys,
    onEvicted: (session) => {
      history.forget(session);
      telemetry.count("tradesim_exporter_sessions_evicted_total");
      teller.tell(
        "forgotten",
        (times) =>
          log.info("A session is forgotten, its totals are kept; see --max-sessions", {
            session,
            times,
          }),
      );
    },
    onGames: {
      onSecond: (session, name) =>
        log.warn("A second game has come under one session id: it counts as a session of its own", {
          session,
          as: name,
        }),
      onMixed: (session) =>
        log.warn("Turns come again later under one session id: they do not count", {
          session,
          remedy: "play games at once in processes that did not begin in the same second",
        }),
    },
  });

  const now = createClock({
    onStep: (seconds) => {
      model.shift(seconds);
      log.warn("The clock of this machine was set", { seconds: Math.round(seconds) });
    },
  });

  // Before the state: an exporter on the same port uses the same file, and the port says it better.
  const addresses = withBothLoopbacks(options.addresses);
  for (const address of addresses) checkFree(address);
  const state = openStateFile(options, log, telemetry);
  if (state?.saved !== undefined) {
    model.restore(state.saved.model, now());
    for (const { report, arrival } of state.saved.journal) {
      model.take(model.games.named(report), Math.min(arrival, now()));
    }
  }

  const answers = new Answers({
    model,
    history,
    telemetry,
    system: () => system?.values ?? new Map(),
    version: VERSION,
    started: now() - (performance.now() - started) / 1000,
    telemetryPath: options.webTelemetryPath,
    command: ownCommand(),
    now,
  });
  const hub = new Hub({ answers, telemetry });

  // What the files tell before the port opens nobody has seen, and it can be read again.
  let isCaughtUp = false;
  const intake = createIntake({
    model,
    telemetry,
    now,
    onLeftOut: ({ key, problem, session, source }) =>
      teller.tell(
        `key ${source} ${key} ${problem}`,
        (times) =>
          log.warn("A key of a report cannot be used and is left out", {
            key,
            reason: problem,
            session,
            source,
            times,
          }),
      ),
    onRepeated: (report, arrival, sent) => {
      // What the state has kept the history has not.
      if (!isCaughtUp) history.take(report, sent.details, arrival);
    },
    note: (report, arrival, sent) => {
      if (isCaughtUp) {
        state?.note(sent.report, arrival, report.session);
        if (state?.isFull) save();
      }
      hub.reported(report.session, history.take(report, sent.details, arrival));
    },
    read: {
      breakdowns: options.labels.some((label) => label !== "session"),
      detail: options.detail,
      allKeys: options.allKeys,
    },
  });
  const counters = createFollowCounters();
  let unsaved = true;
  const follower = follow({
    paths: options.follow,
    interval: options.collectInterval,
    maxLine: options.maxBody,
    consumer: (path) =>
      createLineConsumer(
        intake,
        telemetry,
        options.maxBody,
        ({ kind, what, beginning, start }) =>
          teller.tell(`line ${path} ${kind}`, (times) =>
            log.warn("A line of a followed file is no report", {
              path,
              reason: what,
              beginning,
              start,
              times,
            })),
      ),
    saved: state?.saved?.positions ?? [],
    onPolled: () => unsaved = true,
    counters,
    log,
  });
  // Files are caught up with before the port opens, so that no scrape sees less than the last one.
  const reportsBefore = model.reports;
  follower.poll();
  model.settle(reportsBefore);
  history.keepOnly((session) => model.sessions.has(session));
  isCaughtUp = true;
  const seen = follower.files();
  for (const { path, exists } of seen) {
    if (!exists) log.info("Waiting for a file to follow", { path });
  }
  const stopWatching = watchProcess(telemetry);
  const system = options.systemInterval > 0 ? startSystem(options.systemInterval, log) : undefined;
  reportFollowing(telemetry, follower, counters);

  const offLoop = createOffLoop();
  const exposition = createExposition({
    model,
    system: {
      get version() {
        return system?.version ?? 0;
      },
      families: () =>
        SYSTEM_METRICS.flatMap((metric) => {
          const value = system?.values.get(metric.name);
          return value === undefined ? [] : [plainFamily(metric, value)];
        }),
    },
    telemetry,
    maxSeries: options.maxSeries,
    gzip: offLoop.gzip,
    log,
    now,
  });
  let isReady = true;
  const past = lookBack({
    history,
    files: options.historyTurns === 0 ? [] : seen,
    maxLine: options.maxBody,
    named: (report) => model.games.named(report),
    isShown: (session) => model.sessions.has(session),
    onDone: () => hub.renew(),
    log,
  });
  const openDoor = ({ web, token }: ReturnType<typeof readFiles>) => ({
    access: createAccess({
      basicAuth: Object.keys(web.users).length === 0
        ? undefined
        : createBasicAuth(web.users, offLoop.compare),
      token,
      allowRemoteIngest: options.allowRemoteIngest,
    }),
    headers: web.headers,
  });
  let door = openDoor({ web, token });
  const handler = createHandler({
    api: createApi({ answers, hub, gzip: offLoop.gzip }),
    exposition,
    intake,
    readBody: createBodyReader({ maxBytes: options.maxBody }),
    access: {
      toRead: (request, peer) => door.access.toRead(request, peer),
      toPost: (request, peer) => door.access.toPost(request, peer),
    },
    allowedHosts: options.allowedHost,
    telemetry,
    telemetryPath: options.webTelemetryPath,
    headers: () => door.headers,
    isReady: () => isReady,
    facts: () => ({
      version: VERSION,
      uptime: (performance.now() - started) / 1000,
      telemetryPath: options.webTelemetryPath,
      files: filesOf(options.follow, follower.files()),
      past: past.progress(),
      sessions: model.liveSessions,
    }),
    log,
    tellKind: teller.tell,
    now,
  });

  let savedVersion = -1;
  const save = () => {
    if (state === undefined || (!unsaved && model.version === savedVersion)) return;
    const version = model.version;
    if (!state.save(model.state(), follower.positions())) return;
    unsaved = false;
    savedVersion = version;
  };
  save();
  const saving = setInterval(save, SAVE_INTERVAL_MS);
  const telling = setInterval(teller.flush, TELL_INTERVAL_MS);
  const connections = createConnections({ telemetry });
  const servers: Listening[] = [];
  for (const { hostname, port } of addresses) {
    // Both loopback addresses are served on one port, whichever that becomes.
    const real = port === 0 && hostname === "::1" ? servers.at(-1)?.port ?? 0 : port;
    servers.push(listen({ hostname, port: real }, { tls: web.tls, handler, connections, log }));
  }
  onHangUp(() =>
    reloadQuietly(async () => {
      const files = readFiles(options);
      await Promise.all(servers.map((server) => server.renew(files.web.tls)));
      door = openDoor(files);
    }, log)
  );
  follower.start();
  const pastRead = past.start();
  giveUpPermissions(neededToServe(options));

  const signal = await Promise.race([
    firstSignal(),
    ...servers.map(({ lost }) => lost),
    // Never resolves, but tells of a bug in it.
    pastRead.then(() => new Promise<never>(() => {})),
  ]);
  log.info("Stopping", { signal });
  isReady = false;
  follower.close();
  past.stop();
  stopWatching();
  system?.close();
  clearInterval(saving);
  clearInterval(telling);
  teller.close();
  // No port closes while an answer is being sent on it, or waits for a reader that has stalled.
  const patience = hub.close() ? STALLED_SHUTDOWN_MS : SHUTDOWN_MS;
  await Promise.race([
    Promise.all([...servers.map((server) => server.shutdown()), state?.synced()]),
    new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, patience))),
  ]);
  connections.close();
  offLoop.close();
  save();
  state?.close();
}

/** Reads again what is behind the flags; a file that is wrong changes nothing. */
async function reloadQuietly(reload: () => Promise<void>, log: Log): Promise<void> {
  try {
    await reload();
    log.info("Read web configuration, certificates and token again");
  } catch (error) {
    if (!isUsers(error)) throw error;
    log.error("Cannot read the configuration again: what was read before stays", {
      reason: error.message,
    });
  }
}

/** The token that the exporter of `--publish-to` asks for. */
function readPublishToken({ publishTokenFile: path }: { publishTokenFile: string | undefined }) {
  return path && readToken(readNamedFile(path, "--publish-token-file", Deno.readTextFileSync));
}

/** The exporter's settings as `doctor` needs them, or what is wrong with them. */
function readConfiguration(
  readOptions: () => ServeOptions,
): Configuration | { readonly problem: string } {
  try {
    const options = readOptions();
    const { web } = readFiles(options);
    const [address] = options.addresses;
    if (!options.enabled || address === undefined) return { problem: "METRICS_ENABLED is False" };
    return {
      address,
      telemetryPath: options.webTelemetryPath,
      follow: options.follow,
      isFollowChosen: options.isFollowChosen,
      maxBody: options.maxBody,
      certificate: web.tls?.cert,
    };
  } catch (error) {
    if (!isUsers(error)) throw error;
    return { problem: error.message };
  }
}

/** Whether an error is about what the user gave or about this machine, and no bug. */
function isUsers(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof WebConfigError ||
    error instanceof StateError || error instanceof ListenError || error instanceof WorldError ||
    error instanceof BenchmarkError || error instanceof PrintError ||
    error instanceof OutputError;
}

/** Is aborted by the first signal that asks the program to end. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  firstSignal(["SIGHUP"]).then(() => stop.abort());
  return stop.signal;
}

/** Does what the arguments ask for; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first, second = ""] = args;
  if (first === PLAYER_COMMAND) {
    const setup: PlayerSetup = JSON.parse(second);
    giveUpPermissions(neededToPlay(setup));
    const { player } = await import("./lib/benchmark/mod.ts");
    await player(setup, Deno.stdin.readable, print);
    return 0;
  }
  try {
    neverProxyThisMachine();
    const asked = readCommandLine(args, Deno.env.get, Deno.readTextFileSync);
    giveUpPermissions(neededFor(asked));
    // What only one command needs is loaded for that one: an exporter at rest holds 6 MB less.
    switch (asked.command) {
      case "help":
        print(asked.text);
        return 0;
      case "version":
        print(versionText());
        return 0;
      case "simulate": {
        const { simulate } = await import("./lib/play/mod.ts");
        return await simulate({ ...asked.options, publishToken: readPublishToken(asked.options) }, {
          write: print,
          say: complain,
          isTerminal: Deno.stderr.isTerminal(),
          readText: (path) => readNamedFile(path, "--load", Deno.readTextFileSync),
          checkWritable: (path) => checkNamedFile(path, "--save"),
          writeText: Deno.writeTextFileSync,
          stop: stopSignal(),
        });
      }
      case "bench": {
        const { bench } = await import("./lib/benchmark/mod.ts");
        return await bench(asked.options, {
          // Settings that are meant for the user's exporter are not for the one that is measured.
          program: ownProgram(emptyEnvironment("serve")),
          version: VERSION,
          write: print,
          say: complain,
          isTerminal: Deno.stderr.isTerminal(),
          checkWritable: checkNamedFile,
          stop: stopSignal(),
        });
      }
      case "print":
        await printFiles(asked.options, { config: defaultConfig(), write: print });
        return 0;
      case "doctor": {
        const { doctor } = await import("./lib/doctor/mod.ts");
        const { userFile } = asked.options;
        return await doctor(asked.options, {
          configure: () => readConfiguration(asked.serve),
          user: userFile === undefined ? undefined : readUser(
            readNamedFile(userFile, "--user-file", Deno.readTextFileSync),
            "--user-file",
          ),
          write: print,
          command: ownCommand(),
          now: () => Date.now() / 1000,
        });
      }
      case "serve": {
        const { options, notes } = asked;
        const lines = createLineWriter();
        const { logLevel: level, logFormat: format } = options;
        const log = createLog({ level, format, write: lines.write });
        try {
          for (const note of notes) log.warn(note);
          if (options.checkConfig) {
            readFiles(options);
            print("The configuration is right\n");
          } else if (!options.enabled) {
            log.warn("METRICS_ENABLED is False: there is nothing to do");
          } else {
            await serve(options, log, lines);
          }
        } finally {
          await lines.flush(FLUSH_MS);
        }
        return 0;
      }
    }
  } catch (error) {
    // Whoever read the output has seen enough.
    if (error instanceof OutputError && error.isClosed) return EXIT_UNREAD;
    if (!isUsers(error)) throw error;
    if (error instanceof BenchmarkStopped) {
      complain(`${error.message}\n`);
      return EXIT_STOPPED;
    }
    complain(formatUsageError(new UsageError(error.message), commandNamed(args)));
    return error instanceof ListenError || error instanceof OutputError ? EXIT_FAILED : EXIT_USAGE;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
