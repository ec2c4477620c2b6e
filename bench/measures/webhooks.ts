// How long GitHub waits for an answer to a webhook while reviews run: in one process, and with a server of its own on Redis.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { redisServer } from '../../test/real/queue/servers.ts';
import type { Count } from '../gate.ts';
import { machineBusyMs, ownMs } from '../pairing/processor.ts';
import { median } from '../pairing/statistics.ts';
import type { Bench, Measured } from './measure.ts';
import { type HostedTenant, hostTenant } from './review-app.ts';

/** Enough of them that there is a review under way all through a wave. */
const pulls = 16;
/** As many as the App may write in a minute, by GitHub's limits, which it keeps itself. */
const waves = 3;
const idleMs = 1_500;
const maxForeign = 0.1;
const targets = { middle: 15, p99: 50 };

export async function measureWebhooks(bench: Bench): Promise<Measured> {
  const counts: Count[] = [];
  for (const layout of ['start', 'serve and worker on Redis'] as const) {
    bench.say(`webhooks while reviews run: ${layout}`);
    const measured: Wave[] = [];
    for (let round = 0; round < (bench.quick ? 1 : 3); round += 1) {
      const directory = join(bench.directory, `${layout.slice(0, 5)}-${round}`);
      await mkdir(directory);
      measured.push(...(await measureLayout(directory, layout !== 'start')));
    }
    counts.push(...judged(layout, measured));
  }
  return { timings: [], counts };
}

async function measureLayout(directory: string, onRedis: boolean): Promise<readonly Wave[]> {
  const redis = onRedis ? await redisServer() : undefined;
  try {
    const tenant = await hostTenant(directory, redis?.address);
    try {
      const numbers: number[] = [];
      for (let at = 0; at < pulls; at += 1) numbers.push(await tenant.open(`change-${at}`, at));
      const measured: Wave[] = [];
      for (let wave = 1; wave <= waves; wave += 1) {
        for (const number of numbers) await tenant.push(number, 1_000 * wave + number);
        await tenant.quiet();
        const idle = spread(await tenant.deliverIdle(idleMs));
        await tenant.quiet();
        measured.push({ ...(await measureWave(tenant, numbers)), idle });
      }
      return measured;
    } finally {
      await tenant.close();
    }
  } finally {
    await redis?.remove();
  }
}

interface Spread {
  readonly middle: number;
  readonly p99: number;
}

interface Wave extends Spread {
  /** The same server, with nothing to review: what the machine itself takes. */
  readonly idle: Spread;
  /** Part of a processor that others kept busy meanwhile. */
  readonly foreign: number;
}

/** The calmest waves count; where others used the machine in most of them, milliseconds are told and not judged. */
function judged(layout: string, measured: readonly Wave[]): readonly Count[] {
  const calm = measured.filter(({ foreign }) => foreign <= maxForeign);
  const isCalm = calm.length * 2 > measured.length;
  const chosen = isCalm ? calm : measured;
  const count = (what: string, of: (wave: Wave) => number, most?: number): Count => ({
    name: `${layout}: webhook answered ${what}${isCalm ? '' : ' (others used the machine)'}`,
    counted: median(chosen.map(of)),
    unit: 'ms',
    expected: undefined,
    ...(most !== undefined && isCalm && { most }),
  });
  return [
    count('while reviews run, median', ({ middle }) => middle, targets.middle),
    count('while reviews run, 99 of 100', ({ p99 }) => p99, targets.p99),
    count('with nothing to review, median', ({ idle }) => idle.middle),
    count('with nothing to review, 99 of 100', ({ idle }) => idle.p99),
  ];
}

/** Deliveries one after the other, while every pull request is being reviewed. */
async function measureWave(tenant: HostedTenant, numbers: readonly number[]): Promise<Omit<Wave, 'idle'>> {
  const [busy, own, start] = [machineBusyMs(), ownMs(tenant.pids()), performance.now()];
  const reviews = Promise.all(numbers.map((number) => tenant.review(number)));
  const answered = await tenant.deliverDuring(numbers, reviews);
  await reviews;
  const [used, ours, wall] = [machineBusyMs(), ownMs(tenant.pids()) - own, performance.now() - start];
  return {
    ...spread(answered),
    foreign: busy === undefined || used === undefined ? 0 : (used - busy - ours) / wall,
  };
}

function spread(answered: readonly number[]): Spread {
  const sorted = answered.toSorted((one, other) => one - other);
  return { middle: median(sorted), p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN };
}
