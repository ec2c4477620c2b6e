// The status of a Kustomization, one merge patch a moment of its life; fields, reasons and words as kustomize-controller
// 1.9 writes them, so that kubectl, the flux CLI and a return to Flux see nothing new.
import type { KubeObject } from '../object/object.ts';
import {
  type Condition,
  type ConditionType,
  findCondition,
  type Reason,
  readConditions,
  shortened,
  type Statement,
  withConditions,
} from './condition.ts';
import { formatDuration } from './duration.ts';
import { readHistory, type Snapshot, withOutcome } from './history.ts';
import { stringAt } from './read.ts';

export type InventoryEntry = {
  /** `<namespace>_<name>_<group>_<kind>` */
  readonly id: string;
  /** API version without the group: `v1`. */
  readonly v: string;
};

/** A JSON merge patch of `status`: what is absent stays, what is null vanishes, lists are replaced whole. */
export type StatusPatch = {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly lastAppliedRevision?: string;
  readonly lastAppliedOriginRevision?: string | null;
  readonly lastAttemptedRevision?: string;
  readonly lastHandledReconcileAt?: string;
  readonly inventory?: { readonly entries: readonly InventoryEntry[] };
  readonly history?: readonly Snapshot[];
};

/** What an attempt saw of its Kustomization at its start: later edits belong to the next one. */
export interface Attempt {
  /** Letters, digits and `-`; stands in the Reconciling condition while the attempt runs. */
  readonly id: string;
  readonly generation: number;
  /** The annotation `reconcile.fluxcd.io/requestedAt`, answered in `status.lastHandledReconcileAt` when the attempt ends. */
  readonly requestedAt: string | undefined;
  readonly startedAt: Date;
}

/** A step of an attempt, in Flux's words. */
export type Step = 'Fetching manifests' | 'Building manifests' | 'Detecting drift' | 'Running health checks';

/** Returns the attempt that starts now on a Kustomization as it was just read. */
export function attemptOf(kustomization: KubeObject, id: string, startedAt: Date): Attempt {
  const { generation, annotations } = kustomization.metadata;
  return {
    id,
    generation: typeof generation === 'number' ? generation : 0,
    requestedAt: stringAt(annotations, 'reconcile.fluxcd.io/requestedAt'),
    startedAt,
  };
}

const attemptIn = /\(attempt ([A-Za-z0-9-]{1,64})\)$/;

/** The id of the attempt that says it is running, or undefined when none does. */
export function runningAttempt(kustomization: KubeObject): string | undefined {
  const reconciling = findCondition(kustomization, 'Reconciling');
  if (reconciling?.status !== 'True' || reconciling.reason !== 'Progressing') return undefined;
  return attemptIn.exec(reconciling.message)?.[1];
}

/**
 * An attempt is at a step: `Ready` Unknown, `Reconciling` True with the attempt's id, `Stalled` gone. During
 * `Running health checks` `Healthy` is Unknown as well. Give `revision` once the source's path is known to exist, and
 * `inventory` (old and new together) before the first write.
 */
export function progressingStatus(
  kustomization: KubeObject,
  attempt: Attempt,
  progress: {
    readonly step: Step;
    readonly revision: string;
    readonly timeoutMs: number;
    readonly now: Date;
    /** The revision counts as attempted: true from `Building manifests` on in Flux. */
    readonly attempted?: boolean;
    readonly inventory?: readonly InventoryEntry[];
  },
): StatusPatch {
  const { step, revision, timeoutMs, now, inventory } = progress;
  const words = `${step} for revision ${revision} with a timeout of ${formatDuration(timeoutMs)}`;
  const message = `${words} (attempt ${attempt.id})`;
  const set: Statement[] = [
    { type: 'Ready', status: 'Unknown', reason: 'Progressing', message: 'Reconciliation in progress' },
    { type: 'Reconciling', status: 'True', reason: 'Progressing', message },
  ];
  if (step === 'Running health checks')
    set.push({ type: 'Healthy', status: 'Unknown', reason: 'Progressing', message: words });
  return {
    conditions: conditionsAt(kustomization, attempt, { set, gone: ['Stalled'], now }),
    ...(progress.attempted === true ? { lastAttemptedRevision: revision } : {}),
    ...inventoryOf(inventory),
  };
}

const mostHeld = 10;

/** It is being deleted, and waits for what finalizers hold; undefined where it says that already. */
export function terminatingStatus(
  kustomization: KubeObject,
  attempt: Attempt,
  { held, timeoutMs, now }: { readonly held: readonly string[]; readonly timeoutMs: number; readonly now: Date },
): StatusPatch | undefined {
  const more = held.length > mostHeld ? ` and ${held.length - mostHeld} more` : '';
  const message = `Waiting ${formatDuration(timeoutMs)} at most for objects to end: ${held.slice(0, mostHeld).join(', ')}${more}`;
  if (findCondition(kustomization, 'Reconciling')?.message === shortened(message)) return undefined;
  const set: Statement[] = [
    { type: 'Ready', status: 'Unknown', reason: 'Progressing', message: 'Deletion in progress' },
    { type: 'Reconciling', status: 'True', reason: 'Progressing', message },
  ];
  return { conditions: conditionsAt(kustomization, attempt, { set, gone: ['Stalled'], now }) };
}

/** How `wait` and `healthChecks` ended; `none` where the spec asks for neither, which takes `Healthy` away. */
export type HealthOutcome =
  | { readonly type: 'none' }
  | { readonly type: 'passed'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string };

/** All went well: `Ready` True, `Reconciling` and `Stalled` gone, generation observed, revision applied. */
export function readyStatus(
  kustomization: KubeObject,
  attempt: Attempt,
  outcome: {
    readonly revision: string;
    readonly inventory: readonly InventoryEntry[];
    /** `sha256:<hex>` of what was built. */
    readonly digest: string;
    readonly health: HealthOutcome;
    readonly durationMs: number;
    readonly now: Date;
    readonly originRevision?: string;
  },
): StatusPatch {
  const { revision, now, health, originRevision } = outcome;
  const ready = {
    status: 'True',
    reason: 'ReconciliationSucceeded',
    message: `Applied revision: ${revision}`,
  } as const;
  const change = healthChange(health);
  return {
    ...conditionsOf(kustomization, attempt, {
      set: [{ type: 'Ready', ...ready }, ...change.set],
      gone: ['Reconciling', 'Stalled', ...change.gone],
      now,
    }),
    ...inventoryOf(outcome.inventory),
    ...historyOf(kustomization, ready.reason, outcome),
    observedGeneration: attempt.generation,
    lastAttemptedRevision: revision,
    lastAppliedRevision: revision,
    lastAppliedOriginRevision: originRevision ?? null,
  };
}

/** What is known when an attempt fails; `digest` and `durationMs` once something was built, for the history. */
export interface FailureOutcome {
  readonly reason: Reason;
  readonly message: string;
  readonly now: Date;
  readonly retryMs?: number;
  readonly revision?: string;
  readonly originRevision?: string;
  /** Given where objects were written or deleted: what must not be forgotten. */
  readonly inventory?: readonly InventoryEntry[];
  readonly digest?: string;
  readonly durationMs?: number;
  /** Absent: `Healthy` stays as it is. */
  readonly health?: HealthOutcome;
}

/**
 * It failed and will be tried again (also: waits for a dependency or a source): `Ready` False, `Reconciling` True with
 * `ProgressingWithRetry`. As in Flux neither the generation counts as observed nor the revision as applied.
 */
export function failedStatus(kustomization: KubeObject, attempt: Attempt, outcome: FailureOutcome): StatusPatch {
  const { reason, message, retryMs, now } = outcome;
  const retry = retryMs === undefined ? 'Retrying' : `Retrying in ${formatDuration(retryMs)}`;
  const change = outcome.health === undefined ? { set: [], gone: [] } : healthChange(outcome.health);
  return {
    ...conditionsOf(kustomization, attempt, {
      set: [
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message: retry },
        ...change.set,
      ],
      gone: ['Stalled', ...change.gone],
      now,
    }),
    ...failureFields(kustomization, outcome),
  };
}

/**
 * It failed and nothing is tried again until somebody changes something: `Ready` False and `Stalled` True with the
 * reason, `Reconciling` gone, generation observed.
 */
export function stalledStatus(kustomization: KubeObject, attempt: Attempt, outcome: FailureOutcome): StatusPatch {
  const { reason, message, now } = outcome;
  const change = outcome.health === undefined ? { set: [], gone: [] } : healthChange(outcome.health);
  return {
    ...conditionsOf(kustomization, attempt, {
      set: [
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Stalled', status: 'True', reason, message },
        ...change.set,
      ],
      gone: ['Reconciling', ...change.gone],
      now,
    }),
    ...failureFields(kustomization, outcome),
    observedGeneration: attempt.generation,
  };
}

/**
 * The revision moved and nothing else did (same inputs, no drift), or a request was answered: what there is to write, or
 * undefined for nothing. Only for a Kustomization that is `Ready` at this generation.
 */
export function unchangedStatus(
  kustomization: KubeObject,
  attempt: Attempt,
  outcome: { readonly revision: string; readonly now: Date; readonly digest: string; readonly durationMs: number },
): StatusPatch | undefined {
  const status = kustomization['status'];
  const { revision, now } = outcome;
  const moved = stringAt(status, 'lastAppliedRevision') !== revision;
  if (!moved) return answered(kustomization, attempt);
  const set: Statement[] = [
    { type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded', message: `Applied revision: ${revision}` },
  ];
  return {
    ...conditionsOf(kustomization, attempt, { set, gone: ['Reconciling', 'Stalled'], now }),
    ...historyOf(kustomization, 'ReconciliationSucceeded', outcome),
    observedGeneration: attempt.generation,
    lastAttemptedRevision: revision,
    lastAppliedRevision: revision,
  };
}

/**
 * Suspended: Flux leaves everything as it is but answers `requestedAt`. An attempt that the suspension stopped no longer
 * counts as running. Undefined where there is nothing to write.
 */
export function suspendedStatus(kustomization: KubeObject, attempt: Attempt, now: Date): StatusPatch | undefined {
  if (findCondition(kustomization, 'Reconciling') === undefined) return answered(kustomization, attempt);
  return conditionsOf(kustomization, attempt, { set: [], gone: ['Reconciling'], now });
}

function answered(kustomization: KubeObject, attempt: Attempt): StatusPatch | undefined {
  const before = stringAt(kustomization['status'], 'lastHandledReconcileAt');
  const { requestedAt } = attempt;
  return requestedAt === undefined || requestedAt === before ? undefined : handledOf(attempt);
}

interface StatusChange {
  readonly set: readonly Statement[];
  readonly gone: readonly ConditionType[];
  readonly now: Date;
}

// What ends an attempt answers the request that it began with.
function conditionsOf(kustomization: KubeObject, attempt: Attempt, change: StatusChange): StatusPatch {
  return { conditions: conditionsAt(kustomization, attempt, change), ...handledOf(attempt) };
}

function conditionsAt(kustomization: KubeObject, attempt: Attempt, change: StatusChange): readonly Condition[] {
  return withConditions(readConditions(kustomization), change, { generation: attempt.generation, now: change.now });
}

function handledOf({ requestedAt }: Attempt): StatusPatch {
  return requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt };
}

function inventoryOf(entries: readonly InventoryEntry[] | undefined): StatusPatch {
  return entries === undefined ? {} : { inventory: { entries: entries.map(({ id, v }) => ({ id, v })) } };
}

function failureFields(kustomization: KubeObject, outcome: FailureOutcome): StatusPatch {
  const { digest, durationMs, revision } = outcome;
  const built = digest !== undefined && durationMs !== undefined;
  return {
    ...(revision === undefined ? {} : { lastAttemptedRevision: revision }),
    ...inventoryOf(outcome.inventory),
    ...(built ? historyOf(kustomization, outcome.reason, { ...outcome, digest, durationMs }) : {}),
  };
}

function historyOf(
  kustomization: KubeObject,
  status: Reason,
  outcome: {
    readonly digest: string;
    readonly durationMs: number;
    readonly now: Date;
    readonly revision?: string;
    readonly originRevision?: string;
  },
): StatusPatch {
  const { digest, durationMs, now, revision, originRevision } = outcome;
  const metadata = {
    ...(revision === undefined ? {} : { revision }),
    ...(originRevision === undefined ? {} : { originRevision }),
  };
  return { history: withOutcome(readHistory(kustomization), { digest, status, durationMs, metadata }, now) };
}

function healthChange(health: HealthOutcome): { readonly set: Statement[]; readonly gone: ConditionType[] } {
  if (health.type === 'none') return { set: [], gone: ['Healthy'] };
  const { message } = health;
  const passed = health.type === 'passed';
  const reason = passed ? 'Succeeded' : 'HealthCheckFailed';
  return { set: [{ type: 'Healthy', status: passed ? 'True' : 'False', reason, message }], gone: [] };
}
