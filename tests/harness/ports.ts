/** Ports for programs that do not say which one they took for 0. @module */

/** No port is given twice: the first one may not be taken yet. */
const given = new Set<number>();

/**
 * A port of 127.0.0.1 that is free, and that no other test gets in the meantime when it asks for any free
 * one: systems give those from 32768 on, or from 49152 on.
 *
 * @param random Gives numbers from 0 to 1.
 */
export function freePort(random: () => number = Math.random): number {
  for (;;) {
    const port = 20_000 + Math.floor(random() * 10_000);
    if (given.has(port)) continue;
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      given.add(port);
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
