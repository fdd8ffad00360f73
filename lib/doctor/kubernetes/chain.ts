/** Follows the chain from a pod to a Prometheus of the operator, and stops where it is broken. @module */

import {
  type Cluster,
  type Monitor,
  placeOf,
  type Pod,
  type Prometheus,
  type Selector,
  type Service,
  titleOf,
} from "./objects.ts";
import { broken, ok, type Result, skip } from "../link.ts";
import { KUBERNETES_GET } from "../flags.ts";
import { kubectl, labelCommand, patchCommand, relabelingCommand } from "./commands.ts";
import { type Candidate, checkPort, leadingEndpoint } from "./ports.ts";
import {
  fitted,
  requirements,
  selectorOfLabels,
  selectorText,
  unmetBy,
  widened,
} from "./selector.ts";

/** The links behind the pod, in the order of the checks. */
export const CHAIN = ["service", "monitor", "port", "label", "namespace", "job"] as const;
export type ChainLink = (typeof CHAIN)[number];

/** Results by link; the last one may be a problem, and then the links behind it are missing. */
export type ChainResults = ReadonlyMap<ChainLink, Result>;

/** Rules, alerts and dashboards name it. */
const JOB = "tradesim";
export const APPLY = "kubectl apply --server-side -k kubernetes/overlays/operator " +
  "(tradesim-exporter print kubernetes writes that folder)";

/** Whether a monitor looks into a namespace. */
function looksInto({ namespaces, namespace }: Monitor, other: string): boolean {
  if (namespaces.any) return true;
  if (namespaces.matchNames.length > 0) return namespaces.matchNames.includes(other);
  return namespace === other;
}

function servicesOf(pod: Pod, { services }: Cluster): Service[] {
  return services.filter(({ namespace, selector }) =>
    namespace === pod.namespace && Object.keys(selector).length > 0 &&
    unmetBy(pod.labels, selectorOfLabels(selector)).length === 0
  );
}

/** What a monitor could find: services that lead to the pod, or the pod. */
function candidatesOf(pod: Pod, cluster: Cluster): Candidate[] {
  const services = servicesOf(pod, cluster);
  return cluster.monitors.flatMap((monitor): Candidate[] => {
    const isOfServices = monitor.kind === "ServiceMonitor" && services.length > 0;
    return isOfServices
      ? services.map((service) => ({ monitor, service }))
      : [{ monitor, service: undefined }];
  });
}

/** Whether a monitor is meant for exporters, by its name or labels. */
function isOurs({ name, labels }: Monitor): boolean {
  return name.includes("tradesim") ||
    Object.values(labels).some((value) => /^tradesim/.test(value));
}

/** @param lacking Why no service leads to the pod. */
function checkService(pod: Pod, { service, monitor }: Candidate, lacking: () => Result): Result {
  if (service !== undefined) return ok(`service ${placeOf(service)} selects pod ${placeOf(pod)}`);
  return monitor.kind === "ServiceMonitor" ? lacking() : skip("a PodMonitor needs none");
}

/** Why no service leads to a pod. */
function withoutService(pod: Pod, { services }: Cluster): Result {
  const text = `no service selects pod ${placeOf(pod)}`;
  // Each cluster has one.
  if (services.length === 0) {
    return broken(`${text}: there is no service among the objects`, seen("services"));
  }
  const near =
    services.filter(({ namespace, selector }) =>
      namespace === pod.namespace && Object.keys(selector).length > 0
    ).map((service) => ({
      service,
      unmet: unmetBy(pod.labels, selectorOfLabels(service.selector)),
    }))
      .filter(({ service, unmet }) => unmet.length < Object.keys(service.selector).length)
      .toSorted((a, b) => a.unmet.length - b.unmet.length)[0];
  if (near === undefined) return broken(text, APPLY);
  const { service, unmet } = near;
  const selector = Object.fromEntries(
    Object.entries(service.selector).map(([key]) => [key, pod.labels[key] ?? null]),
  );
  return broken(
    `${text}: service ${placeOf(service)} asks for ${requirements(unmet)}`,
    patchCommand(service, { selector }),
  );
}

/** Whether the monitor selects the service or the pod. */
function checkMonitor(pod: Pod, { monitor, service }: Candidate): Result {
  const target = service ?? pod;
  const what = `${service === undefined ? "pod" : "service"} ${placeOf(target)}`;
  const unmet = unmetBy(target.labels, monitor.selector);
  if (unmet.length > 0) {
    const lacking = `${titleOf(monitor)} does not select ${what}, which lacks ${
      requirements(unmet)
    }`;
    return broken(
      lacking,
      // A pod's labels are lost with it, and those of its template may not be changed.
      service === undefined
        ? patchCommand(monitor, { selector: fitted(monitor.selector, pod.labels) })
        : labelCommand(service, unmet),
    );
  }
  if (!looksInto(monitor, target.namespace)) {
    const { namespaces: { matchNames }, namespace } = monitor;
    const where = matchNames.length > 0 ? matchNames.join(", ") : `${namespace}, its own`;
    const names = matchNames.length > 0 ? matchNames : [namespace];
    return broken(
      `${titleOf(monitor)} looks into namespace ${where}, and ${what} is in another`,
      patchCommand(monitor, {
        namespaceSelector: { matchNames: [...names, target.namespace] },
      }),
    );
  }
  return ok(`${titleOf(monitor)} selects ${what}`);
}

/** The name of the selector in the spec of a Prometheus. */
function selectorName(kind: Monitor["kind"], suffix: "Selector" | "NamespaceSelector"): string {
  return `${kind === "PodMonitor" ? "podMonitor" : "serviceMonitor"}${suffix}`;
}

/** Said where objects are missing that may be there. */
export function seen(what: string): string {
  return `look into all namespaces as a user who may list ${what}: ${KUBERNETES_GET}`;
}

const BY_CHART = " # if a Helm chart made it, change it in the values of the chart";

/** Why a Prometheus scrapes nothing new, whatever it selects. */
function checkActive(server: Prometheus): Result | undefined {
  if (server.replicas === 0) {
    return broken(
      `${titleOf(server)} has no replicas`,
      patchCommand(server, { replicas: 1 }) + BY_CHART,
    );
  }
  if (server.failure !== undefined) {
    const { kind, name, namespace } = server;
    return broken(
      `the operator cannot make a configuration for ${titleOf(server)}: ${server.failure}`,
      kubectl("describe", kind.toLowerCase(), name, "--namespace", namespace) +
        " # then repair what it names",
    );
  }
  if (!server.isPaused) return undefined;
  return broken(
    `${titleOf(server)} is paused, so the operator gives it no monitor that is new or changed`,
    patchCommand(server, { paused: false }) + BY_CHART,
  );
}

/** Whether a Prometheus selects the monitor by its labels. */
function checkLabel({ monitor }: Candidate, server: Prometheus): Result {
  const inactive = checkActive(server);
  if (inactive !== undefined) return inactive;
  const { labels } = server.select[monitor.kind];
  const selector = selectorName(monitor.kind, "Selector");
  if (labels === undefined) {
    return broken(
      `${titleOf(server)} has no ${selector}, so it ignores every ${monitor.kind}`,
      patchCommand(server, { [selector]: {} }) + BY_CHART,
    );
  }
  const unmet = unmetBy(monitor.labels, labels);
  return unmet.length === 0
    ? ok(`${titleOf(server)} selects ${titleOf(monitor)}: ${selectorText(labels)}`)
    : broken(
      `${titleOf(server)} ignores ${titleOf(monitor)}: its ${selector} asks for ` +
        requirements(unmet),
      labelCommand(monitor, unmet),
    );
}

/** Kubernetes gives it to every namespace, and takes no other value. */
const NAME_LABEL = "kubernetes.io/metadata.name";

/** Labels that Kubernetes gives every namespace are known even if the namespace is not. */
function namespaceLabels(name: string, { namespaces }: Cluster): Readonly<Record<string, string>> {
  return { ...namespaces.get(name), [NAME_LABEL]: name };
}

/** Why a Prometheus does not select monitors of a namespace. */
function ignoredNamespace(
  server: Prometheus,
  selector: string,
  namespaces: Selector,
  namespace: string,
  cluster: Cluster,
): Result | undefined {
  const unmet = unmetBy(namespaceLabels(namespace, cluster), namespaces);
  if (unmet.length === 0) return undefined;
  const isKnown = cluster.namespaces.has(namespace);
  return broken(
    `${titleOf(server)} ignores namespace ${namespace}: its ${selector} asks for ` +
      requirements(unmet) + (isKnown ? "" : " (add namespaces to kubectl get to see its labels)"),
    unmet.some(({ key }) => key === NAME_LABEL)
      ? patchCommand(server, { [selector]: widened(namespaces, NAME_LABEL, namespace) }) + BY_CHART
      : labelCommand({ kind: "Namespace", name: namespace, namespace, labels: {} }, unmet),
  );
}

/** Whether a Prometheus looks into the monitor's namespace, and lets it look where it must. */
function checkNamespace(
  pod: Pod,
  { monitor }: Candidate,
  server: Prometheus,
  cluster: Cluster,
): Result {
  const { namespaces } = server.select[monitor.kind];
  const selector = selectorName(monitor.kind, "NamespaceSelector");
  const { namespace } = monitor;
  if (namespaces === undefined && namespace !== server.namespace) {
    return broken(
      `${titleOf(server)} has no ${selector}, so it selects monitors of namespace ` +
        `${server.namespace} only, and ${titleOf(monitor)} is in ${namespace}`,
      patchCommand(server, { [selector]: {} }) + BY_CHART,
    );
  }
  const ignored = namespaces &&
    ignoredNamespace(server, selector, namespaces, namespace, cluster);
  if (ignored !== undefined) return ignored;
  if (server.ignoresNamespaces && namespace !== pod.namespace) {
    return broken(
      `${titleOf(server)} lets monitors look into their own namespace only ` +
        `(ignoreNamespaceSelectors), and ${titleOf(monitor)} is in ${namespace}`,
      patchCommand(server, { ignoreNamespaceSelectors: false }) + BY_CHART,
    );
  }
  return ok(`${titleOf(server)} selects monitors of namespace ${namespace}`);
}

/** Whether the series will have the job that rules and dashboards look for. */
function checkJob(pod: Pod, candidate: Candidate): Result {
  const { monitor, service } = candidate;
  const labels = (service ?? pod).labels;
  const { endpoint, index = 0 } = leadingEndpoint(pod, candidate) ?? {};
  const relabeled = endpoint?.relabelings
    .findLast(({ action, targetLabel, sourceLabels }) =>
      action.toLowerCase() === "replace" && targetLabel === "job" && sourceLabels.length === 0
    )?.replacement;
  const usual = service?.name ?? placeOf(monitor);
  const job = relabeled ?? (monitor.jobLabel && labels[monitor.jobLabel]) ?? usual;
  if (job === JOB) return ok(`the job is called ${JOB}`);
  return broken(
    `the job is called ${job}; rules, alerts and dashboards look for ${JOB}`,
    relabelingCommand(monitor, index, { targetLabel: "job", replacement: JOB }),
  );
}

function follow(
  pod: Pod,
  candidate: Candidate,
  server: Prometheus,
  cluster: Cluster,
  lacking: () => Result,
): ChainResults {
  const checks: Readonly<Record<ChainLink, () => Result>> = {
    service: () => checkService(pod, candidate, lacking),
    monitor: () => checkMonitor(pod, candidate),
    port: () => checkPort(pod, candidate),
    label: () => checkLabel(candidate, server),
    namespace: () => checkNamespace(pod, candidate, server, cluster),
    job: () => checkJob(pod, candidate),
  };
  const results = new Map<ChainLink, Result>();
  for (const link of CHAIN) {
    const result = checks[link]();
    results.set(link, result);
    if (result.state === "FAIL") break;
  }
  return results;
}

/** How far a chain goes; a whole one goes farthest. */
export function reach(results: ChainResults): number {
  const isWhole = [...results.values()].every(({ state }) => state !== "FAIL");
  return results.size + (isWhole ? 1 : 0);
}

/**
 * The results of the candidate that is right; else of the one that is meant for this pod most likely:
 * the one for exporters whose selector is nearest to the labels of the pod, and which comes farthest.
 */
export function followFrom(pod: Pod, cluster: Cluster): ChainResults {
  // The same for all monitors, and large clusters have many.
  let lacking: Result | undefined;
  const chains = candidatesOf(pod, cluster).flatMap((candidate) =>
    cluster.servers.map((server) => {
      const results = follow(
        pod,
        candidate,
        server,
        cluster,
        () => lacking ??= withoutService(pod, cluster),
      );
      const { monitor } = candidate;
      const distance = unmetBy(pod.labels, monitor.selector).length;
      return { isOurs: isOurs(monitor), distance, reach: reach(results), results };
    })
  ).toSorted((a, b) =>
    Number(b.isOurs) - Number(a.isOurs) || a.distance - b.distance || b.reach - a.reach
  );
  // A foreign monitor that does not select the pod is nothing that is broken.
  const isTold = ({ isOurs, reach }: typeof chains[number]) => isOurs || reach > 2;
  const best = chains.find(({ reach }) => reach > CHAIN.length) ?? chains.find(isTold);
  return best?.results ?? new Map<ChainLink, Result>([
    ["service", skip("no monitor asks for one")],
    ["monitor", broken("there is no ServiceMonitor or PodMonitor for exporters", APPLY)],
  ]);
}
