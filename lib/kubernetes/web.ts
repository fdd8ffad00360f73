/** kubernetes/overlays/web: a FastAPI application with the middleware of clients/python, and its exporter. @module */

import { scrapers } from "./base.ts";
import { sidecarExporter } from "./exporter.ts";
import {
  type Container,
  deployment,
  HTTP,
  nameOf,
  networkPolicy,
  portsOf,
  service,
  serviceAccount,
  writePaths,
} from "./pod.ts";
import type { Parameters } from "./parameters.ts";
import { type Files, serviceOf } from "./stack.ts";
import { kustomizationFile, type Rendered, yamlFile } from "./text.ts";

/** The exporter has uvicorn's usual port, 8000. */
const HTTP_PORT = 8080;

function application(files: Files, parameters: Parameters): Container {
  const [, version] = /:(.+)$/.exec(serviceOf(files, "exporter").image) ?? [];
  return {
    name: "web",
    image: parameters["web-image"] ?? `${nameOf("web")}:${version}`,
    env: [
      // Read by uvicorn. The middleware reports to the exporter beside it by default.
      { name: "UVICORN_HOST", value: "0.0.0.0" },
      { name: "UVICORN_PORT", value: String(HTTP_PORT) },
      { name: "PYTHONDONTWRITEBYTECODE", value: "1" },
    ],
    port: { name: HTTP, containerPort: HTTP_PORT },
    mounts: [{ path: "/tmp", isWritten: true, volume: "tmp" }],
    // Measured: 48 MiB and 0.2 % of a core at rest with one worker, after 600 requests.
    resources: { cpu: "50m", memory: "64Mi", memoryLimit: "256Mi", disk: "192Mi" },
    more: {
      // Requests still come until the service has forgotten the pod.
      lifecycle: { preStop: { sleep: { seconds: 5 } } },
      // Of an application only its port is known, and no metrics may decide whether it is used.
      readinessProbe: { tcpSocket: { port: HTTP }, periodSeconds: 5 },
      livenessProbe: { tcpSocket: { port: HTTP }, periodSeconds: 15 },
    },
  };
}

export function web(files: Files, parameters: Parameters): Rendered {
  const app = application(files, parameters);
  const exporter = sidecarExporter(files, parameters, []);
  return {
    "kustomization.yaml": kustomizationFile(
      "A FastAPI application that is measured by the middleware of clients/python. Its workers report to the\n" +
        "exporter beside them. docs/kubernetes.md says how the image is built.",
      {
        resources: [
          "deployment.yaml",
          "service.yaml",
          "service_account.yaml",
          "network_policy.yaml",
        ],
      },
    ),
    "deployment.yaml": yamlFile(
      writePaths([exporter, app]),
      deployment({
        component: "web",
        containers: [app],
        sidecars: [exporter],
        volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
      }, false),
    ),
    "service.yaml": yamlFile(
      "The application for the rest of the cluster, and for an Ingress.",
      service("web", HTTP, HTTP_PORT),
    ),
    "service_account.yaml": yamlFile(
      "The application asks the cluster for nothing: it has no token.",
      serviceAccount("web"),
    ),
    "network_policy.yaml": yamlFile(
      "Everyone may use the application, its exporter may be scraped. Both ask nobody.",
      networkPolicy("web", [{ ports: portsOf(HTTP_PORT) }, ...scrapers(parameters)], []),
    ),
  };
}
