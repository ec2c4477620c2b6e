// One after the other, where several would write about the same thing.

export interface Turns {
  /** Runs when everybody who asked for the same key before is done, and returns what it returns. */
  take<T>(key: string, act: () => Promise<T>): Promise<T>;
}

export function takeTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take: async (key, act) => {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(act, act);
      last.set(key, mine);
      try {
        return await mine;
      } finally {
        if (last.get(key) === mine) last.delete(key);
      }
    },
  };
}
