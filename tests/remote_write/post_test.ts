/** Tests what is read of a receiver's answer, and how long it is waited for. @module */

import assert from "node:assert/strict";
import { reasonOf } from "../../lib/network/mod.ts";
import { createPost, type Target } from "../../lib/remote_write/post.ts";
import { makeCertificate } from "../harness/certificate.ts";
import { freePort } from "../harness/ports.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";

function targetAt(port: number): Target {
  return {
    url: `http://127.0.0.1:${port}/`,
    direct: undefined,
    headers: {},
    tls: { ca: undefined, cert: undefined, key: undefined },
  };
}

Deno.test("of an answer without end only the beginning is read", async () => {
  const left = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("é".repeat(5000)));
      },
      cancel: () => left.resolve(),
    });
    return new Response(body, { status: 400 });
  });
  const { post, close } = createPost(targetAt(server.addr.port));
  try {
    const { status, text } = await post(new Uint8Array(3), {});
    assert.equal(status, 400);
    assert.match(text, /^é{300,5000}$/);
    await left.promise;
  } finally {
    close();
    await server.shutdown();
  }
});

/** Answers one request with these bytes, and closes the connection. */
async function answering(answer: string): Promise<{ port: number; done: Promise<void> }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode(answer));
    connection.close();
    listener.close();
  };
  return await Promise.resolve({ port: listener.addr.port, done: serve() });
}

Deno.test("an answer that breaks off, or is not what its encoding says, still has its status", async () => {
  const answers: Readonly<Record<string, readonly [status: number, text: string]>> = {
    "HTTP/1.1 400 Bad\r\nContent-Length: 1000\r\n\r\nout of order": [400, "out of order"],
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n": [200, "hello"],
    "HTTP/1.1 503 No\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello": [503, ""],
  };
  for (const [answer, [status, text]] of Object.entries(answers)) {
    const { port, done } = await answering(answer);
    const { post, close } = createPost(targetAt(port));
    const found = await post(new Uint8Array(3), {});
    assert.deepEqual([found.status, found.text], [status, text]);
    close();
    await done;
  }
});

Deno.test("a secret that a receiver shows in its answer is not in what is logged", async () => {
  for (const authorization of ["Bearer s3cr3t", `Basic ${btoa("me:s3cr3t")}`]) {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => new Response(JSON.stringify([...request.headers]), { status: 400 }),
    );
    const target = { ...targetAt(server.addr.port), headers: { authorization } };
    const { post, close } = createPost(target);
    const { text } = await post(new Uint8Array(3), {});
    assert.match(text, /"authorization","(Bearer|Basic) …"/);
    close();
    await server.shutdown();
  }
});

Deno.test("a receiver that never answers is given up, and so is the rest of an endless answer", async () => {
  const end = Promise.withResolvers<Response>();
  const endless = () =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
    );
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const isSilent = (await request.bytes()).length === 1;
    return isSilent ? await end.promise : endless();
  });
  const { post, close } = createPost(targetAt(server.addr.port), 100);
  try {
    await assert.rejects(post(new Uint8Array(1), {}), { name: "TimeoutError" });
    assert.equal((await post(new Uint8Array(2), {})).status, 200);
  } finally {
    end.resolve(new Response());
    close();
    await server.shutdown();
  }
});

testWith(
  "openssl",
  "a receiver that asks for a certificate is shown that of the exporter",
  () =>
    withTempDir(async (cwd) => {
      await makeCertificate(cwd);
      const port = freePort();
      const server = new Deno.Command("openssl", {
        args: [
          ...["s_server", "-quiet", "-accept", `127.0.0.1:${port}`, "-cert", "cert.pem"],
          ...["-key", "key.pem", "-Verify", "1", "-CAfile", "cert.pem", "-verify_return_error"],
        ],
        ...{ cwd, stdin: "piped", stdout: "piped", stderr: "null" },
      }).spawn();
      const read = (name: string) => Deno.readTextFileSync(`${cwd}/${name}`);
      const own = { cert: read("cert.pem"), key: read("key.pem") };
      const targetWith = (shown: Partial<typeof own>): Target => ({
        ...targetAt(port),
        url: `https://127.0.0.1:${port}/`,
        tls: { ca: own.cert, cert: undefined, key: undefined, ...shown },
      });
      const nobody = createPost(targetWith({}));
      // It may not listen yet.
      await until(
        "the refusal",
        () =>
          nobody.post(new Uint8Array(3), {})
            .then(
              () => assert.fail("it was answered"),
              (error) => /Certificate/.test(reasonOf(error)),
            ),
      );
      nobody.close();

      const answering = (async () => {
        const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
        for (let text = ""; !text.includes("POST / ");) text += (await reader.read()).value;
        const writer = server.stdin.getWriter();
        await writer.write(new TextEncoder().encode("HTTP/1.1 204 No Content\r\n\r\n"));
        writer.releaseLock();
        reader.releaseLock();
      })();
      const { post, close } = createPost(targetWith(own));
      assert.equal((await post(new Uint8Array(3), {})).status, 204);
      close();
      await answering;
      server.kill();
      await server.stdin.close().catch(() => {});
      await server.stdout.cancel().catch(() => {});
      await server.status;
    }),
);
