/**
 * Proves that the real operator makes a configuration of our monitors with which a real Prometheus finds
 * a pod and scrapes the exporter, that the configuration of the overlay `stack` does the same, and that
 * `doctor kubernetes` agrees with both.
 *
 * @module
 */

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { dirname } from "node:path";
import { parse, stringify } from "yaml";
import { KUBERNETES_GET } from "../../lib/doctor/flags.ts";
import { ROOT } from "../harness/deno.ts";
import { builtEngine, PINNED } from "../harness/engines.ts";
import { runExporter, type RunningExporter, startExporter } from "../harness/exporter.ts";
import { type RunningCluster, withCluster } from "../harness/kubernetes.ts";
import { freePort } from "../harness/ports.ts";
import { type RunningPrometheus, runPrometheus } from "../harness/prometheus.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { create, createRestricted, podOfTemplate, setStatus } from "./objects.ts";

// deno-lint-ignore no-explicit-any
type Loose = any;

const GAMES = "games";
const MONITORING = "monitoring";
const GAME_POD = "tradesim-simulation-x2v4k";
const EXPORTER_POD = "tradesim-exporter-5d9f7-hq8zt";
/** An address that nobody answers at (RFC 5737). An endpoint may not be a loopback address. */
const NOWHERE = "192.0.2.10";
const TURNS = 40;

const RELEASE = { matchLabels: { release: "kube-prometheus-stack" } };

/** A Prometheus as kube-prometheus-stack makes it. */
const SERVER = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "Prometheus",
  metadata: { name: "main", namespace: MONITORING },
  spec: {
    version: "v3.16.0",
    serviceAccountName: "prometheus",
    ...Object.fromEntries(
      ["serviceMonitor", "podMonitor", "rule"].flatMap((kind) => [
        [`${kind}Selector`, RELEASE],
        [`${kind}NamespaceSelector`, {}],
      ]),
    ),
  },
};

/** Runs doctor on what kubectl gives at this moment. */
async function doctor({ kubectl }: RunningCluster, cwd: string) {
  const [, ...args] = KUBERNETES_GET.split(" ");
  Deno.writeTextFileSync(`${cwd}/objects.json`, (await kubectl.run(args)).stdout);
  return await runExporter({
    args: ["doctor", "kubernetes"],
    cwd,
    runner: ["sh", "-c", 'exec "$@" <objects.json', "sh"],
  });
}

/** The configuration that the operator has made. */
async function operatorConfig({ kubectl }: RunningCluster): Promise<Loose> {
  const got = await kubectl.run([
    ...["get", "secret", "prometheus-main", "--namespace", MONITORING, "-o", "json"],
  ]);
  if (got.code !== 0) return undefined;
  const packed = JSON.parse(got.stdout).data["prometheus.yaml.gz"];
  return parse(gunzipSync(Uint8Array.fromBase64(packed)).toString());
}

/** Waits until the operator's configuration is as it must be, and gives it. */
function untilConfig(
  cluster: RunningCluster,
  what: string,
  isRight: (jobs: readonly Loose[]) => boolean,
): Promise<Loose> {
  return until(`a configuration in which ${what}`, async () => {
    const config = await operatorConfig(cluster);
    return config !== undefined && isRight(config.scrape_configs ?? []) ? config : undefined;
  });
}

const SERVICE_JOB = `serviceMonitor/${GAMES}/tradesim-exporter/0`;
const POD_JOB = `podMonitor/${GAMES}/tradesim-sidecars/0`;
const has = (name: string) => (jobs: readonly Loose[]) =>
  jobs.some(({ job_name }) => job_name === name);

/** Runs a Prometheus that asks the API server of the test, and reads these rules. */
async function withPrometheus(
  config: Loose,
  kubeconfig: string,
  rules: Readonly<Record<string, string>>,
  use: (prometheus: RunningPrometheus) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    Deno.mkdirSync(`${dir}/rules`);
    for (const [name, text] of Object.entries(rules)) {
      Deno.writeTextFileSync(`${dir}/rules/${name.replace(/\.ya?ml$/, "")}.yml`, text);
    }
    for (const { kubernetes_sd_configs: discoveries = [] } of config.scrape_configs) {
      for (const discovery of discoveries) {
        discovery.kubeconfig_file = kubeconfig;
        // Its pod would know its namespace; this process is in none.
        if (discovery.namespaces.own_namespace) discovery.namespaces = { names: [GAMES] };
      }
    }
    const text = stringify({ ...config, rule_files: [`${dir}/rules/*.yml`] })
      // What the reloader beside Prometheus puts in.
      .replaceAll("$(SHARD)", "0").replaceAll("$(POD_NAME)", "prometheus-main-0");
    Deno.writeTextFileSync(`${dir}/prometheus.yml`, text);
    const prometheus = await runPrometheus(PINNED, dir, [`--storage.tsdb.path=${dir}/data`]);
    try {
      await use(prometheus);
    } finally {
      await prometheus.stop();
    }
  });
}

async function targetsOf(prometheus: RunningPrometheus): Promise<readonly Loose[]> {
  const { activeTargets } = await prometheus.api("targets", { state: "active" }) as Loose;
  return activeTargets.filter(({ labels }: Loose) => labels.job === "tradesim");
}

/** The value of the only series that an expression selects. */
async function valueOf(prometheus: RunningPrometheus, expression: string) {
  const [series, ...more] = await prometheus.query(expression);
  assert.deepEqual(more, []);
  return series && Number(series.value?.[1]);
}

/** Creates the pods that controllers would make, with an exporter that answers at the game's. */
async function createPods({ kubectl }: RunningCluster, port: number): Promise<void> {
  for (
    const [kind, name, pod, ip] of [
      ["job", "tradesim-simulation", GAME_POD, "127.0.0.1"],
      ["deployment", "tradesim-exporter", EXPORTER_POD, NOWHERE],
    ] as const
  ) {
    const workload = await kubectl.json("get", kind, name, "--namespace", GAMES);
    const object = podOfTemplate(workload, pod);
    for (const { ports = [] } of [...object.spec.initContainers ?? [], ...object.spec.containers]) {
      for (const one of ports) one.containerPort = port;
    }
    await create(kubectl, GAMES, object);
    await setStatus(kubectl, GAMES, pod, "Running", ip);
  }
  const { metadata } = await kubectl.json("get", "service", "tradesim-exporter", "-n", GAMES);
  const endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: metadata.name, labels: metadata.labels },
    subsets: [{
      addresses: [{
        ip: NOWHERE,
        targetRef: { kind: "Pod", name: EXPORTER_POD, namespace: GAMES },
      }],
      ports: [{ name: "metrics", port, protocol: "TCP" }],
    }],
  };
  // Kubernetes warns that slices have replaced them; the operator still asks for them by default.
  const args = ["create", "--namespace", GAMES, "--filename", "-"];
  assert.equal((await kubectl.run(args, JSON.stringify(endpoints))).code, 0);
}

/** Runs the exporter and the game of the overlay sidecar, as the kubelet would, but for their folder. */
async function playSidecar(cwd: string, port: number): Promise<RunningExporter> {
  const job = parse(Deno.readTextFileSync(`${ROOT}kubernetes/overlays/sidecar/job.yaml`));
  const { initContainers: [exporter], containers: [game] } = job.spec.template.spec;
  const here = (args: readonly string[]) =>
    args.map((arg) =>
      arg.replaceAll("$(POD_IP)", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")
        .replace("/logs/", `${cwd}/logs/`).replace(/^--tours=.*/, `--tours=${TURNS}`)
        .replace(/^--pause=.*/, "--pause=10ms")
    );
  Deno.mkdirSync(`${cwd}/logs`);
  const running = await startExporter({ args: [...here(exporter.args), `--port=${port}`], cwd });
  const played = await runExporter({ args: here(game.args), cwd });
  assert.equal(played.code, 0, played.stderr);
  return running;
}

/** The pods are found under the job and the instance of the rules, and the exporter is scraped. */
async function proveTargets(prometheus: RunningPrometheus): Promise<void> {
  const game = `${GAMES}/${GAME_POD}`;
  const targets = await until("both targets", async () => {
    const found = await targetsOf(prometheus);
    return found.length === 2 && found;
  });
  assert.deepEqual(
    targets.map(({ labels }: Loose) => labels.instance).toSorted(),
    [`${GAMES}/tradesim-exporter`, game],
  );
  const exporter = targets.find(({ labels }: Loose) => labels.instance !== game)!;
  assert.equal(exporter.labels.pod, undefined, "the series outlive the pod");
  await until(
    "the turns of the game",
    async () =>
      await valueOf(prometheus, `tours_completes{job="tradesim",instance="${game}"}`) === TURNS,
  );
  assert.equal(await valueOf(prometheus, `up{job="tradesim",instance="${game}"}`), 1);
}

/** When the Job ends, its pod is no target any more, and nobody is alarmed. */
async function proveEnd({ kubectl }: RunningCluster, prometheus: RunningPrometheus): Promise<void> {
  await setStatus(kubectl, GAMES, GAME_POD, "Succeeded", "127.0.0.1");
  const instance = `${GAMES}/${GAME_POD}`;
  await until(
    "the target is gone",
    async () =>
      (await targetsOf(prometheus)).every(({ labels }: Loose) => labels.instance !== instance),
  );
  await until(
    "its series are over",
    async () => await valueOf(prometheus, `up{instance="${instance}"}`) === undefined,
  );
  assert.deepEqual(await prometheus.query(`ALERTS{instance="${instance}"}`), []);
}

async function rulesOf(prometheus: RunningPrometheus): Promise<string[]> {
  const { groups } = await prometheus.api("rules") as Loose;
  return groups.flatMap(({ rules }: Loose) => rules.map(({ name }: Loose) => name)).toSorted();
}

/** A situation: what makes it, and where doctor finds it. */
interface Situation {
  readonly make: readonly string[];
  readonly link: string;
  /** Whether the operator drops the job of the ServiceMonitor. */
  readonly isDropped: boolean;
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  "a label is missing": {
    make: ["label", "servicemonitor", "tradesim-exporter", "--namespace", GAMES, "release-"],
    link: "label",
    isDropped: true,
  },
  "the namespace is not selected": {
    make: [
      ...["patch", "prometheus", "main", "--namespace", MONITORING, "--type=merge", "--patch"],
      '{"spec":{"serviceMonitorNamespaceSelector":{"matchLabels":{"watch":"yes"}}}}',
    ],
    link: "namespace",
    isDropped: true,
  },
  "namespaces are selected by their names": {
    make: [
      ...["patch", "prometheus", "main", "--namespace", MONITORING, "--type=merge", "--patch"],
      JSON.stringify({
        spec: {
          serviceMonitorNamespaceSelector: {
            matchLabels: { "kubernetes.io/metadata.name": MONITORING },
          },
        },
      }),
    ],
    link: "namespace",
    isDropped: true,
  },
  "the port is called otherwise": {
    make: [
      ...["patch", "servicemonitor", "tradesim-exporter", "--namespace", GAMES, "--type=json"],
      ...["--patch", '[{"op":"replace","path":"/spec/endpoints/0/port","value":"http"}]'],
    ],
    link: "port",
    isDropped: false,
  },
};

/** Runs a command that doctor has given. */
async function runRemedy({ kubeconfig }: RunningCluster, cwd: string, remedy: string) {
  const repair = await new Deno.Command("sh", {
    args: ["-c", remedy],
    env: {
      KUBECONFIG: kubeconfig,
      PATH: `${dirname(builtEngine("kubectl"))}:${Deno.env.get("PATH")}`,
      HOME: cwd,
    },
  }).output();
  assert.ok(repair.success, `${remedy}\n${new TextDecoder().decode(repair.stderr)}`);
}

/** A Prometheus for which the operator fails, and one that it may not touch. */
async function proveInactive(cluster: RunningCluster, cwd: string): Promise<void> {
  const change = (spec: Loose) =>
    cluster.kubectl(
      ...["patch", "prometheus", "main", "--namespace", MONITORING, "--type=merge", "--patch"],
      JSON.stringify({ spec }),
    );
  const untilSaid = (what: string, said: RegExp) =>
    until(
      `doctor says ${what}`,
      async () => said.exec((await doctor(cluster, cwd)).stdout) ?? undefined,
    );
  await change({ additionalScrapeConfigs: { name: "none", key: "x" } });
  await untilSaid(
    "that it fails",
    /^FAIL label +the operator cannot make a configuration .*secrets "none" not found\nremedy: kubectl describe/m,
  );
  await change({ additionalScrapeConfigs: null });
  await untilSaid("that all is well", /^ok +job /m);
  await change({ paused: true });
  const [, remedy = ""] = await untilSaid(
    "that it is paused",
    /^FAIL label +Prometheus monitoring\/main is paused.*\nremedy: (.*)$/m,
  );
  await runRemedy(cluster, cwd, remedy);
  await untilSaid("that all is well", /^ok +job /m);
}

/** Makes a situation; doctor must see it as the operator does, and its own command must end it. */
async function proveSituation(
  cluster: RunningCluster,
  cwd: string,
  { make, link, isDropped }: Situation,
): Promise<void> {
  const keepsMetrics = (jobs: readonly Loose[]) =>
    jobs.find(({ job_name }) => job_name === SERVICE_JOB)?.relabel_configs
      .some(({ source_labels: [label] = [""], regex }: Loose) =>
        label === "__meta_kubernetes_endpoint_port_name" && regex === "metrics"
      );
  await cluster.kubectl(...make);
  await untilConfig(
    cluster,
    "the target is lost",
    (jobs) => isDropped ? !has(SERVICE_JOB)(jobs) : !keepsMetrics(jobs),
  );

  const { code, stdout } = await doctor(cluster, cwd);
  assert.equal(code, 1);
  const [, problem, remedy = ""] = /^FAIL (\w+) .*\nremedy: (.*)$/m.exec(stdout) ?? [];
  assert.equal(problem, link, stdout);
  await runRemedy(cluster, cwd, remedy);
  await untilConfig(cluster, "the target is back", (jobs) => keepsMetrics(jobs) === true);
  const after = await doctor(cluster, cwd);
  assert.deepEqual([after.code, after.stderr], [0, ""], after.stdout);
}

Deno.test("a real operator and a real Prometheus scrape the exporter", async (test) => {
  await withTempDir(async (cwd) => {
    await withCluster(async (cluster) => {
      const { kubectl } = cluster;
      await test.step("doctor kubernetes says that there is no operator", async () => {
        const { code, stdout } = await doctor(cluster, cwd);
        assert.equal(code, 1);
        assert.match(
          stdout,
          /^FAIL objects .* the operator is not installed\nremedy: .*overlays\/stack/,
        );
      });

      await cluster.installOperatorTypes();
      await cluster.startOperator();
      await createRestricted(kubectl, GAMES);
      await kubectl("create", "namespace", MONITORING);
      for (const overlay of ["operator", "sidecar", "stack"]) {
        await kubectl(
          ...["apply", "--server-side", "--namespace", GAMES],
          ...["--kustomize", `${ROOT}kubernetes/overlays/${overlay}`],
        );
      }
      await test.step("doctor kubernetes says that no Prometheus was made", async () => {
        const { code, stdout } = await doctor(cluster, cwd);
        assert.equal(code, 1);
        assert.match(stdout, /^FAIL operator +there is no Prometheus of the operator/m);
      });
      await create(kubectl, MONITORING, SERVER);
      const port = freePort();
      await createPods(cluster, port);
      const exporter = await playSidecar(cwd, port);
      try {
        await test.step("doctor kubernetes finds nothing where all is well", async () => {
          const { code, stdout, stderr } = await doctor(cluster, cwd);
          assert.deepEqual([code, stderr], [0, ""], stdout);
          assert.equal(stdout.match(/^ok /gm)?.length, 9, stdout);
        });

        await test.step("the operator makes a configuration that finds and scrapes", async () => {
          const config = await untilConfig(
            cluster,
            "both monitors are",
            (jobs) => has(SERVICE_JOB)(jobs) && has(POD_JOB)(jobs),
          );
          const rules = await until("the rules", async () => {
            const args = [
              "get",
              "configmap",
              "prometheus-main-rulefiles-0",
              "--namespace",
              MONITORING,
            ];
            const { code, stdout } = await kubectl.run([...args, "-o", "json"]);
            return code === 0 && JSON.parse(stdout).data;
          });
          await withPrometheus(config, cluster.kubeconfig, rules, async (prometheus) => {
            await proveTargets(prometheus);
            const own = ["alerts", "games"].flatMap((name) =>
              parse(Deno.readTextFileSync(`${ROOT}prometheus/rules/${name}.yml`)).groups
                .flatMap(({ rules }: Loose) =>
                  rules.map(({ alert, record }: Loose) => alert ?? record)
                )
            );
            assert.deepEqual(await rulesOf(prometheus), own.toSorted());
            await proveEnd(cluster, prometheus);
          });
        });
        await setStatus(kubectl, GAMES, GAME_POD, "Running", "127.0.0.1");

        await test.step("the configuration of the overlay stack does the same with its own account", async () => {
          const config = parse(
            Deno.readTextFileSync(`${ROOT}kubernetes/overlays/stack/prometheus.yml`),
          );
          const token = await kubectl(
            "create",
            "token",
            "tradesim-prometheus",
            "--namespace",
            GAMES,
          );
          const kubeconfig = await cluster.kubeconfigFor(token.trim());
          await withPrometheus(config, kubeconfig, {}, async (prometheus) => {
            await proveTargets(prometheus);
            await proveEnd(cluster, prometheus);
          });
        });

        for (const [name, situation] of Object.entries(SITUATIONS)) {
          await test.step(`doctor kubernetes says that ${name}, and its command repairs it`, () =>
            proveSituation(cluster, cwd, situation));
        }
        await test.step("doctor kubernetes says that a Prometheus takes nothing new", () =>
          proveInactive(cluster, cwd));
      } finally {
        await exporter.stop();
      }
    });
  });
});
