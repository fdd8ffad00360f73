/** Does slow work one piece at a time, while clients take turns. @module */

/** The work was not done: too much is waiting. */
export const BUSY = Symbol("busy");

export interface FairQueue {
  /**
   * Does `work` when it is the turn of `who`. Gives `BUSY` when too much is waiting, of which whoever
   * asked for most gives way.
   */
  run<Result>(who: string, work: () => Promise<Result>): Promise<Result | typeof BUSY>;
}

interface Job {
  start(): Promise<unknown>;
  giveWay(): void;
}

/** Makes a queue in which at most so many pieces of work wait. */
export function createFairQueue(most: number): FairQueue {
  /** Work that waits, by who asked; whose turn is next comes first. */
  const waiting = new Map<string, Job[]>();
  let size = 0;
  let isWorking = false;

  function takeNext(): Job | undefined {
    for (const [who, jobs] of waiting) {
      const job = jobs.shift();
      waiting.delete(who);
      if (jobs.length > 0) waiting.set(who, jobs); // Behind all others.
      size--;
      return job;
    }
    return undefined;
  }

  async function workOff(): Promise<void> {
    isWorking = true;
    for (let job = takeNext(); job !== undefined; job = takeNext()) await job.start();
    isWorking = false;
  }

  /** Drops the last work of the client with the longest queue, unless the new client has as much. */
  function makeRoom(who: string): boolean {
    let [greediest, longest]: [string | undefined, Job[]] = [undefined, []];
    for (const [other, jobs] of waiting) {
      if (jobs.length > longest.length) [greediest, longest] = [other, jobs];
    }
    if (greediest === undefined || longest.length <= (waiting.get(who)?.length ?? 0) + 1) {
      return false;
    }
    longest.pop()?.giveWay();
    size--;
    return true;
  }

  return {
    run<Result>(who: string, work: () => Promise<Result>) {
      if (size >= most && !makeRoom(who)) return Promise.resolve(BUSY);
      const { promise, resolve, reject } = Promise.withResolvers<Result | typeof BUSY>();
      const jobs = waiting.get(who) ?? [];
      jobs.push({
        // The failure is this caller's, the next one has its turn.
        start: () => Promise.try(work).then(resolve, reject),
        giveWay: () => resolve(BUSY),
      });
      waiting.set(who, jobs);
      size++;
      if (!isWorking) workOff();
      return promise;
    },
  };
}
