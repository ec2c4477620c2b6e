// A few of the places at which an agent can be killed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killedAt, undisturbed } from './kills.ts';
import { Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  scenario = await Scenario.start();
}, 900_000);

afterAll(async () => {
  await scenario?.close();
});

test('an agent killed at some request leaves what the next one brings to the same end', {
  timeout: 120_000,
}, async () => {
  const calm = await undisturbed(scenario);
  expect(calm.requests).toBeGreaterThan(15);
  const step = Math.ceil(calm.requests / 4);
  for (let nth = 2; nth <= calm.requests; nth += step) {
    expect(await killedAt(scenario, nth, nth % 2 === 0 ? 'before' : 'after', calm)).toBe(true);
  }
});
