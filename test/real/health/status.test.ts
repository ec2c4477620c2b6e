// Status and events of Kustomizations against Flux's own definitions, on a real API server: nothing refused, nothing lost.
import { beforeAll, describe, expect, test } from 'vitest';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import type { KubeObject as LabObject } from '../../../lab/cluster/object.ts';
import { ensureFluxCrds } from '../../../src/adapters/flux-crds.ts';
import { connectCluster } from '../../../src/adapters/kube/cluster.ts';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import { readDeploySpec } from '../../../src/flux/deploy-spec.ts';
import { eventsOf } from '../../../src/flux/event.ts';
import { asObject, valueAt } from '../../../src/flux/read.ts';
import {
  attemptOf,
  failedStatus,
  progressingStatus,
  readyStatus,
  runningAttempt,
  type StatusPatch,
  stalledStatus,
  suspendedStatus,
  unchangedStatus,
} from '../../../src/flux/status.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import type { KubeCluster, ObjectAddress, ServedKind } from '../../../src/ports/kube.ts';
import { freshNamespace, sharedCluster } from '../cluster/shared.ts';
import { startTimeoutMs } from '../cluster/stage.ts';
import { unlogged } from '../kube/scripted.ts';

let cluster: ClusterAccess;
let kube: KubeCluster;
let namespace: string;
let definitions: readonly KubeObject[];
let kind: ServedKind;
beforeAll(async () => {
  cluster = await sharedCluster();
  definitions = await ensureFluxCrds();
  await cluster.admin.apply(definitions as readonly LabObject[]);
  kube = connectCluster(readKubeconfig(cluster.kubeconfig()), { log: unlogged });
  const served = (await kube.kinds()).find('kustomize.toolkit.fluxcd.io', 'Kustomization');
  if (served === undefined) throw new Error('no Kustomizations here');
  kind = served;
  namespace = await freshNamespace(cluster, 'status');
  return () => kube.close();
}, startTimeoutMs);

const revision = `main@sha1:${'a'.repeat(40)}`;
const digest = `sha256:${'c'.repeat(64)}`;
const inventory = [
  { id: '_system__x_rbac.authorization.k8s.io_ClusterRole', v: 'v1' },
  { id: 'apps_web_apps_Deployment', v: 'v1' },
];
const now = new Date('2026-11-25T15:00:00.500Z');
const hostile = `\u202e\u0000 "no"\n${'x'.repeat(50_000)}`;

async function created(name: string, spec: object = {}): Promise<{ object: KubeObject; address: ObjectAddress }> {
  const address = { kind, namespace, name };
  await cluster.admin.apply({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace, annotations: { 'reconcile.fluxcd.io/requestedAt': '2026' } },
    spec: { interval: '10m', prune: true, sourceRef: { kind: 'GitRepository', name: 's' }, ...spec },
  });
  const object = await kube.get(address);
  if (object === undefined) throw new Error('not created');
  return { object, address };
}

/** Sends a patch as a compare-and-set, checks that all of it is there afterwards, and returns the document. */
async function sent(object: KubeObject, address: ObjectAddress, patch: StatusPatch | undefined): Promise<KubeObject> {
  const version = object.metadata['resourceVersion'] as string;
  const after = await kube.patchStatus(address, patch as Json, version);
  const status = asObject(after['status']) ?? {};
  for (const [field, value] of Object.entries(patch ?? {}))
    expect(status[field], field).toEqual(value === null ? undefined : value);
  return after;
}

describe('a Kustomization', () => {
  test('lives its whole life in patches that the API server takes whole', async () => {
    const { object, address } = await created('life');
    expect(object['status']).toEqual({ observedGeneration: -1 });
    const attempt = attemptOf(object, 'a-1', now);
    const progress = {
      step: 'Building manifests',
      revision,
      timeoutMs: 570_000,
      now,
      attempted: true,
      inventory,
    } as const;
    const building = await sent(object, address, progressingStatus(object, attempt, progress));
    expect(runningAttempt(building)).toBe('a-1');
    const failure = {
      reason: 'HealthCheckFailed',
      message: hostile,
      now,
      revision,
      digest,
      durationMs: 1_234.5,
      retryMs: 1,
    } as const;
    const failed = await sent(
      building,
      address,
      failedStatus(building, attempt, { ...failure, health: { type: 'failed', message: hostile } }),
    );
    expect(runningAttempt(failed)).toBeUndefined();
    const stalled = await sent(
      failed,
      address,
      stalledStatus(failed, attempt, { ...failure, reason: 'InvalidCELExpression' }),
    );
    const checking = { ...progress, step: 'Running health checks' } as const;
    const again = await sent(stalled, address, progressingStatus(stalled, attempt, checking));
    const outcome = { revision, inventory, digest, durationMs: 3_200, now, originRevision: 'main@sha1:1' } as const;
    const well = await sent(
      again,
      address,
      readyStatus(again, attempt, { ...outcome, health: { type: 'passed', message: 'Health check passed in 3.2s' } }),
    );
    const { originRevision: _gone, ...noOrigin } = outcome;
    const plain = await sent(well, address, readyStatus(well, attempt, { ...noOrigin, health: { type: 'none' } }));
    expect(plain['status']).not.toHaveProperty('lastAppliedOriginRevision');
    expect(Object.keys(asObject(plain['status']) ?? {}).sort()).toEqual([
      'conditions',
      'history',
      'inventory',
      'lastAppliedRevision',
      'lastAttemptedRevision',
      'lastHandledReconcileAt',
      'observedGeneration',
    ]);
    const other = `main@sha1:${'b'.repeat(40)}`;
    const moved = await sent(
      plain,
      address,
      unchangedStatus(plain, attempt, { revision: other, digest, durationMs: 5, now }),
    );
    const busy = await sent(moved, address, progressingStatus(moved, attempt, progress));
    const suspended = await sent(busy, address, suspendedStatus(busy, attempt, now));
    expect(runningAttempt(suspended)).toBeUndefined();
  });

  test('another attempt in between wins, and the patch of the first is refused', async () => {
    const { object, address } = await created('fence');
    const progress = { step: 'Detecting drift', revision, timeoutMs: 1_000, now } as const;
    await sent(object, address, progressingStatus(object, attemptOf(object, 'first', now), progress));
    const late = progressingStatus(object, attemptOf(object, 'second', now), progress);
    await expect(sent(object, address, late)).rejects.toMatchObject({ code: 'kube.conflict' });
    expect(runningAttempt((await kube.get(address)) as KubeObject)).toBe('first');
  });

  test('is told about in events, with the revision that notifications read', async () => {
    const { object } = await created('events');
    const happenings = [
      { type: 'changed', changes: [{ object: 'Deployment/apps/web', action: 'created' }] },
      { type: 'finished', durationMs: 3_200, nextMs: 600_000 },
      { type: 'failed', reason: 'BuildFailed', message: hostile },
    ] as const;
    for (const event of eventsOf(object, happenings, { revision })) await kube.record(event);
    const events = (await cluster.admin.list('v1', 'Event', { namespace })).filter(
      (event) => (event['involvedObject'] as { name: string }).name === 'events',
    );
    const told = events.map(({ type, reason, metadata }) => [type, reason, metadata.annotations]);
    const annotations = { 'kustomize.toolkit.fluxcd.io/revision': revision };
    expect(told).toHaveLength(3);
    expect(told).toContainEqual(['Normal', 'Progressing', annotations]);
    expect(told).toContainEqual([
      'Normal',
      'ReconciliationSucceeded',
      { ...annotations, 'kustomize.toolkit.fluxcd.io/commit_status': 'update' },
    ]);
    expect(told).toContainEqual(['Warning', 'BuildFailed', annotations]);
  });
});

describe("Flux's definition", () => {
  test('has no field that is neither honoured nor refused with its own reason', () => {
    const definition = definitions.find(
      ({ metadata }) => metadata.name === 'kustomizations.kustomize.toolkit.fluxcd.io',
    );
    const versions = valueAt(definition?.['spec'], 'versions') as readonly Json[];
    const schema = valueAt(versions[0], 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties');
    const fields = Object.keys(asObject(schema) ?? {});
    expect(fields.length).toBeGreaterThan(20);
    for (const field of fields) {
      const document = { apiVersion: 'x/v1', kind: 'X', metadata: {}, spec: { [field]: 7 } };
      const { refused, problems } = readDeploySpec(document);
      expect(refused.join()).not.toContain('not a field that this version of Sluice knows');
      expect(problems.join(), field).toMatch(new RegExp(`spec\\.${field} must be`));
    }
  });

  test.each(['-1s', '0', '1ns', '1e9h', 'P1D', '', '1d'])('refuses interval %j as Sluice does', async (interval) => {
    await expect(created('interval', { interval })).rejects.toThrow();
    const spec = { interval, prune: true, sourceRef: { kind: 'GitRepository', name: 's' } };
    expect(readDeploySpec({ apiVersion: 'x/v1', kind: 'X', metadata: {}, spec }).problems).toHaveLength(1);
  });

  test.each(['0s', '9999h', '0.5s'])('takes interval %j, which Sluice says no to', async (interval) => {
    const { object } = await created(`takes-${interval.replace('.', '-')}`, { interval });
    expect(readDeploySpec(object).problems).toHaveLength(1);
  });
});
