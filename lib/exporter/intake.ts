/** Takes what sources hand over into model, state, history and live streams, and tells what is odd. @module */

import type { History } from "../history/mod.ts";
import { Intake, type SourceName, type TurnLogs } from "../ingest/mod.ts";
import type { Hub } from "../live/mod.ts";
import type { Log, Teller } from "../log/mod.ts";
import type { Model } from "../model/mod.ts";
import { createFollowCounters, follow, type Follower, reportFollowing } from "../source/mod.ts";
import type { TurnFeed } from "../remote_write/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { Saving } from "./saving.ts";
import type { Settings } from "./settings.ts";

interface Stages {
  readonly model: Model;
  readonly history: History;
  readonly hub: Hub;
  readonly turnLogs: TurnLogs;
  readonly saving: Saving;
  /** Takes turns to send; undefined = none are sent. */
  readonly turns: TurnFeed | undefined;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly teller: Teller;
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

/** Makes the intake of all sources. */
export function createSharedIntake(
  { labels, detail, allKeys }: Settings,
  { model, history, hub, turnLogs, saving, turns, telemetry, log, teller, now }: Stages,
  sources: readonly SourceName[],
): Intake {
  return new Intake({
    sources,
    model,
    history,
    telemetry,
    now,
    onLeftOut: ({ key, problem, session, source }) =>
      teller.tell(
        `key ${source} ${key} ${problem}`,
        (times) =>
          log.warn("Ignored a key of a report", {
            key,
            reason: problem,
            session,
            source,
            times,
          }),
      ),
    keep: saving.note,
    keepWeb: saving.noteWeb,
    ...turns === undefined ? {} : { turns },
    onTaken(session, isFirst) {
      hub.reported(session, isFirst);
      if (model.sessions.get(session)?.finished) turnLogs.readSoon();
    },
    read: { breakdowns: labels.some((label) => label !== "session"), detail, allKeys },
  });
}

/** Follows the files, and catches up with them: so no scrape sees less than the last one. */
export function catchUp(
  { follow: paths, collectInterval, maxBody }: Settings,
  { saving, telemetry, log, teller }: Stages,
  intake: Intake,
): Follower {
  const counters = createFollowCounters();
  const follower = follow({
    paths,
    interval: collectInterval,
    maxLine: maxBody,
    consumer: (path) =>
      intake.lines(
        maxBody,
        ({ kind, what, beginning, start }) =>
          teller.tell(
            `line ${path} ${kind}`,
            (times) =>
              log.warn("A line of a followed file is not a report", {
                path,
                reason: what,
                beginning,
                start,
                times,
              }),
          ),
      ),
    saved: saving.positions,
    onPolled: saving.changed,
    counters,
    log,
  });
  intake.catchUp(() => follower.poll());
  for (const { path, exists } of follower.files()) {
    if (!exists) log.info("Waiting for a file to follow", { path });
  }
  reportFollowing(telemetry, follower, counters);
  return follower;
}
