// Pushes come in bursts: a pull request that was just begun waits a moment, so that the next review is of the last push.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /**
   * Resolves when the pull request may be reviewed: at once, unless its last review began less than the pace ago.
   * @throws the signal's reason where it is aborted meanwhile
   */
  turn(pull: string, signal: AbortSignal): Promise<void>;
}

/** Begins reviews of one pull request `everyMs` apart at least; `elapsed` counts milliseconds. */
export function pacePulls(everyMs: number, elapsed: () => number): Pace {
  const begun = new Map<string, number>();
  return {
    turn: async (pull, signal) => {
      const wait = (begun.get(pull) ?? Number.NEGATIVE_INFINITY) + everyMs - elapsed();
      if (wait > 0) await sleep(wait, undefined, { signal });
      for (const [other, at] of begun) if (at + everyMs < elapsed()) begun.delete(other);
      begun.set(pull, elapsed());
    },
  };
}
