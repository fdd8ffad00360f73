/** Writes to files and streams. @module */

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
