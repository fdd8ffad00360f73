/** Tests of what web processes come to together, however many there were. @module */

import assert from "node:assert/strict";
import { createRenderer } from "../../lib/exposition/mod.ts";
import type { Model } from "../../lib/model/mod.ts";
import { readWeb } from "../../lib/report/mod.ts";
import { createModel, flatten, report } from "./reports.ts";
import { type Requests, webReport } from "./web_reports.ts";

const DURATION = "http_server_request_duration_seconds";
const ACTIVE = "http_server_active_requests";

function send(
  model: Model,
  session: string,
  rapport: number,
  requests: readonly Requests[],
  others: Readonly<Record<string, unknown>> = {},
  arrival = 1000,
) {
  return model.takeWeb(readWeb(webReport(session, rapport, requests, others)).report, arrival);
}

/** The values of series that begin so. */
function seen(model: Model, beginning: string, now = 1000): Record<string, number> {
  return Object.fromEntries(
    [...flatten(model.families(now).families)].filter(([name]) => name.startsWith(beginning)),
  );
}

const OK = 'http_request_method="GET",http_route="/produits",http_response_status_code="200"';

Deno.test("takeWeb() adds processes up, and keeps what the dead ones counted", () => {
  const model = createModel();
  assert.deepEqual(seen(model, "http_"), {});
  assert.equal(send(model, "a", 1, [{ count: 3, sum: 0.1 }], { active: { GET: 1 } }), "taken");
  assert.equal(send(model, "b", 1, [{ count: 4, sum: 0.2 }], { active: { GET: 2 } }), "taken");
  assert.deepEqual(seen(model, `${DURATION}_count`), { [`${DURATION}_count{${OK}}`]: 7 });
  assert.deepEqual(seen(model, ACTIVE), { [`${ACTIVE}{http_request_method="GET"}`]: 3 });
  assert.equal(send(model, "a", 2, [{ count: 5, sum: 0.3 }], { fini: true }), "taken");
  assert.equal(send(model, "c", 1, [{ count: 1, sum: 0.4 }]), "taken");
  assert.deepEqual(seen(model, `${DURATION}_count`), { [`${DURATION}_count{${OK}}`]: 10 });
  // As one sum of the three, and not of differences.
  assert.deepEqual(seen(model, `${DURATION}_sum`), {
    [`${DURATION}_sum{${OK}}`]: Math.sumPrecise([0.3, 0.2, 0.4]),
  });
});

Deno.test("takeWeb() counts nothing twice: repeats, late reports, and those after the end", () => {
  const model = createModel();
  send(model, "a", 2, [{ count: 5 }]);
  assert.equal(send(model, "a", 2, [{ count: 5 }]), "repeat");
  assert.equal(send(model, "a", 1, [{ count: 3 }]), "late");
  assert.equal(send(model, "a", 3, [{ count: 6 }], { fini: true }), "taken");
  assert.equal(send(model, "a", 3, [{ count: 6 }], { fini: true }), "repeat");
  assert.equal(send(model, "a", 4, [{ count: 9 }]), "late");
  assert.deepEqual(seen(model, `${DURATION}_count`), { [`${DURATION}_count{${OK}}`]: 6 });
});

Deno.test("takeWeb() lets nothing fall where a process contradicts itself", () => {
  const model = createModel();
  send(model, "a", 1, [{ count: 5, sum: 2 }]);
  send(model, "a", 2, [{ count: 3, sum: 1 }]);
  send(model, "a", 3, []);
  send(model, "a", 4, [{ count: 6, sum: 2.5 }]);
  assert.equal(seen(model, `${DURATION}_count`)[`${DURATION}_count{${OK}}`], 6);
  assert.equal(seen(model, `${DURATION}_sum`)[`${DURATION}_sum{${OK}}`], 2.5);
});

Deno.test("takeWeb() tells 200 routes apart; unmatched and other are not among them", () => {
  const model = createModel();
  send(model, "a", 1, [{ route: "unmatched", status: 404 }, { route: "other" }]);
  const routes = Array.from({ length: 250 }, (_, index) => ({ route: `/r${index}`, count: 2 }));
  send(model, "a", 2, routes);
  send(model, "b", 1, [{ route: "/r249", count: 7 }, { route: "/r3", count: 1 }]);
  const counts = seen(model, `${DURATION}_count`);
  assert.equal(Object.keys(counts).length, 202);
  const of = (route: string) => counts[`${DURATION}_count{${OK.replace("/produits", route)}}`];
  assert.equal(of("other"), 1 + 2 * 50 + 7);
  assert.equal(of("/r3"), 3);
  assert.equal(of("/r249"), undefined);
});

Deno.test("takeWeb() tells 1 000 combinations apart, and counts the rest by the hundred of their code", () => {
  const model = createModel();
  let sent = 0;
  for (let from = 0; from < 3000; from += 500) {
    send(
      model,
      `p${from}`,
      1,
      Array.from({ length: 500 }, (_, index) => {
        sent++;
        const status = 100 + (from + index) % 500;
        return { route: `/r${(from + index) % 150}`, status, error: `E${index % 7}` };
      }),
    );
  }
  const counts = seen(model, `${DURATION}_count`);
  assert.ok(Object.keys(counts).length <= 1010, `${Object.keys(counts).length} series`);
  assert.equal(Math.sumPrecise(Object.values(counts)), sent);
  const rest =
    'http_request_method="_OTHER",http_route="other",http_response_status_code="500",error_type="_OTHER"';
  assert.ok(counts[`${DURATION}_count{${rest}}`]! > 0);
});

Deno.test("families() show no active requests of a process that is silent, and say until when", () => {
  const model = createModel();
  send(model, "a", 1, [{}], { active: { GET: 2, POST: 1 } }, 1000);
  send(model, "b", 1, [{}], { active: { GET: 4 } }, 1010);
  const active = (now: number) => Object.values(seen(model, ACTIVE, now));
  assert.deepEqual(active(1011), [6, 1]);
  assert.equal(model.families(1011).until, 1015);
  assert.deepEqual(active(1015), [4, 0]);
  assert.equal(model.families(1015).until, 1025);
  assert.deepEqual(active(1025), [0, 0]);
  assert.equal(model.families(1025).until, Infinity);
  model.shift(100);
  assert.deepEqual(active(1111), [6, 1]);
});

Deno.test("takeWeb() is of no game: nothing that is known of games changes", () => {
  const model = createModel();
  model.take(report({ session: "game", values: { transactions_total: 4 } }), 1000);
  const before = flatten(model.families(1001).families);
  const { version } = model;
  send(model, "game", 7, [{}], { active: { GET: 1 } }, 1001);
  assert.notEqual(model.version, version);
  const after = [...flatten(model.families(1001).families)];
  assert.deepEqual(new Map(after.filter(([name]) => !name.startsWith("http_"))), before);
  assert.equal(model.liveSessions, 1);
  assert.equal(model.reports, 1);
});

Deno.test("restore() goes on where another model stopped", () => {
  const before = createModel();
  send(before, "a", 4, [{ count: 5, sum: 0.1 }, { route: "/x" }], { active: { GET: 1 } });
  send(before, "b", 9, [{ count: 2, sum: 0.2 }], { fini: true });
  const model = createModel();
  model.restore(structuredClone(before.state()), 2000);
  assert.deepEqual(seen(model, "http_"), seen(before, "http_"));
  assert.equal(send(model, "a", 4, [{ count: 5 }]), "repeat");
  assert.equal(send(model, "b", 9, [{ count: 2 }]), "repeat");
  send(model, "a", 5, [{ count: 6, sum: 0.3 }]);
  assert.equal(seen(model, `${DURATION}_count`)[`${DURATION}_count{${OK}}`], 8);
  assert.equal(createModel().state().web, undefined);
});

Deno.test("1 000 dead processes and more make neither state nor scrape grow", () => {
  const rows = Array.from({ length: 20 }, (_, index) => ({ route: `/r${index}`, sum: 0.001 }));
  const render = createRenderer();
  const textOf = (model: Model) => render(model.families(1000).families);
  const few = createModel();
  for (let index = 0; index < 8; index++) send(few, `few${index}`, 1, rows);
  const many = createModel();
  // One in two ends without a word.
  for (let index = 0; index < 5000; index++) {
    send(many, `many${index}`, 1, rows, { fini: index % 2 === 0 });
  }
  assert.equal(many.state().web!.processes.length, 256);
  assert.equal(textOf(few).split("\n").length, textOf(many).split("\n").length);
  assert.equal(
    Math.sumPrecise(Object.values(seen(many, `${DURATION}_count`))),
    5000 * rows.length,
  );
  // One that was forgotten and reports again is counted no second time.
  assert.equal(send(many, "many3001", 2, rows), "late");
});
