/** Tests that the thread that sends may do nothing but read the queue and call one address. @module */

import assert from "node:assert/strict";
import { KINDS } from "../../lib/cli/mod.ts";
import { rightsFor } from "../../lib/remote_write/remote_write.ts";
import { startWorker } from "../../lib/worker/mod.ts";

/** Asks a worker with the rights of the one that sends what it may do. */
async function stateOf(url: string, asked: readonly Deno.PermissionDescriptor[]) {
  const source = `postMessage(${JSON.stringify(asked)}
    .map((one) => Deno.permissions.querySync(one).state === "granted"));`;
  const worker = startWorker(source, assert.fail, rightsFor(new URL(url), "/q/queue"));
  const answer = Promise.withResolvers<readonly boolean[]>();
  worker.onmessage = ({ data }) => answer.resolve(data);
  const granted = await answer.promise;
  worker.terminate();
  return granted;
}

Deno.test("the worker has no right as a whole", async () => {
  const kinds = KINDS.map((name) => ({ name }) as Deno.PermissionDescriptor);
  assert.deepEqual(await stateOf("http://127.0.0.1:9090/w", kinds), KINDS.map(() => false));
});

Deno.test("the worker may call the receiver's host and port, and no other", async () => {
  const hosts: Readonly<Record<string, readonly string[]>> = {
    "http://127.0.0.1:9090/w": [
      "127.0.0.1:9090",
      "127.0.0.1:9091",
      "127.0.0.2:9090",
      "127.0.0.1:80",
    ],
    "http://localhost/w": ["localhost:80", "localhost:443", "127.0.0.1:80", "localhost:8080"],
    "http://[::1]:9090/w": ["[::1]:9090", "[::1]:9091", "[::]:9090", "127.0.0.1:9090"],
    "https://[::1]/w": ["[::1]:443", "[::1]:80", "127.0.0.1:443"],
    "https://127.0.0.1/w": ["127.0.0.1:443", "127.0.0.1:80", "localhost:443", "127.0.0.1"],
  };
  for (const [url, [own, ...others]] of Object.entries(hosts)) {
    const asked = [own!, ...others].map((host) => ({ name: "net", host }) as const);
    assert.deepEqual(await stateOf(url, asked), [true, ...others.map(() => false)], url);
  }
});

Deno.test("the worker may read the queue, and no other file", async () => {
  const asked = ["/q/queue", "/q", "/etc/passwd"].flatMap((path) => [
    { name: "read", path } as const,
    { name: "write", path } as const,
  ]);
  const granted = await stateOf("http://127.0.0.1:9090/w", asked);
  assert.deepEqual(granted, [true, false, false, false, false, false]);
});
