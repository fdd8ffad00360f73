/** An exporter without ports: it restores, catches up, answers requests and shuts down. @module */

import { dirname } from "node:path";
import { SYSTEM_METRICS } from "../catalogue/mod.ts";
import { BUILD_INFO, ownCommand, VERSION } from "../cli/mod.ts";
import { createClock } from "../clock/mod.ts";
import { Exposition } from "../exposition/mod.ts";
import { History } from "../history/mod.ts";
import { lookBack, REPLAY, SOURCES, TurnLogs } from "../ingest/mod.ts";
import { Answers, Hub } from "../live/mod.ts";
import { createLog, createTeller, type Log } from "../log/mod.ts";
import { plainFamily } from "../model/mod.ts";
import {
  createAccess,
  createApi,
  createBasicAuth,
  createHandler,
  createOffLoop,
  filesOf,
  type Handler,
} from "../server/mod.ts";
import { createBodyReader, startSystem, watchProcess } from "../source/mod.ts";
import { createTelemetry, type Telemetry } from "../telemetry/mod.ts";
import type { RemoteWrite } from "../remote_write/mod.ts";
import { type AccessFiles, NO_WEB_CONFIG } from "./files.ts";
import { catchUp, createSharedIntake } from "./intake.ts";
import type { Replay } from "./replay.ts";
import { createMeasured, type Measured, type Measuring } from "./measure.ts";
import { createSaving } from "./saving.ts";
import { completed, type Settings } from "./settings.ts";
import { createModel, openStateFile } from "./store.ts";

/** How often what has waited is looked through for the log. */
const TELL_INTERVAL_MS = 10_000;
/** How long a slow disk may hold up the end. */
const PATIENCE_MS = 5000;

export interface ExporterOptions extends Partial<Settings> {
  /** Default: lines on standard error, from `info` on. */
  readonly log?: Log;
  /** Counts the exporter's own work. Default: one of its own. */
  readonly telemetry?: Telemetry;
  /** Passwords, headers and token. Default: none. */
  readonly access?: AccessFiles;
  /** A recorded game to show, in place of reports that are posted. Default: none. */
  readonly replay?: Replay | undefined;
  /** Sends each turn to a receiver. Default: nothing is sent. */
  readonly sender?: RemoteWrite;
}

export interface Exporter extends Measuring {
  /**
   * Answers a request: for `Deno.serve`, Hono, or any server of Fetch requests. Reports are taken from
   * this machine only, unless they bring the token, or `allowRemoteIngest` is set; for a server that does
   * not say who asks, all come from elsewhere. Which host names are served is that server's matter.
   */
  readonly fetch: (request: Request, info?: Partial<Deno.ServeHandlerInfo>) => Promise<Response>;
  /** The same for a server that knows both ends of a connection; `serve` has one. */
  readonly handle: Handler;
  /** Follows files and replays from now on; resolves when the past of the files was read, and the replay is over. */
  start(): Promise<void>;
  /** Takes other passwords, headers and token. */
  reload(access: AccessFiles): void;
  /**
   * Ends everything but answering.
   *
   * @returns Whether a reader of the live stream has stalled; its connection may never end.
   */
  quiet(): boolean;
  /**
   * Ends everything, and saves the state.
   *
   * @param patience How long a slow disk may hold that up, in milliseconds. Default: 5000.
   */
  stop(patience?: number): Promise<void>;
}

const NO_ACCESS: AccessFiles = { web: NO_WEB_CONFIG, token: undefined };

/** What an exporter consists of beside its settings. */
type Parts = ReturnType<typeof createParts>;

/** Makes model and history, goes on from the state, and catches up with the followed files. */
function createParts(
  settings: Settings,
  { log, telemetry, replay, sender }: {
    readonly log: Log;
    readonly telemetry: Telemetry;
    readonly replay: Replay | undefined;
    readonly sender: RemoteWrite | undefined;
  },
) {
  const began = performance.now();
  const teller = createTeller();
  const { historyTurns, maxSessions, maxBody, systemInterval } = settings;
  const history = new History({ maxTurns: historyTurns, maxSessions });
  const onEvicted = (session: string) => {
    history.forget(session);
    turns?.forget(session);
  };
  const model = createModel(settings, { log, teller, telemetry, onEvicted });
  const now = createClock({
    onStep: (seconds) => {
      model.shift(seconds);
      log.warn("The clock of this machine was changed", { seconds: Math.round(seconds) });
    },
  });
  const state = openStateFile(settings, { log, telemetry });
  const saving = createSaving(state, model);
  const turns = sender?.feedFrom({
    model,
    bySession: settings.labels.includes("session"),
    maxSeries: settings.maxSeries,
    isContinued: state?.saved !== undefined,
    now,
  });
  const system = systemInterval > 0 ? startSystem(systemInterval, log) : undefined;
  const answers = new Answers({
    ...{ model, history, telemetry, now },
    system: () => system?.values ?? new Map(),
    version: VERSION,
    started: now(),
    telemetryPath: settings.webTelemetryPath,
    command: ownCommand(),
    replay: replay && { file: replay.file, speed: replay.speed },
  });
  const hub = new Hub({ answers, telemetry });
  const turnLogs = new TurnLogs({
    history,
    folders: historyTurns === 0 ? [] : [...new Set(settings.follow.map((path) => dirname(path)))],
    maxLine: maxBody,
    isShown: (session) => model.sessions.has(session),
    onDone: () => hub.renew(),
    log,
  });
  const stages = { model, history, hub, turnLogs, saving, turns, telemetry, log, teller, now };
  const sources = replay === undefined ? SOURCES : [REPLAY] as const;
  const intake = createSharedIntake(settings, stages, sources);
  if (state?.saved !== undefined) intake.restore(state.saved);
  const follower = catchUp(settings, stages, intake);
  const past = lookBack({
    history,
    files: historyTurns === 0 ? [] : follower.files(),
    maxLine: maxBody,
    named: (report) => model.games.known(report),
    isShown: (session) => model.sessions.has(session),
    onReport: (report, tours) => intake.turnsSeen.takeEarlier(report, tours),
    onRead: () => intake.turnsSeen.endEarlier(),
    onDone: () => hub.renew(),
    log,
  });
  const offLoop = createOffLoop();
  return { ...stages, began, answers, intake, follower, past, system, offLoop, replay };
}

/** Who may ask, and the headers of all answers. */
function createDoor({ web, token }: AccessFiles, settings: Settings, { offLoop, replay }: Parts) {
  const basicAuth = Object.keys(web.users).length === 0
    ? undefined
    : createBasicAuth(web.users, offLoop.compare);
  const { allowRemoteIngest } = settings;
  const takesReports = replay === undefined;
  const access = createAccess({ basicAuth, token, allowRemoteIngest, takesReports });
  return { access, headers: web.headers };
}

/** Makes what answers requests. */
function createAnswering(
  settings: Settings,
  parts: Parts,
  { door, isReady }: { door: () => ReturnType<typeof createDoor>; isReady: () => boolean },
): Handler {
  const { model, telemetry, log, teller, now, answers, hub, intake, follower, past } = parts;
  const { began, system, replay, offLoop: { gzip } } = parts;
  const { maxSeries, maxBody, allowedHost: allowedHosts, webTelemetryPath: telemetryPath } =
    settings;
  const exposition = new Exposition({
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
    ...{ telemetry, maxSeries, gzip, log, now },
  });
  return createHandler({
    ...{ exposition, intake, allowedHosts, telemetry, telemetryPath, isReady, log, now },
    api: createApi({ answers, hub, gzip }),
    readBody: createBodyReader({ maxBytes: maxBody }),
    access: {
      toRead: (request, peer) => door().access.toRead(request, peer),
      toPost: (request, peer) => door().access.toPost(request, peer),
    },
    headers: () => door().headers,
    facts: () => ({
      version: VERSION,
      uptime: (performance.now() - began) / 1000,
      telemetryPath,
      files: filesOf(settings.follow, follower.files()),
      past: past.progress(),
      replay: replay && `${replay.file} ×${replay.speed}`,
      sessions: model.liveSessions,
    }),
    tellKind: teller.tell,
  });
}

/** Makes what measures the requests of the program itself. */
function createMeasuring({ intake, teller, log }: Parts): Measured {
  return createMeasured(
    (report) => intake.takeOwn(report),
    (sentence) => teller.tell(sentence, (times) => log.warn(sentence, { times })),
  );
}

/**
 * Makes an exporter that has gone on from its state and caught up with the files that it follows.
 *
 * @throws {StateError} When the state cannot be used.
 */
export function createExporter(options: ExporterOptions = {}): Exporter {
  const { log = createLog({ level: "info", format: "logfmt" }), access = NO_ACCESS } = options;
  const { sender } = options;
  const { telemetry = createTelemetry() } = options;
  const settings = completed(options);
  telemetry.set("tradesim_exporter_build_info", 1, BUILD_INFO);
  const parts = createParts(settings, { log, telemetry, replay: options.replay, sender });
  const { follower, past, turnLogs, teller, system, hub, saving, offLoop, replay } = parts;
  const stopWatching = watchProcess(telemetry);
  let door = createDoor(access, settings, parts);
  let isReady = true;
  const answer = createAnswering(settings, parts, { door: () => door, isReady: () => isReady });
  const measured = createMeasuring(parts);
  const handle: Handler = (request, connection) => {
    // What the program has answered before is in this answer.
    measured.flush();
    return answer(request, connection);
  };
  saving.begin(() => follower.positions());
  const telling = setInterval(teller.flush, TELL_INTERVAL_MS);

  function quiet(): boolean {
    isReady = false;
    follower.close();
    past.stop();
    turnLogs.stop();
    replay?.stop();
    stopWatching();
    system?.close();
    clearInterval(telling);
    teller.close();
    return hub.close();
  }

  return {
    fetch: (request, info) => handle(request, { listening: "0.0.0.0", peer: peerOf(info) }),
    handle,
    measure: measured.measure,
    hono: measured.hono,
    async start() {
      follower.start();
      await Promise.all([past.start().then(() => turnLogs.read()), replay?.start(parts)]);
    },
    reload: (access) => door = createDoor(access, settings, parts),
    quiet,
    async stop(patience = PATIENCE_MS) {
      measured.close();
      quiet();
      await sender?.close(patience);
      offLoop.close();
      await saving.close(patience);
    },
  };
}

/** The address that a request comes from; of one who is not known, none of this machine. */
function peerOf(info: Partial<Deno.ServeHandlerInfo> | undefined): string {
  const address = info?.remoteAddr;
  return address !== undefined && "hostname" in address ? address.hostname : "unknown";
}
