import { describe, expect, test } from 'vitest';
import { readJob, subjectOf } from '../../../src/job/job.ts';
import type { Job } from '../../../src/ports/queue.ts';

const head = 'a'.repeat(40);
const review: Job = {
  kind: 'review',
  version: 1,
  installation: 7,
  repository: 11,
  fullName: 'acme/k8s.manifests',
  pull: 3,
  cause: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
};
const group: Job = {
  kind: 'mergeGroup',
  version: 1,
  installation: 7,
  repository: 11,
  fullName: 'acme/web',
  head,
  base: head,
  baseRef: 'refs/heads/main',
  cause: 'delivery',
};
const sweep: Job = { kind: 'sweep', version: 1, cause: 'start' };

describe('readJob', () => {
  test.each<[string, Job]>([
    ['a review', review],
    ['a merge group', group],
    ['a sweep of all', sweep],
    ['a sweep of a repository', { ...sweep, installation: 7, repository: 11 }],
  ])('reads %s as it was written', (_, job) => {
    expect(readJob(JSON.parse(JSON.stringify(job)))).toEqual({ type: 'job', job });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'review'],
    ['a list', [review]],
    ['another kind', { ...review, kind: 'apply' }],
    ['no version', { ...review, version: undefined }],
    ['a version below ours', { ...review, version: 0 }],
    ['an unknown key', { ...review, token: 'ghs_secret' }],
    ['a repository as text', { ...review, repository: '11' }],
    ['a negative pull request', { ...review, pull: -1 }],
    ['a number beyond the safe ones', { ...review, pull: 2 ** 60 }],
    ['a fraction', { ...review, pull: 1.5 }],
    ['a name that is a path', { ...review, fullName: '../../etc/passwd' }],
    ['a name without owner', { ...review, fullName: 'web' }],
    ['a cause that forges a log line', { ...review, cause: 'x\n{"level":"info"}' }],
    ['a long cause', { ...review, cause: 'x'.repeat(201) }],
    ['a short commit', { ...group, head: 'abc' }],
    ['a ref that is no branch', { ...group, baseRef: 'refs/tags/v1' }],
    ['a ref with a space', { ...group, baseRef: 'refs/heads/a b' }],
  ])('refuses %s, and repeats no value', (_, data) => {
    expect(() => readJob(data)).toThrow(expect.objectContaining({ code: 'queue.malformed', kind: 'terminal' }));
    try {
      readJob(data);
    } catch (error) {
      expect(String(error)).not.toMatch(/ghs_secret|passwd|level/);
    }
  });

  test('tells a newer version from what is no job', () => {
    expect(readJob({ version: 2, anything: true })).toEqual({ type: 'newer', version: 2 });
    expect(readJob({ ...review, version: 7 })).toEqual({ type: 'newer', version: 7 });
  });

  test('takes a polluted prototype for nothing', () => {
    const data: unknown = JSON.parse('{"__proto__": {"version": 2}, "kind": "review"}');
    expect(() => readJob(data)).toThrow(expect.objectContaining({ code: 'queue.malformed' }));
  });
});

describe('subjectOf', () => {
  test.each<[Job, string]>([
    [review, 'review-11-3'],
    [{ ...review, installation: 8, fullName: 'acme/renamed', cause: 'other' }, 'review-11-3'],
    [group, `mergeGroup-11-${head}`],
    [sweep, 'sweep-all-all-search'],
    [{ ...sweep, installation: 7 }, 'sweep-7-all-search'],
    [{ ...sweep, installation: 7, repository: 11 }, 'sweep-7-11-search'],
    [{ ...sweep, cause: 'a-delivery' }, 'sweep-all-all-renew'],
  ])('%j is about %s', (job, subject) => {
    expect(subjectOf(job)).toBe(subject);
    expect(subject).not.toContain(':');
  });
});
