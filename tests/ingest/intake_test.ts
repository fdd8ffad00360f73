/** Tests of the intake: what is taken, repeated or refused is counted so. @module */

import assert from "node:assert/strict";
import { History, RESET } from "../../lib/history/mod.ts";
import { Intake } from "../../lib/ingest/mod.ts";
import {
  INPUT_REFUSAL_REASONS,
  readReport,
  Refused,
  type Report,
  REQUEST_REFUSAL_REASONS,
} from "../../lib/report/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { NOTHING } from "../report/options.ts";
import { createModel, shown } from "../model/reports.ts";

function setUp(maxLine = 1000) {
  const model = createModel();
  const telemetry = createTelemetry();
  const noted: [Report["order"], number][] = [];
  const history = new History({ maxTurns: 1000 });
  const intake = new Intake({
    model,
    history,
    telemetry,
    read: NOTHING,
    keep: (report, arrival) => noted.push([report.order, arrival]),
  });
  const consumer = intake.lines(maxLine);
  /** Counters of the intake that are not 0, without their common beginning. */
  const counted = async () => {
    const lines = (await telemetry.text()).split("\n").filter((line) =>
      /^tradesim_exporter_(reports|keys|unknown|other)/.test(line) && !line.endsWith(" 0")
    );
    return Object.fromEntries(lines.map((line) => {
      const [, series, value] = /^tradesim_exporter_(\S+) (\d+)$/.exec(line)!;
      return [series!, Number(value)];
    }));
  };
  return { model, history, telemetry, intake, consumer, noted, counted };
}

const payload = (turn: number, keys: Record<string, unknown> = {}) => ({
  session_id: "s",
  tick: turn - 1,
  tour_actuel: turn,
  transactions_total: turn,
  ...keys,
});

function refusalOf(intake: Intake, value: unknown): string | undefined {
  try {
    intake.take(value, "post", 1000);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    intake.refuse("post", error.reason);
    return error.reason;
  }
  return undefined;
}

Deno.test("take() keeps nothing of reports that tell nothing of a game", async () => {
  const { model, intake, noted, counted } = setUp();
  for (let game = 0; game < 1000; game++) {
    assert.equal(intake.take({ session_id: `vide ${game}`, rien: 1 }, "post", 1000), "taken");
  }
  assert.deepEqual([model.sessions.size, model.version, noted], [0, 0, []]);
  assert.deepEqual(await counted(), {
    'reports_taken_total{source="post"}': 1000,
    "unknown_keys_total": 1000,
  });
});

Deno.test("Intake has every series of its counters at 0 from the start", async () => {
  const { telemetry } = setUp();
  const text = await telemetry.text();
  const follow = INPUT_REFUSAL_REASONS;
  const expected = [
    ...["post", "follow"].flatMap((source) => [
      `reports_taken_total{source="${source}"} 0`,
      `reports_repeated_total{source="${source}",reason="repeat"} 0`,
      `reports_repeated_total{source="${source}",reason="late"} 0`,
    ]),
    ...[...REQUEST_REFUSAL_REASONS, ...follow].map((reason) =>
      `reports_refused_total{source="post",reason="${reason}"} 0`
    ),
    ...follow.map((reason) => `reports_refused_total{source="follow",reason="${reason}"} 0`),
  ];
  const found = text.split("\n").filter((line) => line.startsWith("tradesim_exporter_reports_"))
    .map((line) => line.slice("tradesim_exporter_".length));
  assert.deepEqual(found.sort(), expected.sort());
});

Deno.test("take() counts what was taken, repeated, late and refused, and notes only the taken", async () => {
  const { intake, noted, counted, model } = setUp();
  assert.equal(intake.take(payload(2), "post", 1000), "taken");
  assert.equal(intake.take(payload(2), "follow", 1001), "repeat");
  assert.equal(intake.take(payload(1), "post", 1002), "late");
  assert.equal(intake.take(payload(3), "follow", 1003), "taken");
  assert.equal(refusalOf(intake, {}), "empty");
  assert.equal(refusalOf(intake, [1]), "not_object");
  assert.deepEqual(await counted(), {
    'reports_taken_total{source="post"}': 1,
    'reports_taken_total{source="follow"}': 1,
    'reports_repeated_total{source="follow",reason="repeat"}': 1,
    'reports_repeated_total{source="post",reason="late"}': 1,
    'reports_refused_total{source="post",reason="empty"}': 1,
    'reports_refused_total{source="post",reason="not_object"}': 1,
  });
  assert.deepEqual(noted, [[2, 1000], [3, 1003]]);
  assert.equal(shown(model, 1003, "transactions_total").transactions_total, 3);
});

Deno.test("take() counts keys that were left out and unknown, of taken reports only", async () => {
  const { intake, counted } = setUp();
  const broken = payload(1, { produits_actifs: "6", budget_total: Infinity, x: 1, y: 2 });
  intake.take(broken, "post", 1000);
  intake.take(broken, "post", 1000);
  const { 'reports_repeated_total{source="post",reason="repeat"}': repeats, ...rest } =
    await counted();
  assert.equal(repeats, 1);
  assert.deepEqual(rest, {
    'reports_taken_total{source="post"}': 1,
    'keys_left_out_total{key="produits_actifs",reason="type"}': 1,
    'keys_left_out_total{key="budget_total",reason="not_finite"}': 1,
    "unknown_keys_total": 2,
  });
});

Deno.test("lines() takes lines however they are cut, and counts and skips bad ones", async () => {
  const { consumer, noted, counted } = setUp(200);
  const feed = (text: string, at: number) => {
    for (const byte of new TextEncoder().encode(text)) consumer.bytes(Uint8Array.of(byte));
    consumer.endLine(at, 0);
  };
  feed(JSON.stringify(payload(1)), 1001);
  feed("nonsense", 1002);
  feed('{"a":[1}', 1003);
  feed("", 1004);
  feed(JSON.stringify(payload(2, { session_id: "x".repeat(200) })), 1005);
  feed('{"type":"alert"}', 1006);
  feed('{"type":"evenements_tour"}', 1006);
  feed(JSON.stringify(payload(2)), 1007);
  feed(JSON.stringify(payload(2)), 1008);
  feed('{"session_id":"' + "\\", 1009);
  feed(JSON.stringify(payload(3)), 1010);
  assert.deepEqual(noted, [[1, 1001], [2, 1007], [3, 1010]]);
  assert.deepEqual(await counted(), {
    'reports_taken_total{source="follow"}': 3,
    'reports_repeated_total{source="follow",reason="repeat"}': 1,
    'reports_refused_total{source="follow",reason="json"}': 4,
    'reports_refused_total{source="follow",reason="too_large"}': 1,
    'reports_refused_total{source="follow",reason="other_record"}': 1,
    'other_records_total{type="alert"}': 1,
  });
});

Deno.test("discard() forgets the line that was begun, and what was wrong with it", async () => {
  const { consumer, noted, counted } = setUp();
  const bytes = (text: string) => consumer.bytes(new TextEncoder().encode(text));
  for (const begun of ['{"session_id":"a', "]]"]) {
    bytes(begun);
    consumer.discard();
  }
  bytes(JSON.stringify(payload(1)));
  consumer.endLine(1000, 0);
  assert.deepEqual(noted, [[1, 1000]]);
  assert.deepEqual(await counted(), { 'reports_taken_total{source="follow"}': 1 });
});

Deno.test("lines() measures how long each line took", async () => {
  const { consumer, telemetry } = setUp();
  for (const line of [JSON.stringify(payload(1)), "nonsense"]) {
    consumer.bytes(new TextEncoder().encode(line));
    consumer.endLine(1000, 0);
  }
  assert.match(
    await telemetry.text(),
    /^tradesim_exporter_report_duration_seconds_count\{source="follow"\} 2$/m,
  );
});

Deno.test("take() sees a reset once, for totals and page alike, though reports around it were lost", () => {
  const cases: Record<string, readonly [turn: number, resetAt: number][]> = {
    "the first turn came": [[1, 0], [2, 0], [3, 2]],
    "the tick has caught up, and totals have not": [[1, 0], [2, 0], [7, 3]],
  };
  for (const [name, turns] of Object.entries(cases)) {
    const { model, history, intake } = setUp();
    for (const [turn, resetAt] of turns) {
      const payload = payloadAt({ session: "s" }, turn, resetAt);
      // In the part after the reset little was bought yet.
      const few = resetAt > 0 ? { transactions_total: 1, transactions_reussies: 1 } : {};
      intake.take({ ...payload, ...few }, "post", 1000 + turn);
    }
    const first = payloadAt({ session: "s" }, 2).transactions_total as number;
    assert.equal(shown(model, 1010, "transactions_total").transactions_total, first + 1, name);
    assert.deepEqual(
      history.events("s", 0).filter(({ type }) => type === RESET).map((one) => one.tour),
      [
        turns.at(-1)![0],
      ],
      name,
    );
  }
});

Deno.test("catchUp() keeps nothing that can be read again, and fills the history with what the state has", () => {
  const { model, history, intake, noted } = setUp();
  const before = createModel();
  before.take(readReport(payload(1), NOTHING).report, 1000);
  intake.restore({
    model: structuredClone(before.state()),
    positions: [],
    reports: [],
    webReports: [],
  });
  intake.catchUp(() => {
    for (const turn of [1, 2]) intake.take(payload(turn), "follow", 1000 + turn);
  });
  assert.deepEqual(noted, []);
  assert.deepEqual(history.turns("s", 0, 20).columns.tour, [1, 2]);
  assert.equal(shown(model, 1002, "tours_completes").tours_completes, 2);
  intake.take(payload(2), "post", 1003);
  intake.take(payload(3), "post", 1003);
  assert.deepEqual(noted, [[3, 1003]]);
});
