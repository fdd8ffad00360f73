/** Writes to files and streams, and removes what may be gone already. @module */

/** Writes all bytes, in as many steps as it takes. */
export function writeAll(
  file: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  for (let done = 0; done < bytes.length;) {
    const written = file.writeSync(done === 0 ? bytes : bytes.subarray(done));
    if (written === 0) throw new Error("nothing more can be written");
    done += written;
  }
}

/** Does something with a file or folder, unless that is not there. */
export function unlessMissing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
