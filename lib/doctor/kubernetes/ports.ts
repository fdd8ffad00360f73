/** Follows a monitor's endpoints to the exporter's port, and says how one comes to lead there. @module */

import { broken, ok, type Result } from "../link.ts";
import { portCommand, stepsCommand } from "./commands.ts";
import {
  declaredPort,
  exporterContainer,
  type ExporterPort,
  exporterPorts,
} from "./exporter_pod.ts";
import {
  type Endpoint,
  type Monitor,
  placeOf,
  type Pod,
  type Service,
  titleOf,
} from "./objects.ts";

/** A monitor and what it finds of a pod: a service, or the pod itself. */
export interface Candidate {
  readonly monitor: Monitor;
  readonly service: Service | undefined;
}

type ServicePort = Service["ports"][number];

/** The name for a port that has none. */
const USUAL_NAME = "metrics";

/** The number of a pod's port that a service's port leads to. Numbers need not be declared. */
function behind({ port, targetPort = port }: ServicePort, pod: Pod): number | undefined {
  return typeof targetPort === "number" ? targetPort : declaredPort(pod, targetPort);
}

/** The numbers of the ports that an endpoint leads to, as the operator's configuration keeps them. */
function reached(
  { port, targetPort, portNumber }: Endpoint,
  pod: Pod,
  service: Service | undefined,
): readonly (number | undefined)[] {
  if (service === undefined) {
    const wanted = (port || undefined) ?? portNumber ?? targetPort;
    return wanted === undefined
      ? pod.containers.flatMap(({ ports }) => ports).map(({ containerPort }) => containerPort)
      : [declaredPort(pod, wanted)];
  }
  if (!port && targetPort !== undefined) return [declaredPort(pod, targetPort)];
  // Without a name all ports of the service are asked.
  return service.ports.filter(({ name }) => !port || name === port).map((one) => behind(one, pod));
}

/** The first endpoint that leads to the exporter, its place in the monitor and the port's number. */
export function leadingEndpoint(pod: Pod, { monitor, service }: Candidate) {
  const wanted = exporterPorts(pod).map(({ number }) => number);
  for (const [index, endpoint] of monitor.endpoints.entries()) {
    const number = reached(endpoint, pod, service)
      .find((number) => number !== undefined && wanted.includes(number));
    if (number !== undefined) return { endpoint, index, number };
  }
  return undefined;
}

function portText({ port, targetPort, portNumber }: Endpoint): string {
  const said = (port || undefined) ?? portNumber ?? targetPort;
  return said === undefined ? "every port" : `port ${JSON.stringify(said)}`;
}

/** Whether an endpoint of the monitor leads to the exporter's port. */
export function checkPort(pod: Pod, candidate: Candidate): Result {
  const { monitor, service } = candidate;
  const right = leadingEndpoint(pod, candidate);
  if (right !== undefined) {
    const { endpoint, number } = right;
    return ok(
      `${portText(endpoint)} of ${titleOf(monitor)} leads to port ${number} of the exporter`,
    );
  }
  const said = `${titleOf(monitor)} names ${
    monitor.endpoints.map(portText).join(", ") || "no port"
  }`;
  return service === undefined
    ? notFromPod(pod, monitor, said)
    : notFromService(pod, monitor, service, said);
}

/** A PodMonitor does not lead to the exporter. */
function notFromPod(pod: Pod, monitor: Monitor, said: string): Result {
  const [port] = exporterPorts(pod);
  const { name, number, isDeclared } = exporterPorts(pod).find(({ name }) => name) ?? port!;
  const owner = `of pod ${placeOf(pod)}`;
  if (name !== undefined) {
    return broken(
      `${said}, and the exporter's port ${owner} is called ${JSON.stringify(name)}`,
      portCommand(monitor, { port: name }),
    );
  }
  if (isDeclared) {
    return broken(
      `${said}, and the exporter's port ${number} ${owner} has no name`,
      portCommand(monitor, { portNumber: number }),
    );
  }
  const container = exporterContainer(pod)?.name;
  const declared = `ports: [{ name: ${USUAL_NAME}, containerPort: ${number} }]`;
  return broken(
    `${said}, and container ${container} ${owner} declares no port, without which a PodMonitor finds none`,
    `write ${declared} into container ${container} of the pod's template`,
  );
}

/** A ServiceMonitor does not lead to the exporter. */
function notFromService(pod: Pod, monitor: Monitor, service: Service, said: string): Result {
  const [{ number }] = exporterPorts(pod) as [ExporterPort];
  const owner = `service ${placeOf(service)}`;
  const index = service.ports.findIndex((port) => {
    const led = behind(port, pod);
    return exporterPorts(pod).some(({ number }) => number === led);
  });
  const leading = service.ports[index];
  if (leading?.name !== undefined) {
    return broken(
      `${said}, and the exporter's port of ${owner} is called ${JSON.stringify(leading.name)}`,
      portCommand(monitor, { port: leading.name }),
    );
  }
  const wanted = monitor.endpoints.find(({ port }) => port)?.port;
  if (leading !== undefined) {
    return broken(
      `${said}, and the exporter's port of ${owner} has no name`,
      stepsCommand(service, {
        op: "add",
        path: `/spec/ports/${index}/name`,
        value: wanted ?? USUAL_NAME,
      }),
    );
  }
  const text = `${said}, and no port of ${owner} leads to the exporter's port ${number}`;
  // A port that leads nowhere is meant for it; one that leads elsewhere belongs to another.
  const astray = service.ports.findIndex((port) => {
    const led = behind(port, pod);
    return led === undefined || declaredPort(pod, led) === undefined;
  });
  if (astray >= 0) {
    const path = `/spec/ports/${astray}/targetPort`;
    return broken(text, stepsCommand(service, { op: "add", path, value: number }));
  }
  return broken(
    text,
    stepsCommand(service, {
      op: "add",
      path: "/spec/ports/-",
      value: { name: wanted ?? USUAL_NAME, port: number, targetPort: number },
    }),
  );
}
