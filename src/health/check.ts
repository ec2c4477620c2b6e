// The health of a Kustomization: which objects count, how they are doing together, and that in words. A pure step; who
// waits, watches and gives up is elsewhere.
import type { DeploySpec } from '../flux/deploy-spec.ts';
import { formatDuration } from '../flux/duration.ts';
import { kustomizeGroup } from '../flux/kustomization.ts';
import { valueAt } from '../flux/read.ts';
import { groupOf, idOf, nameOf, namespaceOf, versionOf } from '../object/id.ts';
import { isAbsent } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import { showIdentifier } from '../object/show.ts';
import type { HealthStatus } from './kstatus.ts';
import type { HealthRules } from './rules.ts';

export interface HealthTarget {
  /** `<namespace>_<name>_<group>_<kind>`, as in the inventory. */
  readonly id: string;
  readonly group: string;
  /** As the manifest or the check names it; another served version may answer as well. */
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** A Job that deletes itself: gone is well. */
  readonly vanishes: boolean;
}

/** An object that was applied, as it was sent. */
export interface HealthCandidate {
  readonly object: KubeObject;
  /** Left alone by `ssa: Ignore` or `reconcile: disabled`: nobody's business. */
  readonly skipped: boolean;
}

/**
 * The objects whose health counts, each once: with `wait` all that were applied and not skipped, else those that
 * `healthChecks` names, which need not be in the inventory. Never the Kustomization itself, which would wait for itself.
 * `isNamespaced` knows the cluster's kinds; it decides where a health check without a namespace looks.
 */
export function healthTargets(
  kustomization: KubeObject,
  spec: DeploySpec,
  applied: readonly HealthCandidate[],
  isNamespaced: (group: string, kind: string) => boolean | undefined,
): readonly HealthTarget[] {
  const vanishing = new Set(applied.filter(({ object }) => vanishes(object)).map(({ object }) => targetOf(object).id));
  const targets = spec.wait
    ? applied.filter(({ skipped }) => !skipped).map(({ object }) => targetOf(object))
    : spec.healthChecks.map(({ apiVersion, kind, namespace, name }) => {
        const group = groupOf(apiVersion);
        const scoped = isNamespaced(group, kind) === false ? '' : namespace || namespaceOf(kustomization);
        return target(group, versionOf(apiVersion), kind, scoped, name);
      });
  const self = target(kustomizeGroup, '', 'Kustomization', namespaceOf(kustomization), nameOf(kustomization)).id;
  const unique = new Map(targets.filter(({ id }) => id !== self).map((one) => [one.id, one]));
  return [...unique.values()].map((one) => ({ ...one, vanishes: vanishing.has(one.id) }));
}

function target(group: string, version: string, kind: string, namespace: string, name: string): HealthTarget {
  return { id: idOf({ namespace, name, group, kind }), group, version, kind, namespace, name, vanishes: false };
}

function targetOf(object: KubeObject): HealthTarget {
  const { apiVersion, kind } = object;
  return target(groupOf(apiVersion), versionOf(apiVersion), kind, namespaceOf(object), nameOf(object));
}

function vanishes(object: KubeObject): boolean {
  const isJob = object.kind === 'Job' && groupOf(object.apiVersion) === 'batch';
  return isJob && !isAbsent(valueAt(object['spec'], 'ttlSecondsAfterFinished'));
}

/** One object that is not healthy, or not yet. */
export interface Unhealthy {
  readonly target: HealthTarget;
  readonly status: HealthStatus;
  readonly message: string;
}

export interface Health {
  /** Nothing more to wait for: all are ready, or one has failed (fail fast, as in Flux). */
  readonly done: boolean;
  readonly total: number;
  readonly ready: number;
  /** In the order of the targets. */
  readonly failed: readonly Unhealthy[];
  readonly waiting: readonly Unhealthy[];
}

export interface HealthView {
  /** By the target's id: as the API server has it, null where it says that there is none, absent where nobody looked yet. */
  readonly live: ReadonlyMap<string, KubeObject | null>;
  readonly now: Date;
}

/** How the targets are doing together, at one moment. */
export function healthOf(targets: readonly HealthTarget[], rules: HealthRules, view: HealthView): Health {
  const failed: Unhealthy[] = [];
  const waiting: Unhealthy[] = [];
  for (const one of targets) {
    const object = view.live.get(one.id);
    const { status, message } =
      object === undefined
        ? { status: 'Unknown' as const, message: 'not looked at yet' }
        : rules.statusOf(object, view.now);
    if (status === 'Current' || (status === 'NotFound' && one.vanishes)) continue;
    (status === 'Failed' ? failed : waiting).push({ target: one, status, message });
  }
  const ready = targets.length - failed.length - waiting.length;
  return { done: failed.length > 0 || waiting.length === 0, total: targets.length, ready, failed, waiting };
}

/** `Health check passed in 3.2s`, as Flux says it. */
export function passedWords(elapsedMs: number): string {
  return `Health check passed in ${formatDuration(elapsedMs)}`;
}

/** `health check failed after 12s: Deployment/apps/web: progress deadline exceeded; image "web:v2" cannot be pulled …` */
export function failedWords({ failed }: Health, elapsedMs: number): string {
  return `health check failed after ${formatDuration(elapsedMs)}: ${listed(failed)}`;
}

/** `timed out after 30s waiting for Deployment/apps/web (2 of 3 replicas available), Job/apps/seed (not found)` */
export function timedOutWords({ failed, waiting }: Health, timeoutMs: number): string {
  return `timed out after ${formatDuration(timeoutMs)} waiting for ${listed([...failed, ...waiting])}`;
}

const mostListed = 20;

function listed(unhealthy: readonly Unhealthy[]): string {
  const left = unhealthy.length - mostListed;
  const named = unhealthy.slice(0, mostListed).map(({ target: one, status, message }) => {
    return `${labelOf(one)} (${message === '' ? status : message})`;
  });
  return [...named, ...(left > 0 ? [`and ${left} more`] : [])].join(', ');
}

/** `Deployment/apps/web`, `ClusterRole/viewer`. */
export function labelOf({ kind, namespace, name }: HealthTarget): string {
  return [kind, namespace, name]
    .filter((part) => part !== '')
    .map(showIdentifier)
    .join('/');
}
