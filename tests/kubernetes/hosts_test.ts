/** Tests that an exporter with the arguments of a pod serves that pod's names, and no others. @module */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { ROOT } from "../harness/deno.ts";
import { startExporter } from "../harness/exporter.ts";
import { withTempDir } from "../harness/waiting.ts";

const POD_IP = "10.1.2.3";

/** Status of a request that names a host. */
async function statusOf(port: number, path: string, host: string): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const answer = await new Response(connection.readable).text();
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

/** The exporter's arguments in a file, with what Kubernetes puts in. */
function argsOf(file: string, ip: string): string[] {
  const { spec } = parse(Deno.readTextFileSync(`${ROOT}kubernetes/${file}`));
  const { initContainers = [], containers } = spec.template.spec;
  const { args } = [...initContainers, ...containers].find(({ name }) => name === "exporter");
  return args.filter((arg: string) => !/^--(config|host|follow)=/.test(arg))
    .map((arg: string) => arg.replace("$(POD_IP)", ip).replace("$(NAMESPACE)", "games"));
}

const NAMES = ["", ".games", ".games.svc", ".games.svc.cluster.local"]
  .map((domain) => `tradesim-exporter${domain}`);
const CASES = [
  { file: "base/deployment.yaml", names: NAMES },
  { file: "overlays/sidecar/job.yaml", names: [] },
  { file: "overlays/web/deployment.yaml", names: [] },
] as const;

for (const { file, names } of CASES) {
  Deno.test(`the exporter of ${file} serves its pod's address and names, and probes by any address`, async () => {
    await withTempDir(async (cwd) => {
      const args = [...argsOf(file, POD_IP), ...argsOf(file, "fd00::7"), "--state=none"];
      // The state may be named once.
      const once = [...new Map(args.map((arg) => [arg.startsWith("--state") ? "state" : arg, arg]))
        .values()];
      const exporter = await startExporter({ args: once, cwd });
      try {
        const { port } = exporter;
        for (const host of [POD_IP, "[fd00::7]", ...names, "localhost"]) {
          assert.equal(await statusOf(port, "/metrics", `${host}:8000`), 200, host);
        }
        for (
          const host of ["10.9.9.9", "evil.example", "tradesim-exporter.other.svc.cluster.local"]
        ) {
          assert.equal(await statusOf(port, "/metrics", `${host}:8000`), 421, host);
        }
        for (const host of [POD_IP, "10.9.9.9", "[fd00::9]"]) {
          assert.equal(await statusOf(port, "/-/ready", `${host}:8000`), 200, host);
          assert.equal(await statusOf(port, "/-/healthy", `${host}:8000`), 200, host);
        }
      } finally {
        await exporter.stop();
      }
    });
  });
}
