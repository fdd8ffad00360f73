/** Proves that the application of docs/kubernetes.md is measured by the exporter of the overlay web. @module */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { ROOT } from "../harness/deno.ts";
import { startExporter } from "../harness/exporter.ts";
import { freePort } from "../harness/ports.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/** A block of the page, by the words behind its three backticks. */
function blockOf(page: string, name: string): string {
  const [, text] = new RegExp(`^\`\`\`${name}\\n([^]*?)^\`\`\`$`, "m").exec(page) ?? [];
  assert.ok(text, name);
  return text;
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_ROOT_USER_ACTION: "ignore" },
  }).output();
  assert.ok(success, `${program} ${args.join(" ")}:\n${new TextDecoder().decode(stderr)}`);
}

Deno.test("requests of the overlay's application arrive at the exporter beside it, and only there", async () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/kubernetes.md`);
  const { spec } = parse(Deno.readTextFileSync(`${ROOT}kubernetes/overlays/web/deployment.yaml`));
  const { initContainers: [sidecar], containers: [web] } = spec.template.spec;
  const [, packages = ""] = /pip install --no-cache-dir \/client (.*)/
    .exec(blockOf(page, "dockerfile")) ?? [];
  const [, command = ""] = /^CMD \["(.*)"\]$/m.exec(blockOf(page, "dockerfile")) ?? [];

  await withTempDir(async (cwd) => {
    Deno.writeTextFileSync(`${cwd}/main.py`, blockOf(page, "python main.py"));
    await run("python3", ["-m", "venv", "venv"], cwd);
    // Hatchling would leave files in the folder of the sources.
    await run("cp", ["-r", `${ROOT}clients/python`, `${cwd}/client`], cwd);
    await run("venv/bin/pip", ["install", "./client", ...packages.split(" ")], cwd);

    const [port, httpPort] = [freePort(), freePort()];
    const here = sidecar.args.map((arg: string) =>
      arg.replace("$(POD_IP)", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")
    );
    const exporter = await startExporter({ args: [...here, `--port=${port}`], cwd });
    const [program, ...args] = command.split('", "');
    // The middleware's default is the sidecar's port, which another program may have here.
    const main = Deno.readTextFileSync(`${cwd}/main.py`)
      .replace("path=None)", `path=None, exporter="http://127.0.0.1:${port}")`);
    Deno.writeTextFileSync(`${cwd}/main.py`, main);
    const application = new Deno.Command(`${cwd}/venv/bin/${program}`, {
      args,
      cwd,
      env: {
        ...Object.fromEntries(
          web.env.map(({ name, value }: Record<string, string>) => [name!, value!]),
        ),
        UVICORN_HOST: "127.0.0.1",
        UVICORN_PORT: String(httpPort),
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      const url = `http://127.0.0.1:${httpPort}`;
      const get = async (path: string) => {
        const answer = await fetch(url + path).catch(() => undefined);
        await answer?.body?.cancel();
        return answer?.status;
      };
      await until("the application answers", async () => await get("/produits/1") === 200);
      assert.equal(await get("/metrics"), 404);
      await until(
        "its requests at the exporter",
        async () =>
          /^http_server_request_duration_seconds_count\{.*http_route="\/produits\/\{produit\}".*\} 1$/m
            .test(await exporter.scrape()),
      );
    } finally {
      application.kill("SIGTERM");
      await application.status;
      await exporter.stop();
    }
  });
});
