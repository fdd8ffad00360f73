/** Objects of the proofs on a real API server, and what a kubelet would do to them. @module */

import assert from "node:assert/strict";
import type { Kubectl } from "../harness/kubernetes.ts";

// deno-lint-ignore no-explicit-any
type Loose = any;

/** Makes a namespace that refuses pods which are not restricted. */
export async function createRestricted(kubectl: Kubectl, namespace: string): Promise<void> {
  await kubectl("create", "namespace", namespace);
  await kubectl(
    ...["label", "namespace", namespace],
    ...["enforce", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`),
  );
}

/** The pod that a controller would make of a workload's template. */
export function podOfTemplate({ spec: { template } }: Loose, name: string): Loose {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...template.metadata, name, creationTimestamp: undefined },
    spec: template.spec,
  };
}

/** Creates an object. */
export async function create(kubectl: Kubectl, namespace: string, object: Loose): Promise<void> {
  const args = ["create", "--namespace", namespace, "--filename", "-"];
  const { code, stderr } = await kubectl.run(args, JSON.stringify(object));
  assert.deepEqual([code, stderr], [0, ""]);
}

/** Sets what a kubelet would say of a pod: its phase and its address. */
export async function setStatus(
  kubectl: Kubectl,
  namespace: string,
  pod: string,
  phase: string,
  ip: string,
): Promise<void> {
  const status = {
    phase,
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: "Ready", status: "True" }],
  };
  await kubectl(
    ...["patch", "pod", pod, "--namespace", namespace, "--subresource=status", "--type=merge"],
    ...["--patch", JSON.stringify({ status })],
  );
}
