/**
 * Lets each alert fire in the Prometheus that the stack pins, and arrive in its Alertmanager, while
 * its neighbours stay silent: those that nearly fire, and those of which only a part is true.
 *
 * Prometheus scrapes exporters that show what the real one did (tests/golden) with some values
 * changed. Their past is written, and the rules are evaluated for it, since some alerts compare with
 * minutes ago. Expressions are the shipped ones. Only two spans differ: rules are evaluated every
 * second instead of every 15, and alerts wait for a second (`for`) instead of up to five minutes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { labelsOf } from "../../bench/recording.ts";
import { remoteWrite, type TimeSeries } from "../../bench/remote_write.ts";
import { type RunningAlertmanager, startAlertmanager } from "../harness/alertmanager.ts";
import { builtEngine, PINNED } from "../harness/engines.ts";
import { recordRules } from "../harness/past.ts";
import { testWith } from "../harness/programs.ts";
import { type RunningPrometheus, startPrometheus } from "../harness/prometheus.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const PROMETHEUS = fileURLToPath(new URL("../../prometheus/", import.meta.url));
const GOLDEN = Deno.readTextFileSync(new URL("../golden/plain.prom", import.meta.url))
  .replace(/ …$/gm, " 1");

/** How much past there is, in seconds: more than the 10 minutes that TradesimTourSlow looks back. */
const PAST = 13 * 60;
const STEP = 5;

type Values = Readonly<Record<string, number>>;
/**
 * What an exporter shows, beside what the golden one does, `t` seconds after the test has begun;
 * before that `t` is negative. Undefined = it answers 503.
 */
type Exporter = (t: number) => Values | undefined;

const RUNNING = 'simulation_etat{etat="running"}';
const SILENT = 'simulation_etat{etat="silent"}';
const ENDED = 'simulation_etat{etat="ended"}';
const refused = (reason: string) =>
  `tradesim_exporter_reports_refused_total{source="post",reason="${reason}"}`;
const broken = (invariant: string) =>
  `simulation_invariant_violations_total{invariant="${invariant}"}`;
const DROPPED = 'tradesim_exporter_series{state="dropped"}';

/** Ten turns a second of 1 ms each, or from now on of `slow` seconds; `began` = when the game did. */
function turns(slow: number, began = -PAST): Exporter {
  return (t) => ({
    temps_simulation_tour_seconds_sum: 10 *
      (0.001 * (PAST + Math.min(t, 0)) + slow * Math.max(t, 0)),
    temps_simulation_tour_seconds_count: 10 * (PAST + t),
    simulation_tour: t < began ? 9999 : 10 * (t - began),
  });
}

/** A game of ten turns a second, and of so many purchases; `began` = when it began to run. */
function purchases(bought: (t: number) => number, began = -PAST): Exporter {
  return (t) => ({
    tours_completes: 10 * (PAST + t),
    transactions_total: bought(t),
    transactions_echouees_total: 0,
    [RUNNING]: t < began ? 0 : 1,
  });
}

function publishing(share: number): Exporter {
  return (t) => ({
    simulation_publication_seconds_total: share * (PAST + t),
    simulation_tour_intervalle_seconds_sum: PAST + t,
    simulation_tour_intervalle_seconds_count: 10 * (PAST + t),
  });
}

const request = (kind: string, code: number, error = "") =>
  `http_server_request_duration_seconds_${kind}{http_request_method="GET",http_route="/a",` +
  `http_response_status_code="${code}"${error && `,error_type="${error}"`}}`;

/** Ten requests a second, of which so many fail, and which take so many seconds each. */
function requests(failing: number, seconds = 0.01): Exporter {
  return (t) => ({
    [request("count", 200)]: (10 - failing) * (PAST + t),
    [request("sum", 200)]: seconds * (10 - failing) * (PAST + t),
    [request("count", 500, "KeyError")]: failing * (PAST + t),
    [request("sum", 500, "KeyError")]: seconds * failing * (PAST + t),
  });
}

const steady = (values: Values): Exporter => () => values;
const grown = (series: string, amount: number): Exporter => (t) => ({
  [series]: t < 0 ? 7 : 7 + amount,
});

/** For each alert an exporter about which it fires, and those about which it must not. */
const CASES: Readonly<
  Record<string, { fires: Exporter; silent: Readonly<Record<string, Exporter>> }>
> = {
  TradesimExporterDown: {
    // Refused reports a minute ago: an alert of its own, which this one mutes.
    fires: (t) => t < 0 ? { [refused("json")]: t < -60 ? 0 : 9 } : undefined,
    silent: { up: steady({}) },
  },
  TradesimSimulationSilent: {
    fires: steady({ [RUNNING]: 0, [SILENT]: 1 }),
    silent: { ended: steady({ [RUNNING]: 0, [ENDED]: 1 }) },
  },
  TradesimTourSlow: {
    fires: turns(0.05),
    silent: {
      four_times: turns(0.004),
      another_game: turns(0.05, -30),
    },
  },
  TradesimBudgetCritical: {
    fires: steady({ budget_total: 999.99 }),
    silent: {
      enough: steady({ budget_total: 1000 }),
      over: steady({ budget_total: 5, [RUNNING]: 0, [ENDED]: 1 }),
    },
  },
  TradesimNoTransaction: {
    fires: purchases(() => 33),
    silent: {
      selling: purchases((t) => 3 * (PAST + t)),
      just_begun: purchases(() => 33, -60),
      over: (t) => ({ ...purchases(() => 33)(t), [RUNNING]: 0, [ENDED]: 1 }),
      no_turns: (t) => ({ ...purchases(() => 33)(t), tours_completes: 5 }),
    },
  },
  TradesimNoActiveProduct: {
    fires: steady({ produits_actifs: 0 }),
    silent: { over: steady({ produits_actifs: 0, [RUNNING]: 0, [ENDED]: 1 }) },
  },
  TradesimInvariantBroken: {
    fires: grown(broken("argent"), 1),
    silent: {
      known_slips: grown(broken("tradesim_gains"), 500),
      long_ago: steady({ [broken("argent")]: 3 }),
    },
  },
  TradesimReportsRefused: {
    fires: grown(refused("json"), 4),
    silent: {
      one_bad_report: grown(refused("json"), 1),
      long_ago: steady({ [refused("json")]: 500 }),
      unknown_paths: grown('tradesim_exporter_requests_refused_total{reason="path"}', 500),
    },
  },
  TradesimSeriesDropped: {
    fires: steady({ [DROPPED]: 5 }),
    silent: { none: steady({ [DROPPED]: 0 }) },
  },
  TradesimOverheadHigh: {
    fires: publishing(0.011),
    silent: { below: publishing(0.009) },
  },
  TradesimHttpErrors: {
    fires: requests(0.6),
    silent: { below: requests(0.4) },
  },
  TradesimHttpSlow: {
    fires: requests(0, 1.1),
    silent: { below: requests(0, 0.9) },
  },
};

/** The alerts that are about no exporter that is scraped. */
const OTHERS = ["TradesimWatchdog", "TradesimExporterAbsent"];

/** All exporters by their instance: the alert's name alone where it fires. */
const EXPORTERS: ReadonlyMap<string, Exporter> = new Map(
  Object.entries(CASES).flatMap(([alert, { fires, silent }]) => [
    [alert, fires] as const,
    ...Object.entries(silent).map(([name, exporter]) => [`${alert}-${name}`, exporter] as const),
  ]),
);

const labels = (instance: string) => ({ job: "tradesim", instance });

/** The golden scrape with some values changed. */
function scrapeOf(values: Values): string {
  const rest = new Map(Object.entries(values));
  const lines = GOLDEN.split("\n").map((line) => {
    const series = line.slice(0, line.lastIndexOf(" "));
    const value = rest.get(series);
    if (value === undefined || line.startsWith("#")) return line;
    rest.delete(series);
    return `${series} ${value}`;
  });
  return [...lines.filter((line) => line !== ""), ...Array.from(rest, (pair) => pair.join(" ")), ""]
    .join("\n");
}

/** Serves all exporters, each under its instance as path. */
function serveExporters(begun: number): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const exporter = EXPORTERS.get(new URL(request.url).pathname.slice(1));
    const values = exporter?.(Date.now() / 1000 - begun);
    return values === undefined
      ? new Response(null, { status: 503 })
      : new Response(scrapeOf(values), {
        headers: { "content-type": "text/plain; version=0.0.4" },
      });
  });
}

/** What would have been scraped before. */
function pastOf(instance: string, exporter: Exporter, begun: number): TimeSeries[] {
  const offsets = Array.from({ length: PAST / STEP }, (_, index) => index * STEP - PAST);
  const shown = offsets.map((t) => exporter(t) ?? {});
  return Object.keys(shown[0]!).map((series) => ({
    labels: labelsOf(series, labels(instance)),
    values: shown.map((values) => values[series]!),
    times: offsets.map((t) => (begun + t) * 1000),
  }));
}

/** A Prometheus with the project's rules, which sends to an Alertmanager and scrapes nothing yet. */
async function startJudge(
  dir: string,
  alertmanager: RunningAlertmanager,
): Promise<{ prometheus: RunningPrometheus; scrape: (port?: number) => Promise<void> }> {
  await Deno.mkdir(dir);
  let config = "";
  const prometheus = await startPrometheus({
    version: PINNED,
    dir,
    targetPort: 0,
    rulesEvery: "1s",
    changeRules: (text) => text.replace(/^( +for:) \S+$/gm, "$1 1s"),
    change: (text) => {
      config = text;
      return "global: {}\n";
    },
    args: [
      "--web.enable-remote-write-receiver",
      "--web.enable-lifecycle",
      // How long Alertmanager keeps an alert of which it hears no more is four times this.
      "--rules.alert.resend-delay=2s",
    ],
  });
  return {
    prometheus,
    async scrape(port) {
      const parsed = parse(config);
      const [tradesim] = parsed.scrape_configs;
      tradesim.static_configs = port === undefined ? [] : [...EXPORTERS.keys()].map((instance) => ({
        targets: [`127.0.0.1:${port}`],
        labels: { instance, __metrics_path__: `/${instance}` },
      }));
      parsed.scrape_configs = [tradesim];
      parsed.alerting = {
        alertmanagers: [{ static_configs: [{ targets: [alertmanager.host] }] }],
      };
      await Deno.writeTextFile(`${dir}/prometheus.yml`, stringify(parsed));
      const response = await fetch(`${prometheus.url}/-/reload`, { method: "POST" });
      assert.equal(response.status, 200, await response.text());
    },
  };
}

/** Alerts as `NAME of INSTANCE`. */
function names(alerts: readonly { readonly labels: Readonly<Record<string, string>> }[]): string[] {
  return alerts.map(({ labels: { alertname, instance } }) => `${alertname} of ${instance}`)
    .toSorted();
}

const MUTED = "TradesimReportsRefused of TradesimExporterDown";

Deno.test("there is a case for every alert", () => {
  const { groups } = parse(Deno.readTextFileSync(`${PROMETHEUS}rules/alerts.yml`));
  const alerts = groups.flatMap(({ rules }: { rules: { alert: string }[] }) =>
    rules.map(({ alert }) => alert)
  );
  assert.deepEqual(alerts.toSorted(), [...Object.keys(CASES), ...OTHERS].toSorted());
});

testWith(
  builtEngine("alertmanager"),
  "every alert fires, arrives in Alertmanager, and stays silent where it should",
  async (test) => {
    await withTempDir(async (dir) => {
      await using running = new AsyncDisposableStack();
      const alertmanager = await startAlertmanager(`${PROMETHEUS}alertmanager.yml`, dir);
      running.defer(() => alertmanager.stop());
      const { prometheus, scrape } = await startJudge(`${dir}/judge`, alertmanager);
      let isOver = false;
      const stop = async () => {
        if (!isOver) await prometheus.stop();
        isOver = true;
      };
      running.defer(stop);
      const begun = Math.floor(Date.now() / 1000);
      const past = Array.from(EXPORTERS, (one) => pastOf(...one, begun)).flat();
      await remoteWrite(prometheus.url, past);
      await recordRules(prometheus, begun - PAST, begun - STEP, STEP);
      const server = serveExporters(begun);
      running.defer(() => server.shutdown());
      await scrape(server.addr.port);

      const expected = [
        ...Object.keys(CASES).map((alert) => `${alert} of ${alert}`),
        MUTED,
        "TradesimWatchdog of undefined",
      ].toSorted();

      const arrived = async () => {
        let last: string[] = [];
        try {
          await until("exactly the expected alerts", async () => {
            last = names(await alertmanager.alerts());
            return String(last) === String(expected);
          });
        } catch {
          assert.deepEqual(last, expected);
        }
      };
      await test.step("exactly the expected alerts arrive", arrived);

      await test.step("nothing else fires or is about to", async () => {
        const evaluated = async () => {
          const { groups } = await prometheus.api("rules") as {
            groups: { name: string; lastEvaluation: string }[];
          };
          return Date.parse(groups.find(({ name }) => name === "alerts")!.lastEvaluation);
        };
        const before = await evaluated();
        await until("three more evaluations", async () => await evaluated() >= before + 3000);
        const { alerts } = await prometheus.api("alerts") as {
          alerts: { state: string; labels: Record<string, string> }[];
        };
        assert.deepEqual(names(alerts), expected);
        assert.deepEqual(alerts.filter(({ state }) => state !== "firing"), []);
        await arrived();
      });

      await test.step("an exporter that is down mutes what else fires about it, and no more", async () => {
        const alerts = await until("the muted alert", async () => {
          const alerts = await alertmanager.alerts();
          const isDone = String(names(alerts)) === String(expected) &&
            alerts.every(({ status }) => status.state !== "unprocessed") &&
            alerts.some(({ status }) => status.state === "suppressed");
          return isDone && alerts;
        });
        const muted = alerts.filter(({ status }) => status.state === "suppressed");
        assert.deepEqual(names(muted), [MUTED]);
        const down = alerts.find(({ labels }) => labels["alertname"] === "TradesimExporterDown");
        assert.deepEqual(muted[0]!.status.inhibitedBy, [down!.fingerprint]);
      });

      await test.step("an alert that is over leaves Alertmanager", async () => {
        assert.ok(!names(await alertmanager.alerts()).some((name) => name.includes("Absent")));
        // No exporter is a target any more.
        await scrape();
        await until("TradesimExporterAbsent instead of TradesimExporterDown", async () => {
          const left = names(await alertmanager.alerts()).join();
          return left.includes("TradesimExporterAbsent of") &&
            !left.includes("TradesimExporterDown of");
        });
      });

      await test.step("the watchdog is missed when Prometheus has ended", async () => {
        await until(
          "the watchdog",
          async () => names(await alertmanager.alerts()).includes("TradesimWatchdog of undefined"),
        );
        await stop();
        await until("silence", async () => (await alertmanager.alerts()).length === 0);
      });
    });
  },
);
