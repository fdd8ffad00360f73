/** Tests of how many connections there may be, and for how long, with a clock of their own. @module */

import assert from "node:assert/strict";
import { Connections } from "../../lib/server/mod.ts";
import {
  MAX_CONNECTIONS,
  RESERVED_CONNECTIONS,
  type Tracked,
} from "../../lib/server/connections.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { valueOf } from "../harness/exporter.ts";

interface Client {
  readonly tracked: Tracked;
  isClosed: boolean;
}

interface SetUp {
  readonly most?: number;
  readonly countSpare?: (most: number) => number;
}

function setUp({ most = MAX_CONNECTIONS, countSpare = (most) => most }: SetUp = {}) {
  const telemetry = createTelemetry();
  let time = 0;
  const connections = new Connections({ telemetry, most, countSpare, now: () => time });
  async function connect({ canEnd = true } = {}): Promise<Client> {
    await connections.room();
    const close = () => {
      client.isClosed = true;
      queueMicrotask(() => client.tracked.gone());
    };
    const client: Client = {
      isClosed: false,
      tracked: connections.add({ close: canEnd ? close : undefined }),
    };
    return client;
  }
  return {
    connections,
    connect,
    wait: (milliseconds: number) => time += milliseconds,
    async connectMany(number: number, use: (client: Client) => void = () => {}) {
      const clients: Client[] = [];
      while (clients.length < number) {
        const client = await connect();
        use(client);
        clients.push(client);
      }
      return clients;
    },
    /** Whether there is room now, or as soon as those that are told to end are gone. */
    async hasRoom() {
      let isThere = false;
      connections.room().then(() => isThere = true);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      return isThere;
    },
    counted: async (name: string) => valueOf(await telemetry.text(), `tradesim_exporter_${name}`),
  };
}

const closed = (clients: readonly Client[]) => clients.filter(({ isClosed }) => isClosed).length;

Deno.test("room() lets go of the connection that has waited longest, and of none in use", async () => {
  const { connections, connectMany, connect, wait, counted } = setUp();
  const busy = await connectMany(10, ({ tracked }) => tracked.began());
  wait(1);
  const silent = await connectMany(MAX_CONNECTIONS - RESERVED_CONNECTIONS - 10);
  wait(100);
  const [first] = silent;
  assert.equal((await connect()).tracked.isReserved, false);
  assert.equal(closed(silent), 1);
  assert.ok(first!.isClosed);
  assert.equal(closed(busy), 0);
  assert.equal(await counted("connections"), MAX_CONNECTIONS - RESERVED_CONNECTIONS);
  assert.equal(await counted('connections_closed_total{reason="room"}'), 1);
  connections.close();
});

Deno.test("room() gives a new connection a moment for its request, as long as some are reserved", async () => {
  const { connections, connectMany, wait, hasRoom } = setUp();
  await connectMany(MAX_CONNECTIONS - RESERVED_CONNECTIONS, ({ tracked }) => tracked.began());
  const fresh = await connectMany(RESERVED_CONNECTIONS);
  assert.ok(fresh.every(({ tracked }) => tracked.isReserved));
  assert.equal(await hasRoom(), false);
  assert.equal(closed(fresh), 0);
  fresh[7]!.tracked.began()();
  await connectMany(1);
  assert.deepEqual([closed(fresh), fresh[7]!.isClosed], [1, true]);
  wait(100);
  await connectMany(1);
  assert.ok(fresh[0]!.isClosed);
  connections.close();
});

Deno.test("room() waits where all are in use, until one is gone", async () => {
  const { connections, connectMany, connect, hasRoom } = setUp({ most: 40 });
  const ends: (() => void)[] = [];
  await connectMany(39, ({ tracked }) => ends.push(tracked.began()));
  const shaking = await connect({ canEnd: false });
  assert.equal(await hasRoom(), false);
  shaking.tracked.gone();
  assert.equal(await hasRoom(), true);
  await connect({ canEnd: false });
  assert.equal(await hasRoom(), false);
  connections.close();
  assert.equal(await hasRoom(), true);
});

Deno.test("room() takes no more connections than leave descriptors for files and threads", async () => {
  let free = 100;
  const { connections, connect, connectMany, hasRoom } = setUp({
    countSpare: (most) => Math.min(most, free),
  });
  const clients: Client[] = [];
  while (clients.length < 200 && await hasRoom()) {
    const client = await connect();
    client.tracked.began();
    clients.push(client);
    free--;
  }
  assert.equal(clients.length, 52, "48 of 100 that were free are left");
  assert.equal(clients.findIndex(({ tracked }) => tracked.isReserved), 39, "a quarter is reserved");
  free = 1000;
  for (const { tracked } of clients.slice(0, 5)) tracked.gone();
  await connectMany(100, ({ tracked }) => tracked.began());
  connections.close();
});

Deno.test("sweep() closes what does nothing: at first for 10 seconds, then for 60", async () => {
  const { connections, connect, wait, counted } = setUp();
  const silent = await connect();
  const idle = await connect();
  idle.tracked.began()();
  const slow = await connect();
  slow.tracked.began();
  const reader = await connect();
  const read = reader.tracked.began();
  reader.tracked.streams();
  const shaking = await connect({ canEnd: false });
  const all = [silent, idle, slow, reader, shaking];
  const closedNow = () => {
    connections.sweep();
    return all.map(({ isClosed }) => isClosed);
  };
  wait(10_000);
  assert.deepEqual(closedNow(), [false, false, false, false, false]);
  wait(1);
  assert.deepEqual(closedNow(), [true, false, false, false, false]);
  wait(50_000);
  assert.deepEqual(closedNow(), [true, true, true, false, false]);
  wait(1_000_000);
  assert.deepEqual(closedNow(), [true, true, true, false, false]);
  read();
  wait(60_001);
  assert.deepEqual(closedNow(), [true, true, true, true, false]);
  for (const [reason, number] of Object.entries({ no_request: 1, idle: 2, slow: 1, room: 0 })) {
    assert.equal(await counted(`connections_closed_total{reason="${reason}"}`), number, reason);
  }
  connections.close();
});

Deno.test("a connection that asks again is as good as new", async () => {
  const { connections, connect, wait } = setUp();
  const client = await connect();
  for (let request = 0; request < 5; request++) {
    const end = client.tracked.began();
    wait(50_000);
    connections.sweep();
    end();
    wait(50_000);
    connections.sweep();
  }
  assert.equal(client.isClosed, false);
  connections.close();
});
