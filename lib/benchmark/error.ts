/** The error that ends a benchmark without a result. @module */

/** Why a benchmark cannot run or has no result. The message is for the user. */
export class BenchmarkError extends Error {
  override name = "BenchmarkError";
}

/** The benchmark was asked to end. */
export class BenchmarkStopped extends BenchmarkError {
  override name = "BenchmarkStopped";
  constructor() {
    super("Stopped before the end: there is no result");
  }
}
