/** Runs long work in steps, between which other work has its turn. @module */

/** What the last step returns; undefined if it was stopped before. */
export async function runSteps<Result>(
  steps: Generator<void, Result>,
  isStopped: () => boolean,
): Promise<Result | undefined> {
  while (!isStopped()) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise((resolve) => setTimeout(resolve));
  }
  return undefined;
}
