/** Gives tests a file system that is soon full. @module */

import assert from "node:assert/strict";
import { withTempDir } from "./waiting.ts";

/** Lends a file system of 64 kB in memory. */
async function withSmallDisk(use: (dir: string) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const { success } = new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir],
      stderr: "null",
    }).outputSync();
    assert.ok(success, "a file system cannot be mounted");
    try {
      await use(dir);
    } finally {
      new Deno.Command("umount", { args: ["--lazy", dir] }).outputSync();
    }
  });
}

async function canMount(): Promise<boolean> {
  try {
    await withSmallDisk(() => Promise.resolve());
    return true;
  } catch {
    return false;
  }
}

const ignore = Deno.env.get("CI") !== "true" && !await canMount();

/** Registers a test that is given a file system of 64 kB; skipped where none can be mounted. */
export function testWithSmallDisk(name: string, use: (dir: string) => Promise<void>): void {
  Deno.test({ name: `${name} (needs mount)`, ignore, fn: () => withSmallDisk(use) });
}
