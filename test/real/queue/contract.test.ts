// One contract, three stores.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BullQueue } from '../../../src/adapters/queue/bull-queue.ts';
import { embeddedDoor } from '../../../src/adapters/queue/embedded.ts';
import type { QueueEvent } from '../../../src/adapters/queue/event.ts';
import { openQueue, type QueueOptions } from '../../../src/adapters/queue/open.ts';
import { asSluiceError, SluiceError } from '../../../src/errors.ts';
import { retryLimits } from '../../../src/job/retry.ts';
import type { Queue, ReviewJob } from '../../../src/ports/queue.ts';
import { eventually } from './eventually.ts';
import { Hands, review } from './hands.ts';
import { startWorker, type WorkerProcess } from './processes.ts';
import { storeNames, type TestStore, testStore } from './stores.ts';

const transient = (retryAt?: Date): SluiceError =>
  new SluiceError('github.limit', 'not now', { kind: 'transient', ...(retryAt !== undefined && { retryAt }) });
const terminal = (): SluiceError => new SluiceError('github.gone', 'it is gone');

describe.each(storeNames)('the queue on %s', (storeName) => {
  let store: TestStore;
  let number = 0;
  let name: string;
  /** Opening the embedded store takes seconds: one holds it open, and most tests come in by a door. */
  let keeper: Queue | undefined;
  const open: Queue[] = [];
  const processes: WorkerProcess[] = [];
  const events: QueueEvent[] = [];

  async function opened(options: QueueOptions = {}): Promise<Queue> {
    const door = keeper === undefined || store.folder === undefined ? undefined : embeddedDoor(store.folder);
    const queue = await openQueue(store.address, {
      name,
      // Long enough for a busy machine; tests of lost locks say their own.
      lockMs: 10_000,
      stalledMs: 200,
      onEvent: (event) => events.push(event),
      ...(store.folder !== undefined && { folder: store.folder }),
      ...(door !== undefined && { door }),
      ...options,
    });
    open.push(queue);
    return queue;
  }

  beforeAll(async () => {
    store = await testStore(storeName);
  });
  beforeAll(() => {
    number = 0;
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map(async (worker) => await worker.kill()));
    await Promise.all(open.splice(0).map(async (queue) => await queue.close(0)));
    events.length = 0;
  });
  afterAll(async () => {
    await keeper?.close(0);
    await store.remove();
  });

  /** `alone`: the test opens and closes the store itself, or lets other processes open it. */
  function contract(title: string, run: () => Promise<void>, how: 'shared' | 'alone' = 'shared'): void {
    test(title, async () => {
      if (how === 'alone') {
        await keeper?.close(0);
        keeper = undefined;
      } else if (store.folder !== undefined) {
        keeper ??= await openQueue(store.address, { folder: store.folder, name: 'keeper' });
      }
      number += 1;
      name = `contract-${number}`;
      await run();
    });
  }

  contract('gives jobs in order to one hand, each once', async () => {
    const queue = await opened();
    for (let pull = 1; pull <= 5; pull += 1) await queue.add(review(1, pull));
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    for (let left = 5; left > 0; left -= 1) (await hands.next()).end();
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    expect(hands.all.map(({ job }) => 'pull' in job && job.pull)).toEqual([1, 2, 3, 4, 5]);
  });

  contract('gives two hands two jobs, each once, and counts what waits and what is active', async () => {
    const queue = await opened();
    for (let pull = 1; pull <= 5; pull += 1) await queue.add(review(1, pull));
    expect(await queue.counts()).toEqual({ waiting: 5, active: 0 });
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 2 });
    const [first, second] = await hands.take(2);
    expect(await queue.counts()).toEqual({ waiting: 3, active: 2 });
    first?.end();
    second?.end();
    for (let left = 3; left > 0; left -= 1) (await hands.next()).end();
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    // Jobs taken at the same time may reach their handlers in either order.
    const pulls = hands.all.map(({ job }) => ('pull' in job ? job.pull : 0));
    expect(pulls.slice(0, 2).toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect(pulls.slice(2).toSorted((a, b) => a - b)).toEqual([3, 4, 5]);
    expect(hands.all.every(({ taken }) => !taken.again && !taken.signal.aborted)).toBe(true);
    expect(hands.all.find(({ job }) => 'pull' in job && job.pull === 1)?.job).toEqual(review(1, 1));
  });

  contract('keeps one job of a subject active and the newest one waiting', async () => {
    const queue = await opened();
    const hands = new Hands();
    await queue.add(review(1, 1, 'first'));
    await queue.add(review(1, 1, 'while it waits'));
    expect(await queue.counts()).toEqual({ waiting: 1, active: 0 });
    await queue.work(hands.hold, { concurrency: 4 });
    const active = await hands.next();
    expect(await active.taken.superseded()).toBe(false);
    for (const cause of ['second', 'third', 'newest']) await queue.add(review(1, 1, cause));
    await queue.add(review(1, 2, 'another pull request'));
    expect((await hands.next()).job.cause).toBe('another pull request');
    expect(await active.taken.superseded()).toBe(true);
    active.end();
    const newest = await hands.next();
    expect(newest.job.cause).toBe('newest');
    expect(newest.taken.again).toBe(false);
    expect(await newest.taken.superseded()).toBe(false);
    expect(hands.all).toHaveLength(3);
    for (const hand of hands.all) hand.end();
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
  });

  contract('does not let a repository that floods delay another', async () => {
    const queue = await opened({ turnsMs: 0 });
    for (let pull = 1; pull <= 200; pull += 1) await queue.add(review(1, pull));
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    for (let taken = 0; taken < 3; taken += 1) (await hands.next()).end();
    const held = await hands.next();
    await queue.add(review(2, 1, 'the single one'));
    held.end();
    const following = [await hands.next()];
    while (following.length < 4 && following.at(-1)?.job.cause !== 'the single one') {
      following.at(-1)?.end();
      following.push(await hands.next());
    }
    expect(following.map(({ job }) => 'repository' in job && job.repository)).toContain(2);
    const flooding = hands.all.flatMap(({ job }) => ('pull' in job && job.repository === 1 ? [job.pull] : []));
    expect(flooding).toEqual(flooding.map((_, at) => at + 1));
    following.at(-1)?.end();
  });

  contract('tries again at the time a transient error names, and not before', async () => {
    const queue = await opened();
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    await queue.add(review(1, 1));
    // So late that what comes before it is done by then on a busy machine, too.
    const retryAt = new Date(Date.now() + 5_000);
    (await hands.next()).end(transient(retryAt));
    await eventually(async () => await queue.counts()).toEqual({ waiting: 1, active: 0 });
    await queue.add(review(1, 1, 'meanwhile'));
    const second = await hands.next();
    expect(Date.now()).toBeGreaterThanOrEqual(retryAt.getTime());
    expect(second.taken.again).toBe(true);
    second.end();
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    expect(hands.all).toHaveLength(2);
    expect(events.map(({ event }) => event)).toEqual(['retry']);
  });

  contract('backs off, and gives up after so many attempts', async () => {
    const queue = await opened({ retry: { firstMs: 5, longestMs: 10, attempts: 3 } });
    const hands = new Hands();
    await queue.add(review(1, 1));
    await queue.work(hands.hold, { concurrency: 1 });
    for (let attempt = 1; attempt <= 3; attempt += 1) (await hands.next()).end(transient());
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    expect(hands.all.map(({ taken }) => taken.again)).toEqual([false, true, true]);
    expect(events).toMatchObject([
      { event: 'retry', attempt: 1 },
      { event: 'retry', attempt: 2 },
      { event: 'ended', attempt: 3, error: { code: 'github.limit' } },
    ]);
    await queue.add(review(1, 1, 'anew'));
    (await hands.next()).end();
  });

  contract('does not try a terminal failure again, nor what is no error of ours, and leaves nothing', async () => {
    const queue = await opened();
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    for (const failure of [terminal(), new TypeError('a secret: hunter2')]) {
      await queue.add(review(1, 1));
      (await hands.next()).end(failure);
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    }
    expect(hands.all).toHaveLength(2);
    expect(events).toMatchObject([
      { event: 'ended', error: { code: 'github.gone' } },
      { event: 'ended', error: { code: 'internal' } },
    ]);
    await queue.add(review(1, 1, 'anew'));
    (await hands.next()).end();
  });

  contract(
    'runs a job of a worker that was killed again, in another process, and says so',
    async () => {
      const worker = await startWorker(store, name);
      processes.push(worker);
      await worker.said('took from-the-process again=false');
      await worker.kill();
      const queue = await opened();
      const hands = new Hands();
      await queue.work(hands.hold, { concurrency: 1 });
      const hand = await hands.next();
      expect(hand.job.cause).toBe('from-the-process');
      expect(hand.taken.again).toBe(true);
      hand.end();
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    },
    'alone',
  );

  contract(
    'runs a job again however often its workers are killed',
    async () => {
      for (let life = 0; life < 2; life += 1) {
        const worker = await startWorker(store, name);
        processes.push(worker);
        await worker.said(`took from-the-process again=${life > 0}`);
        await worker.kill();
      }
      const queue = await opened();
      const hands = new Hands();
      // The second process has added its job as well.
      await queue.work(hands.pass(), { concurrency: 1 });
      expect((await hands.next()).taken.again).toBe(true);
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    },
    'alone',
  );

  contract('takes the same job again once it is over', async () => {
    const queue = await opened();
    const hands = new Hands();
    await queue.work(hands.pass(), { concurrency: 1 });
    for (let times = 0; times < 3; times += 1) {
      await queue.add(review(1, 1, 'to the same commit'));
      await hands.next();
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    }
    expect(hands.all).toHaveLength(3);
  });

  contract('stops a run that lost its lock while the process was frozen; both runs are harmless', async () => {
    // Longer than a busy machine stands still by itself.
    const queue = await opened({ lockMs: 4_000, stalledMs: 100 });
    const hands = new Hands();
    let frozen = false;
    await queue.work(
      async (taken) => {
        if (!frozen) {
          frozen = true;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_000);
        }
        await hands.hold(taken);
      },
      { concurrency: 2 },
    );
    await queue.add(review(1, 1));
    const first = await hands.next();
    await eventually(() => first.taken.signal.aborted).toBe(true);
    first.end();
    const second = await hands.next();
    expect(second.taken.again).toBe(true);
    expect(second.taken.signal.aborted).toBe(false);
    await queue.add(review(1, 1, 'newer'));
    second.end();
    // Postgres may give the job out once more, where the first run is put back while the second is given out.
    do (await hands.next()).end();
    while (hands.all.at(-1)?.job.cause !== 'newer');
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
  });

  contract(
    'works on after the store lost everything in the middle',
    async () => {
      let queue = await opened();
      let hands = new Hands();
      await queue.work(hands.hold, { concurrency: 1 });
      for (const pull of [1, 2, 3]) await queue.add(review(1, pull));
      const active = await hands.next();
      if (store.folder === undefined) {
        await store.flush();
        active.end();
      } else {
        await Promise.all([queue.close(0), Promise.resolve(active.end())]);
        await store.flush();
        queue = await opened();
        hands = new Hands();
        await queue.work(hands.hold, { concurrency: 1 });
      }
      await queue.add(review(1, 1, 'the sweep'));
      const again = await hands.next();
      expect(again.job.cause).toBe('the sweep');
      again.end();
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    },
    'alone',
  );

  contract(
    'lets the active job finish before it closes, and leaves the rest for the next worker',
    async () => {
      const queue = await opened();
      const hands = new Hands();
      await queue.work(hands.hold, { concurrency: 1 });
      await queue.add(review(1, 1, 'active'));
      await queue.add(review(1, 2, 'waiting'));
      const active = await hands.next();
      const closing = queue.close(30_000);
      await expect(queue.add(review(1, 3))).rejects.toMatchObject({ code: 'queue.unavailable', kind: 'transient' });
      active.end();
      await closing;
      expect(active.taken.signal.aborted).toBe(false);
      expect(hands.all).toHaveLength(1);
      const next = await opened();
      await next.work(hands.hold, { concurrency: 1 });
      const rest = await hands.next();
      expect(rest.job.cause).toBe('waiting');
      expect(rest.taken.again).toBe(false);
      rest.end();
      await eventually(async () => await next.counts()).toEqual({ waiting: 0, active: 0 });
    },
    'alone',
  );

  contract('aborts what is active after the grace, and the job goes back at once', async () => {
    const queue = await opened({ lockMs: 60_000 });
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    await queue.add(review(1, 1));
    const active = await hands.next();
    active.taken.signal.addEventListener('abort', () => active.end(active.taken.signal.reason as Error));
    await queue.close(50);
    expect(active.taken.signal.aborted).toBe(true);
    expect(events).toMatchObject([{ event: 'returned', reason: 'stopping' }]);
    const next = await opened({ lockMs: 60_000 });
    await next.work(hands.hold, { concurrency: 1 });
    const again = await hands.next();
    expect(again.taken.again).toBe(true);
    again.end();
  });

  contract('closes although a handler will not stop', async () => {
    const queue = await opened({ lockMs: 1_000 });
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    await queue.add(review(1, 1));
    const active = await hands.next();
    await queue.close(10);
    expect(active.taken.signal.aborted).toBe(true);
    expect(await queue.healthy()).toBe(false);
    const next = await opened();
    await next.work(hands.hold, { concurrency: 1 });
    expect((await hands.next()).taken.again).toBe(true);
    active.end();
    for (const hand of hands.all) hand.end();
  });

  contract(
    'leaves a job of a newer version to newer workers, and drops what is no job',
    async () => {
      const opening = await store.openStore();
      const raw = opening.queue(name);
      const options = {
        name,
        lockMs: 10_000,
        stalledMs: 200,
        newerMs: 50,
        addMs: 5_000,
        startMs: 10_000,
        turnsMs: 250,
      };
      const queue = new BullQueue(opening, { ...options, retry: retryLimits, onEvent: (event) => events.push(event) });
      open.push(queue);
      raw.on('error', () => undefined);
      await raw.add('review', { ...review(1, 1), version: 2, added: true }, { priority: 1 });
      await raw.add('review', { ...review(1, 2), token: 'ghs_secret' }, { priority: 2, removeOnFail: true });
      const hands = new Hands();
      await queue.work(hands.hold, { concurrency: 1 });
      await queue.add(review(1, 3));
      expect((await hands.next()).job).toEqual(review(1, 3));
      hands.all[0]?.end();
      await eventually(() => events.filter(({ event }) => event === 'left').length).toBeGreaterThanOrEqual(2);
      await eventually(() => events.map(({ event }) => event)).toContain('malformed');
      const malformed = events.find(({ event }) => event === 'malformed');
      expect(malformed).toMatchObject({ error: { code: 'queue.malformed', kind: 'terminal' } });
      expect(JSON.stringify(malformed)).not.toContain('ghs_secret');
      await eventually(async () => (await queue.counts()).waiting + (await queue.counts()).active).toBe(1);
      expect(hands.all).toHaveLength(1);
      await raw.close();
    },
    'alone',
  );

  contract('refuses to add what is no job', async () => {
    const queue = await opened();
    const extra = { ...review(1, 1), token: 'ghs_secret' };
    await expect(queue.add(extra)).rejects.toMatchObject({ code: 'queue.malformed' });
    await expect(queue.add(review(1, -1))).rejects.toMatchObject({ code: 'queue.malformed' });
    expect(await queue.counts()).toEqual({ waiting: 0, active: 0 });
  });

  contract('takes a sweep, and a review a sweep asked for counts as a second look', async () => {
    const queue = await opened();
    const hands = new Hands();
    await queue.work(hands.pass(), { concurrency: 1 });
    await queue.add({ kind: 'sweep', version: 1, cause: 'start' });
    expect((await hands.next()).job).toEqual({ kind: 'sweep', version: 1, cause: 'start' });
    await queue.add(review(1, 1, 'sweep'));
    expect((await hands.next()).taken.again).toBe(true);
  });

  contract('takes a thousand jobs, added at once, each exactly once', async () => {
    const queue = await opened({ lockMs: 30_000, addMs: 30_000 });
    const hands = new Hands();
    const jobs = Array.from({ length: 1_000 }, (_, at) => review(1 + (at % 10), at + 1));
    // A busy store may have no connection left for some of them in time.
    const added = async (job: ReviewJob): Promise<void> => {
      try {
        await queue.add(job);
      } catch (error) {
        if (asSluiceError(error).kind !== 'transient') throw error;
        await added(job);
      }
    };
    await Promise.all(jobs.map(added));
    expect((await queue.counts()).waiting).toBe(1_000);
    expect(await queue.healthy()).toBe(true);
    await queue.work(hands.pass(), { concurrency: 16 });
    const taken = await hands.take(1_000);
    expect(new Set(taken.map(({ job }) => 'pull' in job && job.pull)).size).toBe(1_000);
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
  });
});
