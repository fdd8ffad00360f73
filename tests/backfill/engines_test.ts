/** Proofs on real stores: every turn of every series comes back as the turn log has it. @module */

import assert from "node:assert/strict";
import { readTurns } from "../../lib/turnlog/mod.ts";
import { TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";
import { ROOT } from "../harness/deno.ts";
import { builtEngine, PINNED, testWithPrometheus } from "../harness/engines.ts";
import { testWith } from "../harness/programs.ts";
import { type PrometheusApi, startPrometheus } from "../harness/prometheus.ts";
import { startThanosOn } from "../harness/thanos.ts";
import { startVictoriaMetrics } from "../harness/victoria_metrics.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { run } from "./support.ts";

const TURNS = 10_000;
const DAY = Date.UTC(2000, 0);
const SPACED = ["--turn-seconds", "1", "--anchor", "2000-01-01"];
/** What a server adds to series by itself. */
const ADDED_LABELS = ["store", "receive"];

/** Plays a game with a turn log, and gives the log's path. */
async function play(dir: string): Promise<string> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", `${ROOT}main.ts`],
      ...["simulate", "--tours", String(TURNS), "--with-metrics", "--every-turn"],
    ],
    cwd: dir,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return `${dir}/logs/turns.jsonl`;
}

/** The values of every series after each turn, straight from the turn log. */
function expectedSeries(path: string): { session: string; series: Map<string, number[]> } {
  const lines = Deno.readTextFileSync(path).trimEnd().split("\n")
    .map((line) => readTurns(JSON.parse(line)));
  const session = lines[0]!.session;
  const column = (name: string) => lines.flatMap(({ columns }) => [...columns.get(name) ?? []]);
  const series = new Map<string, number[]>();
  const set = (name: string, values: readonly number[], labels: Record<string, string> = {}) =>
    series.set(keyOf({ __name__: name, job: "tradesim", instance: session, ...labels }), [
      ...values,
    ]);
  const durations = column("duree_seconds");
  const times = column("timestamp");
  for (const name of lines[0]!.columns.keys()) {
    if (name !== "timestamp" && name !== "duree_seconds") set(name, column(name));
  }
  const turns = durations.map((_, turn) => turn + 1);
  set("tours_completes", turns);
  set("simulation_tour", turns);
  const histogram = "temps_simulation_tour_seconds";
  const bounds = [...TURN_SECONDS_BUCKETS, Infinity];
  // Labels as Go writes bounds.
  const labels = ["1e-06", "2.5e-06", "5e-06", "1e-05", "2.5e-05", "5e-05"].concat(
    bounds.slice(6, -1).map((bound) => Number.isInteger(bound) ? `${bound}.0` : String(bound)),
    "+Inf",
  );
  for (const [place, bound] of bounds.entries()) {
    let count = 0;
    const counts = durations.map((seconds) => count += Number(seconds <= bound));
    set(`${histogram}_bucket`, counts, { le: labels[place]! });
  }
  let nanoseconds = 0;
  const sums = durations.map((seconds) => (nanoseconds += Math.round(seconds * 1e9)) / 1e9);
  set(`${histogram}_sum`, sums);
  set(`${histogram}_count`, turns);
  const since = times.map((time) => Math.round((time - times[0]!) * 1e6) / 1e6);
  set("simulation_duree_seconds", since);
  set("simulation_tour_intervalle_seconds_sum", since);
  set("simulation_tour_intervalle_seconds_count", turns.map((turn) => turn - 1));
  set("simulation_sessions", turns.map(() => 1));
  set("simulation_info", turns.map(() => 1), { session, format: "natif" });
  set("simulation_dernier_rapport_timestamp_seconds", turns.map((turn) => DAY / 1000 + turn - 1));
  set("simulation_etat", turns.map((turn) => Number(turn < TURNS)), { etat: "running" });
  set("simulation_etat", turns.map((turn) => Number(turn === TURNS)), { etat: "finished" });
  for (const etat of ["silent", "ended"]) set("simulation_etat", turns.map(() => 0), { etat });
  return { session, series };
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  const own = Object.entries(labels).filter(([name]) => !ADDED_LABELS.includes(name));
  return JSON.stringify(own.toSorted(([a], [b]) => a < b ? -1 : 1));
}

/** Reads every sample of a game back through the query API, and compares all with the turn log. */
async function compare(server: PrometheusApi, path: string): Promise<void> {
  const { session, series } = expectedSeries(path);
  const first = DAY;
  const last = DAY + (TURNS - 1) * 1000;
  const found = new Map<string, number[]>();
  const names = new Set(
    [...series.keys()].map((key) => Object.fromEntries(JSON.parse(key)).__name__ as string),
  );
  for (const name of names) {
    const selector = `{__name__="${name}",instance="${session}"}[${last - first + 1}ms]`;
    for (const { metric, values } of await server.query(selector, last / 1000)) {
      assert.deepEqual(
        values!.map(([time]) => Math.round(time * 1000)),
        Array.from({ length: TURNS }, (_, turn) => DAY + 1000 * turn),
        `${name} has each turn once, at its time`,
      );
      found.set(keyOf(metric), values!.map(([, value]) => Number(value)));
    }
  }
  const count = await server.query(
    `count(last_over_time({instance="${session}"}[1d]))`,
    last / 1000,
  );
  assert.equal(
    Number(count[0]!.value![1]),
    series.size,
    "there are no series but those of one turn",
  );
  assert.deepEqual([...found.keys()].toSorted(), [...series.keys()].toSorted());
  // A rounding of the clock's fractions is no difference of the store.
  for (const [key, values] of series) {
    const stored = found.get(key)!;
    const wrong = values.findIndex((value, turn) =>
      Math.abs(stored[turn]! - value) > 1e-9 * Math.max(1, Math.abs(value))
    );
    assert.equal(
      wrong,
      -1,
      `${key}: ${stored[wrong]} at turn ${wrong + 1}, ${values[wrong]} wanted`,
    );
  }
}

/** Checks that `--verify` agrees, and that it notices what is not so. */
async function verifyAgrees(url: string, path: string, session: string): Promise<void> {
  const right = await run([path, ...SPACED, "--verify", url]);
  assert.equal(right.code, 0, right.stderr);
  assert.match(right.stderr, /^Read back 490000 samples from .*: number and sum are the same$/m);
  // The same turns at other times are not there.
  const wrong = await run([path, "--turn-seconds", "2", "--anchor", "2000-01-01", "--verify", url]);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stderr,
    new RegExp(`^budget_total of "${session}": .* expected 10000 of 1`, "m"),
  );
}

testWithPrometheus("a backfilled game is in Prometheus, turn by turn", async (version) => {
  await withTempDir(async (dir) => {
    const path = await play(dir);
    const { session } = expectedSeries(path);
    const out = `${dir}/data`;
    const made = await run([path, ...SPACED, "--out", out, "--promtool", version.promtool]);
    assert.equal(made.code, 0, made.stderr);
    if (version === PINNED) assert.match(made.stderr, /^Wrote 1 block to /m);
    const args = ["--storage.tsdb.retention.time=100y"];
    const server = await startPrometheus({ version, dir, targetPort: 1, args });
    try {
      await compare(server, path);
      await verifyAgrees(server.url, path, session);
    } finally {
      await server.stop();
    }
  });
});

testWith(builtEngine("thanos"), "a backfilled game is in Thanos, turn by turn", async () => {
  await withTempDir(async (dir) => {
    const path = await play(dir);
    const { session } = expectedSeries(path);
    const out = `${dir}/blocks`;
    const made = await run([path, ...SPACED, "--out", out, "--promtool", PINNED.promtool]);
    assert.equal(made.code, 0, made.stderr);
    const server = await startThanosOn(out, dir);
    try {
      await until("the blocks", async () => {
        const found = await server.query(
          `count_over_time(simulation_tour{instance="${session}"}[1d])`,
          DAY / 1000 + TURNS,
        );
        return found.length > 0;
      });
      await compare(server, path);
      await verifyAgrees(server.url, path, session);
    } finally {
      await server.stop();
    }
  });
});

for (const program of ["victoria-metrics", builtEngine("victoria-metrics")]) {
  const name = program.includes("/") ? "VictoriaMetrics 1.151" : "Debian's VictoriaMetrics";
  for (const store of ["victoriametrics", "prometheus"]) {
    const format = store === "prometheus" ? "OpenMetrics" : "milliseconds";
    testWith(program, `a backfilled game is in ${name}, turn by turn, from ${format}`, async () => {
      await withTempDir(async (dir) => {
        const path = await play(dir);
        const { session } = expectedSeries(path);
        const { code, stdout } = await run([path, ...SPACED, "--out", "-", "--for", store]);
        assert.equal(code, 0);
        const server = await startVictoriaMetrics(dir, program, ["-retentionPeriod=100y"]);
        try {
          const response = await fetch(`${server.url}/api/v1/import/prometheus`, {
            method: "POST",
            body: stdout,
          });
          assert.ok(response.ok, await response.text());
          const last = DAY / 1000 + TURNS - 1;
          await until("the last turn", async () => {
            const selector = `simulation_info{instance="${session}"}[1ms]`;
            return (await server.query(selector, last)).length > 0;
          });
          await server.flush();
          await compare(server, path);
          await verifyAgrees(server.url, path, session);
        } finally {
          await server.stop();
        }
      });
    });
  }
}
