// What an API server, or the way to it, does to requests of the reconcile line: the end is the same, and nobody storms.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fault } from '../../../../lab/cluster/fault.ts';
import { undisturbed, type Undisturbed } from './kills.ts';
import { Scenario } from './scenario.ts';

let scenario: Scenario;
let calm: Undisturbed;

beforeAll(async () => {
  scenario = await Scenario.start();
  calm = await undisturbed(scenario);
}, 900_000);

afterAll(async () => {
  await scenario?.close();
});

const cases: readonly (readonly [string, Fault])[] = [
  ['busy', { kind: 'status', status: 429, retryAfterSeconds: 1 }],
  ['conflict', { kind: 'status', status: 409 }],
  ['error', { kind: 'status', status: 500 }],
  ['lost', { kind: 'status', status: 503, when: 'after' }],
  ['reset', { kind: 'reset', when: 'before' }],
  ['reset-late', { kind: 'reset', when: 'after' }],
  ['half', { kind: 'truncate' }],
  ['page', { kind: 'html' }],
];

test.each(cases)('%s, now and then: the same end', { timeout: 120_000 }, async (name, fault) => {
  const { faults } = scenario;
  faults.forget();
  const concerns = scenario.concerns(name);
  let count = 0;
  // Every ninth, so that each kind of request is struck in the one case or the other.
  const rule = faults.add({ match: (one) => concerns(one) && (count += 1) % 9 === 3, times: 3, fault });
  try {
    expect(await scenario.live(name)).toEqual(calm.end);
  } finally {
    rule.remove();
  }
  expect(rule.struck).toBe(3);
  expect(scenario.deletions(name)).toEqual(['configmaps/old']);
  const own = faults.requests.filter(concerns);
  expect(own.length).toBeLessThan(4 * calm.requests);
  // Nobody's rights but those of the account that it is applied as.
  const applied = own.filter(({ verb }) => verb === 'apply' || verb === 'delete');
  expect(new Set(applied.map(({ as }) => as))).toEqual(
    new Set(['system:serviceaccount:sluice-system:sluice-platform']),
  );
});
