/** The Grafana of kubernetes/overlays/stack, from its service and its provisioning in the stack. @module */

import { parse, stringify } from "yaml";
import * as z from "zod";
import { boardFiles } from "./boards.ts";
import type { Parameters } from "./parameters.ts";
import { HTTP, labelsOf, type Manifest, nameOf } from "./pod.ts";
import { PROMETHEUS_PORT } from "./prometheus.ts";
import { type Server, serverFile } from "./server.ts";
import { fileOf, type Files, serviceOf } from "./stack.ts";
import { BESIDE, kustomizationFile, type Rendered } from "./text.ts";

const PORT = 3000;
/** Where its image expects its files. */
const FOLDER = "/etc/grafana";
/** The user of its image. */
const USER = 472;
/** The ConfigMap of its start, which a kustomization beside it makes. */
const START_MAP = "tradesim-grafana-start";
export const DATA_SOURCES_FILE = "datasources.yml";

/** The kustomization among Grafana's files. */
export function startKustomization(): string {
  return kustomizationFile(
    `Grafana's start and its provider of dashboards as a ConfigMap for kubernetes/overlays/stack.\n${BESIDE}`,
    {
      configMapGenerator: [{
        name: START_MAP,
        files: ["start.sh", "tradesim.yml=provisioning/dashboards/tradesim.yml"],
        options: { labels: labelsOf("grafana") },
      }],
    },
  );
}

const DATA_SOURCES = z.looseObject({ datasources: z.array(z.looseObject({ url: z.string() })) });

/** The data source of the stack under the name that Prometheus has here. Recorded games are left out. */
function dataSourceText(files: Files): string {
  const text = fileOf(files, "grafana/provisioning/datasources/prometheus.yml");
  const { datasources, ...rest } = DATA_SOURCES.parse(parse(text));
  const [source] = datasources;
  const url = `http://${nameOf("prometheus")}:${PROMETHEUS_PORT}`;
  return stringify({ ...rest, datasources: [{ ...source, url }] });
}

function container(files: Files, language: string): Server["container"] {
  const { image, environment, memory } = serviceOf(files, "grafana");
  const env = {
    ...environment,
    TRADESIM_LANG: language,
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${FOLDER}/dashboards/${language}/overview.json`,
    // Pods reach it: nobody views without a password.
    GRAFANA_ADDRESS: "0.0.0.0",
  };
  const plain = Object.entries(env).filter(([name]) => name !== "GF_SECURITY_ADMIN_PASSWORD");
  return {
    image,
    command: ["sh", "/etc/tradesim/start.sh"],
    env: [
      ...plain.map(([name, value]) => ({ name, value })),
      {
        name: "GF_SECURITY_ADMIN_PASSWORD",
        valueFrom: {
          secretKeyRef: { name: nameOf("grafana"), key: "admin-password", optional: true },
        },
      },
    ],
    mounts: [
      { path: "/var/lib/grafana", isWritten: true, volume: "data" },
      { path: "/var/log/grafana", isWritten: true, volume: "logs" },
      { path: "/tmp", isWritten: true, volume: "tmp" },
      { path: "/etc/tradesim", isWritten: false, volume: "start" },
      { path: `${FOLDER}/provisioning`, isWritten: false, volume: "provisioning" },
      { path: `${FOLDER}/dashboards`, isWritten: false, volume: "dashboards" },
    ],
    // Not measured: half of the limit.
    resources: { cpu: "50m", memory: "256Mi", memoryLimit: memory, disk: "256Mi" },
    more: {
      startupProbe: grafanaProbe({ periodSeconds: 5, failureThreshold: 60 }),
      readinessProbe: grafanaProbe({ periodSeconds: 5 }),
      // It answers nothing while its database is busy, and must not be ended for that.
      livenessProbe: { tcpSocket: { port: HTTP }, periodSeconds: 15 },
    },
  };
}

/** Grafana answers under one name only, and the kubelet asks by address. */
function grafanaProbe(more: Manifest): Manifest {
  const httpHeaders = [{ name: "Host", value: "localhost" }];
  return { httpGet: { path: "/api/health", port: HTTP, httpHeaders }, ...more };
}

function grafanaVolumes(files: Files, language: string): readonly Manifest[] {
  const item = (name: string, key: string, path: string) => ({
    configMap: { name, items: [{ key, path }] },
  });
  return [
    { name: "logs", emptyDir: { sizeLimit: "64Mi" } },
    { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
    { name: "start", ...item(START_MAP, "start.sh", "start.sh") },
    {
      name: "provisioning",
      projected: {
        sources: [
          item(nameOf("grafana"), DATA_SOURCES_FILE, "datasources/prometheus.yml"),
          item(START_MAP, "tradesim.yml", "dashboards/tradesim.yml"),
        ],
      },
    },
    {
      name: "dashboards",
      projected: {
        sources: boardFiles(files, language).map(({ configMap, key, file }) =>
          item(configMap, key, `${language}/${file}`)
        ),
      },
    },
  ];
}

/** Its files in the overlay. */
export function grafanaFiles(files: Files, parameters: Parameters, language: string): Rendered {
  return {
    [DATA_SOURCES_FILE]: dataSourceText(files),
    "grafana.yaml": serverFile({
      component: "grafana",
      container: container(files, language),
      port: PORT,
      user: USER,
      // Users, settings, and dashboards that were made in Grafana.
      storage: "1Gi",
      volumes: grafanaVolumes(files, language),
    }, parameters["storage-class"]),
  };
}
