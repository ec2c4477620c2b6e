// SIGKILL of servers and workers, at every call of a review and at points a seed chooses. 12 kills here; `npm run chaos`
// makes 50 for each queue, and SLUICE_CHAOS_SEED repeats a run.
import { describe, expect, inject, it } from 'vitest';
import { redisServer } from '../queue/servers.ts';
import { anyPoint, enumerated, expectPeace, People, randomOf, round } from './chaos.ts';
import { type Child, Children, type Role } from './children.ts';

const kills = Number(process.env['SLUICE_CHAOS_KILLS'] ?? 12);
const seed = Number(process.env['SLUICE_CHAOS_SEED'] ?? 20_261_123);
const settings = { SLUICE_SWEEP_SECONDS: '2', SLUICE_LOCK_SECONDS: '2' };
const minutes = 60_000;

async function chaos(app: Children, roles: (random: () => number) => readonly Child[], flush?: () => Promise<unknown>) {
  const random = randomOf(seed);
  const people = new People(app, random);
  const story = [`seed ${seed}`];
  await people.begin();
  for (let kill = 0; kill < kills; kill += 1) {
    // A run of 50 has every enumerated point; a shorter one every few of them.
    const listed = enumerated[kills >= enumerated.length ? kill : kill * 5];
    story.push(`${kill + 1}: ${await round(app, people, listed ?? anyPoint(random), roles(random))}`);
    if (flush !== undefined && kill % 3 === 1) {
      await flush();
      story.push('Redis was flushed');
    }
    // Some are killed again before they have recovered.
    if (process.env['SLUICE_CHAOS_SAY'] !== undefined) console.log(story.at(-1));
    if (random() < 0.3) await expectPeace(app, story);
  }
  await expectPeace(app, story);
  expect(app.github.contract?.violations ?? []).toEqual([]);
}

const split: readonly Role[] = [
  { role: 'serve', name: 'server' },
  { role: 'worker', name: 'worker-1' },
  { role: 'worker', name: 'worker-2' },
];

function some(children: readonly Child[], random: () => number): readonly Child[] {
  const chosen = children.filter(() => random() < 0.5);
  return chosen.length === 0 ? children.slice(1, 2) : chosen;
}

describe('killed at any point, each pull request ends with one comment and one check on its head', () => {
  it('with the embedded queue', { timeout: 10 * minutes }, async () => {
    const app = await Children.start(inject('renderer'), [{ role: 'start', name: 'app' }], settings);
    try {
      await chaos(app, () => app.children);
    } finally {
      await app.stop();
    }
  });

  it.each([
    ['with Redis', false],
    ['with Redis, which is flushed in the middle', true],
  ])('%s', { timeout: 10 * minutes }, async (_, flushed) => {
    const redis = await redisServer();
    const app = await Children.start(inject('renderer'), split, { ...settings, SLUICE_QUEUE: redis.address });
    try {
      const flush = (): Promise<unknown> => redis.command('FLUSHALL');
      await chaos(app, (random) => some(app.children, random), flushed ? flush : undefined);
    } finally {
      await app.stop();
      await redis.remove();
    }
  });
});
