/** Waits for what another process does, and gives tests a folder of their own. @module */

const STEP_MS = 20;
const PATIENCE_MS = 30_000;

/**
 * Asks again and again until there is an answer other than undefined and false.
 *
 * @param what What is waited for, for the message.
 * @throws {Error} When it does not come within half a minute.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** Lends a new folder, and removes it afterwards. */
export async function withTempDir<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "tradesim-exporter-" });
  try {
    return await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
