import { describe, expect, test } from 'vitest';
import { homeOf, ownerOf, readJob, subjectOf } from '../../../src/job/job.ts';
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
const reconcile: Job = {
  kind: 'reconcile',
  version: 1,
  cluster: 'prod/eu',
  namespace: 'apps',
  name: 'web.v1',
  cause: 'interval',
};
const url = 'https://github.com/acme/shop';
const pushed: Job = { kind: 'pushed', version: 1, cluster: 'prod/eu', url, ref: 'refs/heads/main', cause: 'delivery' };
const deployed: Job = {
  kind: 'deployed',
  version: 1,
  cluster: 'prod/eu',
  url,
  branch: 'main',
  commit: head,
  state: 'failure',
  startedAt: '2026-01-05T10:00:00.000Z',
  endedAt: '2026-01-05T10:00:38.000Z',
  kustomizations: [{ key: 'apps/web', state: 'failure', reason: 'HealthCheckFailed', message: 'timeout: größe 🚀' }],
  cause: 'applied',
};

const failed = { key: 'apps/web', state: 'failure', reason: 'BuildFailed', message: 'x' };
const { endedAt: _end, ...begun } = deployed;
const progress: Job = { ...begun, state: 'in_progress', kustomizations: [] };

describe('readJob', () => {
  test.each<[string, Job]>([
    ['a review', review],
    ['a merge group', group],
    ['a sweep of all', sweep],
    ['a sweep of a repository', { ...sweep, installation: 7, repository: 11 }],
    ['a reconcile', reconcile],
    ['a push', pushed],
    ['a push with the commit that was said', { ...pushed, commit: 'a'.repeat(40) }],
    ['a push to what is not on GitHub', { ...pushed, url: 'ssh://git.example.com:2222/acme/shop' }],
    ['a report', deployed],
    ['a report of a beginning', progress],
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
    ['a cluster without a name', { ...reconcile, cluster: '' }],
    ['a cluster that forges a log line', { ...reconcile, cluster: 'prod\n{"level":"info"}' }],
    ['a cluster of half a character', { ...reconcile, cluster: 'prod\uD83D' }],
    ['a namespace that is a path', { ...reconcile, namespace: '../../etc/passwd' }],
    ['a namespace too long', { ...reconcile, namespace: 'x'.repeat(64) }],
    ['a name that is a path', { ...reconcile, name: 'a/b' }],
    ['an address with credentials', { ...pushed, url: 'https://x:ghs_secret@github.com/acme/shop' }],
    ['an address with a user', { ...pushed, url: 'ssh://git@github.com/acme/shop' }],
    ['no address', { ...pushed, url: 'file:///etc/passwd' }],
    ['a push with a ref for a commit', { ...pushed, commit: 'refs/heads/main' }],
    ['a short name', { ...pushed, ref: 'main' }],
    ['a ref that is no branch and no tag', { ...pushed, ref: 'refs/notes/x' }],
    ['a branch with a space', { ...pushed, ref: 'refs/heads/a b' }],
    ['an end without a time', { ...deployed, endedAt: undefined }],
    ['a beginning with an end', { ...deployed, state: 'in_progress' }],
    ['a time of another zone', { ...deployed, startedAt: '2026-01-05T10:00:00.000+01:00' }],
    ['a state of its own', { ...deployed, state: 'pending' }],
    ['a message too long', { ...deployed, kustomizations: [{ ...failed, message: 'x'.repeat(2_001) }] }],
    ['a message that Postgres cannot hold', { ...deployed, kustomizations: [{ ...failed, message: 'a\0b' }] }],
    ['a message of half a character', { ...deployed, kustomizations: [{ ...failed, message: '\uDC00' }] }],
    ['too many Kustomizations', { ...deployed, kustomizations: Array.from({ length: 101 }, () => failed) }],
    ['a Kustomization without namespace', { ...deployed, kustomizations: [{ ...failed, key: 'web' }] }],
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
    [reconcile, 'reconcile-apps/web.v1'],
  ])('%j is about %s', (job, subject) => {
    expect(subjectOf(job)).toBe(subject);
    expect(subject).not.toContain(':');
  });
});

describe('subjectOf what names a repository', () => {
  const subjects = (...jobs: readonly Job[]): ReadonlySet<string> => new Set(jobs.map(subjectOf));

  test('is the same for one cluster, repository and branch, however the address is written', () => {
    const same = { ...pushed, url: 'https://github.com/Acme/Shop.git', cause: 'another' };
    expect(subjects(pushed, same)).toEqual(new Set([expect.stringMatching(/^pushed-[0-9a-f]{40}$/)]));
    const later: Job = { ...deployed, state: 'success', branch: 'release' };
    expect(subjects(deployed, later)).toEqual(new Set([expect.stringMatching(/^deployed-[0-9a-f]{40}$/)]));
  });

  test('differs by each of them', () => {
    const others = [{ cluster: 'prod' }, { url: `${url}s` }, { ref: 'refs/heads/main2' }].map((more) => ({
      ...pushed,
      ...more,
    }));
    expect(subjects(pushed, ...others).size).toBe(4);
    const commits = [{ cluster: 'prod' }, { url: `${url}s` }, { commit: 'b'.repeat(40) }];
    expect(subjects(deployed, ...commits.map((more) => ({ ...deployed, ...more }))).size).toBe(4);
  });
});

test('every job has a home, and an owner whose turn it takes', () => {
  const jobs = [review, group, sweep, reconcile, pushed, deployed];
  expect(jobs.map(homeOf)).toEqual(['review', 'review', 'review', 'reconcile-prod/eu', 'reconcile-prod/eu', 'report']);
  expect(jobs.map(ownerOf)).toEqual(['11', '11', '0', 'apps', 'github.com/acme/shop', 'github.com/acme/shop']);
});
