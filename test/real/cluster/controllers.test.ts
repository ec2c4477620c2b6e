import { afterAll, beforeAll, expect, test } from 'vitest';
import { conditionOf, type KubeObject, refOf } from '../../../lab/cluster/object.ts';
import { namespace, type Stage, setStage, startTimeoutMs } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('controllers', true);
  await stage.cluster.admin.apply(namespace('web'));
}, startTimeoutMs);
afterAll(async () => await stage.close());

function pods(image: string, restartPolicy?: string): object {
  const containers = [{ name: 'app', image }];
  // A namespace controller comes back after half the longest grace period.
  return {
    spec: { terminationGracePeriodSeconds: 0, containers, ...(restartPolicy !== undefined && { restartPolicy }) },
  };
}

function deployment(name: string, image: string): KubeObject {
  const labels = { app: name };
  const template = { metadata: { labels }, ...pods(image) };
  const spec = { replicas: 2, progressDeadlineSeconds: 2, selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'web' }, spec };
}

function job(name: string, image: string): KubeObject {
  const spec = { backoffLimit: 0, template: pods(image, 'Never') };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'web' }, spec };
}

interface PodStatus {
  readonly containerStatuses: readonly { readonly state: { readonly waiting?: { readonly reason: string } } }[];
}

/** Why the container of a Deployment's first Pod waits; undefined where it runs. */
async function waiting(name: string): Promise<string | undefined> {
  const [pod] = await stage.cluster.admin.list('v1', 'Pod', { namespace: 'web', labelSelector: `app=${name}` });
  const { containerStatuses } = (pod?.['status'] ?? {}) as Partial<PodStatus>;
  if (containerStatuses === undefined) return 'not started';
  return containerStatuses[0]?.state.waiting?.reason;
}

test('a Deployment becomes available', async () => {
  const { admin } = stage.cluster;
  const object = deployment('good', 'example.org/good:1.0');
  await admin.apply(object);
  const done = await admin.until(refOf(object), (found) => conditionOf(found, 'Available')?.status === 'True');
  expect(done?.['status']).toMatchObject({ availableReplicas: 2, updatedReplicas: 2 });
});

test.each([
  ['is never ready', 'example.org/app:1.0-never-ready', undefined],
  ['crashes', 'example.org/app:crash', 'CrashLoopBackOff'],
  ['is not found', 'example.org/app:no-image', 'ImagePullBackOff'],
])('a Deployment whose image %s fails after its deadline', async (_what, image, reason) => {
  const { admin } = stage.cluster;
  const object = deployment(image.replace(/.*:/, '').replace('1.0', 'app'), image);
  await admin.apply(object);
  const failed = await admin.until(refOf(object), (found) => conditionOf(found, 'Progressing')?.status === 'False');
  expect(conditionOf(failed, 'Progressing')?.reason).toBe('ProgressDeadlineExceeded');
  expect(conditionOf(failed, 'Available')?.status).toBe('False');
  await expect.poll(() => waiting(object.metadata.name)).toBe(reason);
});

test('a bad rollout leaves the old pods, and a good one after it gets through', async () => {
  const { admin } = stage.cluster;
  const ref = refOf(deployment('rollout', ''));
  const settled = (generation: number) => (found: KubeObject | undefined) => {
    const status = found?.['status'] as Record<string, number> | undefined;
    const { observedGeneration, updatedReplicas, availableReplicas, replicas } = status ?? {};
    return observedGeneration === generation && updatedReplicas === 2 && availableReplicas === 2 && replicas === 2;
  };
  await admin.apply(deployment('rollout', 'example.org/app:1'));
  await admin.until(ref, settled(1));
  await admin.apply(deployment('rollout', 'example.org/app:2-crash'));
  // The first one may have gone past its deadline, too, before it was there.
  const stuck = await admin.until(ref, (found) => {
    const { observedGeneration, updatedReplicas } = (found?.['status'] ?? {}) as Record<string, number>;
    const isOver = conditionOf(found, 'Progressing')?.status === 'False';
    return isOver && observedGeneration === 2 && updatedReplicas === 1;
  });
  expect(stuck?.['status']).toMatchObject({ availableReplicas: 2 });
  await admin.apply(deployment('rollout', 'example.org/app:3-slow'));
  await admin.until(ref, settled(3));
});

test.each([
  ['completes', 'example.org/task:1', 'Complete'],
  ['fails when its image crashes', 'example.org/task:crash', 'Failed'],
])('a Job %s', async (_what, image, condition) => {
  const { admin } = stage.cluster;
  const object = job(condition.toLowerCase(), image);
  await admin.apply(object);
  await admin.until(refOf(object), (found) => conditionOf(found, condition)?.status === 'True');
});

test('what a Deployment owns goes with it, and a namespace with all that is in it', async () => {
  const { admin } = stage.cluster;
  await admin.apply([namespace('short'), { ...deployment('x', 'x:1'), metadata: { name: 'x', namespace: 'short' } }]);
  const ref = { ...refOf(deployment('x', '')), namespace: 'short' };
  await admin.until(ref, (found) => conditionOf(found, 'Available')?.status === 'True');
  await admin.delete(refOf(namespace('short')));
  await admin.until(refOf(namespace('short')), (found) => found === undefined);
  expect(await admin.list('v1', 'Pod', { namespace: 'short' })).toEqual([]);
});
