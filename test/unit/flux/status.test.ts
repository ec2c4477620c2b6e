import { describe, expect, it } from 'vitest';
import { findCondition, readConditions } from '../../../src/flux/condition.ts';
import {
  type Attempt,
  attemptOf,
  failedStatus,
  progressingStatus,
  readyStatus,
  runningAttempt,
  type StatusPatch,
  stalledStatus,
  suspendedStatus,
  terminatingStatus,
  unchangedStatus,
} from '../../../src/flux/status.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

const start = new Date('2026-11-25T15:00:00Z');
const now = new Date('2026-11-25T15:00:09Z');
const revision = `main@sha1:${'a'.repeat(40)}`;
const other = `main@sha1:${'b'.repeat(40)}`;
const digest = `sha256:${'c'.repeat(64)}`;
const inventory = [{ id: 'a_web_apps_Deployment', v: 'v1' }];

const fresh: KubeObject = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: {
    name: 'k',
    namespace: 'a',
    generation: 3,
    annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' },
  },
  status: { observedGeneration: -1 },
};
const attempt: Attempt = attemptOf(fresh, 'a1', start);
const ready = (object: KubeObject, more: object = {}): StatusPatch =>
  readyStatus(object, attempt, {
    revision,
    inventory,
    digest,
    health: { type: 'none' },
    durationMs: 9_000,
    now,
    ...more,
  });

/** What the API server makes of a merge patch. */
function patched(object: KubeObject, patch: StatusPatch | undefined): KubeObject {
  const status = { ...(object['status'] as Record<string, Json>), ...(patch as Record<string, Json> | undefined) };
  return { ...object, status: Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null)) };
}

/** `Ready=True ReconciliationSucceeded` */
function states(object: KubeObject): string[] {
  return readConditions(object).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

const progress = { step: 'Building manifests', revision, timeoutMs: 90_000, now: start } as const;
const checking = { ...progress, step: 'Running health checks' } as const;
const failure = { reason: 'BuildFailed', message: 'kustomize build failed', now } as const;

describe('the life of a Kustomization', () => {
  const building = patched(fresh, progressingStatus(fresh, attempt, { ...progress, attempted: true, inventory }));
  const waiting = patched(building, progressingStatus(building, attempt, checking));
  const well = patched(waiting, ready(waiting, { health: { type: 'passed', message: 'Health check passed in 3.2s' } }));

  it('building: who works on it, with what, and what may be there', () => {
    expect(states(building)).toEqual(['Reconciling=True Progressing', 'Ready=Unknown Progressing']);
    expect(findCondition(building, 'Reconciling')?.message).toBe(
      `Building manifests for revision ${revision} with a timeout of 1m30s (attempt a1)`,
    );
    expect(building['status']).toMatchObject({
      observedGeneration: -1,
      lastAttemptedRevision: revision,
      inventory: { entries: inventory },
    });
    expect(building['status']).not.toHaveProperty('lastAppliedRevision');
    expect(building['status']).not.toHaveProperty('lastHandledReconcileAt');
    expect(runningAttempt(building)).toBe('a1');
  });

  it('checking health', () => {
    expect(states(waiting)).toEqual([
      'Reconciling=True Progressing',
      'Ready=Unknown Progressing',
      'Healthy=Unknown Progressing',
    ]);
    expect(findCondition(waiting, 'Healthy')?.message).not.toContain('attempt');
    expect(runningAttempt(waiting)).toBe('a1');
  });

  it('ready: the whole status, as Flux leaves it', () => {
    const condition = { lastTransitionTime: '2026-11-25T15:00:09Z', observedGeneration: 3, status: 'True' };
    expect(well['status']).toEqual({
      observedGeneration: 3,
      conditions: [
        { ...condition, type: 'Ready', reason: 'ReconciliationSucceeded', message: `Applied revision: ${revision}` },
        { ...condition, type: 'Healthy', reason: 'Succeeded', message: 'Health check passed in 3.2s' },
      ],
      lastAppliedRevision: revision,
      lastAttemptedRevision: revision,
      lastHandledReconcileAt: 'now',
      inventory: { entries: inventory },
      history: [
        {
          digest,
          firstReconciled: '2026-11-25T15:00:09Z',
          lastReconciled: '2026-11-25T15:00:09Z',
          lastReconciledDuration: '9s',
          lastReconciledStatus: 'ReconciliationSucceeded',
          totalReconciliations: 1,
          metadata: { revision },
        },
      ],
    });
    expect(runningAttempt(well)).toBeUndefined();
  });

  it('ready without health checks has no Healthy', () => {
    expect(states(patched(waiting, ready(waiting)))).toEqual(['Ready=True ReconciliationSucceeded']);
  });

  it('failed: tried again, nothing observed, nothing applied', () => {
    const failed = patched(building, failedStatus(building, attempt, { ...failure, retryMs: 60_000 }));
    expect(states(failed)).toEqual(['Reconciling=True ProgressingWithRetry', 'Ready=False BuildFailed']);
    expect(findCondition(failed, 'Reconciling')?.message).toBe('Retrying in 1m0s');
    expect(failed['status']).toMatchObject({ observedGeneration: -1, inventory: { entries: inventory } });
    expect(failed['status']).not.toHaveProperty('lastAppliedRevision');
    expect(failed['status']).not.toHaveProperty('history');
    expect(runningAttempt(failed)).toBeUndefined();
  });

  it('failed health: in the history, with what was applied', () => {
    const outcome = {
      ...failure,
      reason: 'HealthCheckFailed',
      revision: other,
      digest,
      durationMs: 30_000,
      inventory,
    } as const;
    const patch = failedStatus(waiting, attempt, { ...outcome, health: { type: 'failed', message: 'no' } });
    expect(states(patched(waiting, patch))).toContain('Healthy=False HealthCheckFailed');
    expect(patch).toMatchObject({
      lastAttemptedRevision: other,
      history: [{ digest, lastReconciledStatus: 'HealthCheckFailed', lastReconciledDuration: '30s' }],
    });
  });

  it('failed before health was looked at leaves Healthy as it was', () => {
    const failed = patched(well, failedStatus(well, attempt, failure));
    expect(states(failed)).toContain('Healthy=True Succeeded');
    expect(failed['status']).toMatchObject({ lastAppliedRevision: revision, observedGeneration: 3 });
  });

  it('stalled: observed, nobody works on it', () => {
    const outcome = { ...failure, reason: 'InvalidCELExpression' } as const;
    const stalled = patched(building, stalledStatus(building, attempt, outcome));
    expect(states(stalled)).toEqual(['Stalled=True InvalidCELExpression', 'Ready=False InvalidCELExpression']);
    expect(stalled['status']).toMatchObject({ observedGeneration: 3 });
    const again = patched(stalled, progressingStatus(stalled, attempt, progress));
    expect(states(again)).toEqual(['Reconciling=True Progressing', 'Ready=Unknown Progressing']);
    expect(states(patched(stalled, failedStatus(stalled, attempt, failure)))).not.toContainEqual(
      expect.stringContaining('Stalled'),
    );
    expect(states(patched(stalled, ready(stalled)))).toEqual(['Ready=True ReconciliationSucceeded']);
  });

  it('an origin revision goes when the source has none any more', () => {
    const with1 = patched(well, ready(well, { originRevision: 'main@sha1:1' }));
    expect(with1['status']).toMatchObject({ lastAppliedOriginRevision: 'main@sha1:1' });
    expect(patched(with1, ready(with1))['status']).not.toHaveProperty('lastAppliedOriginRevision');
  });

  it('writes what JSON can hold, and no null inside lists', () => {
    for (const patch of [
      ready(well),
      failedStatus(well, attempt, failure),
      progressingStatus(well, attempt, checking),
    ]) {
      expect(JSON.parse(JSON.stringify(patch))).toEqual(patch);
      expect(JSON.stringify([patch.conditions, patch.history, patch.inventory])).not.toContain('null,"');
    }
  });
});

describe('unchangedStatus', () => {
  const well = patched(fresh, ready(fresh));
  const outcome = { revision, digest, durationMs: 40, now };

  it('writes nothing where nothing moved', () => {
    expect(unchangedStatus(well, attempt, outcome)).toBeUndefined();
    expect(unchangedStatus(well, { ...attempt, requestedAt: undefined }, outcome)).toBeUndefined();
  });

  it('answers a request', () => {
    expect(unchangedStatus(well, { ...attempt, requestedAt: 'later' }, outcome)).toEqual({
      lastHandledReconcileAt: 'later',
    });
  });

  it('says the new revision once, and counts it', () => {
    const moved = patched(well, unchangedStatus(well, attempt, { ...outcome, revision: other }));
    expect(moved['status']).toMatchObject({
      lastAppliedRevision: other,
      lastAttemptedRevision: other,
      history: [{ totalReconciliations: 2, metadata: { revision: other }, lastReconciledDuration: '40ms' }],
    });
    expect(findCondition(moved, 'Ready')).toMatchObject({
      message: `Applied revision: ${other}`,
      lastTransitionTime: '2026-11-25T15:00:09Z',
    });
    expect(unchangedStatus(moved, attempt, { ...outcome, revision: other })).toBeUndefined();
  });
});

describe('terminatingStatus', () => {
  it('says once what is waited for, and not all of it', () => {
    const held = Array.from({ length: 12 }, (_, at) => `ConfigMap/a/x${at} (its finalizers: example.com/hold)`);
    const patch = terminatingStatus(fresh, attempt, { held, timeoutMs: 60_000, now });
    const said = patch?.conditions?.find(({ type }) => type === 'Reconciling');
    expect(said).toMatchObject({ status: 'True', reason: 'Progressing' });
    expect(said?.message).toMatch(
      /^Waiting 1m0s at most for objects to end: ConfigMap\/a\/x0 \(its finalizers: .* and 2 more$/,
    );
    expect(terminatingStatus(patched(fresh, patch), attempt, { held, timeoutMs: 60_000, now })).toBeUndefined();
  });
});

describe('suspendedStatus', () => {
  it('leaves what Flux leaves, and answers a request once', () => {
    const well = patched(fresh, ready(fresh));
    expect(suspendedStatus(well, attempt, now)).toBeUndefined();
    expect(suspendedStatus(well, { ...attempt, requestedAt: 'later' }, now)).toEqual({
      lastHandledReconcileAt: 'later',
    });
  });

  it('no longer says that somebody works on it', () => {
    const busy = patched(fresh, progressingStatus(fresh, attempt, progress));
    expect(runningAttempt(patched(busy, suspendedStatus(busy, attempt, now)))).toBeUndefined();
  });
});

describe('attemptOf', () => {
  it.each<{ title: string; metadata: Record<string, Json>; is: object }>([
    { title: 'nothing', metadata: {}, is: { generation: 0, requestedAt: undefined } },
    {
      title: 'wrong types',
      metadata: { generation: '3', annotations: 'x' },
      is: { generation: 0, requestedAt: undefined },
    },
  ])('takes $title', ({ metadata, is }) => {
    expect(attemptOf({ ...fresh, metadata }, 'x', start)).toMatchObject(is);
  });
});

describe('runningAttempt', () => {
  it.each(['', '(attempt )', '(attempt a b)', `(attempt ${'a'.repeat(65)})`, '(attempt a1) and more'])(
    'finds none in %j',
    (message) => {
      const conditions = [{ type: 'Reconciling', status: 'True', reason: 'Progressing', message }];
      expect(runningAttempt({ ...fresh, status: { conditions } })).toBeUndefined();
    },
  );
});
