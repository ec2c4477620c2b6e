// An agent is killed at a request of the reconcile line, and another one finds what it left.
import { expect } from 'vitest';
import type { End, Scenario } from './scenario.ts';

export interface Undisturbed {
  readonly end: End;
  /** How many requests concern one life, so at how many places it can be killed. */
  readonly requests: number;
}

export async function undisturbed(scenario: Scenario): Promise<Undisturbed> {
  scenario.faults.forget();
  const end = await scenario.live('calm');
  const requests = scenario.faults.requests.filter(scenario.concerns('calm')).length;
  expect(end.objects).toHaveLength(5);
  const ids = end.objects.map((one) => one.split(' ')[0] ?? '');
  expect(new Set(ids)).toEqual(new Set(end.inventory));
  expect(scenario.deletions('calm')).toEqual(['configmaps/old']);
  return { end, requests };
}

/** Kills the agent at request `nth` of a life: while it is held `before` the server sees it, or `after` it was done. */
export async function killedAt(
  scenario: Scenario,
  nth: number,
  when: 'before' | 'after',
  calm: Undisturbed,
): Promise<boolean> {
  const name = `${when}-${nth}`;
  const { faults } = scenario;
  faults.forget();
  let count = 0;
  let again: Promise<void> | undefined;
  const concerns = scenario.concerns(name);
  const off = faults.onRequest(async (request) => {
    if (!concerns(request) || (count += 1) !== nth) return;
    await scenario.kill();
    again = scenario.startAgent();
    again.catch(() => undefined);
  }, when);
  try {
    const end = await scenario.live(name);
    await again;
    expect({ nth, when, ...end }).toEqual({ nth, when, ...calm.end });
    expect(scenario.deletions(name)).toEqual(['configmaps/old']);
  } finally {
    off();
  }
  return again !== undefined;
}
