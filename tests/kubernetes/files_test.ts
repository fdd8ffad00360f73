/** Tests that kubernetes/ is made from the stack's own tables, and that its pods are restricted. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import * as z from "zod";
import {
  kubernetesFiles,
  OVERLAYS,
  type Parameter,
  PARAMETERS,
  type Parameters,
  readParameters,
} from "../../lib/kubernetes/mod.ts";
import { FILES } from "../../lib/print/files.ts";
import { kubernetes } from "../../tools/kubernetes.ts";
import { ROOT } from "../harness/deno.ts";
import { runExporter } from "../harness/exporter.ts";
import { withTempDir } from "../harness/waiting.ts";

const MADE = kubernetes();
/** A file must fit into the annotation of a client-side apply, and be readable. */
const MAX_BYTES = 200 * 1024;

const MOUNT = z.object({
  name: z.string(),
  mountPath: z.string(),
  readOnly: z.boolean().optional(),
});
const CONTAINER = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  restartPolicy: z.string().optional(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number(), protocol: z.string() }))
    .default([]),
  resources: z.object({
    requests: z.strictObject({
      "cpu": z.string(),
      "memory": z.string(),
      "ephemeral-storage": z.string(),
    }),
    limits: z.strictObject({ "memory": z.string(), "ephemeral-storage": z.string() }),
  }),
  securityContext: z.unknown(),
  volumeMounts: z.array(MOUNT).default([]),
});
const POD = z.looseObject({
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.boolean(),
  securityContext: z.record(z.string(), z.unknown()),
  initContainers: z.array(CONTAINER).default([]),
  containers: z.array(CONTAINER),
  volumes: z.array(z.looseObject({ name: z.string() })),
});
const WORKLOAD = z.looseObject({
  kind: z.enum(["Deployment", "Job"]),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ template: z.looseObject({ spec: POD }) }),
});

const RULES = z.array(z.object({ ports: z.array(z.object({ port: z.int() })) })).default([]);
const POLICY = z.object({
  kind: z.literal("NetworkPolicy"),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.object({ ingress: RULES, egress: RULES }),
});

/** All objects of a file. */
function objectsOf(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS());
}

const WORKLOADS = [...MADE].filter(([path]) => path.endsWith(".yaml")).flatMap(([path, text]) =>
  objectsOf(text).map((object) => WORKLOAD.safeParse(object)).filter(({ success }) => success)
    .map(({ data }) => ({ path, text, name: data!.metadata.name, spec: data!.spec.template.spec }))
);

function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(ROOT + folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

Deno.test("kubernetes() gives the files as they are, else run deno task generate", () => {
  for (const [path, text] of MADE) assert.equal(Deno.readTextFileSync(ROOT + path), text, path);
  const present = [
    ...filesBelow("kubernetes"),
    ...filesBelow("grafana"),
    ...filesBelow("prometheus"),
  ]
    .filter((path) => path.startsWith("kubernetes/") || path.endsWith("kustomization.yaml"));
  assert.deepEqual(present.toSorted(), [...MADE.keys()].toSorted());
});

Deno.test("no file that a cluster is given has 200 KiB or more", () => {
  const texts = [...MADE.entries(), ...Object.entries(FILES)];
  for (const [path, text] of texts) {
    assert.ok(new TextEncoder().encode(text).length < MAX_BYTES, path);
  }
});

Deno.test("kubernetes() has the workloads of all overlays", () => {
  assert.deepEqual(WORKLOADS.map(({ name }) => name).toSorted(), [
    "tradesim-exporter",
    "tradesim-grafana",
    "tradesim-prometheus",
    "tradesim-simulation",
    "tradesim-web",
  ]);
});

for (const { name, text, spec } of WORKLOADS) {
  const containers = [...spec.initContainers, ...spec.containers];

  Deno.test(`every container of ${name} is restricted, with limits and a fixed image`, () => {
    const { runAsNonRoot, runAsUser, seccompProfile } = spec.securityContext;
    assert.deepEqual([runAsNonRoot, seccompProfile], [true, { type: "RuntimeDefault" }]);
    assert.ok(Number(runAsUser) > 0);
    assert.equal(spec.enableServiceLinks, false);
    // Only Prometheus asks the cluster, for pods.
    assert.equal(spec.automountServiceAccountToken, name === "tradesim-prometheus");
    for (const { image, securityContext, resources } of containers) {
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      });
      assert.match(image, /:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/);
      assert.match(resources.limits.memory, /^\d+[MG]i$/);
    }
  });

  Deno.test(`${name} names each path that its containers write, and mounts what is there`, () => {
    const volumes = new Set(spec.volumes.map((volume) => volume.name));
    for (const { name, volumeMounts } of containers) {
      const written = volumeMounts.filter(({ readOnly }) => readOnly !== true);
      const paths = written.map(({ mountPath, name }) => `${mountPath} (volume ${name})`).join(
        ", ",
      );
      assert.ok(text.includes(`\n#   ${name}: ${paths || "nothing"}\n`), paths);
      for (const mount of volumeMounts) assert.ok(volumes.has(mount.name), mount.name);
    }
  });

  Deno.test(`the exporters of ${name} are native sidecars, and the only ones`, () => {
    for (const one of spec.initContainers) {
      assert.deepEqual([one.name, one.restartPolicy], ["exporter", "Always"]);
    }
    for (const one of spec.containers) assert.equal(one.restartPolicy, undefined);
  });
}

Deno.test("images and limits are those of compose.yml", () => {
  const { services } = parse(FILES["compose.yml"]!, { merge: true });
  const containers = WORKLOADS.flatMap(({ spec }) => [...spec.initContainers, ...spec.containers]);
  const known = new Set(Object.values<{ image: string }>(services).map(({ image }) => image));
  for (const { name, image } of containers) {
    if (name !== "web") assert.ok(known.has(image), image);
  }
  const exporter = containers.find(({ name }) => name === "exporter")!;
  assert.equal(exporter.resources.limits.memory, "256Mi");
  assert.ok(services.exporter.mem_limit.endsWith(":-256m}"));
});

Deno.test("the exporter takes its configuration and arguments as they are", async () => {
  await withTempDir(async (cwd) => {
    const text = MADE.get("kubernetes/base/tradesim-exporter.yml")!;
    Deno.writeTextFileSync(join(cwd, "tradesim-exporter.yml"), text);
    for (const { spec } of WORKLOADS) {
      for (const { name, args } of [...spec.initContainers, ...spec.containers]) {
        if (name !== "exporter") continue;
        const { code, stdout, stderr } = await runExporter({
          args: [
            "--check-config",
            // What the kubelet puts in; the mounted folder is this one.
            ...args.map((arg) =>
              arg.replace("/etc/tradesim-exporter/", "").replace("$(POD_IP)", "fd00::7")
                .replace("$(NAMESPACE)", "games")
            ),
          ],
          cwd,
        });
        assert.deepEqual([code, stdout, stderr], [0, "The configuration is right\n", ""]);
      }
    }
  });
});

Deno.test("network policies name ports by the numbers of the containers", () => {
  const policies = [...MADE.values()].flatMap(objectsOf)
    .map((object) => POLICY.safeParse(object).data).filter((policy) => policy !== undefined);
  assert.equal(policies.length, WORKLOADS.length);
  for (const { metadata: { name }, spec: { ingress } } of policies) {
    const { spec } = WORKLOADS.find((workload) => workload.name === name)!;
    const declared = [...spec.initContainers, ...spec.containers].flatMap(({ ports }) => ports)
      .map(({ containerPort }) => containerPort);
    const open = ingress.flatMap(({ ports }) => ports).map(({ port }) => port);
    // Grafana is reached from its node only.
    const expected = name === "tradesim-grafana" ? [] : declared;
    assert.deepEqual(open.toSorted(), expected.toSorted(), name);
  }
  const egressOf = (name: string) =>
    policies.find(({ metadata }) => metadata.name === name)!.spec.egress
      .map(({ ports }) => ports.map(({ port }) => port));
  // kubeadm, minikube, MicroK8s, and most providers.
  assert.deepEqual(egressOf("tradesim-prometheus"), [[8000], [443, 6443, 8443, 16443], [53, 53]]);
  assert.deepEqual(egressOf("tradesim-grafana"), [[9090], [53, 53]]);
  for (const name of ["tradesim-exporter", "tradesim-simulation", "tradesim-web"]) {
    assert.deepEqual(egressOf(name), []);
  }
});

Deno.test("an application gives its service time to forget it, and no probe ends a busy exporter", () => {
  for (const { name, spec } of WORKLOADS) {
    for (const one of [...spec.initContainers, ...spec.containers]) {
      if (one.name === "exporter") {
        assert.equal(
          z.object({ timeoutSeconds: z.number() }).parse(one.livenessProbe).timeoutSeconds,
          5,
        );
      }
      const waits = JSON.stringify(one.lifecycle) === '{"preStop":{"sleep":{"seconds":5}}}';
      assert.equal(waits, one.name === "web" || spec.initContainers.includes(one), name);
    }
  }
});

Deno.test("monitors scrape as often and as much as prometheus.yml, and rules are the same", () => {
  const [job] = parse(FILES["prometheus/prometheus.yml"]!).scrape_configs;
  const folder = "kubernetes/overlays/operator/monitors";
  for (
    const [file, endpoints] of [
      ["service_monitor.yaml", "endpoints"],
      ["pod_monitor.yaml", "podMetricsEndpoints"],
    ]
  ) {
    const { spec } = parse(MADE.get(`${folder}/${file}`)!);
    const [{ interval, scrapeTimeout, port }] = spec[endpoints!];
    assert.deepEqual([interval, scrapeTimeout], [job.scrape_interval, job.scrape_timeout]);
    assert.deepEqual([spec.sampleLimit, spec.bodySizeLimit], [
      job.sample_limit,
      job.body_size_limit,
    ]);
    assert.equal(port, "metrics");
  }
  const { spec } = parse(MADE.get(`${folder}/prometheus_rule.yaml`)!);
  const expected = ["alerts", "games"].flatMap((name) =>
    parse(FILES[`prometheus/rules/${name}.yml`]!).groups
  );
  assert.deepEqual(spec.groups, expected);
});

Deno.test("each dashboard has a ConfigMap whose name stays, and a key of its own", () => {
  const keys = new Set<string>();
  let all = 0;
  for (const language of ["fr", "en"]) {
    const boards = Object.keys(FILES).filter((path) =>
      path.startsWith(`grafana/dashboards/${language}/`)
    );
    const text = MADE.get(`grafana/dashboards/${language}/kustomization.yaml`)!;
    const { configMapGenerator } = parse(text);
    assert.equal(configMapGenerator.length, boards.length);
    all += boards.length;
    for (const { files: [file], options } of configMapGenerator) {
      const [key, name] = file.split("=");
      assert.ok(boards.includes(`grafana/dashboards/${language}/${name}`), name);
      assert.equal(options.disableNameSuffixHash, true);
      keys.add(key);
    }
  }
  // A sidecar may write all of them to one folder.
  assert.ok(all >= 18);
  assert.equal(keys.size, all);
});

const render = (...set: readonly string[]) =>
  kubernetesFiles(FILES, readParameters(set) as Parameters, "en");

Deno.test("kubernetesFiles() puts each parameter where it belongs, and changes no other file", () => {
  const usual = render();
  const cases: Readonly<Record<string, readonly [value: string, path: RegExp, line: RegExp]>> = {
    "image": ["registry.example:5000/exporter:1.2.3", /deployment|job/, /image: registry.example/],
    "web-image": ["web:2.0.0", /overlays\/web\/deployment/, /image: web:2\.0\.0$/m],
    "monitor-label": [
      "team=jeux,role=x",
      /monitors\/kustomization/,
      /^ +team: jeux\n +role: x$/m,
    ],
    "prometheus-namespace": ["observability", /network_policy/, /name: observability$/m],
    "board-label": ["boards=yes", /overlays\/grafana/, /^ +boards: "?yes"?$/m],
    "board-folder": ["Économie", /overlays\/grafana/, /grafana_folder: Économie$/m],
    "storage-class": [
      "fast.ssd",
      /volumes|prometheus\.yaml|grafana\.yaml/,
      /storageClassName: fast\.ssd$/m,
    ],
    "tours": ["5", /job/, /--tours=5$/m],
  };
  assert.deepEqual(
    Object.keys(cases).toSorted(),
    Object.keys(readParameters([])).toSorted(),
    "a case for each parameter",
  );
  for (const [name, [value, path, line]] of Object.entries(cases)) {
    const changed = [...render(`${name}=${value}`)].filter(([path, text]) =>
      usual.get(path) !== text
    );
    assert.ok(changed.length > 0, name);
    for (const [changedPath, text] of changed) {
      assert.match(changedPath, path, name);
      assert.match(text, line, `${name} in ${changedPath}`);
    }
  }
});

Deno.test("readParameters() refuses what the cluster would refuse, or would run into", () => {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    "image": [
      "",
      "tradesim-exporter",
      "x:latest",
      "Upper:1",
      "a b:1",
      "x:1@sha256:12",
      "http://x:1",
      `${"x".repeat(256)}:1`,
    ],
    "web-image": ["web"],
    "monitor-label": [
      "",
      "release",
      "=x",
      "a b=c",
      "a=b c",
      "-a=b",
      "a/b/c=d",
      `a=${"b".repeat(64)}`,
      "a=b,",
      "a=b,c",
      "a=b,a=c",
      "a=b, c=d",
    ],
    "prometheus-namespace": ["", "Monitoring", "a.b", "-a", "a".repeat(64)],
    "board-label": ["é=1", "a=1,b=2"],
    "board-folder": ["", "a/b", "../x", ".x", "a\nb"],
    "storage-class": ["Fast", "a_b"],
    "tours": ["0", "-1", "1e3", "x", "9".repeat(14)],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const read = readParameters([`${name}=${value}`]);
      assert.ok("expected" in read && read.expected, `${name}=${value}`);
    }
  }
  assert.deepEqual(readParameters(["monitor-lable=a=b"]), {
    name: "monitor-lable",
    expected: undefined,
  });
  assert.deepEqual(readParameters(["tours=1", "monitor-label=a=b", "tours=1"]), {
    name: "tours",
    expected: "one value, but it is set twice",
  });
  const rights = [
    "image=x@sha256:" + "a".repeat(64),
    `image=${"x".repeat(255)}:1`,
    "image=localhost:5000/a/b:1",
    "monitor-label=a.b/c=",
    "monitor-label=release=x,team=y",
    "tours=1",
  ];
  for (const right of rights) {
    assert.ok(!("expected" in readParameters([right])), right);
  }
});

Deno.test("docs/kubernetes.md says of each setting and profile of the stack what it is in a cluster", () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/kubernetes.md`);
  const [, section = ""] = /^## From the stack to a cluster\n([^]*?)^## /m.exec(page) ?? [];
  const settings = Deno.readTextFileSync(`${ROOT}.env.example`).matchAll(/^([A-Z_]+)=/gm);
  const { services } = parse(FILES["compose.yml"]!, { merge: true });
  const profiles = Object.values<{ profiles?: string[] }>(services)
    .flatMap(({ profiles = [] }) => profiles);
  const expected = [
    ...Array.from(settings, ([, name]) => name!),
    ...profiles.map((profile) => `--profile ${profile}`),
  ];
  assert.ok(expected.length > 15);
  for (const name of expected) assert.ok(section.includes(`\`${name}\``), name);
});

Deno.test("docs/kubernetes.md names every parameter with its default, and every overlay", () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/kubernetes.md`);
  const rows = Array.from(
    page.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\| (.+?) +\|$/gm),
    ([, name, value, help]) => [name!, value!.replaceAll("\\", ""), help!],
  );
  for (const [name, { help, defaultValue, defaultText }] of Object.entries<Parameter>(PARAMETERS)) {
    const row = rows.find(([known]) => known === name);
    assert.deepEqual(row, [name, defaultValue ?? defaultText!, help]);
  }
  for (const overlay of OVERLAYS) assert.ok(page.includes(`| \`overlays/${overlay}\``), overlay);
});
