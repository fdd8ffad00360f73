/** Tests of the streams of events: who is told what, and when. @module */

import assert from "node:assert/strict";
import { MAX_READERS } from "../../lib/live/hub.ts";
import { valueOf } from "../harness/exporter.ts";
import { createSetting, type Message } from "./setting.ts";

const eventsOf = (messages: readonly (Message | ":")[]) =>
  messages.map((one) => one === ":" ? ":" : one.event);
const only = (messages: readonly (Message | ":")[], event: string) =>
  messages.filter((one): one is Message => one !== ":" && one.event === event);
const toursOf = (messages: readonly (Message | ":")[]) =>
  only(messages, "turns").map(({ data }) => (data as { columns: { tour: number[] } }).columns.tour);

Deno.test("open() says hello, and tells nothing of the past", async () => {
  const { take, pass, listen } = createSetting();
  take({ order: 1 });
  pass(1000);
  const listener = listen();
  assert.deepEqual(await listener.read(), [{
    event: "hello",
    id: undefined,
    data: { version: "1.2.3", started: 900, session: "a", past: 0 },
  }]);
  pass(1000);
  assert.deepEqual(eventsOf(await listener.read()), ["state"]);
  await listener.cancel();
});

Deno.test("turns come at once, then at most every 100 ms, none twice and none left out", async () => {
  const { take, pass, listen } = createSetting();
  take({ order: 1 });
  const listener = listen("a");
  await listener.read();
  for (let order = 2; order <= 9; order++) {
    take({ order, recentEvents: [{ tour: order, type: "inflation", nombre: order }] });
    pass(50);
  }
  pass(100);
  const messages = await listener.read();
  assert.deepEqual(toursOf(messages), [[2], [3, 4], [5, 6], [7, 8], [9]]);
  const turns = only(messages, "turns");
  assert.deepEqual(turns.map(({ id }) => id), ["2", "4", "6", "8", "9"]);
  assert.deepEqual(turns[1]!.data, {
    session: "a",
    columns: { tour: [3, 4] },
    events: [3, 4].map((tour) => ({
      tour,
      timestamp: tour === 3 ? 1000.05 : 1000.1,
      type: "inflation",
      nombre: tour,
    })),
  });
  await listener.cancel();
});

Deno.test("turns of a message are thinned to 500", async () => {
  const { take, pass, listen } = createSetting({ maxTurns: 10_000 });
  take({ order: 1 });
  const listener = listen();
  const tours = Array.from({ length: 900 }, (_, index) => index + 2);
  take({ order: 901, columns: new Map([["tour", tours]]) });
  pass(50);
  const [told = []] = toursOf(await listener.read());
  assert.ok(told.length > 50 && told.length <= 500, `${told.length}`);
  assert.equal(told.at(-1), 901);
  await listener.cancel();
});

Deno.test("turns are told anew of a game that was set back", async () => {
  const { take, pass, listen } = createSetting();
  take({ order: 5, turn: 5 });
  const listener = listen();
  take({ order: 6, turn: 3 });
  pass(50);
  take({ order: 7, turn: 4 });
  pass(200);
  assert.deepEqual(toursOf(await listener.read()), [[3], [4]]);
  await listener.cancel();
});

Deno.test("state comes at most every 250 ms after a report, else every 5 s", async () => {
  const { take, pass, listen } = createSetting();
  take({ order: 1 });
  const listener = listen();
  await listener.read();
  for (let order = 2; order <= 21; order++) {
    take({ order });
    pass(50);
  }
  const states = only(await listener.read(), "state");
  assert.equal(states.length, 4);
  const { summary, detail } = states.at(-1)!.data as Record<string, Record<string, unknown>>;
  assert.deepEqual([summary!.session, summary!.turn, detail], ["a", 17, undefined]);
  pass(250);
  assert.equal(only(await listener.read(), "state").length, 1);
  pass(4900);
  assert.equal(only(await listener.read(), "state").length, 0);
  await listener.cancel();
});

Deno.test("detail comes at most once a second, and only when it is told anew", async () => {
  const { take, pass, listen } = createSetting();
  const at = (order: number, prix: number) =>
    take({
      order,
      inventory: () => ({
        produits: [{ nom: "Acier", prix }],
        entreprises: [],
        fournisseurs: [],
      }),
    });
  const listener = listen();
  at(1, 1);
  for (let order = 2; order <= 40; order++) {
    pass(50);
    at(order, order);
  }
  pass(2000);
  const prices = only(await listener.read(), "detail")
    .map(({ data }) => (data as { produits: { prix: number }[] }).produits[0]!.prix);
  assert.equal(prices.length, 3);
  assert.equal(prices.at(-1), 40);
  await listener.cancel();
});

Deno.test("sessions come when a game begins, ends or falls silent", async () => {
  const { take, pass, listen } = createSetting();
  const listener = listen();
  const told = async () =>
    only(await listener.read(), "sessions").map(({ data }) =>
      (data as { session: string; state: string }[]).map(({ session, state }) =>
        `${session} ${state}`
      )
    );
  take({ session: "a", order: 1, timestamp: 1 });
  pass(600);
  assert.deepEqual(await told(), [["a running"]]);
  take({ session: "b", order: 1, timestamp: 2 });
  pass(600);
  take({ session: "a", order: 2, timestamp: 3, finished: true });
  pass(600);
  assert.deepEqual(await told(), [["b running", "a running"], ["b running", "a finished"]]);
  pass(5000);
  assert.deepEqual(await told(), []);
  pass(6000);
  assert.deepEqual(await told(), [["b silent", "a finished"]]);
  await listener.cancel();
});

Deno.test("a reader that names no session goes on to each newer game, one that does stays", async () => {
  const { take, pass, listen } = createSetting();
  const listener = listen();
  assert.deepEqual(
    (await listener.read()).map((one) => one === ":" ? one : one.data),
    [{ version: "1.2.3", started: 900, session: null, past: 0 }],
  );
  take({ session: "a", order: 1 });
  pass(100);
  const stays = listen("a");
  take({ session: "b", order: 1, timestamp: 2000 });
  take({ session: "older", order: 1, timestamp: 1500 });
  take({ session: "b", order: 2 });
  take({ session: "a", order: 2 });
  pass(100);
  take({ session: "a", order: 3 });
  pass(100);
  const sessions = (messages: readonly (Message | ":")[]) =>
    only(messages, "turns").map(({ data }) => {
      const { session, columns } = data as { session: string; columns: { tour: number[] } };
      return `${session} ${columns.tour}`;
    });
  assert.deepEqual(sessions(await listener.read()), ["a 1", "b 1,2"]);
  assert.deepEqual(sessions(await stays.read()), ["a 2", "a 3"]);
  await Promise.all([listener.cancel(), stays.cancel()]);
});

Deno.test("a reader of a session that is forgotten is told so, and no more until it reports again", async () => {
  const { take, pass, listen } = createSetting({ maxSessions: 1 });
  take({ session: "a", order: 1 });
  const listener = listen("a");
  pass(1000);
  await listener.read();
  take({ session: "b", order: 1 });
  pass(12_000);
  assert.deepEqual(eventsOf(await listener.read()), ["sessions", "sessions"]);
  take({ session: "a", order: 2 });
  pass(100);
  assert.deepEqual(toursOf(await listener.read()), [[2]]);
  await listener.cancel();
});

Deno.test("a comment comes every 15 s", async () => {
  const { pass, listen } = createSetting();
  const listener = listen();
  await listener.read();
  pass(31_000);
  assert.deepEqual(eventsOf(await listener.read()), [":", ":"]);
  await listener.cancel();
});

Deno.test("nothing is done while nobody listens", async () => {
  const { take, pass, listen, isTicking, telemetry } = createSetting();
  const readers = async () => valueOf(await telemetry.text(), "tradesim_exporter_live_readers");
  assert.equal(isTicking(), false);
  const [one, other] = [listen(), listen()];
  assert.deepEqual([isTicking(), await readers()], [true, 2]);
  await one.cancel();
  assert.equal(isTicking(), true);
  await other.cancel();
  assert.deepEqual([isTicking(), await readers()], [false, 0]);
  take({ order: 1 });
  // What came while nobody listened is past.
  const later = listen();
  take({ order: 2 });
  pass(100);
  assert.deepEqual(toursOf(await later.read()), [[2]]);
  await later.cancel();
});

Deno.test("a reader that does not read is cut off, and the others are not", async () => {
  const { take, pass, listen, telemetry } = createSetting({ maxTurns: 10_000 });
  const cut = async () =>
    valueOf(await telemetry.text(), "tradesim_exporter_live_readers_cut_off_total");
  const reading = listen();
  const stalled = listen();
  let order = 1;
  let told = 0;
  for (; await cut() === 0 && order < 200_000; order += 400) {
    const tours = Array.from({ length: 400 }, (_, index) => order + index);
    take({ order: order + 400, columns: new Map([["tour", tours]]) });
    pass(100);
    told += (await reading.read()).length;
  }
  assert.equal(await cut(), 1);
  assert.ok(told > 100, `${told} messages`);
  await assert.rejects(async () => {
    while (!(await stalled.stream.read()).done);
  }, /too slow/);
  take({ order: order + 1 });
  pass(100);
  assert.equal(toursOf(await reading.read()).length, 1);
  await reading.cancel();
});

Deno.test("open() refuses the 401st reader until another one leaves", async () => {
  const { hub, listen } = createSetting();
  const listeners = Array.from({ length: MAX_READERS }, () => listen());
  assert.equal(hub.open(undefined), undefined);
  await listeners.pop()!.cancel();
  await hub.open(undefined)!.cancel();
  await Promise.all(listeners.map((listener) => listener.cancel()));
});

Deno.test("close() ends every stream and opens no other", async () => {
  const { hub, listen, isTicking } = createSetting();
  const listener = listen();
  await listener.read();
  const behind = listen();
  hub.close();
  assert.equal((await listener.stream.read()).done, true);
  await assert.rejects(() => behind.stream.read(), /stops/);
  assert.deepEqual([hub.open(undefined), isTicking()], [undefined, false]);
});

Deno.test("renew() ends every stream, and hello says that the past has changed", async () => {
  const { take, hub, listen } = createSetting();
  take({ order: 1 });
  const listener = listen();
  await listener.read();
  hub.renew();
  assert.equal((await listener.stream.read()).done, true);
  const again = listen();
  const [hello] = only(await again.read(), "hello");
  assert.deepEqual(hello!.data, { version: "1.2.3", started: 900, session: "a", past: 1 });
  await again.cancel();
});
