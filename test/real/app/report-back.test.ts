// What agents report of merges ends on the pull request, the same whatever happens on the way.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { splitBody } from '../../../src/deployment/state.ts';
import type { DeployedJob } from '../../../src/ports/queue.ts';
import { Landings, type Merged, review, type Worker } from './landings.ts';

let stage: Landings;

beforeAll(async () => {
  stage = await Landings.start();
});
afterEach(() => {
  stage.github.world.faults.clear();
  expect(stage.github.contract?.violations).toEqual([]);
});
afterAll(() => stage.stop());

/** What people see below the review. */
function section(merged: Merged): string {
  const { report } = stage.said(merged);
  expect(report.startsWith(review)).toBe(true);
  expect(splitBody(report, merged.commit).review).toBe(review);
  return report.slice(review.length);
}

const title = (merged: Merged): string | undefined => /^### .*$/m.exec(section(merged))?.[0];

/** Calls for reports since `from`, by route; the tokens and the fleet aside. */
function calls(from: number): readonly string[] {
  const routes = stage.github.counters.log
    .slice(from)
    .map(({ route }) => route.replace('/repositories/{repository_id}', ''));
  return routes.filter((route) => !/access_tokens|installation/.test(route));
}

test('a merge that goes live on every cluster: a deployment for each, and the end of the comment', async () => {
  const worker = await stage.worker();
  const earlier = await stage.merge('acme/a');
  for (const cluster of ['prod-eu', 'prod-us']) await worker.take(stage.live(earlier, cluster, 5));
  const merged = await stage.merge('acme/a');
  const from = stage.github.counters.log.length;
  for (const cluster of ['prod-eu', 'prod-us']) await worker.take(stage.report(merged, { cluster }));
  expect(stage.deployments(merged)).toEqual(['prod-eu: in_progress', 'prod-us: in_progress']);
  expect(stage.said(merged)).toEqual({ report: review, notices: [] });
  expect(
    calls(from)
      .filter((route) => !route.startsWith('GET '))
      .toSorted(),
  ).toEqual([
    'POST /deployments',
    'POST /deployments',
    'POST /deployments/{deployment_id}/statuses',
    'POST /deployments/{deployment_id}/statuses',
  ]);
  await worker.take(stage.live(merged, 'prod-eu', 31));
  expect(title(merged)).toBe('### 🕓 Live on 1 of 2 clusters so far');
  expect(section(merged)).toContain('| `prod-us` | 🕓 on its way |  |');
  await worker.take(stage.live(merged, 'prod-us', 38));
  expect(title(merged)).toBe('### ✅ Live on 2 of 2 clusters, 38 s after the merge');
  expect(stage.said(merged).notices).toEqual([]);
  expect(stage.deployments(merged)).toEqual(['prod-eu: in_progress success', 'prod-us: in_progress success']);
  const made = [...stage.github.repository('acme/a').deployments.values()].find(({ sha }) => sha === merged.commit);
  expect(made).toMatchObject({ payload: { app: 'sluice', pull: merged.number }, transient: false, app: stage.app });
  expect(made?.statuses.at(-1)).toMatchObject({
    description: 'Live 31 s after the merge',
    logUrl: expect.stringMatching(
      `^${stage.github.address}/acme/a/pull/${merged.number}#deploy-\\d+-\\d+-${merged.commit}$`,
    ) as string,
  });
  expect(calls(from).length).toBeLessThanOrEqual(44);
  // The earlier merge is not the active deployment any more.
  const [first] = [...stage.github.repository('acme/a').deployments.values()];
  expect(first?.statuses.at(-1)?.state).toBe('inactive');
});

test('what fails says on which cluster, on what, why and what to do; once in a comment of its own, and that it is over', async () => {
  const worker = await stage.worker();
  const merged = await stage.merge('acme/a', { method: 'squash' });
  await worker.take(stage.live(merged, 'prod-eu', 31));
  await worker.take(
    stage.failed(merged, 'prod-us', 60, 'Deployment/a-dev/app: image "app:2" is not there; to mend it: push "app:2"'),
  );
  expect(title(merged)).toBe('### ❌ Not live on 1 of 2 clusters');
  expect(section(merged)).toContain(
    '| `prod-us` | `a-dev/a` | `HealthCheckFailed`<br>`Deployment/a-dev/app`: image `app:2` is not there | push `app:2` |',
  );
  expect(section(merged)).toContain('| `prod-eu` | ✅ live | 31 s |');
  const [notice] = stage.said(merged).notices;
  expect(notice).toContain(
    'was merged and is not live on `prod-us`. Kustomization `a-dev/a` says `HealthCheckFailed`: ',
  );
  expect(notice).toContain('**What to do:** push `app:2`');
  // Tried again and again in the same way, nothing more is written.
  const from = stage.github.counters.log.length;
  for (const seconds of [120, 180]) {
    await worker.take(
      stage.report(merged, { cluster: 'prod-us', startedAt: new Date(merged.at + seconds * 1_000).toISOString() }),
    );
    await worker.take(
      stage.failed(merged, 'prod-us', 60, 'Deployment/a-dev/app: image "app:2" is not there; to mend it: push "app:2"'),
    );
  }
  expect(calls(from).filter((route) => !route.startsWith('GET '))).toEqual([]);
  await worker.take(stage.live(merged, 'prod-us', 200));
  expect(title(merged)).toBe('### ✅ Live on 2 of 2 clusters, 3 min 20 s after the merge');
  expect(stage.said(merged).notices).toEqual([expect.stringContaining('is live now where it had failed at first')]);
  expect(stage.deployments(merged)).toEqual(['prod-eu: success', 'prod-us: failure success']);
  // Later trouble of the cluster is not the change's.
  await worker.take(stage.failed(merged, 'prod-us', 900));
  expect(title(merged)).toMatch(/Live on 2 of 2/);
});

describe('one end', () => {
  const reports = (merged: Merged): readonly DeployedJob[] => [
    stage.report(merged),
    stage.report(merged, { cluster: 'prod-us' }),
    stage.failed(merged, 'prod-us', 20),
    stage.live(merged, 'prod-eu', 31),
    stage.failed(merged, 'prod-us', 40, 'another reason'),
    stage.live(merged, 'prod-us', 58),
  ];
  const expected = '### ✅ Live on 2 of 2 clusters, 58 s after the merge';

  /** Workers that write at the same time may say several things: what people see is the last one. */
  function expectEnd(merged: Merged, said: 'once' | 'by several' = 'once'): void {
    expect(title(merged)).toBe(expected);
    const before = said === 'once' ? /(?:in_progress |failure )+/ : /(?:\w+ )+(?=\w+$)/;
    const states = stage.deployments(merged).map((one) => one.replace(before, ''));
    expect(states).toEqual(['prod-eu: success', 'prod-us: success']);
    const { notices } = stage.said(merged);
    expect(notices.length).toBeLessThanOrEqual(1);
    for (const notice of notices) expect(notice).toContain('is live now');
  }

  // Fixed orders that look like chance: every third, fifth, … of a longer list of the same.
  test.each([1, 5, 11])('of reports that are repeated and come in another order (%i)', async (stride) => {
    const merged = await stage.merge('acme/a');
    const list = [...reports(merged), ...reports(merged), reports(merged)[3]].flatMap((one) => one ?? []);
    const workers = [await stage.worker(), await stage.worker()];
    for (let at = 0; at < list.length; at += 1) {
      const job = list[(at * stride) % list.length];
      if (job !== undefined) await workers[at % 2]?.take(job);
    }
    expectEnd(merged);
  });

  test('of reports of which all but the last of each cluster are lost', async () => {
    const merged = await stage.merge('acme/a');
    const worker = await stage.worker();
    for (const job of reports(merged).filter(({ state }) => state === 'success')) await worker.take(job);
    expectEnd(merged);
    expect(stage.said(merged).notices).toEqual([]);
  });

  test('of reports that several workers take at once', async () => {
    for (let round = 0; round < 2; round += 1) {
      const merged = await stage.merge('acme/a');
      const workers = await Promise.all(Array.from({ length: 3 }, () => stage.worker()));
      await Promise.all(
        workers.flatMap((worker, at) =>
          reports(merged)
            .filter((_, index) => index % 3 <= at)
            .map((job) => worker.take(job)),
        ),
      );
      expectEnd(merged, 'by several');
    }
  });

  const route = (name: string): string => `/repos/{owner}/{repo}/${name}`;
  test.each<[string, string]>([
    ['the deployment was made', `POST ${route('deployments')}`],
    ['its status was added', `POST ${route('deployments/{deployment_id}/statuses')}`],
    ['the comment was changed', `PATCH ${route('issues/comments')}`],
    ['the short comment was made', `POST ${route('issues')}`],
    ['the merges were read', `GET ${route('pulls')}`],
    ['the comments were read', `GET ${route('issues')}`],
  ])('after GitHub broke off when %s', async (_, at) => {
    const merged = await stage.merge('acme/a');
    const worker = await stage.worker();
    for (const job of reports(merged)) {
      stage.github.fault({ on: 'api', kind: 'status', status: 502, route: at, afterEffect: true });
      await (await stage.worker()).take(job);
    }
    stage.github.world.faults.clear();
    await worker.take(stage.live(merged, 'prod-us', 58));
    expectEnd(merged);
    expect(stage.said(merged).notices).toHaveLength(1);
  });
});

test('a commit finishes the merges that it holds, and those after it stay', async () => {
  const worker = await stage.worker();
  const first = await stage.merge('acme/b');
  const second = await stage.merge('acme/b', { method: 'rebase' });
  const third = await stage.merge('acme/b');
  await worker.take(stage.report(second, { cluster: 'prod-eu' }));
  expect(stage.deployments(first)).toEqual(['prod-eu: in_progress']);
  for (const cluster of ['prod-eu', 'prod-us']) await worker.take(stage.live(second, cluster, 20));
  expect(title(first)).toMatch(/^### ✅ Live on 2 of 3 clusters, \d+ s after the merge, suspended on 1$/);
  expect(section(first)).toContain(`✅ live, with \`${second.commit.slice(0, 7)}\``);
  expect(section(first)).toContain('| `prod-asia` | ⏸️ suspended, and keeps what it had |  |');
  expect(title(second)).toMatch(/^### ✅ Live on 2 of 3 clusters/);
  expect(stage.said(third)).toEqual({ report: review, notices: [] });
  // Of two to one environment the newer is the active one.
  expect(stage.deployments(first)).toEqual(['prod-eu: in_progress success inactive', 'prod-us: success inactive']);
  expect(stage.deployments(second)).toEqual(['prod-eu: in_progress success', 'prod-us: success']);
  // A later failure is that of the merges that were not live.
  await worker.take(stage.failed(third, 'prod-us', 9));
  expect(title(third)).toMatch(/Not live on 1 of 3 clusters/);
  expect(title(second)).toMatch(/Live on 2 of 3/);
});

test('what is suspended in the cluster alone went live nowhere', async () => {
  const worker = await stage.worker();
  const merged = await stage.merge('acme/a');
  const kustomizations = [{ key: 'a-dev/a', state: 'suspended', reason: '', message: '' }] as const;
  await worker.take(stage.live(merged, 'prod-us', 3, { kustomizations }));
  expect(stage.deployments(merged)).toEqual([]);
  await worker.take(stage.live(merged, 'prod-eu', 31));
  expect(title(merged)).toBe('### ✅ Live on 1 of 2 clusters, 31 s after the merge, suspended on 1');
  expect(section(merged)).toContain('suspended, and keeps what it had: `a-dev/a`');
});

describe('nothing is told', () => {
  const untouched: readonly (readonly [string, (merged: Merged) => Partial<DeployedJob>])[] = [
    ['of a cluster that the fleet does not know', () => ({ cluster: 'elsewhere' })],
    ['of a cluster where nothing follows the branch', () => ({ cluster: 'prod-asia' })],
    ['of another branch', () => ({ branch: 'release' })],
    ['of a repository that the App does not see', () => ({ url: `${stage.github.address}/acme/hidden` })],
    ['of a repository elsewhere', () => ({ url: 'https://gitlab.com/acme/a' })],
    ['of a repository that nobody follows', () => ({ url: `${stage.github.address}/acme/unfollowed` })],
    ['of a commit that nobody knows', () => ({ commit: 'f'.repeat(40) })],
  ];
  test.each(untouched)('%s', async (_, more) => {
    const worker = await stage.worker();
    const merged = await stage.merge('acme/a');
    const from = stage.github.counters.log.length;
    await worker.take({ ...stage.failed(merged, 'prod-eu', 9), ...more(merged) });
    expect(calls(from).filter((route) => !route.startsWith('GET '))).toEqual([]);
    expect(stage.said(merged)).toEqual({ report: review, notices: [] });
  });

  test('of a push without a pull request', async () => {
    const worker = await stage.worker();
    const merged = await stage.merge('acme/a');
    await worker.take(stage.live(merged, 'prod-eu', 9));
    await worker.take(stage.live(merged, 'prod-us', 9));
    const commit = await stage.github.pushFiles('acme/a', 'ada', { branch: 'main', files: { 'deploy/x.yaml': null } });
    const from = stage.github.counters.log.length;
    await worker.take(stage.failed({ ...merged, commit }, 'prod-eu', 20));
    expect(calls(from).filter((route) => !route.startsWith('GET '))).toEqual([]);
  });

  test('of a merge that is older than a week', async () => {
    const worker = await stage.worker();
    const merged = await stage.merge('acme/a');
    stage.github.clock.advance(8 * 24 * 3_600_000);
    try {
      expect(await worker.take(stage.failed(merged, 'prod-eu', 9))).toBe(
        'of no pull request that is not live there already',
      );
    } finally {
      stage.github.clock.advance(-8 * 24 * 3_600_000);
    }
  });
});

describe('where GitHub lets us do less', () => {
  test('without the permission for deployments the comment says it all the same', async () => {
    const { deployments: _, ...less } = stage.permissions as Record<string, 'read' | 'write'>;
    stage.github.setPermissions(stage.installation, less as never);
    try {
      const workers = [await stage.worker(), await stage.worker()];
      const merged = await stage.merge('acme/a');
      await workers[0]?.take(stage.failed(merged, 'prod-eu', 9));
      await workers[1]?.take(stage.live(merged, 'prod-us', 38));
      expect(title(merged)).toBe('### ❌ Not live on 1 of 2 clusters');
      await workers[1]?.take(stage.live(merged, 'prod-eu', 50));
      expect(title(merged)).toBe('### ✅ Live on 2 of 2 clusters, 50 s after the merge');
      expect(stage.deployments(merged)).toEqual([]);
    } finally {
      stage.github.setPermissions(stage.installation, stage.permissions);
    }
  });

  test('without a comment to end, a failure is told in one, and what is live in none', async () => {
    const worker = await stage.worker();
    const merged = await stage.merge('acme/a', { reviewed: false });
    await worker.take(stage.live(merged, 'prod-eu', 9));
    expect(stage.said(merged)).toEqual({ report: '', notices: [] });
    await worker.take(stage.failed(merged, 'prod-us', 9));
    expect(stage.said(merged)).toEqual({ report: '', notices: [expect.stringContaining('not live on `prod-us`')] });
  });

  test('a comment that somebody deletes meanwhile is not written anew', async () => {
    const worker = await stage.worker();
    const merged = await stage.merge('acme/a');
    await worker.take(stage.live(merged, 'prod-eu', 9));
    const [comment] = stage.github.listComments('acme/a', merged.number);
    stage.github
      .repository('acme/a')
      .issues.get(merged.number)
      ?.comments.delete(comment?.id ?? 0);
    await worker.take(stage.live(merged, 'prod-us', 38));
    expect(stage.said(merged)).toEqual({ report: '', notices: [] });
    expect(stage.deployments(merged)).toEqual(['prod-eu: success', 'prod-us: success']);
  });

  test('statuses and comments that others write count for nothing', async () => {
    const worker = await stage.worker();
    const merged = await stage.merge('acme/a');
    await worker.take(stage.report(merged));
    const [deployment] = [...stage.github.repository('acme/a').deployments.values()].filter(
      ({ sha }) => sha === merged.commit,
    );
    await fetch(`${stage.github.apiUrl}/repos/acme/a/deployments/${deployment?.id}/statuses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.github.user('ada').token}` },
      body: JSON.stringify({ state: 'success', log_url: `https://x.example/#deploy-1-2-${merged.commit}` }),
    });
    stage.github.comment(
      'acme/a',
      merged.number,
      'ada',
      `${review}\n\n<!-- sluice:deploy-failed commit=${merged.commit} -->`,
    );
    await worker.take(stage.failed(merged, 'prod-eu', 20));
    expect(title(merged)).toBe('### ❌ Not live on 1 of 2 clusters');
    expect(stage.said(merged).notices).toHaveLength(1);
  });

  test('a renamed repository is found by the address that clusters still read', async () => {
    const url = `${stage.github.address}/acme/b`;
    stage.github.rename('acme/b', 'b2', 'ada');
    try {
      const worker: Worker = await stage.worker();
      const merged = await stage.merge('acme/b2');
      for (const cluster of ['prod-eu', 'prod-us']) await worker.take({ ...stage.live(merged, cluster, 12), url });
      expect(title(merged)).toMatch(/^### ✅ Live on 2 of 3 clusters, 12 s after the merge/);
    } finally {
      stage.github.rename('acme/b2', 'b', 'ada');
    }
  });
});

test('a merge of the platform repository itself goes to every cluster', async () => {
  const worker = await stage.worker();
  const merged = await stage.merge('acme/platform');
  for (const cluster of ['prod-eu', 'prod-us']) await worker.take(stage.live(merged, cluster, 15));
  expect(title(merged)).toBe('### 🕓 Live on 2 of 3 clusters so far');
  await worker.take(stage.live(merged, 'prod-asia', 17));
  expect(title(merged)).toBe('### ✅ Live on 3 of 3 clusters, 17 s after the merge');
});
