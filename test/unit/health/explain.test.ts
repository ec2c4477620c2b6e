import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import type { Health, HealthTarget } from '../../../src/health/check.ts';
import { explained, troublesOf } from '../../../src/health/explain.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { KubeWriter, ListOptions, ServedKind, ServedKinds } from '../../../src/ports/kube.ts';

const podKind: ServedKind = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  verbs: ['list'],
};
const kinds: ServedKinds = {
  find: (_group, kind) => (kind === 'Pod' ? podKind : undefined),
  exactly: () => undefined,
  complete: () => true,
  all: () => [podKind],
};
const pod = (reason: string, created = '2026-11-25T15:00:00Z'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { creationTimestamp: created },
  status: { containerStatuses: [{ name: 'web', image: 'reg/web:v2', state: { waiting: { reason } } }] },
});
const target = (name: string): HealthTarget => ({
  id: name,
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  namespace: 'apps',
  name,
  vanishes: false,
});
const workload = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'apps' },
  spec: { selector: { matchLabels: { app: name } } },
});

function given(names: readonly string[]): { health: Health; live: Map<string, KubeObject | null> } {
  const [first, ...others] = names.map((name) => ({
    target: target(name),
    status: 'InProgress' as const,
    message: 'slow',
  }));
  const failed = first === undefined ? [] : [first];
  const health = { done: true, total: names.length, ready: 0, failed, waiting: others };
  return { health, live: new Map(names.map((name) => [name, workload(name)])) };
}

function reader(
  answer: (options: ListOptions) => readonly KubeObject[],
): Pick<KubeWriter, 'list'> & { asked: ListOptions[] } {
  const asked: ListOptions[] = [];
  return {
    asked,
    list(_kind, options) {
      asked.push(options);
      return new Promise((resolve) => resolve(answer(options)));
    },
  };
}

describe('explained', () => {
  it('adds what ails the Pods of failed and waiting workloads', async () => {
    const { health, live } = given(['a', 'b']);
    const pods = reader(({ labels }) => (labels === 'app=a' ? [pod('ErrImagePull')] : [pod('CrashLoopBackOff')]));
    const told = await explained(health, live, kinds, pods);
    expect(told.failed[0]?.message).toBe('slow; image "reg/web:v2" cannot be pulled (ErrImagePull)');
    expect(told.waiting[0]?.message).toBe('slow; container web crashes (CrashLoopBackOff)');
    expect(pods.asked).toEqual([
      { namespace: 'apps', labels: 'app=a' },
      { namespace: 'apps', labels: 'app=b' },
    ]);
  });

  it('asks for five workloads at most, and for none that is not there or has no Pods', async () => {
    const many = given(Array.from({ length: 9 }, (_one, at) => `w${at}`));
    const pods = reader(() => []);
    expect(await explained(many.health, many.live, kinds, pods)).toEqual(many.health);
    expect(pods.asked).toHaveLength(5);
    const { health, live } = given(['a', 'b', 'c']);
    live.set('a', null);
    live.set('b', { ...workload('b'), kind: 'Thing' });
    live.delete('c');
    const none = reader(() => []);
    expect(await explained(health, live, kinds, none)).toEqual(health);
    expect(none.asked).toEqual([]);
  });

  it('leaves the words as they are where Pods may not be read', async () => {
    const { health, live } = given(['a']);
    const denied = reader(() => {
      throw new SluiceError('kube.denied', 'no');
    });
    expect(await explained(health, live, kinds, denied)).toEqual(health);
    expect(denied.asked).toHaveLength(1);
    expect(await explained(health, live, { ...kinds, find: () => undefined }, denied)).toEqual(health);
  });
});

describe('troublesOf', () => {
  it('says each once, those of the newest Pods first, two at most', () => {
    const pods = [
      pod('CrashLoopBackOff', '2026-11-25T13:00:00Z'),
      pod('ErrImagePull', '2026-11-25T15:00:00Z'),
      pod('ErrImagePull', '2026-11-25T15:00:01Z'),
      pod('CreateContainerError', '2026-11-25T14:00:00Z'),
    ];
    expect(troublesOf(pods)).toEqual([
      'image "reg/web:v2" cannot be pulled (ErrImagePull)',
      'container web cannot start: CreateContainerError',
    ]);
  });
});
