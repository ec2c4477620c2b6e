// A few of the points at which an agent can be killed; `every-kill.test.ts` has them all.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Kill, killedAt, undisturbed } from './kills.ts';
import type { Point } from './points.ts';
import { type Phase, phases, Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  // Longer than a busy machine stands still: a job that is lost is a run more, in which what is struck comes later.
  scenario = await Scenario.start({ lockMs: 4_000 });
}, 900_000);

afterAll(async () => {
  await scenario?.close();
});

const writes = /^(?:apply|delete|patch kustomizations\/status) /;

test('an agent killed around some write leaves what the next one brings to the same end', {
  timeout: 300_000,
}, async () => {
  const calm = await undisturbed(scenario, 'calm000');
  const points = (phase: Phase): Point[] => calm.points[phase].filter(({ label }) => writes.test(label));
  for (const [at, part] of [0.2, 0.8].entries()) {
    const kills = Object.fromEntries(
      phases.map((phase): [Phase, Kill] => {
        const some = points(phase);
        expect(some.length).toBeGreaterThan(3);
        const point = some[Math.floor(some.length * part)] as Point;
        return [phase, { ...point, when: at === 0 ? 'after' : 'before' }];
      }),
    );
    expect(await killedAt(scenario, `life00${at}`, kills, calm)).toEqual([]);
  }
});
