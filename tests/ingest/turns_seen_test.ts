/** Tests of counting the turns that reports carried, and those that none did. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { History } from "../../lib/history/mod.ts";
import { Intake, lookBack, type SourceName } from "../../lib/ingest/mod.ts";
import { createLog } from "../../lib/log/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { NOTHING } from "../report/options.ts";
import { createModel } from "../model/reports.ts";
import { withTempDir } from "../harness/waiting.ts";

function setUp() {
  const model = createModel();
  const telemetry = createTelemetry();
  const history = new History({ maxTurns: 1000 });
  const intake = new Intake({ model, history, telemetry, read: NOTHING });
  const counted = async (source: SourceName = "post") => {
    const text = await telemetry.text();
    const [seen, missed] = ["seen", "missed"].map((what) =>
      Number(
        new RegExp(`^tradesim_exporter_turns_${what}_total\\{source="${source}"\\} (\\d+)$`, "m")
          .exec(text)![1],
      )
    );
    return { seen: seen!, missed: missed! };
  };
  return { model, history, intake, counted };
}

let reports = 0;
/** A native report; its number is higher than that of all before. */
function native(tour: number, columns?: readonly number[], session = "s") {
  return {
    type: "tradesim.report",
    version: 1,
    session,
    rapport: ++reports,
    tour,
    ...columns === undefined ? {} : { colonnes: { tour: columns } },
  };
}

function tradesim(turn: number, tick = turn - 1, session = "t") {
  return { session_id: session, tick, tour_actuel: turn, transactions_total: turn };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

interface Case {
  readonly taken: readonly object[];
  readonly seen: number;
  readonly missed: number;
}

const CASES: Readonly<Record<string, Case>> = {
  "nothing": { taken: [], seen: 0, missed: 0 },
  "every turn of TradeSim's": {
    taken: [1, 2, 3].map((turn) => tradesim(turn)),
    seen: 3,
    missed: 0,
  },
  "a turn that was lost on the way": { taken: [tradesim(1), tradesim(4)], seen: 2, missed: 2 },
  "an exporter that came late": { taken: [tradesim(100), tradesim(101)], seen: 2, missed: 99 },
  "a report before the first turn": { taken: [native(0), native(1)], seen: 1, missed: 0 },
  "a report that carries all turns": { taken: [native(10, range(1, 10))], seen: 10, missed: 0 },
  "a report whose columns lack its own turn": {
    taken: [native(10, range(1, 9))],
    seen: 10,
    missed: 0,
  },
  "a report without columns": { taken: [native(10), native(20)], seen: 2, missed: 18 },
  "thinned columns": {
    taken: [native(1000, [1, 17, 999, 1000]), native(2000, [1001, 2000])],
    seen: 6,
    missed: 1994,
  },
  "columns that overlap those before": {
    taken: [native(10, range(1, 10)), native(15, range(5, 15))],
    seen: 15,
    missed: 0,
  },
  "a last report of the same turn": { taken: [native(5), native(5, [5])], seen: 1, missed: 4 },
  "columns that are a mess": {
    taken: [native(10, [3, 3, 2, 7.5, 7, 99, 9]), native(12, [0, 11, 11, 1e300])],
    seen: 6,
    missed: 6,
  },
  "a game that is played anew from a turn": {
    taken: [native(100, range(1, 100)), native(60, range(51, 60)), native(61)],
    seen: 111,
    missed: 0,
  },
  "a game that is played anew, without columns": {
    taken: [native(100), native(60), native(62)],
    seen: 3,
    missed: 100,
  },
  "a game that is played anew from the start": {
    taken: [native(9, range(1, 9)), native(0), native(2)],
    seen: 10,
    missed: 1,
  },
  "a reset of TradeSim's, whose turns go on": {
    taken: [tradesim(1, 0), tradesim(2, 1), tradesim(3, 0), tradesim(4, 1)],
    seen: 4,
    missed: 0,
  },
  "a late report, which changes nothing": {
    taken: [tradesim(1), tradesim(3), tradesim(2), tradesim(3)],
    seen: 2,
    missed: 1,
  },
  "several games, one after the other and mixed": {
    taken: [
      native(1, undefined, "a"),
      native(2, undefined, "b"),
      native(2, undefined, "a"),
      native(3, undefined, "b"),
      tradesim(1, 0, "c"),
    ],
    seen: 5,
    missed: 1,
  },
  "reports without a turn": { taken: [{ session_id: "x", budget_total: 1 }], seen: 0, missed: 0 },
  "a turn beyond all whole numbers": {
    taken: [
      { session_id: "t", tick: Number.MAX_SAFE_INTEGER, budget_total: 1 },
    ],
    seen: 0,
    missed: 0,
  },
};

for (const [name, { taken, seen, missed }] of Object.entries(CASES)) {
  Deno.test(`Intake counts turns seen and missed: ${name}`, async () => {
    const { intake, counted } = setUp();
    taken.forEach((report, index) => intake.take(report, "post", 1000 + index));
    assert.deepEqual(await counted(), { seen, missed });
    assert.deepEqual(await counted("follow"), { seen: 0, missed: 0 });
  });
}

Deno.test("turns count for the source that brought them, gaps for the one that showed them", async () => {
  const { intake, counted } = setUp();
  intake.take(tradesim(1), "post", 1);
  intake.take(tradesim(1), "follow", 1);
  intake.take(tradesim(4), "follow", 2);
  intake.take(tradesim(4), "post", 2);
  intake.take(tradesim(5), "post", 3);
  assert.deepEqual(await counted("post"), { seen: 2, missed: 0 });
  assert.deepEqual(await counted("follow"), { seen: 1, missed: 2 });
});

Deno.test("seen and missed are together the last turn, whatever the reports carry", async () => {
  const turn = fc.integer({ min: 0, max: 500 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ turn, tours: fc.array(turn, { maxLength: 40 }) }), { minLength: 1 }),
      async (raw) => {
        const { intake, counted } = setUp();
        const order = raw.toSorted((a, b) => a.turn - b.turn);
        const carried = new Set<number>();
        let last = 0;
        for (const { turn, tours } of order) {
          const ascending = tours.toSorted((a, b) => a - b);
          intake.take(native(turn, ascending), "post", 1000);
          for (const tour of [...ascending, turn]) {
            if (tour > last && tour <= turn) carried.add(tour);
          }
          last = turn;
        }
        assert.deepEqual(await counted(), { seen: carried.size, missed: last - carried.size });
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("an exporter that goes on from its state counts from the turn where the other one ended", async () => {
  const before = setUp();
  before.intake.take(tradesim(1), "post", 1);
  before.intake.take(tradesim(5), "post", 2);
  const { intake, counted } = setUp();
  intake.restore({ model: before.model.state(), reports: [], webReports: [], positions: [] });
  assert.deepEqual(await counted(), { seen: 0, missed: 0 });
  // Three turns were played while no exporter ran.
  intake.catchUp(() => intake.take(tradesim(9), "follow", 3));
  intake.take(tradesim(10), "follow", 4);
  assert.deepEqual(await counted("follow"), { seen: 2, missed: 3 });
});

Deno.test("a session that had to make room counts on where it stopped", async () => {
  const { model, intake, counted } = setUp();
  const sessions = range(1, 1001).map((number) => `s${number}`);
  for (const session of sessions) intake.take(native(2, [1, 2], session), "post", 1000);
  assert.ok(!model.sessions.has("s1"));
  intake.take(native(3, [3], "s1"), "post", 1000);
  assert.deepEqual(await counted(), { seen: 2 * 1001 + 1, missed: 0 });
});

Deno.test("turns from before the following began count once the file's past was read", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const past = [
      native(3, range(1, 3)),
      native(6, [4, 6]),
      // Another game, which is not shown, and one whose past goes on behind the first report.
      native(9, undefined, "old"),
      native(8, [7, 8]),
    ].map((report) => `${JSON.stringify(report)}\n`).join("");
    const first = native(20, [12, 20]);
    Deno.writeTextFileSync(path, past);
    const { model, history, intake, counted } = setUp();
    intake.catchUp(() => intake.take(first, "follow", 1000));
    assert.deepEqual(await counted("follow"), { seen: 2, missed: 7 }, "13 to 19");
    const { turnsSeen } = intake;
    await lookBack({
      history,
      files: [{ path, from: past.length }],
      maxLine: 1 << 20,
      named: (report) => report,
      isShown: (session) => model.sessions.has(session),
      onReport: (report, tours) => turnsSeen.takeEarlier(report, tours),
      onRead: () => turnsSeen.endEarlier(),
      log: createLog({ level: "error", format: "logfmt", write: () => {} }),
    }).start();
    // 1 to 4, 6 to 8, 12, 20; and 5, 9 to 11, 13 to 19.
    assert.deepEqual(await counted("follow"), { seen: 9, missed: 11 });
    intake.take(native(21), "follow", 1001);
    assert.deepEqual(await counted("follow"), { seen: 10, missed: 11 });
  }));

Deno.test("turns from before the first report are missed at once where no past is left to read", async () => {
  const { history, intake, counted } = setUp();
  intake.catchUp(() => intake.take(native(5), "follow", 1000));
  assert.deepEqual(await counted("follow"), { seen: 1, missed: 0 });
  await lookBack({
    history,
    files: [],
    maxLine: 1000,
    named: (report) => report,
    isShown: () => true,
    onRead: () => intake.turnsSeen.endEarlier(),
    log: createLog({ level: "error", format: "logfmt", write: () => {} }),
  }).start();
  assert.deepEqual(await counted("follow"), { seen: 1, missed: 4 });
});
