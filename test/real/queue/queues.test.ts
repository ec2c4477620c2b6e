// Several queues over one store: jobs for clusters, reports of what became of a commit, and who is there.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openQueues, type QueuesOptions } from '../../../src/adapters/queue/open.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { DeployedJob, PushedJob, Queues, ReconcileJob } from '../../../src/ports/queue.ts';
import { eventually } from './eventually.ts';
import { Hands, review } from './hands.ts';
import { storeNames, type TestStore, testStore } from './stores.ts';

const url = 'https://github.com/acme/shop';
const commit = 'c'.repeat(40);

function reconcile(cluster: string, namespace: string, name: string, cause = 'interval'): ReconcileJob {
  return { kind: 'reconcile', version: 1, cluster, namespace, name, cause };
}

function pushed(cluster: string, ref: string, cause = 'delivery'): PushedJob {
  return { kind: 'pushed', version: 1, cluster, url, ref, cause };
}

/** `progress(3)`: an attempt that began in second 3; `ended(3, 8, 'success')`: and came to its end in second 8. */
function progress(began: number, cause = `began ${began}`): DeployedJob {
  const facts = { cluster: 'prod/eu', url, branch: 'main', commit, kustomizations: [], cause };
  return { kind: 'deployed', version: 1, ...facts, state: 'in_progress', startedAt: second(began) };
}

function ended(began: number, end: number, state: 'success' | 'failure'): DeployedJob {
  return { ...progress(began, `${state} ${end}`), state, endedAt: second(end) };
}

function second(at: number): string {
  return `2026-01-05T10:00:${String(at).padStart(2, '0')}.000Z`;
}

describe.each(storeNames)('queues on %s', (storeName) => {
  let store: TestStore;
  const open: Queues[] = [];

  async function opened(options: QueuesOptions = {}): Promise<Queues> {
    const queues = await openQueues(store.address, {
      lockMs: 10_000,
      stalledMs: 200,
      clustersMs: 0,
      ...(store.folder !== undefined && { folder: store.folder }),
      ...options,
    });
    open.push(queues);
    return queues;
  }

  beforeAll(async () => {
    store = await testStore(storeName);
  });
  afterEach(async () => await Promise.all(open.splice(0).map(async (queues) => await queues.close(0))));
  afterAll(async () => await store.remove());

  test('keep their jobs apart, whatever a cluster is called, and refuse those of another', async () => {
    const queues = await opened();
    const names = ['prod-eu', 'prod/eu', 'prod:eu', 'prod%2Feu', '{größe} 1'];
    const taken = new Map<string, Hands>();
    for (const cluster of names) {
      const queue = await queues.open(`reconcile-${cluster}`);
      expect(await queues.open(`reconcile-${cluster}`)).toBe(queue);
      const hands = new Hands();
      taken.set(cluster, hands);
      await queue.work(hands.pass(), { concurrency: 1 });
      await queue.add(reconcile(cluster, 'apps', 'web'));
      const misplaced = [reconcile('elsewhere', 'apps', 'web'), review(1, 1), progress(1)];
      for (const job of misplaced)
        await expect(queue.add(job)).rejects.toMatchObject({ code: 'queue.malformed', kind: 'terminal' });
    }
    const reviews = await queues.open('review');
    await reviews.add(review(1, 1));
    await expect(reviews.add(pushed('prod-eu', 'refs/heads/main'))).rejects.toMatchObject({ code: 'queue.malformed' });
    for (const [cluster, hands] of taken) expect((await hands.next()).job).toEqual(reconcile(cluster, 'apps', 'web'));
    expect([...taken.values()].map(({ all }) => all.length)).toEqual(names.map(() => 1));
    expect(await reviews.counts()).toEqual({ waiting: 1, active: 0 });
  });

  test('take turns by namespace, and a push does not wait behind a flood', async () => {
    const queue = await (await opened({ turnsMs: 0 })).open('reconcile-fair');
    for (let at = 1; at <= 30; at += 1) await queue.add(reconcile('fair', 'noisy', `app-${at}`));
    await queue.add(reconcile('fair', 'quiet', 'app'));
    await queue.add(pushed('fair', 'refs/heads/main'));
    await queue.add(pushed('fair', 'refs/heads/main', 'again'));
    await queue.add(pushed('fair', 'refs/heads/other'));
    expect(await queue.counts()).toEqual({ waiting: 33, active: 0 });
    const hands = new Hands();
    await queue.work(hands.pass(), { concurrency: 1 });
    const first = (await hands.take(5)).map(({ job }) => (job.kind === 'reconcile' ? job.namespace : job.kind));
    expect(first.toSorted()).toEqual(['noisy', 'noisy', 'pushed', 'pushed', 'quiet']);
    await hands.take(28);
  });

  test('take a job at once that set itself aside, when its cluster is told again', async () => {
    const queue = await (await opened({ retry: { firstMs: 60_000, longestMs: 60_000, attempts: 5 } })).open(
      'reconcile-aside',
    );
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    for (const job of [reconcile('aside', 'apps', 'web'), pushed('aside', 'refs/heads/main')]) {
      await queue.add(job);
      (await hands.next()).end(new SluiceError('kube.unavailable', 'not now', { kind: 'transient' }));
      await eventually(async () => await queue.counts()).toEqual({ waiting: 1, active: 0 });
      await queue.add(job);
      const again = await hands.next();
      expect(again.taken.again).toBe(true);
      again.end();
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    }
  });

  test('hand out the later of two reports that wait', async () => {
    const queue = await (await opened()).open('report');
    const cases: readonly (readonly [expected: string, ...DeployedJob[]])[] = [
      ['success 5', progress(1), ended(1, 5, 'success')],
      ['success 5', ended(1, 5, 'success'), progress(1)],
      ['began 6', progress(1), progress(6)],
      ['success 9', ended(6, 9, 'success'), ended(1, 5, 'failure')],
      ['success 5', ended(1, 5, 'success'), ended(6, 9, 'failure')],
    ];
    for (const [at, [, ...reports]] of cases.entries()) {
      for (const report of reports) await queue.add({ ...report, commit: String(at).repeat(40) });
    }
    expect(await queue.counts()).toEqual({ waiting: cases.length, active: 0 });
    const hands = new Hands();
    await queue.work(hands.pass(), { concurrency: 1 });
    const taken = await hands.take(cases.length);
    expect(taken.map(({ job }) => job.cause)).toEqual(cases.map(([expected]) => expected));
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
  });

  test('hand out the latest report behind an active one and behind one that was set aside', async () => {
    const queue = await (await opened()).open('report');
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 2 });
    await queue.add(progress(1));
    const active = await hands.next();
    await queue.add(ended(1, 5, 'failure'));
    await queue.add(progress(1));
    expect(await active.taken.superseded()).toBe(true);
    active.end();
    const following = await hands.next();
    expect(following.job.cause).toBe('failure 5');
    following.end(
      new SluiceError('github.limit', 'later', { kind: 'transient', retryAt: new Date(Date.now() + 5_000) }),
    );
    await eventually(async () => await queue.counts()).toEqual({ waiting: 1, active: 0 });
    for (const report of [ended(7, 9, 'success'), progress(10), ended(10, 12, 'failure')]) await queue.add(report);
    const last = await hands.next();
    expect(last.job).toEqual(ended(7, 9, 'success'));
    last.end();
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    expect(hands.all).toHaveLength(3);
  });

  test('lose no end among reports that come at once, while hands take them', async () => {
    const queue = await (await opened({ addMs: 30_000 })).open('report');
    const hands = new Hands();
    await queue.work(hands.pass(), { concurrency: 3 });
    const reports = Array.from({ length: 12 }, (_, at) => [progress(at), ended(at, at + 20, 'failure')]).flat();
    await Promise.all([...reports, ended(30, 40, 'success')].map(async (report) => await queue.add(report)));
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    expect(hands.all.map(({ job }) => job.cause)).toContain('success 40');
  });

  test('know the clusters whose agents spoke, heal after a loss, and forget the silent ones', async () => {
    let queues = await opened({ announceMs: 100 });
    expect(await queues.clusters()).toEqual([]);
    for (const cluster of ['prod/eu', 'prod-us', 'größe 1']) await queues.announce(cluster);
    await queues.announce('prod-us');
    expect(await queues.clusters()).toEqual(['größe 1', 'prod-us', 'prod/eu'].toSorted());
    if (store.folder === undefined) {
      await store.flush();
      await eventually(async () => await queues.clusters()).toHaveLength(3);
    }
    await queues.close(0);
    queues = await opened({ announceMs: 100, forgetMs: 400 });
    await queues.announce('prod-us');
    await eventually(async () => await queues.clusters()).toEqual(['prod-us']);
  });

  test('close together, whatever is under way', async () => {
    const queues = await opened();
    const hands = new Hands();
    const queue = await queues.open('reconcile-closing');
    await queue.work(hands.hold, { concurrency: 1 });
    await queue.add(reconcile('closing', 'apps', 'web'));
    await queue.add(reconcile('closing', 'apps', 'api'));
    const active = await hands.next();
    expect(await queues.healthy()).toBe(true);
    const closing = queues.close(20_000);
    active.end();
    await closing;
    expect(active.taken.signal.aborted).toBe(false);
    expect(await queues.healthy()).toBe(false);
    await expect(queues.open('review')).rejects.toMatchObject({ code: 'queue.unavailable' });
    const again = await opened();
    expect(await (await again.open('reconcile-closing')).counts()).toEqual({ waiting: 1, active: 0 });
  });
});
