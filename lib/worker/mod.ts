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
 */
export function startWorker(source: string, onBroken: (problem: string) => void): Worker {
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  const worker = new Worker(url, { type: "module" });
  worker.onerror = (event) => {
    event.preventDefault(); // Otherwise it ends the whole program.
    onBroken(event.message);
  };
  return worker;
}
