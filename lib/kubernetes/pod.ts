/** What all pods have in common: labels, restricted security, volumes and the paths that are written. @module */

/** A Kubernetes object, or a part of one. */
export type Manifest = Readonly<Record<string, unknown>>;

export const PART_OF = "tradesim";
/** The name of the exporter's container, in a pod of its own and as a sidecar. */
export const EXPORTER_CONTAINER = "exporter";
export const PORT_NAME = "metrics";
/** The name of the port of all that is no exporter. */
export const HTTP = "http";
export const PORT = 8000;

/** User and group of the exporter's image; see the Dockerfile. */
const EXPORTER_USER = 65532;

/** What a pod is for. */
export type Component = "exporter" | "simulation" | "web" | "prometheus" | "grafana";

/** Every object's name. */
export function nameOf(component: Component): string {
  return component === "exporter" ? "tradesim-exporter" : `tradesim-${component}`;
}

/** Labels by which selectors find the pods of a component. They never change. */
export function selectorOf(component: Component): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": nameOf(component),
    "app.kubernetes.io/component": component,
  };
}

/** All labels of a component's objects. */
export function labelsOf(component: Component): Readonly<Record<string, string>> {
  return { ...selectorOf(component), "app.kubernetes.io/part-of": PART_OF };
}

export function metadata(component: Component, name = nameOf(component)): Manifest {
  return { name, labels: labelsOf(component) };
}

/** A path that a container sees, and where it comes from. */
export interface Mount {
  readonly path: string;
  /** True when the container writes there; all else is read-only. */
  readonly isWritten: boolean;
  readonly volume: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly Manifest[];
  readonly port?: { readonly name: string; readonly containerPort: number };
  readonly mounts: readonly Mount[];
  /** Requests are measured figures, limits those of compose.yml. */
  readonly resources: {
    readonly cpu: string;
    readonly memory: string;
    readonly memoryLimit: string;
    /** Most of the node's disk, with the log and volumes that go with the pod. Default: 128Mi. */
    readonly disk?: string;
  };
  /** Probes, and all else. */
  readonly more?: Manifest;
}

/** A container that the restricted Pod Security Standard accepts, with a read-only root file system. */
export function container(
  { name, image, command, args, env, port, mounts, resources, more }: Container,
) {
  return {
    name,
    image,
    ...command === undefined ? {} : { command },
    ...args === undefined ? {} : { args },
    ...env === undefined ? {} : { env },
    ...port === undefined ? {} : { ports: [{ ...port, protocol: "TCP" }] },
    ...more,
    resources: {
      requests: { "cpu": resources.cpu, "memory": resources.memory, "ephemeral-storage": "16Mi" },
      // No limit of the processor: a game or a scrape that is held back is measured wrong.
      limits: {
        "memory": resources.memoryLimit,
        "ephemeral-storage": resources.disk ?? "128Mi",
      },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    },
    ...mounts.length === 0 ? {} : {
      volumeMounts: mounts.map(({ path, isWritten, volume }) => ({
        name: volume,
        mountPath: path,
        ...isWritten ? {} : { readOnly: true },
      })),
    },
  };
}

/** The comment that names the paths which the containers of a pod write. */
export function writePaths(containers: readonly Container[]): string {
  const lines = containers.map(({ name, mounts }) => {
    const written = mounts.filter(({ isWritten }) => isWritten)
      .map(({ path, volume }) => `${path} (volume ${volume})`);
    return `  ${name}: ${written.length === 0 ? "nothing" : written.join(", ")}`;
  });
  return ["Root file systems are read-only. Containers write to", ...lines].join("\n");
}

export interface Pod {
  readonly component: Component;
  readonly containers: readonly Container[];
  readonly sidecars?: readonly Container[];
  readonly volumes: readonly Manifest[];
  /** User and group of all containers. Default: those of the exporter's image. */
  readonly user?: number;
  readonly more?: Manifest;
}

/** The template of a pod that the restricted Pod Security Standard accepts. */
export function podTemplate(
  { component, containers, sidecars = [], volumes, user = EXPORTER_USER, more }: Pod,
): Manifest {
  return {
    metadata: { labels: labelsOf(component) },
    spec: {
      serviceAccountName: nameOf(component),
      automountServiceAccountToken: false,
      // Variables of services could be taken for settings.
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        // Only a new volume is given to the group, not each file at each start.
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      // A native sidecar: it is ready before the others start, and ends after them.
      ...sidecars.length === 0 ? {} : {
        initContainers: sidecars.map((one) => ({ ...container(one), restartPolicy: "Always" })),
      },
      containers: containers.map(container),
      volumes,
      ...more,
    },
  };
}

export function serviceAccount(component: Component): Manifest {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata(component),
    automountServiceAccountToken: false,
  };
}

/** @param hasVolume True where there is one pod at a time, because its volume can belong to one only. */
export function deployment(pod: Pod, hasVolume = true): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(pod.component),
    spec: {
      replicas: 1,
      revisionHistoryLimit: 3,
      strategy: { type: hasVolume ? "Recreate" : "RollingUpdate" },
      selector: { matchLabels: selectorOf(pod.component) },
      template: podTemplate(pod),
    },
  };
}

export function service(component: Component, portName: string, port: number): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(component),
    spec: {
      selector: selectorOf(component),
      ports: [{ name: portName, port, targetPort: portName, protocol: "TCP" }],
    },
  };
}

export function volumeClaim(
  component: Component,
  name: string,
  storage: string,
  storageClass: string | undefined,
): Manifest {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: metadata(component, name),
    spec: {
      accessModes: ["ReadWriteOnce"],
      ...storageClass === undefined ? {} : { storageClassName: storageClass },
      resources: { requests: { storage } },
    },
  };
}

/**
 * Lets in and out what is named, and nothing else. An empty list is left out: the API server drops it, and
 * each apply would change the object.
 */
export function networkPolicy(
  component: Component,
  ingress: readonly Manifest[],
  egress: readonly Manifest[],
): Manifest {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadata(component),
    spec: {
      podSelector: { matchLabels: selectorOf(component) },
      policyTypes: ["Ingress", "Egress"],
      ...ingress.length === 0 ? {} : { ingress },
      ...egress.length === 0 ? {} : { egress },
    },
  };
}

/**
 * Traffic to ports. Numbers, because not every network finds a name of a sidecar's port
 * (projectcalico/calico#8881), or any name where traffic leaves.
 */
export function portsOf(...ports: readonly number[]): readonly Manifest[] {
  return ports.map((port) => ({ port, protocol: "TCP" }));
}

/** Lookups of names. */
export const DNS: Manifest = {
  ports: [{ port: 53, protocol: "UDP" }, { port: 53, protocol: "TCP" }],
};

/** A probe by the pod's own address, as the kubelet asks. */
export function httpProbe(path: string, port: string, more: Manifest = {}): Manifest {
  return { httpGet: { path, port }, ...more };
}
