/** Tests that the stack's files keep to what docs/stack.md and docs/security.md promise. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import settings from "../../deno.json" with { type: "json" };
import { builtEngine } from "../harness/engines.ts";
import { testWith } from "../harness/programs.ts";
import { withTempDir } from "../harness/waiting.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMPOSE = Deno.readTextFileSync(`${ROOT}compose.yml`);
const ENV_EXAMPLE = Deno.readTextFileSync(`${ROOT}.env.example`);
const DOCKERFILE = Deno.readTextFileSync(`${ROOT}Dockerfile`);
const PROFILES = ["demo", "alerts", "replay"];

type Service = Readonly<Record<string, unknown>>;
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(COMPOSE, { merge: true }) as Compose;

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Replaces `${NAME:-default}` by its default. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1");
}

/** Options that would give a container a part of the host, and that no service may therefore have. */
const FORBIDDEN = [
  ...["privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "userns_mode"],
  ...["user", "group_add", "extra_hosts", "volumes_from", "sysctls"],
];

function faultsOfService(name: string, service: Service, { services, volumes }: Compose): string[] {
  const faults: string[] = [];
  const expect = (isRight: boolean, fault: string) => isRight || faults.push(`${name}: ${fault}`);

  expect(
    /^[\w./-]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/.test(String(service.image)),
    "image is not pinned",
  );
  for (const option of FORBIDDEN) expect(service[option] === undefined, `has ${option}`);
  expect(strings(service.cap_drop).join() === "ALL", "keeps capabilities");
  expect(
    strings(service.security_opt).includes("no-new-privileges:true"),
    "may take new privileges",
  );
  expect(service.read_only === true || name === "grafana", "writes to its root file system");
  expect(service.mem_limit !== undefined, "has no memory limit");
  expect(service.restart === "unless-stopped", "does not restart");
  expect(JSON.stringify(service.logging)?.includes("max-size") ?? false, "its log has no limit");
  for (const port of strings(service.ports)) {
    // Grafana's address can be set: start.sh then asks for its password.
    const address = name === "grafana"
      ? "\\$\\{GRAFANA_ADDRESS:-127\\.0\\.0\\.1\\}"
      : "127\\.0\\.0\\.1";
    expect(
      new RegExp(`^${address}:\\$\\{[A-Z]+_PORT:-(\\d+)\\}:\\d+$`).test(port),
      `publishes ${port}`,
    );
  }
  for (const volume of strings(service.volumes)) {
    const [source = "", , mode] = withDefaults(volume).split(":");
    if (!source.startsWith("./")) expect(source in volumes, `mounts ${source}`);
    else expect(mode === "ro", `may write to ${source}`);
  }
  for (const [other, on] of Object.entries(service.depends_on ?? {})) {
    expect(on.condition === "service_healthy", `does not wait for the health of ${other}`);
    expect(services[other]?.profiles === undefined, `depends on a service of a profile, ${other}`);
  }
  // A game answers nobody; the exporter's check is in its image.
  const hasOwnCheck = service.healthcheck !== undefined;
  expect(hasOwnCheck || service.build !== undefined, "has no health check");
  return faults;
}

function faultsOf(compose: Compose): string[] {
  return Object.entries(compose.services).flatMap(([name, service]) =>
    faultsOfService(name, service, compose)
  );
}

Deno.test("compose.yml pins, limits and confines every service", () => {
  const names = Object.keys(compose.services);
  assert.deepEqual(faultsOf(compose), []);
  assert.deepEqual(
    names.toSorted(),
    ["alertmanager", "exporter", "grafana", "prometheus", "prometheus-replay", "simulation"],
  );
  const profiles = Object.values(compose.services).flatMap(({ profiles }) => strings(profiles));
  assert.deepEqual(profiles.toSorted(), PROFILES.toSorted());
});

Deno.test("faultsOf() finds what is not pinned, limited or confined", () => {
  const cases: Record<string, [Service, string]> = {
    "a moving tag": [{ image: "prom/prometheus:latest" }, "image is not pinned"],
    "half a digest": [{ image: "grafana/grafana:13.2.3@sha256:b28bae15" }, "image is not pinned"],
    "half a version": [{ image: "prom/prometheus:v3" }, "image is not pinned"],
    "all of the host's rights": [{ privileged: true }, "has privileged"],
    "a capability": [{ cap_drop: [] }, "keeps capabilities"],
    "a writable root": [{ read_only: undefined }, "writes to its root file system"],
    "no memory limit": [{ mem_limit: undefined }, "has no memory limit"],
    "an open port": [{ ports: ["${A_PORT:-1}:1"] }, "publishes ${A_PORT:-1}:1"],
    "a fixed port": [{ ports: ["127.0.0.1:1:1"] }, "publishes 127.0.0.1:1:1"],
    "a file that it may change": [{ volumes: ["./a:/a"] }, "may write to ./a"],
    "the host's files": [{ volumes: ["/etc:/etc:ro"] }, "mounts /etc"],
    "a volume that is not declared": [{ volumes: ["other:/a"] }, "mounts other"],
    "no health check": [{ healthcheck: undefined }, "has no health check"],
    "a dependency that need not be well": [
      { depends_on: { exporter: { condition: "service_started" } } },
      "does not wait for the health of exporter",
    ],
    "a dependency that may not be there": [
      { depends_on: { simulation: { condition: "service_healthy" } } },
      "depends on a service of a profile, simulation",
    ],
  };
  for (const [name, [change, fault]] of Object.entries(cases)) {
    const prometheus = { ...compose.services.prometheus, ...change };
    const changed = { ...compose, services: { ...compose.services, prometheus } };
    assert.deepEqual(faultsOf(changed), [`prometheus: ${fault}`], name);
  }
});

Deno.test("every file that compose.yml mounts or names is there", () => {
  const mounted = Object.values(compose.services).flatMap(({ volumes }) => strings(volumes))
    .map((volume) => withDefaults(volume).split(":")[0]!).filter((path) => path.startsWith("./"));
  assert.ok(mounted.length >= 5);
  for (const path of mounted) Deno.statSync(ROOT + path);
  const configs = Object.values(compose.services).flatMap(({ command }) => strings(command))
    .map((word) => /^--config\.file=\/etc\/\w+\/(.+)$/.exec(word)?.[1])
    .filter((name) => name !== undefined);
  assert.deepEqual(configs.toSorted(), ["alertmanager.yml", "prometheus.yml", "replay.yml"]);
  for (const name of configs) Deno.statSync(`${ROOT}prometheus/${name}`);
  const environment = compose.services.grafana?.environment as Record<string, string>;
  const home = environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!;
  for (const language of ["fr", "en"]) {
    Deno.statSync(home.replace("/etc", ROOT).replace(/\$\{TRADESIM_LANG.*?\}/, language));
  }
});

Deno.test(".env.example has every variable of compose.yml with its default, and no other", () => {
  const used = new Map<string, Set<string>>();
  for (const [, name = "", initial = ""] of COMPOSE.matchAll(/\$\{(\w+)(?::-([^}]*))?\}/g)) {
    used.set(name, (used.get(name) ?? new Set()).add(initial));
  }
  const listed = ENV_EXAMPLE.split("\n").filter((line) => /^\w/.test(line));
  assert.deepEqual(
    listed.toSorted(),
    [...used].flatMap(([name, initial]) => [...initial].map((value) => `${name}=${value}`))
      .toSorted(),
  );
  assert.equal(COMPOSE.match(/\$\{\w+[^:\w]/g), null, "every variable has a default");
});

Deno.test("the images are those of this version, built by the gate's Deno", () => {
  const image = `tradesim-exporter:${settings.version}`;
  assert.equal(compose.services.exporter?.image, image);
  assert.equal(compose.services.simulation?.image, image);
  const deno = /deno@(\d+\.\d+\.\d+)/.exec(Deno.readTextFileSync(`${ROOT}.ci/run`))?.[1];
  assert.deepEqual(
    [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from),
    [`denoland/deno:${deno}`, "debian:13.6-slim"],
  );
  assert.match(DOCKERFILE, /^USER [1-9]\d*:[1-9]\d*$/m);
  assert.match(DOCKERFILE, /^HEALTHCHECK .*\bCMD \[/m);
});

Deno.test("what Prometheus is told to scrape are services of the stack", () => {
  const config = parse(Deno.readTextFileSync(`${ROOT}prometheus/prometheus.yml`));
  const targets = config.scrape_configs
    .flatMap((job: { static_configs: { targets: string[] }[] }) => job.static_configs)
    .flatMap(({ targets }: { targets: string[] }) => targets);
  const published = Object.entries(compose.services).flatMap(([name, { ports }]) =>
    strings(ports).map((port) => `${name}:${port.split(":").at(-1)}`)
  );
  for (const target of targets) {
    assert.ok(
      published.includes(target) || target === "localhost:9090",
      `${target} is one of ${published.join(", ")}`,
    );
  }
  assert.ok(targets.includes("exporter:8000"));
});

/** What docker-compose makes of compose.yml beside the given `.env`. */
async function composed(env: string | undefined, profiles: readonly string[]): Promise<Compose> {
  return await withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/compose.yml`, COMPOSE);
    if (env !== undefined) await Deno.writeTextFile(`${dir}/.env`, env);
    const { success, stdout, stderr } = await new Deno.Command("docker-compose", {
      args: [...profiles.flatMap((name) => ["--profile", name]), "config"],
      cwd: dir,
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "", PWD: dir },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return parse(new TextDecoder().decode(stdout).replaceAll(dir, "."));
  });
}

testWith("docker-compose", "compose.yml is right with and without .env", async () => {
  const [plain, example, changed] = await Promise.all([
    composed(undefined, PROFILES),
    composed(ENV_EXAMPLE, PROFILES),
    composed("GRAFANA_PORT=3999\nTRADESIM_LANG=en\nJOURNAL_DIR=/games\n", PROFILES),
  ]);
  assert.deepEqual(example, plain);
  assert.equal(Object.keys(plain.services).length, Object.keys(compose.services).length);
  const ports = Object.values(plain.services).flatMap(({ ports }) => strings(ports));
  assert.ok(ports.every((port) => /^127\.0\.0\.1:\d+:\d+\/tcp$/.test(port)));
  assert.equal(new Set(ports.map((port) => port.split(":")[1])).size, 5);

  assert.deepEqual(strings(changed.services.grafana?.ports), ["127.0.0.1:3999:3000/tcp"]);
  const environment = changed.services.grafana?.environment as Record<string, string>;
  assert.equal(environment.TRADESIM_LANG, "en");
  assert.equal(environment.GF_SERVER_ROOT_URL, "http://localhost:3999/");
  assert.ok(strings(changed.services.exporter?.volumes).includes("/games:/logs:ro"));
});

for (const amtool of ["amtool", builtEngine("amtool")]) {
  testWith(amtool, "alertmanager.yml is right", async () => {
    const { success, stderr } = await new Deno.Command(amtool, {
      args: ["check-config", `${ROOT}prometheus/alertmanager.yml`],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  });
}
