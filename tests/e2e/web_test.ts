/** Tests that --web.config.file puts the real program behind TLS and passwords. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { makeCertificate } from "../harness/certificate.ts";
import { startExporter } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { withTempDir } from "../harness/waiting.ts";

const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });

Deno.test("basic_auth_users keep /metrics and / behind a password, and probes and local reports outside", async () => {
  await withTempDir(async (cwd) => {
    const hash = hashSync("sésame", 5);
    Deno.writeTextFileSync(join(cwd, "web.yml"), `basic_auth_users:\n  alice: ${hash}\n`);
    const exporter = await startExporter({ cwd, args: ["--web.config.file", "web.yml"] });
    try {
      const status = async (path: string, init?: RequestInit) => {
        const response = await fetch(`${exporter.url}${path}`, init);
        await response.body?.cancel();
        return response.status;
      };
      const right = { headers: { authorization: `Basic ${utf8Base64("alice:sésame")}` } };
      assert.deepEqual(
        {
          none: await status("/metrics"),
          wrong: await status("/metrics", { headers: basic("alice:other") }),
          unknown: await status("/metrics", { headers: basic("bob:sesame") }),
          right: await status("/metrics", right),
          again: await status("/metrics", right),
          page: await status("/"),
          health: await status("/health", right),
          healthy: await status("/-/healthy"),
          ready: await status("/-/ready"),
        },
        {
          none: 401,
          wrong: 401,
          unknown: 401,
          right: 200,
          again: 200,
          page: 401,
          health: 200,
          healthy: 200,
          ready: 200,
        },
      );
      const posted = await exporter.post(payloadAt({ session: "s" }, 1));
      assert.equal(posted.status, 200);
      await posted.body?.cancel();
      const challenge = await fetch(`${exporter.url}/metrics`);
      assert.equal(
        challenge.headers.get("www-authenticate"),
        'Basic realm="tradesim-exporter", charset="UTF-8"',
      );
      await challenge.body?.cancel();
    } finally {
      const { stderr } = await exporter.stop();
      assert.ok(!stderr.includes(hash) && !stderr.includes("sésame"), "no secret is logged");
    }
  });
});

/** btoa() takes no more than Latin 1, and browsers send UTF-8. */
function utf8Base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

testWith("openssl", "tls_server_config serves /metrics by HTTPS, with its headers", async () => {
  await withTempDir(async (cwd) => {
    await makeCertificate(cwd);
    Deno.writeTextFileSync(
      join(cwd, "web.yml"),
      "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n" +
        "http_server_config: {headers: {X-Frame-Options: deny}}\n",
    );
    const exporter = await startExporter({ cwd, args: ["--web.config.file", "web.yml"] });
    const client = Deno.createHttpClient({
      caCerts: [Deno.readTextFileSync(join(cwd, "cert.pem"))],
    });
    try {
      assert.match(exporter.url, /^https:/);
      const response = await fetch(`${exporter.url}/metrics`, { client });
      assert.match(await response.text(), /^tours_completes 0$/m);
      assert.equal(response.headers.get("x-frame-options"), "deny");
    } finally {
      client.close();
      await exporter.stop();
    }
  });
});
