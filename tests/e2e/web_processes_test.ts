/** The real program counts what web processes report, whoever dies meanwhile. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { type Requests, webReport } from "../model/web_reports.ts";

const COUNT = "http_server_request_duration_seconds_count";

/** Requests that were counted of all kinds. */
function counted(scrape: string): number {
  return scrape.split("\n").filter((line) => line.startsWith(`${COUNT}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

async function send(exporter: RunningExporter, report: unknown): Promise<void> {
  const response = await exporter.post(report);
  await response.body?.cancel();
  assert.equal(response.status, 200);
}

Deno.test("web processes are counted over kills of the exporter, by POST and by followed files, and are no games", () =>
  withTempDir(async (cwd) => {
    const journal = join(cwd, "web.jsonl");
    const args = ["--state", "state.json", "--follow", journal];
    let exporter = await startExporter({ cwd, args });
    await send(exporter, payloadAt({ session: "game" }, 1));
    let sent = 0;
    for (let round = 1; round <= 4; round++) {
      for (let worker = 0; worker < 3; worker++) {
        const isLast = worker === 2;
        const session = isLast ? `web-once-${round}` : `web-${worker}`;
        const before = isLast ? 0 : round - 1;
        const rest = { fini: isLast && round % 2 === 0, active: { GET: 1 } };
        const report = webReport(session, round, [{ count: 10 * (before + 1) }], rest);
        sent += 10;
        if (worker === 1) {
          Deno.writeTextFileSync(journal, JSON.stringify(report) + "\n", { append: true });
        } else await send(exporter, report);
      }
      const shown = await until("all to be counted", async () => {
        const scrape = await exporter.scrape();
        return counted(scrape) >= sent && scrape;
      });
      assert.equal(counted(shown), sent);
      // What was shown outlives a kill.
      await exporter.stop("SIGKILL");
      exporter = await startExporter({ cwd, args });
      assert.equal(counted(await exporter.scrape()), sent);
    }
    const scrape = await exporter.scrape();
    assert.equal(valueOf(scrape, "simulation_sessions"), 1);
    assert.ok(!/^(?!http_|tradesim_exporter_).*web-/m.test(scrape));
    const sessions = await (await fetch(`${exporter.url}/api/sessions`)).json();
    assert.deepEqual(
      sessions.sessions.map(({ session }: { session: string }) => session),
      ["game"],
    );
    await exporter.stop();
  }));

Deno.test("1 000 restarts of web processes make no scrape slower", () =>
  withTempDir(async (cwd) => {
    const exporter = await startExporter({
      cwd,
      args: ["--state", "state.json", "--system-interval", "0"],
    });
    const kinds: Requests[] = Array.from({ length: 30 }, (_, index) => ({ route: `/r${index}` }));
    let sent = 0;
    let sessions = 0;
    const report = async (fini: boolean) => {
      await send(exporter, webReport(`web-${sessions++}`, 1, kinds, { fini }));
      sent += kinds.length;
    };
    let rapport = 0;
    const lasting = () => {
      sent += kinds.length;
      rapport++;
      return webReport("lasting", rapport, kinds.map((kind) => ({ ...kind, count: rapport })));
    };
    /** The quickest of some scrapes, each of something new, in milliseconds: others use the machine too. */
    const scrapeTime = async () => {
      let quickest = Infinity;
      for (let index = 0; index < 40; index++) {
        await send(
          exporter,
          webReport("lasting", ++rapport, kinds.map((kind) => ({ ...kind, count: rapport }))),
        );
        sent += kinds.length;
        const started = performance.now();
        await exporter.scrape();
        quickest = Math.min(quickest, performance.now() - started);
      }
      return quickest;
    };
    for (let index = 0; index < 8; index++) await report(false);
    await scrapeTime();
    const before = await scrapeTime();
    for (let index = 0; index < 1000; index++) {
      await report(index % 3 > 0);
      // A process that lives says so.
      if (index % 100 === 0) await send(exporter, lasting());
    }
    const ratios: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) ratios.push(await scrapeTime() / before);
    assert.equal(counted(await exporter.scrape()), sent);
    assert.ok(Math.min(...ratios) <= 1.1, `scrapes took ${ratios.join(", ")} times as long`);
    await exporter.stop();
  }));
