/** Reads what `kubectl get … -o json` wrote: the objects between a pod and a Prometheus of the operator. @module */

import * as z from "zod";
import { LABEL_NAME } from "../../kubernetes/mod.ts";

const LABELS = z.record(z.string(), z.string());

const SELECTOR = z.object({
  matchLabels: LABELS.default({}),
  matchExpressions: z.array(z.object({
    key: z.string(),
    operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
    values: z.array(z.string()).default([]),
  })).default([]),
});
/** A label selector of Kubernetes. */
export type Selector = z.infer<typeof SELECTOR>;

/** Names become parts of commands, so nothing but a name may be one. */
const NAME = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);

const METADATA = z.object({
  name: NAME,
  namespace: z.string().regex(LABEL_NAME).default("default"),
  labels: LABELS.default({}),
});
/** What every object has. */
export interface Named {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The name of a port, or its number. */
const PORT = z.union([z.string(), z.int()]);
export type Port = z.infer<typeof PORT>;

const CONTAINER = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  ports: z.array(z.object({ name: z.string().optional(), containerPort: z.int() })).default([]),
});
export type Container = z.infer<typeof CONTAINER>;

const REASON = z.object({ reason: z.string().optional() });
const STATUSES = z.array(z.object({
  name: z.string(),
  state: z.object({
    running: z.unknown().optional(),
    waiting: REASON.optional(),
    terminated: REASON.optional(),
  }).default({}),
})).default([]);

const POD = z.object({
  spec: z.object({
    initContainers: z.array(CONTAINER).default([]),
    containers: z.array(CONTAINER).default([]),
  }),
  status: z.object({
    phase: z.string().default("Unknown"),
    initContainerStatuses: STATUSES,
    containerStatuses: STATUSES,
  }).default({ phase: "Unknown", initContainerStatuses: [], containerStatuses: [] }),
});

const SERVICE = z.object({
  spec: z.object({
    selector: LABELS.default({}),
    ports: z.array(z.object({
      name: z.string().optional(),
      port: z.int(),
      targetPort: PORT.optional(),
    })).default([]),
  }),
});

const RELABELINGS = z.array(z.object({
  action: z.string().default("replace"),
  targetLabel: z.string().optional(),
  replacement: z.string().optional(),
  sourceLabels: z.array(z.string()).default([]),
})).default([]);

const ENDPOINT = z.object({
  port: z.string().optional(),
  targetPort: PORT.optional(),
  portNumber: z.int().optional(),
  relabelings: RELABELINGS,
});
export type Endpoint = z.infer<typeof ENDPOINT>;

const MONITOR = z.object({
  spec: z.object({
    selector: SELECTOR,
    namespaceSelector: z.object({
      any: z.boolean().default(false),
      matchNames: z.array(z.string()).default([]),
    }).default({ any: false, matchNames: [] }),
    jobLabel: z.string().optional(),
    endpoints: z.array(ENDPOINT).default([]),
    podMetricsEndpoints: z.array(ENDPOINT).default([]),
  }),
});

const PROMETHEUS = z.object({
  spec: z.object({
    serviceMonitorSelector: SELECTOR.nullish(),
    serviceMonitorNamespaceSelector: SELECTOR.nullish(),
    podMonitorSelector: SELECTOR.nullish(),
    podMonitorNamespaceSelector: SELECTOR.nullish(),
    ignoreNamespaceSelectors: z.boolean().default(false),
    paused: z.boolean().default(false),
    replicas: z.int().default(1),
  }),
  status: z.object({
    conditions: z.array(z.object({
      type: z.string(),
      status: z.string(),
      reason: z.string().default(""),
      message: z.string().default(""),
    })).default([]),
  }).default({ conditions: [] }),
});

export interface Pod extends Named {
  readonly phase: string;
  readonly containers: readonly Container[];
  /** What the kubelet says of the containers, by their names. */
  readonly states: ReadonlyMap<string, z.infer<typeof STATUSES>[number]["state"]>;
}

export interface Service extends Named {
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: z.infer<typeof SERVICE>["spec"]["ports"];
}

export interface Monitor extends Named {
  readonly kind: "ServiceMonitor" | "PodMonitor";
  readonly selector: Selector;
  /** Where it looks; neither: in its own namespace. */
  readonly namespaces: { readonly any: boolean; readonly matchNames: readonly string[] };
  readonly jobLabel: string | undefined;
  readonly endpoints: readonly Endpoint[];
}

/** A selector of a Prometheus for one kind of monitors; undefined = it is not set. */
export interface Selection {
  readonly labels: Selector | undefined;
  readonly namespaces: Selector | undefined;
}

export interface Prometheus extends Named {
  readonly select: Readonly<Record<Monitor["kind"], Selection>>;
  /** Whether monitors may look in their own namespace only. */
  readonly ignoresNamespaces: boolean;
  /** Whether the operator leaves it as it is, whatever changes. */
  readonly isPaused: boolean;
  readonly replicas: number;
  /** Why the operator could not make its configuration; undefined where it could, or did not say. */
  readonly failure: string | undefined;
}

/** The objects by what they are. */
export interface Cluster {
  /** How many there are, of whatever kind. */
  readonly count: number;
  /** What kinds there are. */
  readonly kinds: ReadonlySet<string>;
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly monitors: readonly Monitor[];
  readonly servers: readonly Prometheus[];
  /** Labels of those namespaces that are known. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** The text is not what kubectl writes; the message begins in lower case. */
export class ObjectsError extends Error {
  override readonly name = "ObjectsError";
}

const LIST = z.object({ kind: z.string(), items: z.array(z.unknown()) });
const KIND = z.object({ kind: z.string() });
const OBJECT = KIND.extend({ metadata: METADATA });
/** The kinds that are read. Others may be among the objects, and look as they like. */
const KINDS = [
  ...["Pod", "Service", "Namespace"],
  ...["ServiceMonitor", "PodMonitor", "Prometheus", "PrometheusAgent"],
];

/** The first thing that a schema finds wrong, with its place. */
function faultOf({ issues: [issue] }: z.ZodError): string {
  return [issue?.path.join("."), issue?.message].filter((text) => text).join(": ");
}

function read<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw new ObjectsError(`${name} cannot be read: ${faultOf(error)}`);
  return data;
}

/** The values of a text: one, or several outputs of kubectl behind each other. */
function valuesOf(text: string): readonly unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    try {
      // Kubectl indents, so only a new value begins a line with a brace.
      return text.split(/\n(?=\{)/).map((part) => JSON.parse(part));
    } catch {
      throw new ObjectsError("they are not JSON");
    }
  }
}

/** All objects of lists, and those that are there alone. */
function itemsOf(text: string): readonly unknown[] {
  // Windows writes a byte order mark into files.
  return valuesOf(text.replace(/^\uFEFF/, "")).flatMap((value) => {
    const list = LIST.safeParse(value);
    return list.success ? list.data.items : [value];
  });
}

function selection(labels?: Selector | null, namespaces?: Selector | null): Selection {
  return { labels: labels ?? undefined, namespaces: namespaces ?? undefined };
}

/**
 * Reads the objects.
 *
 * @throws {ObjectsError} When the text is something else.
 */
export function readObjects(text: string): Cluster {
  const pods: Pod[] = [];
  const services: Service[] = [];
  const monitors: Monitor[] = [];
  const servers: Prometheus[] = [];
  const namespaces = new Map<string, Readonly<Record<string, string>>>();
  const items = itemsOf(text);
  const kinds = new Set<string>();
  for (const [index, item] of items.entries()) {
    const { kind } = read(KIND, item, `object ${index + 1}`);
    kinds.add(kind);
    if (!KINDS.includes(kind)) continue;
    const { metadata } = read(OBJECT, item, `object ${index + 1}`);
    const named = { kind, ...metadata };
    const place = `${kind} ${metadata.namespace}/${metadata.name}`;
    if (kind === "Pod") {
      const { spec, status } = read(POD, item, place);
      const containers = [...spec.initContainers, ...spec.containers];
      const states = new Map(
        [...status.initContainerStatuses, ...status.containerStatuses]
          .map(({ name, state }) => [name, state] as const),
      );
      pods.push({ ...named, phase: status.phase, containers, states });
    } else if (kind === "Service") {
      services.push({ ...named, ...read(SERVICE, item, place).spec });
    } else if (kind === "ServiceMonitor" || kind === "PodMonitor") {
      const { spec } = read(MONITOR, item, place);
      monitors.push({
        ...named,
        kind,
        selector: spec.selector,
        namespaces: spec.namespaceSelector,
        jobLabel: spec.jobLabel,
        endpoints: kind === "PodMonitor" ? spec.podMetricsEndpoints : spec.endpoints,
      });
    } else if (kind === "Prometheus" || kind === "PrometheusAgent") {
      const { spec, status } = read(PROMETHEUS, item, place);
      const failed = status.conditions.find(({ type, status }) =>
        type === "Reconciled" && status === "False"
      );
      servers.push({
        ...named,
        select: {
          ServiceMonitor: selection(
            spec.serviceMonitorSelector,
            spec.serviceMonitorNamespaceSelector,
          ),
          PodMonitor: selection(spec.podMonitorSelector, spec.podMonitorNamespaceSelector),
        },
        ignoresNamespaces: spec.ignoreNamespaceSelectors,
        isPaused: spec.paused,
        replicas: spec.replicas,
        failure: failed && [failed.reason, failed.message].filter((text) => text !== "").join(": "),
      });
    } else {
      namespaces.set(metadata.name, metadata.labels);
    }
  }
  return { count: items.length, kinds, pods, services, monitors, servers, namespaces };
}

/** An object as `namespace/name`. */
export function placeOf({ namespace, name }: Named): string {
  return `${namespace}/${name}`;
}

/** An object with its kind. */
export function titleOf(object: Named): string {
  return `${object.kind} ${placeOf(object)}`;
}
