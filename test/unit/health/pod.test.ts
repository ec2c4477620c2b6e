import { describe, expect, it } from 'vitest';
import { podSelector, podTrouble } from '../../../src/health/pod.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

const pod = (status: Json): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, status });
const waiting = (reason: string, more: Record<string, Json> = {}): Json => ({
  containerStatuses: [{ name: 'web', image: 'reg/web:v2', state: { waiting: { reason, message: 'm' } }, ...more }],
});

describe('podTrouble', () => {
  it.each<{ title: string; status: Json; is: string | undefined }>([
    { title: 'nothing', status: {}, is: undefined },
    { title: 'a container that starts', status: waiting('ContainerCreating'), is: undefined },
    { title: 'an image', status: waiting('ErrImagePull'), is: 'image "reg/web:v2" cannot be pulled (ErrImagePull)' },
    {
      title: 'an image name',
      status: waiting('InvalidImageName'),
      is: 'image "reg/web:v2" cannot be pulled (InvalidImageName)',
    },
    { title: 'a missing Secret', status: waiting('CreateContainerConfigError'), is: 'container web cannot start: m' },
    { title: 'a crash', status: waiting('CrashLoopBackOff'), is: 'container web crashes (CrashLoopBackOff)' },
    {
      title: 'a crash with its code',
      status: waiting('CrashLoopBackOff', { lastState: { terminated: { exitCode: 137 } } }),
      is: 'container web crashes (CrashLoopBackOff, exit code 137)',
    },
    {
      title: 'an init container',
      status: { initContainerStatuses: (waiting('ErrImagePull') as { containerStatuses: Json }).containerStatuses },
      is: 'image "reg/web:v2" cannot be pulled (ErrImagePull)',
    },
    {
      title: 'no node',
      status: {
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }],
      },
      is: 'no node takes it: 0/1 nodes',
    },
    {
      title: 'a Pod that is ready for all that',
      status: { ...(waiting('ErrImagePull') as object), conditions: [{ type: 'Ready', status: 'True' }] },
      is: undefined,
    },
    {
      title: 'an image that hides',
      status: { containerStatuses: [{ image: 'a\u202eb', state: { waiting: { reason: 'ErrImagePull' } } }] },
      is: 'image "a\\u{202e}b" cannot be pulled (ErrImagePull)',
    },
    {
      title: 'other types',
      status: { containerStatuses: [null, 7, { state: { waiting: 'x' } }], conditions: 'x' },
      is: undefined,
    },
  ])('$title', ({ status, is }) => {
    expect(podTrouble(pod(status))).toBe(is);
  });
});

describe('podSelector', () => {
  const workload = (apiVersion: string, kind: string, selector: Json): KubeObject => ({
    apiVersion,
    kind,
    metadata: {},
    spec: { selector },
  });
  it.each<{ title: string; object: KubeObject; is: string | undefined }>([
    {
      title: 'a Deployment',
      object: workload('apps/v1', 'Deployment', { matchLabels: { app: 'web', 'x.io/t': '' } }),
      is: 'app=web,x.io/t=',
    },
    {
      title: 'a Job',
      object: workload('batch/v1', 'Job', { matchLabels: { 'batch.kubernetes.io/job-name': 'x' } }),
      is: 'batch.kubernetes.io/job-name=x',
    },
    { title: 'another kind', object: workload('v1', 'Service', { matchLabels: { app: 'web' } }), is: undefined },
    {
      title: 'a kind of another group',
      object: workload('x.io/v1', 'Deployment', { matchLabels: { app: 'web' } }),
      is: undefined,
    },
    { title: 'no labels', object: workload('apps/v1', 'Deployment', { matchLabels: {} }), is: undefined },
    {
      title: 'labels that would change the question',
      object: workload('apps/v1', 'Deployment', { matchLabels: { 'a,b': 'c' } }),
      is: undefined,
    },
    {
      title: 'values that would',
      object: workload('apps/v1', 'Deployment', { matchLabels: { a: 'b&limit=0' } }),
      is: undefined,
    },
  ])('$title', ({ object, is }) => {
    expect(podSelector(object)).toBe(is);
  });
});
