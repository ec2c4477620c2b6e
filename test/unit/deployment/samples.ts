// Merges as clusters told of them.
import { type Deploy, deployOf } from '../../../src/deployment/deploy.ts';
import type { Expected, Landing } from '../../../src/deployment/section.ts';
import type { DeployedJob, DeployedKustomization } from '../../../src/ports/queue.ts';

export const merge = '9ac1f3e0d1b2c3a4958677889900aabbccddeeff';
export const later = '51d07e4aa1b2c3a4958677889900aabbccddee00';
export const mergedAt = new Date('2026-01-05T10:00:00.000Z');
export const htmlUrl = 'https://github.com/acme/shop/pull/12';

export const hostile =
  'x](https://evil.example) @acme/platform #12 GH-3 <img src=x> `` ` ``` | \\| :tada: $x$ \u202edesrever\u0007 -->';

export function at(seconds: number): string {
  return new Date(mergedAt.getTime() + seconds * 1_000).toISOString();
}

export function kustomization(more: Partial<DeployedKustomization> = {}): DeployedKustomization {
  return { key: 'shop/web', state: 'success', reason: 'ReconciliationSucceeded', message: 'Applied', ...more };
}

export function failure(more: Partial<DeployedKustomization> = {}): DeployedKustomization {
  const message =
    'timeout waiting for: [Deployment/shop/web: 0 of 3 replicas are available (image "shop:2" cannot be pulled)]';
  return kustomization({ state: 'failure', reason: 'HealthCheckFailed', message, ...more });
}

export function job(more: Partial<DeployedJob> = {}): DeployedJob {
  const facts = { cluster: 'prod-eu', url: 'https://github.com/acme/shop', branch: 'main', commit: merge } as const;
  return {
    kind: 'deployed',
    version: 1,
    ...facts,
    state: 'in_progress',
    startedAt: at(3),
    kustomizations: [kustomization()],
    cause: 'agent',
    ...more,
  };
}

export function live(seconds: number, more: Partial<DeployedJob> = {}): Deploy {
  return deployOf(job({ state: 'success', endedAt: at(seconds), ...more }));
}

export function failed(...kustomizations: readonly DeployedKustomization[]): Deploy {
  return deployOf(job({ state: 'failure', endedAt: at(90), kustomizations }));
}

export const underWay: Deploy = deployOf(job());
export const paused: Deploy = deployOf(
  job({ state: 'success', endedAt: at(4), kustomizations: [kustomization({ state: 'suspended' })] }),
);

export function landing(
  deploys: Readonly<Record<string, Deploy>>,
  expected: readonly (string | Expected)[] | undefined = Object.keys(deploys),
): Landing {
  return {
    commit: merge,
    mergedAt,
    expected: expected?.map((one) => (typeof one === 'string' ? { cluster: one, suspended: false } : one)),
    known: new Map(
      Object.entries(deploys).map(([cluster, deploy]) => [cluster, { deploy, updatedAt: 1_767_607_240_000 }]),
    ),
  };
}

export const landings: Readonly<Record<string, Landing>> = {
  live: landing({ 'prod-eu': live(31), 'prod-us': live(38) }),
  'live-on-the-only-one': landing({ 'prod-eu': live(31) }),
  'live-later': landing({ 'prod-eu': live(31), 'prod-us': live(7_500, { startedAt: at(7_300) }) }),
  'live-with-a-later-commit': landing({ 'prod-eu': live(31), 'prod-us': live(52, { commit: later }) }),
  partly: landing({ 'prod-eu': live(31), 'prod-us': underWay }, ['prod-eu', 'prod-us', 'staging/one']),
  failed: landing({ 'prod-eu': live(31), 'prod-us': failed(failure()) }, ['prod-eu', 'prod-us', 'prod-asia']),
  'failed-on-all': landing({
    'prod-eu': failed(failure()),
    'prod-us': failed(failure()),
    'prod-asia': failed(
      failure({
        reason: 'ReconciliationFailed',
        message:
          'Deployment/shop/web: the service account may not patch deployments; to mend it: bind a role to "shop/deployer"',
      }),
      failure({ key: 'shop/batch', reason: 'DeletionGuard', message: 'it would delete 12 objects' }),
      failure({ key: 'shop/cache' }),
      failure({ key: 'shop/db' }),
      failure({ key: 'shop/more' }),
    ),
  }),
  suspended: landing({ 'prod-eu': live(31), 'prod-us': paused }, [
    'prod-eu',
    'prod-us',
    { cluster: 'prod-asia', suspended: true },
  ]),
  'suspended-on-all': landing({}, [{ cluster: 'prod-eu', suspended: true }]),
  'partly-suspended': landing({
    'prod-eu': live(31, {
      kustomizations: [kustomization(), kustomization({ key: 'shop/batch', state: 'suspended' })],
    }),
    'prod-us': live(38),
  }),
  'no-fleet': { ...landing({ 'prod-eu': failed(failure()) }), expected: undefined },
  'twenty-clusters': landing(
    Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`prod-${String(index).padStart(2, '0')}`, live(20 + index)]),
    ),
  ),
  'hostile-words': landing({
    [`prod ${hostile}`]: failed(
      failure({ key: 'shop/web', reason: hostile, message: `${hostile}; to mend it: ${hostile}` }),
    ),
  }),
};
