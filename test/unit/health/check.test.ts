import { describe, expect, it } from 'vitest';
import { readDeploySpec } from '../../../src/flux/deploy-spec.ts';
import {
  failedWords,
  type HealthCandidate,
  type HealthTarget,
  type HealthView,
  healthOf,
  healthTargets,
  passedWords,
  timedOutWords,
} from '../../../src/health/check.ts';
import { createHealthRules } from '../../../src/health/rules.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

const now = new Date('2026-11-25T15:00:00Z');
const rules = createHealthRules([]);

function object(apiVersion: string, kind: string, name: string, more: Record<string, Json> = {}): KubeObject {
  const { namespace = 'apps', ...rest } = more;
  return { apiVersion, kind, metadata: { name, ...(namespace === '' ? {} : { namespace }) }, ...rest };
}
const kustomization = (spec: Record<string, Json>): KubeObject =>
  object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'web', { spec });
const isNamespaced = (_group: string, kind: string): boolean | undefined =>
  kind === 'Gone' ? undefined : !kind.startsWith('Cluster') && kind !== 'Namespace';
function targets(spec: Record<string, Json>, applied: readonly HealthCandidate[] = []): readonly HealthTarget[] {
  const document = kustomization(spec);
  return healthTargets(document, readDeploySpec(document), applied, isNamespaced);
}
const ids = (all: readonly HealthTarget[]): string[] => all.map(({ id }) => id);

const deployment = object('apps/v1', 'Deployment', 'web');
const settings = object('v1', 'ConfigMap', 'settings');
const role = object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:x', { namespace: '' });
const seed = object('batch/v1', 'Job', 'seed', { spec: { ttlSecondsAfterFinished: 0 } });
const applied: HealthCandidate[] = [deployment, settings, role, seed].map((one) => ({
  object: one,
  skipped: one === settings,
}));

describe('healthTargets', () => {
  it('are none where nothing is asked for', () => {
    expect(targets({}, applied)).toEqual([]);
    expect(targets({ healthCheckExprs: [{ apiVersion: 'x.io/v1', current: 'true' }] }, applied)).toEqual([]);
  });

  it('are all that were applied and not skipped with wait, whatever healthChecks says', () => {
    const all = targets({ wait: true, healthChecks: [{ kind: 'Deployment', name: 'other' }] }, applied);
    expect(ids(all)).toEqual([
      'apps_web_apps_Deployment',
      '_system__x_rbac.authorization.k8s.io_ClusterRole',
      'apps_seed_batch_Job',
    ]);
    expect(all.map(({ vanishes }) => vanishes)).toEqual([false, false, true]);
    expect(all[0]).toMatchObject({ group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'apps', name: 'web' });
  });

  it('are those of healthChecks, in the inventory or not, each once', () => {
    const healthChecks = [
      { kind: 'Deployment', name: 'web' },
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'apps' },
      { apiVersion: 'v1', kind: 'Namespace', name: 'other', namespace: 'apps' },
      { apiVersion: 'x.io/v1beta1', kind: 'Gone', name: 'x', namespace: 'other' },
      { apiVersion: 'batch/v1', kind: 'Job', name: 'seed' },
    ];
    const all = targets({ healthChecks }, applied);
    expect(ids(all)).toEqual([
      'apps_web_apps_Deployment',
      '_other__Namespace',
      'other_x_x.io_Gone',
      'apps_seed_batch_Job',
    ]);
    expect(all[3]?.vanishes).toBe(true);
  });

  it('never hold the Kustomization itself', () => {
    const self = { object: kustomization({}), skipped: false };
    expect(targets({ wait: true }, [self])).toEqual([]);
    const other = { object: object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'db'), skipped: false };
    expect(ids(targets({ wait: true }, [self, other]))).toEqual(['apps_db_kustomize.toolkit.fluxcd.io_Kustomization']);
  });
});

describe('healthOf', () => {
  const all = targets({ wait: true }, applied);
  const settled = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
  const web = (status: Record<string, Json>): KubeObject => ({ ...deployment, spec: { replicas: 3 }, status });
  const well = web({ ...settled, conditions: [{ type: 'Available', status: 'True' }] });
  const half = web({ ...settled, availableReplicas: 2 });
  const dead = web({ conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }] });
  const view = (more: Record<string, KubeObject | null>): HealthView => ({
    live: new Map(
      Object.entries({
        apps_web_apps_Deployment: well,
        '_system__x_rbac.authorization.k8s.io_ClusterRole': role,
        apps_seed_batch_Job: null,
        ...more,
      }),
    ),
    now,
  });

  it('is done when all are well, a Job that deleted itself among them', () => {
    expect(healthOf(all, rules, view({}))).toEqual({ done: true, total: 3, ready: 3, failed: [], waiting: [] });
    expect(healthOf([], rules, view({})).done).toBe(true);
  });

  it('waits for what is on its way, not there, or not looked at', () => {
    const health = healthOf(all, rules, view({ apps_web_apps_Deployment: half }));
    expect(health).toMatchObject({ done: false, ready: 2, failed: [] });
    expect(timedOutWords(health, 30_000)).toBe(
      'timed out after 30s waiting for Deployment/apps/web (2 of 3 replicas available)',
    );
    const gone = healthOf(all, rules, view({ apps_web_apps_Deployment: null }));
    expect(gone).toMatchObject({ done: false, waiting: [{ status: 'NotFound', message: 'not found' }] });
    expect(healthOf(all, rules, { live: new Map(), now })).toMatchObject({
      done: false,
      ready: 0,
      waiting: [{ status: 'Unknown' }, { status: 'Unknown' }, { status: 'Unknown', message: 'not looked at yet' }],
    });
  });

  it.each([
    ['a Job without a time to live', object('batch/v1', 'Job', 'seed', { spec: { ttlSecondsAfterFinished: null } })],
    ["somebody else's Job", object('x.io/v1', 'Job', 'seed', { spec: { ttlSecondsAfterFinished: 0 } })],
    ['another kind of the group', object('batch/v1', 'CronJob', 'seed', { spec: { ttlSecondsAfterFinished: 0 } })],
  ])('does not take %s for done when it is gone', (_what, job) => {
    const only = targets({ wait: true }, [{ object: job, skipped: false }]);
    const live = new Map(only.map(({ id }) => [id, null]));
    expect(healthOf(only, rules, { live, now }).done).toBe(false);
  });

  it('is done as soon as one has failed, and says why', () => {
    const health = healthOf(all, rules, view({ apps_web_apps_Deployment: dead, apps_seed_batch_Job: seed }));
    expect(health).toMatchObject({
      done: true,
      ready: 1,
      failed: [{ status: 'Failed' }],
      waiting: [{ status: 'InProgress' }],
    });
    expect(failedWords(health, 12_000)).toBe(
      'health check failed after 12s: Deployment/apps/web (progress deadline exceeded)',
    );
  });

  it('names twenty, and counts the others', () => {
    const many = Array.from({ length: 50 }, (_one, at) => ({
      object: object('apps/v1', 'Deployment', `web${at}`),
      skipped: false,
    }));
    const words = timedOutWords(healthOf(targets({ wait: true }, many), rules, { live: new Map(), now }), 60_000);
    expect(words).toMatch(/Deployment\/apps\/web19 \(not looked at yet\), and 30 more$/);
  });

  it('says how long it took', () => {
    expect(passedWords(3_200)).toBe('Health check passed in 3.2s');
  });
});
