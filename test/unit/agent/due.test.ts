// When something is due: plans, paces, and what was touched.
import { describe, expect, test } from 'vitest';
import { DriftPace } from '../../../src/agent/drift-pace.ts';
import { Memory } from '../../../src/agent/memory.ts';
import { Schedule } from '../../../src/agent/schedule.ts';
import { type Applied, isMoved, Touched } from '../../../src/agent/touched.ts';
import type { Follower, ObjectMetadata, ServedKind } from '../../../src/ports/kube.ts';

describe('a schedule', () => {
  const start = (): { readonly schedule: Schedule; readonly due: string[]; readonly at: (ms: number) => void } => {
    let now = 0;
    const due: string[] = [];
    const schedule = new Schedule({
      elapsed: () => now,
      lostAfterMs: 1_000,
      due: (key, cause) => void due.push(`${key} ${cause}`),
    });
    return {
      schedule,
      due,
      at: (ms) => {
        now = ms;
        schedule.tick();
      },
    };
  };

  test('makes due what was planned, once', () => {
    const { schedule, due, at } = start();
    schedule.next('a/x', 100, 'interval');
    at(99);
    expect(due).toEqual([]);
    at(100);
    at(101);
    expect(due).toEqual(['a/x interval']);
  });

  test('makes it due again where nobody came back', () => {
    const { schedule, due, at } = start();
    schedule.next('a/x', 100, 'interval');
    at(100);
    at(1_100);
    expect(due).toEqual(['a/x interval', 'a/x again']);
    expect(schedule.untilNext()).toBe(1_000);
  });

  test('269: makes again what was due at once, though nothing was planned for it, where nobody came back', () => {
    const { schedule, due, at } = start();
    schedule.now('a/new', 'seen');
    at(999);
    expect(due).toEqual(['a/new seen']);
    at(1_000);
    expect(due).toEqual(['a/new seen', 'a/new again']);
    // Whoever came back says when it is due next.
    schedule.now('a/new', 'changed');
    schedule.next('a/new', 9_000, 'interval');
    at(9_000);
    expect(due.slice(2)).toEqual(['a/new changed']);
    schedule.next('a/new', 500, 'interval');
    schedule.now('a/new', 'changed');
    expect(schedule.untilNext()).toBe(500);
  });

  test('keeps the earlier plan with `within`, the later word with `next`', () => {
    const { schedule, due, at } = start();
    schedule.next('a/x', 100, 'interval');
    schedule.within('a/x', 500, 'later');
    schedule.within('a/x', 50, 'sooner');
    at(50);
    schedule.next('a/x', 1_000, 'interval');
    at(200);
    expect(due).toEqual(['a/x sooner']);
    schedule.forget('a/x');
    at(9_000);
    expect(due).toHaveLength(1);
    expect(schedule.untilNext()).toBeUndefined();
  });
});

describe('the pace of drift', () => {
  test('is at once for a few, then slower and slower, and forgets', () => {
    const pace = new DriftPace();
    const first = [0, 1, 2, 3, 4].map((at) => pace.wait('a/x', at * 1_000));
    expect(first).toEqual([0, 0, 0, 0, 0]);
    const sixth = pace.wait('a/x', 6_000);
    expect(sixth).toBe(10_000);
    // What comes while that one is waited for is the same look.
    expect(pace.wait('a/x', 7_000)).toBe(9_000);
    expect(pace.wait('a/x', 17_000)).toBe(20_000);
    expect(pace.wait('b/y', 17_000)).toBe(0);
    expect(pace.wait('a/x', 3_600_000)).toBe(0);
  });

  test('is never slower than five minutes', () => {
    const pace = new DriftPace();
    let now = 0;
    let longest = 0;
    for (let look = 0; look < 40; look += 1) {
      const wait = pace.wait('a/x', now);
      longest = Math.max(longest, wait);
      now += wait + 1;
    }
    expect(longest).toBeLessThanOrEqual(300_000);
    expect(longest).toBeGreaterThan(60_000);
  });
});

const applied: Applied = {
  group: '',
  kind: 'ConfigMap',
  namespace: 'shop',
  name: 'web',
  uid: 'u1',
  resourceVersion: '5',
  generation: undefined,
  digest: 'd1',
  sent: 's',
};
const seen = (more: Partial<ObjectMetadata> = {}): ObjectMetadata => ({
  namespace: 'shop',
  name: 'web',
  uid: 'u1',
  resourceVersion: '5',
  generation: undefined,
  deleting: false,
  labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'shop' },
  digest: 'd1',
  ...more,
});

test.each([
  ['as it was left', {}, false],
  ['a status was written', { resourceVersion: '6' }, false],
  ['a field of ours was taken', { resourceVersion: '6', digest: 'd2' }, true],
  ['another object of that name', { uid: 'u2' }, true],
])('moved: %s', (_what, more, expected) => {
  expect(isMoved(applied, seen(more))).toBe(expected);
});

describe('what the watch knows', () => {
  const kind: ServedKind = {
    group: '',
    version: 'v1',
    kind: 'ConfigMap',
    plural: 'configmaps',
    namespaced: true,
    verbs: [],
  };

  async function follow(): Promise<{
    readonly touched: Touched;
    readonly told: string[];
    readonly follower: Follower<ObjectMetadata>;
  }> {
    const told: string[] = [];
    let follower: Follower<ObjectMetadata> | undefined;
    const touched = new Touched({
      cluster: {
        followMetadata: (_kind, one) => {
          follower = one;
          one.listed([seen()]);
          return Promise.resolve();
        },
      },
      signal: new AbortController().signal,
      onChange: (owner) => void told.push(owner),
    });
    await touched.follow(kind);
    await touched.follow(kind);
    if (follower === undefined) throw new Error('nobody followed');
    told.length = 0;
    return { touched, told, follower };
  }

  test('is what was listed, changed and deleted', async () => {
    const { touched, told, follower } = await follow();
    expect(touched.find('', 'ConfigMap', 'shop', 'web')).toEqual(seen());
    expect(touched.find('', 'ConfigMap', 'shop', 'other')).toBe('absent');
    expect(touched.find('apps', 'Deployment', 'shop', 'web')).toBe('unwatched');
    follower.changed(seen({ resourceVersion: '6' }));
    follower.deleted(seen({ resourceVersion: '7' }));
    expect(touched.find('', 'ConfigMap', 'shop', 'web')).toBe('absent');
    expect(told).toEqual(['shop/shop', 'shop/shop']);
  });

  test('an owner hears of an object that lost its labels', async () => {
    const { told, follower } = await follow();
    follower.deleted(seen({ labels: {}, resourceVersion: '6' }));
    expect(told).toEqual(['shop/shop']);
  });

  test('after another list only what differs is told', async () => {
    const { told, follower } = await follow();
    follower.listed([seen()]);
    expect(told).toEqual([]);
    follower.listed([]);
    expect(told).toEqual(['shop/shop']);
  });

  test('while the watch is lost nobody relies on it', async () => {
    const { touched, follower } = await follow();
    follower.lost?.(new Error('gone'));
    expect(touched.find('', 'ConfigMap', 'shop', 'web')).toBe('unwatched');
    follower.listed([seen()]);
    expect(touched.find('', 'ConfigMap', 'shop', 'web')).toEqual(seen());
  });
});

test('memory counts failures in a row, and knows who waits for whom once', () => {
  const memory = new Memory();
  expect([memory.failed('a/x'), memory.failed('a/x')]).toEqual([1, 2]);
  memory.succeeded('a/x');
  expect(memory.failed('a/x')).toBe(1);
  memory.waitFor('a/old', 'a/x');
  memory.waitFor('a/old', 'a/y');
  expect(memory.released('a/old').toSorted()).toEqual(['a/x', 'a/y']);
  expect(memory.released('a/old')).toEqual([]);
});
