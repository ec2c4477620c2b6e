import { expect } from 'vitest';

/** Looks again until it is so; half a minute at most, since the machine may be busy. */
export function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 30_000 });
}
