import { describe, expect, test } from 'vitest';
import { deployedJob, laterOf } from '../../../src/job/deployed.ts';
import { readJob } from '../../../src/job/job.ts';
import type { DeployedJob, DeployedKustomization, Job } from '../../../src/ports/queue.ts';

const facts = {
  cluster: 'prod-eu',
  url: 'https://github.com/acme/shop',
  branch: 'main',
  commit: 'c'.repeat(40),
  cause: 'applied',
  kustomizations: [],
};

function one(key: string, state: DeployedKustomization['state'], message = ''): DeployedKustomization {
  return { key, state, reason: 'X', message };
}

function report(began: number, end?: number, state: 'success' | 'failure' = 'success'): DeployedJob {
  const at = (second: number): string => new Date(1_800_000_000_000 + second * 1_000).toISOString();
  const common = { ...facts, startedAt: at(began) };
  return deployedJob(end === undefined ? { ...common, state: 'in_progress' } : { ...common, state, endedAt: at(end) });
}

describe('deployedJob', () => {
  test('tells the failed ones first', () => {
    const kustomizations = [
      one('b/x', 'success'),
      one('a/x', 'suspended'),
      one('c/x', 'failure'),
      one('a/b', 'in_progress'),
    ];
    const { kustomizations: told } = deployedJob({ ...report(1), kustomizations });
    expect(told.map(({ key }) => key)).toEqual(['c/x', 'a/b', 'b/x', 'a/x']);
  });

  test('fits, whatever the cluster said', () => {
    const long = `${'x'.repeat(1_998)}🚀${'y'.repeat(500)}`;
    const many = Array.from({ length: 150 }, (_, at) => one(`apps/app-${at}`, 'success', `\0 \uD83D ${long}`));
    const job = deployedJob({ ...report(1), kustomizations: [...many, one('z/z', 'failure', long)] });
    expect(readJob(job)).toEqual({ type: 'job', job });
    expect(job.kustomizations).toHaveLength(100);
    expect(job.kustomizations[0]).toEqual(one('z/z', 'failure', `${'x'.repeat(1_998)}…`));
    expect(readJob(JSON.parse(JSON.stringify(job))).type).toBe('job');
  });
});

describe('laterOf', () => {
  test.each<[string, DeployedJob, DeployedJob]>([
    ['the end of an attempt over its beginning', report(1, 5), report(1)],
    ['a failure over a later beginning', report(1, 5, 'failure'), report(6)],
    ['a later beginning over an earlier one', report(6), report(1)],
    ['what went live over a failure before it', report(6, 9), report(1, 5, 'failure')],
    ['what went live over a failure after it', report(1, 5), report(6, 9, 'failure')],
    ['of two that went live the first', report(1, 5), report(1, 9)],
    ['of two failures the later attempt', report(6, 7, 'failure'), report(1, 9, 'failure')],
    ['of two failures of one attempt the later', report(1, 9, 'failure'), report(1, 5, 'failure')],
  ])('stands: %s, whichever came first', (_, later, earlier) => {
    expect(laterOf(earlier, later)).toBe(later);
    expect(laterOf(later, earlier)).toBe(later);
  });

  test('what is as new as what is there takes its place', () => {
    const again = report(1, 5);
    expect(laterOf(report(1, 5), again)).toBe(again);
    expect(laterOf(undefined, again)).toBe(again);
    expect(laterOf(again, undefined)).toBe(again);
  });

  test('other jobs say nothing that is not read again', () => {
    const job: Job = { kind: 'sweep', version: 1, cause: 'start' };
    const newcomer: Job = { ...job, cause: 'interval' };
    expect(laterOf(job, newcomer)).toBe(newcomer);
  });
});
