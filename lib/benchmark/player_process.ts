/** Starts a player in its own process and tells it when to play. @module */

import type { Ended, Played, PlayerSetup } from "./player.ts";
import { linesOf, PLAYER_COMMAND, type Program, spawn } from "./program.ts";

export interface PlayerProcess {
  /** Plays so many turns of each game. */
  play(turns: number): Promise<Played>;
  /** Ends the games. Returns how many turns were published. */
  end(): Promise<number>;
  /** Makes sure that the process is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a player, and waits until its games are made.
 *
 * @throws {Error} When the process ends before it has answered; so do the other functions.
 */
export async function startPlayer(program: Program, setup: PlayerSetup): Promise<PlayerProcess> {
  const child = spawn(program, [PLAYER_COMMAND, JSON.stringify(setup)], {
    stdin: "piped",
    stderr: "inherit",
  });
  const input = child.stdin.getWriter();
  const lines = linesOf(child.stdout);

  async function answer(): Promise<string> {
    const { value, done } = await lines.next();
    if (!done) return value;
    const { code } = await child.status;
    throw new Error(`Cannot play the benchmark: a player ended with exit code ${code}`);
  }

  async function kill(): Promise<void> {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
    await input.close().catch(() => {});
    await lines.return();
  }

  try {
    await answer();
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    async play(turns) {
      await input.write(new TextEncoder().encode(`play ${turns}\n`));
      const played: Played = JSON.parse(await answer());
      return played;
    },
    async end() {
      await input.close();
      const ended: Ended = JSON.parse(await answer());
      await child.status;
      return ended.published;
    },
    kill,
  };
}
