/** Runs Debian's prometheus-pushgateway as the rival of a scrape. @module */

import { freePort } from "../tests/harness/ports.ts";

export interface Pushgateway {
  /** Where it answers, without a slash at the end. */
  readonly url: string;
  /** Shows the series of a text from now on. */
  push(text: string): Promise<void>;
  stop(): Promise<void>;
}

async function untilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isReady = await fetch(`${url}/-/ready`).then(
      async (response) => (await response.body?.cancel(), response.ok),
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("The pushgateway does not get ready");
}

/** Starts it on a free port, without the file that it keeps by default. */
export async function startPushgateway(): Promise<Pushgateway> {
  const address = `127.0.0.1:${freePort()}`;
  const url = `http://${address}`;
  const child = new Deno.Command("prometheus-pushgateway", {
    args: [`--web.listen-address=${address}`, "--persistence.file=", "--log.level=error"],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    child.kill("SIGTERM");
    await child.status;
  };
  try {
    await untilReady(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    stop,
    async push(text) {
      const response = await fetch(`${url}/metrics/job/banc`, { method: "PUT", body: text });
      const answer = await response.text();
      if (!response.ok) throw new Error(`The pushgateway refused the series: ${answer}`);
    },
  };
}
