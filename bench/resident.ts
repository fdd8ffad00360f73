/** Reads the resident memory of a process. @module */

/** Megabytes (1 000 000 bytes) that a process holds now, and the most that it ever held. */
export async function residentMegabytes(pid: number): Promise<{ now: number; most: number }> {
  // Deno itself may read /proc only with all rights.
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  const status = new TextDecoder().decode(stdout);
  const read = (name: string) =>
    Number(new RegExp(`${name}:\\s*(\\d+) kB`).exec(status)![1]) * 1024 / 1e6;
  return { now: read("VmRSS"), most: read("VmHWM") };
}
