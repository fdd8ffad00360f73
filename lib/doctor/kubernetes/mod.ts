/** `doctor kubernetes`: says why a Prometheus of the operator does not scrape an exporter in a cluster. @module */

import { count } from "../../text/mod.ts";
import { broken, ok, type Result, skip } from "../link.ts";
import { KUBERNETES_GET } from "../flags.ts";
import { createReporter } from "../reporter.ts";
import {
  APPLY,
  CHAIN,
  type ChainLink,
  type ChainResults,
  followFrom,
  reach,
  seen,
} from "./chain.ts";
import { kubectl } from "./commands.ts";
import { exporterContainer, isEnded, stoppedBecause } from "./exporter_pod.ts";
import { type Cluster, ObjectsError, placeOf, type Pod, readObjects, titleOf } from "./objects.ts";

/** In the order of the checks: each relies on those before it. */
export const KUBERNETES_LINKS = ["objects", "operator", "pod", ...CHAIN] as const;
export type KubernetesLink = (typeof KUBERNETES_LINKS)[number];

export interface KubernetesContext {
  /** The output of kubectl. */
  readonly text: string;
  readonly json: boolean;
  /** Writes to standard output. */
  readonly write: (text: string) => void;
}

const WITHOUT_OPERATOR = "install the operator, or use kubernetes/overlays/stack, which needs none";

function checkObjects(text: string): [Result, Cluster?] {
  if (text.trim() === "") {
    return [broken(
      "there is no output of kubectl; if it said that the server does not have the resource type " +
        '"prometheus", the operator is not installed',
      WITHOUT_OPERATOR,
    )];
  }
  try {
    const cluster = readObjects(text);
    return [ok(count(cluster.count, "object")), cluster];
  } catch (error) {
    if (!(error instanceof ObjectsError)) throw error;
    return [broken(error.message, `give it the output of ${KUBERNETES_GET}`)];
  }
}

function checkOperator({ servers }: Cluster): Result {
  if (servers.length > 0) return ok(servers.map(titleOf).join(", "));
  return broken(
    "there is no Prometheus of the operator among the objects",
    `${seen("them")}; if there is none, ${WITHOUT_OPERATOR}`,
  );
}

/** Why a pod with an exporter does not run; undefined where it does. */
function stopped(pod: Pod): Result | undefined {
  const { name, namespace, phase } = pod;
  const container = exporterContainer(pod)?.name ?? "";
  const reason = stoppedBecause(pod, container);
  if (phase !== "Running") {
    return broken(
      `pod ${placeOf(pod)} with an exporter does not run: it is ${phase}` +
        (reason === undefined ? "" : `, and the exporter ${reason}`),
      kubectl("describe", "pod", name, "--namespace", namespace),
    );
  }
  if (reason === undefined) return undefined;
  return broken(
    `container ${container} of pod ${placeOf(pod)} does not run: ${reason}`,
    kubectl("logs", name, "--namespace", namespace, "--container", container, "--previous"),
  );
}

/** The pods that must be scraped. */
function checkPods({ pods, kinds }: Cluster): [Result, readonly Pod[]] {
  if (!kinds.has("Pod")) return [broken("there is no pod among the objects", seen("pods")), []];
  const exporters = pods.filter((pod) => exporterContainer(pod) !== undefined);
  const present = exporters.filter((pod) => !isEnded(pod));
  const waiting = present.map(stopped).find((result) => result !== undefined);
  if (waiting !== undefined) return [waiting, []];
  if (present.length === 0) {
    const ended = exporters.length === 0 ? "" : `, ${exporters.length} ended`;
    return [broken(`no pod runs an exporter${ended}`, APPLY), []];
  }
  const [first] = present;
  const more = present.length === 1 ? "" : ` and ${present.length - 1} more`;
  return [ok(`${placeOf(first!)}${more}: an exporter runs`), present];
}

/** The chain of the pod that comes least far. */
function worstChain(pods: readonly Pod[], cluster: Cluster): ChainResults {
  const chains = pods.map((pod) => followFrom(pod, cluster));
  return chains.reduce((worst, chain) => reach(chain) < reach(worst) ? chain : worst);
}

function results(text: string): ReadonlyMap<KubernetesLink, Result> {
  const found = new Map<KubernetesLink, Result>();
  const [objects, cluster] = checkObjects(text);
  found.set("objects", objects);
  if (cluster === undefined) return found;
  const operator = checkOperator(cluster);
  found.set("operator", operator);
  if (operator.state === "FAIL") return found;
  const [pod, pods] = checkPods(cluster);
  found.set("pod", pod);
  if (pod.state === "FAIL") return found;
  for (const [link, result] of worstChain(pods, cluster)) found.set(link as ChainLink, result);
  return found;
}

/** Checks the objects and writes the results. Returns the exit code: 1 if a link is broken. */
export function doctorKubernetes({ text, json, write }: KubernetesContext): 0 | 1 {
  const reporter = createReporter(KUBERNETES_LINKS, { json, write });
  const found = results(text);
  for (const link of KUBERNETES_LINKS) reporter.tell(link, found.get(link) ?? skip("not checked"));
  return reporter.end();
}
