/** Lets a real Prometheus judge a real game by the project's rules, until an alert fires. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startExporter, startProgram } from "../harness/exporter.ts";
import { testWithPrometheus } from "../harness/engines.ts";
import { type RunningPrometheus, startPrometheus } from "../harness/prometheus.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { serveRequests } from "../harness/web_process.ts";

const CONSOLES = fileURLToPath(new URL("../../prometheus/consoles/", import.meta.url));

interface Rule {
  readonly name: string;
  readonly type: "alerting" | "recording";
  /** `unknown` until it was first evaluated. */
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
}

interface Alert {
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

async function rulesOf(prometheus: RunningPrometheus): Promise<readonly Rule[]> {
  const { groups } = await prometheus.api("rules") as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** The labels of what fires, by the alert's name. */
async function firing(
  prometheus: RunningPrometheus,
): Promise<ReadonlyMap<string, Alert["labels"]>> {
  const { alerts } = await prometheus.api("alerts") as { readonly alerts: readonly Alert[] };
  return new Map(
    alerts.filter(({ state }) => state === "firing").map((
      { labels },
    ) => [labels["alertname"]!, labels]),
  );
}

testWithPrometheus("Prometheus judges a game by the rules", async (version, test) => {
  await withTempDir(async (dir) => {
    await using stack = new AsyncDisposableStack();
    const exporter = await startExporter({ cwd: dir });
    stack.defer(() => exporter.stop().then(() => {}));
    const simulate = ["simulate", "--infinite", "--pause", "20ms", "--with-metrics"];
    const game = startProgram({ cwd: dir, args: [...simulate, "--publish-to", exporter.url] });
    stack.defer(() => game.stop().then(() => {}));
    // One in a hundred requests fails, which is no reason for an alarm.
    const serving = serveRequests(exporter, [
      { count: 99, sum: 1 },
      { count: 1, status: 500, error: "ValueError" },
    ]);
    stack.use(serving);
    const prometheus = await startPrometheus({
      version,
      dir,
      targetPort: exporter.port,
      rulesEvery: "1s",
      args: [`--web.console.templates=${CONSOLES}`, "--web.external-url=http://example.test/"],
      // The 30 s that some alerts wait for.
      changeRules: (text) => text.replaceAll("for: 30s", "for: 1s"),
    });
    stack.defer(() => prometheus.stop());

    await test.step("every rule is evaluated without an error, and every recorded series has a value", async () => {
      const rules = await until("all rules", async () => {
        const rules = await rulesOf(prometheus);
        return rules.length > 0 && rules.every(({ health }) => health !== "unknown") && rules;
      });
      assert.deepEqual(rules.filter(({ health }) => health !== "ok"), []);
      const recorded = rules.filter(({ type }) => type === "recording").map(({ name }) => name);
      assert.equal(recorded.length, 8);
      for (const name of recorded) {
        const value = await until(name, async () => {
          const series = await prometheus.query(`${name}{job="tradesim"}`);
          return series.length === 1 && Number(series[0]!.value![1]);
        });
        assert.ok(value > 0 && value < Infinity, `${name} is ${value}`);
      }
    });

    await test.step("no alert fires while all is well", async () => {
      assert.deepEqual([...(await firing(prometheus)).keys()], ["TradesimWatchdog"]);
    });

    await test.step("alerts lead to a page that Prometheus serves", async () => {
      const { alerts } = await prometheus.api("alerts") as { readonly alerts: readonly Alert[] };
      const link = new URL(alerts[0]!.annotations["runbook_url"]!);
      assert.equal(link.origin, "http://example.test");
      const response = await fetch(prometheus.url + link.pathname);
      assert.equal(response.status, 200);
      assert.ok((await response.text()).includes(`<h2 id="${link.hash.slice(1)}">`));
    });

    await test.step("TradesimReportsRefused fires when the exporter gets what is no report", async () => {
      for (let times = 0; times < 4; times++) {
        const { status, body } = await exporter.post("{");
        await body?.cancel();
        assert.equal(status, 400);
      }
      const alert = await until("the alert", async () => {
        return (await firing(prometheus)).get("TradesimReportsRefused");
      });
      assert.deepEqual([alert["source"], alert["reason"]], ["post", "json"]);
    });

    await test.step("TradesimExporterDown fires when the exporter has ended", async () => {
      await serving[Symbol.asyncDispose]();
      await exporter.stop();
      const alert = await until("the alert", async () => {
        return (await firing(prometheus)).get("TradesimExporterDown");
      });
      assert.equal(alert["instance"], `127.0.0.1:${exporter.port}`);
    });
  });
});
