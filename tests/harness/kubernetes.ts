/**
 * Runs a real API server of Kubernetes with its store for tests, and the Prometheus operator beside it.
 * No kubelet and no controllers run: objects are stored, defaulted, validated and admitted, and what
 * others would do to them, tests do.
 *
 * @module
 */

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { builtEngine } from "./engines.ts";
import { freePort } from "./ports.ts";
import { until, withTempDir } from "./waiting.ts";

/** What a program wrote, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Runs kubectl to its end. */
  run(args: readonly string[], input?: string): Promise<Ran>;
  /** Runs it, and gives standard output. A failure is thrown. */
  (...args: readonly string[]): Promise<string>;
  /** Runs it with `-o json`. */
  // deno-lint-ignore no-explicit-any
  json(...args: readonly string[]): Promise<any>;
}

export interface RunningCluster {
  readonly kubectl: Kubectl;
  /** A kubeconfig of the administrator. */
  readonly kubeconfig: string;
  /** Writes a kubeconfig for a token, such as that of a service account. */
  kubeconfigFor(token: string): Promise<string>;
  /** The custom resources of the operator. */
  installOperatorTypes(): Promise<void>;
  /** Starts the operator, which answers changes from then on. */
  startOperator(): Promise<void>;
}

interface Started {
  /** Whether it still runs. */
  isUp(): boolean;
  log(): string;
  stop(): Promise<void>;
}

/** Starts a program and keeps the end of its log. */
function start(program: string, args: readonly string[]): Started {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  let isUp = true;
  child.status.then(() => isUp = false);
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log = (log + text).slice(-20_000);
    }
  })();
  return {
    isUp: () => isUp,
    log: () => log,
    async stop() {
      if (isUp) child.kill("SIGTERM");
      await Promise.all([child.status, reading]);
    },
  };
}

/** Waits like `until`, but no longer than the program runs. */
function untilOf<T>(
  what: string,
  { isUp, log }: Started,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  return until(what, () => {
    if (!isUp()) throw new Error(`It ended before ${what}:\n${log()}`);
    return ask();
  });
}

function createKubectl(kubeconfig: string, home: string): Kubectl {
  async function run(args: readonly string[], input?: string): Promise<Ran> {
    const child = new Deno.Command(builtEngine("kubectl"), {
      args: [...args],
      env: { KUBECONFIG: kubeconfig, KUBECTL_APPLYSET: "true", HOME: home },
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (input !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
    }
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }
  async function text(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} failed:\n${stderr}`);
    return stdout;
  }
  return Object.assign(text, {
    run,
    json: async (...args: readonly string[]) => JSON.parse(await text(...args, "-o", "json")),
  });
}

/** A kubeconfig; the server's certificate is its own, made at its start. */
function kubeconfigText(port: number, token: string): string {
  return JSON.stringify({
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "test",
    "clusters": [{
      name: "test",
      cluster: { "server": `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
    }],
    "users": [{ name: "test", user: { token } }],
    "contexts": [{ name: "test", context: { cluster: "test", user: "test" } }],
  });
}

async function startEtcd(dir: string): Promise<{ readonly url: string; readonly etcd: Started }> {
  const [url, peer] = [freePort(), freePort()].map((port) => `http://127.0.0.1:${port}`);
  const etcd = start("etcd", [
    ...[`--data-dir=${dir}/etcd`, "--unsafe-no-fsync"],
    ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    `--initial-cluster=default=${peer}`,
  ]);
  await untilOf("etcd answers", etcd, async () => {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok;
  });
  return { url: url!, etcd };
}

/** Lends a cluster, and ends it afterwards. */
export async function withCluster<T>(use: (cluster: RunningCluster) => Promise<T>): Promise<T> {
  return await withTempDir(async (dir) => {
    const programs: Started[] = [];
    try {
      const { url, etcd } = await startEtcd(dir);
      programs.push(etcd);
      const port = freePort();
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const key = `${dir}/service-account.key`;
      await Deno.writeTextFile(key, privateKey.export({ type: "pkcs1", format: "pem" }).toString());
      const token = randomUUID();
      await Deno.writeTextFile(`${dir}/tokens`, `${token},admin,admin,"system:masters"\n`);
      const server = start(builtEngine("kube-apiserver"), [
        ...[`--etcd-servers=${url}`, `--secure-port=${port}`, "--bind-address=127.0.0.1"],
        ...[`--cert-dir=${dir}/certificates`, `--token-auth-file=${dir}/tokens`],
        ...[`--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`],
        ...["--service-account-issuer=https://kubernetes.default.svc.cluster.local"],
        ...["--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC"],
        // Its controller makes the account of each namespace, and does not run.
        "--disable-admission-plugins=ServiceAccount",
      ]);
      programs.push(server);
      const kubeconfig = `${dir}/kubeconfig`;
      await Deno.writeTextFile(kubeconfig, kubeconfigText(port, token));
      const kubectl = createKubectl(kubeconfig, dir);
      await untilOf(
        "the API server is ready",
        server,
        async () => (await kubectl.run(["get", "--raw", "/readyz"])).stdout === "ok",
      );
      return await use({
        kubectl,
        kubeconfig,
        async kubeconfigFor(token) {
          const path = `${dir}/kubeconfig-${randomUUID()}`;
          await Deno.writeTextFile(path, kubeconfigText(port, token));
          return path;
        },
        async installOperatorTypes() {
          await kubectl("apply", "--server-side", "--filename", builtEngine("crds"));
          const wait = ["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"];
          await kubectl(...wait);
        },
        async startOperator() {
          const [proxyPort, ownPort] = [freePort(), freePort()];
          const proxy = start(builtEngine("kubectl"), [
            ...["proxy", `--port=${proxyPort}`, `--kubeconfig=${kubeconfig}`],
          ]);
          programs.push(proxy);
          const api = `http://127.0.0.1:${proxyPort}`;
          await untilOf("the proxy answers", proxy, async () => {
            const answer = await fetch(`${api}/readyz`).catch(() => undefined);
            await answer?.body?.cancel();
            return answer?.ok;
          });
          programs.push(start(builtEngine("operator"), [
            ...[`-apiserver=${api}`, `-web.listen-address=127.0.0.1:${ownPort}`],
            ...["-web.enable-tls=false", "-kubelet-service="],
          ]));
        },
      });
    } finally {
      for (const program of programs.toReversed()) await program.stop();
    }
  });
}
