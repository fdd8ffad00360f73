/** Takes what sources hand over into model, state, history and live streams, and tells what is odd. @module */

import type { History } from "../history/mod.ts";
import type { Hub } from "../live/mod.ts";
import type { Log, Teller } from "../log/mod.ts";
import { createIntake, createLineConsumer, type Intake, type Model } from "../model/mod.ts";
import { createFollowCounters, follow, type Follower, reportFollowing } from "../source/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { Saving } from "./saving.ts";
import type { Settings } from "./settings.ts";

interface Stages {
  readonly model: Model;
  readonly history: History;
  readonly hub: Hub;
  readonly saving: Saving;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly teller: Teller;
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

/**
 * Makes the intake of all sources.
 *
 * @param isCaughtUp Whether followed files were caught up with: what they tell before that nobody has
 *   seen, and it can be read again.
 */
export function createSharedIntake(
  { labels, detail, allKeys }: Settings,
  { model, history, hub, saving, telemetry, log, teller, now }: Stages,
  isCaughtUp: () => boolean,
): Intake {
  return createIntake({
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
      if (!isCaughtUp()) history.take(report, sent.details, arrival);
    },
    note: (report, arrival, sent) => {
      if (isCaughtUp()) saving.note(sent.report, arrival, report.session);
      hub.reported(report.session, history.take(report, sent.details, arrival));
    },
    read: { breakdowns: labels.some((label) => label !== "session"), detail, allKeys },
  });
}

/** Follows the files, and catches up with them: so no scrape sees less than the last one. */
export function catchUp(
  { follow: paths, collectInterval, maxBody }: Settings,
  { model, history, saving, telemetry, log, teller }: Stages,
  intake: Intake,
): Follower {
  const counters = createFollowCounters();
  const follower = follow({
    paths,
    interval: collectInterval,
    maxLine: maxBody,
    consumer: (path) =>
      createLineConsumer(
        intake,
        telemetry,
        maxBody,
        ({ kind, what, beginning, start }) =>
          teller.tell(
            `line ${path} ${kind}`,
            (times) =>
              log.warn("A line of a followed file is no report", {
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
  const before = model.reports;
  follower.poll();
  model.settle(before);
  history.keepOnly((session) => model.sessions.has(session));
  for (const { path, exists } of follower.files()) {
    if (!exists) log.info("Waiting for a file to follow", { path });
  }
  reportFollowing(telemetry, follower, counters);
  return follower;
}
