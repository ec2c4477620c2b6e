// Health of real objects: rollouts, Jobs and definitions on a cluster with nodes, judged as the agent judges them.
import { beforeAll, describe, expect, test } from 'vitest';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import { type KubeObject as LabObject, refOf } from '../../../lab/cluster/object.ts';
import { connectCluster } from '../../../src/adapters/kube/cluster.ts';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import { readDeploySpec } from '../../../src/flux/deploy-spec.ts';
import {
  failedWords,
  type Health,
  healthOf,
  type HealthTarget,
  healthTargets,
  timedOutWords,
} from '../../../src/health/check.ts';
import { explained } from '../../../src/health/explain.ts';
import { type ObjectStatus, statusOf } from '../../../src/health/kstatus.ts';
import { createHealthRules } from '../../../src/health/rules.ts';
import { established, stageStatus } from '../../../src/health/stage.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { KubeCluster } from '../../../src/ports/kube.ts';
import { freshNamespace, sharedCluster } from '../cluster/shared.ts';
import { namespace as namespaceObject, startTimeoutMs } from '../cluster/stage.ts';
import { unlogged } from '../kube/scripted.ts';

let cluster: ClusterAccess;
let kube: KubeCluster;
let namespace: string;
beforeAll(async () => {
  cluster = await sharedCluster({ controllers: true });
  kube = connectCluster(readKubeconfig(cluster.kubeconfig()), { log: unlogged });
  namespace = await freshNamespace(cluster, 'health');
  return () => kube.close();
}, startTimeoutMs);

const rules = createHealthRules([]);

function deployment(name: string, tag: string, more: object = {}): LabObject {
  const labels = { app: name };
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'web', image: `example.org/web:${tag}` }] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      progressDeadlineSeconds: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
      ...more,
    },
  };
}

function job(name: string, tag: string, more: object = {}): LabObject {
  const containers = [{ name: 'task', image: `example.org/task:${tag}` }];
  const template = { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: { backoffLimit: 0, template, ...more },
  };
}

/** Waits until the object is judged so, and returns every judgement on the way, each once. */
async function until(object: LabObject, wanted: ObjectStatus['status']): Promise<ObjectStatus[]> {
  const seen: ObjectStatus[] = [];
  await cluster.admin.until(refOf(object), (found) => {
    const status = statusOf((found as KubeObject | undefined) ?? null, new Date());
    if (seen.at(-1)?.message !== status.message) seen.push(status);
    return status.status === wanted;
  });
  return seen;
}

function targetsOf(spec: object, ...objects: LabObject[]): readonly HealthTarget[] {
  const document = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'k', namespace },
    spec,
  } as unknown as KubeObject;
  const applied = objects.map((object) => ({ object: object as KubeObject, skipped: false }));
  return healthTargets(document, readDeploySpec(document), applied, () => true);
}

/** One look, as the agent takes it. */
async function look(targets: readonly HealthTarget[], by = rules): Promise<Health> {
  const kinds = await kube.kinds();
  const live = new Map<string, KubeObject | null>();
  for (const { id, group, kind, namespace: where, name } of targets) {
    const served = kinds.find(group, kind);
    live.set(id, served === undefined ? null : ((await kube.get({ kind: served, namespace: where, name })) ?? null));
  }
  return await explained(healthOf(targets, by, { live, now: new Date() }), live, kinds, kube);
}

describe('Deployments', () => {
  test('that roll out are Current in the end, and not before', async () => {
    const object = deployment('good', '1-slow', { progressDeadlineSeconds: 60 });
    await cluster.admin.apply(object);
    const seen = await until(object, 'Current');
    expect(seen.slice(0, -1).every(({ status }) => status === 'InProgress')).toBe(true);
    expect(await look(targetsOf({ wait: true }, object))).toMatchObject({
      done: true,
      ready: 1,
      failed: [],
      waiting: [],
    });
  });

  test.each([
    [
      'no-image',
      /^progress deadline exceeded; image "example.org\/web:no-image" cannot be pulled \(ImagePullBackOff\)$/,
    ],
    ['crash', /^progress deadline exceeded; container web crashes \(CrashLoopBackOff(, exit code \d+)?\)$/],
    ['never-ready', /^progress deadline exceeded$/],
  ])('with an image %s fail at their deadline, and say why', async (tag, words) => {
    const object = deployment(tag, tag);
    await cluster.admin.apply(object);
    await until(object, 'Failed');
    // The deadline may be over before the Pods have said what ails them.
    await expect
      .poll(() => look(targetsOf({ wait: true }, object)))
      .toMatchObject({ done: true, ready: 0, failed: [{ status: 'Failed', message: expect.stringMatching(words) }] });
    const health = await look(targetsOf({ wait: true }, object));
    expect(failedWords(health, 2_000)).toContain(`Deployment/${namespace}/${tag}`);
  });

  test('that stay in a bad rollout are not healthy, however many old Pods serve', async () => {
    const object = deployment('rollout', '1', { progressDeadlineSeconds: 60 });
    await cluster.admin.apply(object);
    await until(object, 'Current');
    await cluster.admin.apply(deployment('rollout', '2-no-image', { progressDeadlineSeconds: 60 }));
    await cluster.admin.until(refOf(object), (found) => {
      const status = found?.['status'] as { observedGeneration?: number; updatedReplicas?: number } | undefined;
      return status?.observedGeneration === 2 && status.updatedReplicas === 1;
    });
    const health = await look(targetsOf({ wait: true }, object));
    expect(health).toMatchObject({ done: false, failed: [], waiting: [{ status: 'InProgress' }] });
    expect(timedOutWords(health, 30_000)).toMatch(
      /^timed out after 30s waiting for Deployment\/health-\w+\/rollout \(1 of 2 replicas updated/,
    );
  });

  test('that a quota holds back say so', async () => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { pods: '0' } },
    };
    const other = await freshNamespace(cluster, 'quota');
    await cluster.admin.apply({ ...quota, metadata: { ...quota.metadata, namespace: other } });
    const object = deployment('held', '1', { progressDeadlineSeconds: 60 });
    const held = { ...object, metadata: { ...object.metadata, namespace: other } };
    await cluster.admin.until({ apiVersion: 'v1', kind: 'ResourceQuota', name: 'none', namespace: other }, (found) => {
      return (found?.['status'] as { hard?: object } | undefined)?.hard !== undefined;
    });
    await cluster.admin.apply(held);
    let last: ObjectStatus | undefined;
    await cluster.admin.until(refOf(held), (found) => {
      last = statusOf((found as KubeObject | undefined) ?? null, new Date());
      return last.message.includes('exceeded quota');
    });
    expect(last).toMatchObject({
      status: 'InProgress',
      message: expect.stringMatching(/^0 of 2 replicas created; .*exceeded quota/),
    });
  });
});

describe('Jobs', () => {
  test('complete', async () => {
    const object = job('done', '1');
    await cluster.admin.apply(object);
    expect((await until(object, 'Current')).at(-1)?.message).toBe('completed');
  });

  test('fail', async () => {
    const object = job('broken', 'crash');
    await cluster.admin.apply(object);
    expect((await until(object, 'Failed')).at(-1)?.message).toMatch(/^the Job failed: BackoffLimitExceeded/);
  });

  test('that are suspended are nobody to wait for', async () => {
    const object = job('later', '1', { suspend: true });
    await cluster.admin.apply(object);
    expect((await until(object, 'Current')).at(-1)?.message).toBe('suspended');
  });

  test('that delete themselves are well when they are gone', async () => {
    const object = job('brief', '1', { ttlSecondsAfterFinished: 0 });
    const targets = targetsOf({ wait: true }, object);
    await cluster.admin.apply(object);
    await cluster.admin.until(refOf(object), (found) => found === undefined);
    expect(await look(targets)).toMatchObject({ done: true, ready: 1 });
    const stays = targetsOf({ healthChecks: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'brief' }] });
    expect(await look(stays)).toMatchObject({ done: false, waiting: [{ status: 'NotFound' }] });
  });
});

describe('stages', () => {
  const group = `h${Math.random().toString(36).slice(2, 8)}.example.org`;
  const definition: LabObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };

  test('a definition is established before objects of its kind are applied, and rules judge those', async () => {
    await cluster.admin.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    const found = await cluster.admin.until(
      refOf(definition),
      (one) => one !== undefined && established(one as KubeObject),
    );
    expect(stageStatus(found as KubeObject, new Date()).status).toBe('Current');
    // What is established is served a moment later.
    await cluster.admin.apply(definition);
    const thing: LabObject = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'one', namespace } };
    await cluster.admin.apply({ ...thing, status: { conditions: [{ type: 'Synced', status: 'False' }], count: 3 } });
    const targets = targetsOf({ wait: true }, thing);
    const judged = async (current: string): Promise<string | undefined> => {
      await kube.kinds(true);
      const health = await look(
        targets,
        createHealthRules([
          { apiVersion: `${group}/v1beta1`, kind: 'Thing', current, inProgress: undefined, failed: undefined },
        ]),
      );
      return [...health.failed, ...health.waiting][0]?.message;
    };
    const synced = "status.conditions.filter(e, e.type == 'Synced').all(e, e.status == 'True')";
    await expect.poll(() => judged(synced)).toBe('its current expression is false');
    expect(await judged('status.count == 3 && metadata.generation == 1')).toBeUndefined();
    expect(await judged('status.nothing == 3')).toMatch(/^its health expression fails: /);
    await cluster.admin.delete(refOf(definition));
  });

  test('a Namespace is Active, and Terminating once it goes', async () => {
    const name = await freshNamespace(cluster, 'stage');
    const ref = refOf(namespaceObject(name));
    const stageOf = (found: unknown): string =>
      stageStatus((found as KubeObject | undefined) ?? null, new Date()).status;
    await cluster.admin.until(ref, (found) => stageOf(found) === 'Current');
    await cluster.admin.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: name, finalizers: ['example.org/hold'] },
    });
    await cluster.admin.delete(ref);
    const going = await cluster.admin.until(ref, (found) => stageOf(found) === 'Terminating');
    expect(going).toBeDefined();
    const held = { apiVersion: 'v1', kind: 'ConfigMap', name: 'held', namespace: name };
    await cluster.admin.until(held, (found) => {
      const { status, message } = statusOf((found as KubeObject | undefined) ?? null, new Date());
      return status === 'Terminating' && message === 'being deleted, held by example.org/hold';
    });
    await cluster.admin.patch(held, { metadata: { finalizers: null } }, { type: 'merge' });
    await cluster.admin.until(ref, (found) => stageOf(found) === 'NotFound');
  });
});
