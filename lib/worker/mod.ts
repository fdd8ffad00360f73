/** Starts threads from source that is inside the program. @module */

/**
 * Starts a module as a worker.
 *
 * `new Worker(new URL("./deliver.ts", import.meta.url))` does not survive bundling: `deno bundle` leaves
 * it as it is, and the file is not beside the bundle. It would need the permission to read, too. So
 * `deno task generate` bundles each worker's module into one text, which is imported as such.
 *
 * @param source A bundled module.
 * @param onBroken Told what was thrown and not caught; the worker has ended then.
 * @param permissions What it may do, and keeps when this program gives it up. Default: the same as this
 *   program at any time.
 * @throws {Deno.errors.NotCapable} When this program may not do that itself.
 */
export function startWorker(
  source: string,
  onBroken: (problem: string) => void,
  permissions?: Deno.PermissionOptionsObject,
): Worker {
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  // The option is unstable, and its types are not there; deno.json switches it on.
  const options = { type: "module", ...permissions && { deno: { permissions } } } as const;
  const worker = new Worker(url, options);
  worker.onerror = (event) => {
    event.preventDefault(); // Otherwise it ends the whole program.
    onBroken(event.message);
  };
  return worker;
}
