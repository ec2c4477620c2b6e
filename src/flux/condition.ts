// Conditions of a Flux document: read, set, taken away. Order, reasons and abnormal-true types as fluxcd/pkg
// runtime/conditions and apis/meta have them.
import type { KubeObject } from '../object/object.ts';
import { visible } from '../diff/visible.ts';
import { asList, asObject, stringAt, valueAt } from './read.ts';

/** `Reconciling` and `Stalled` are there only while they are true. */
export type ConditionType = 'Ready' | 'Reconciling' | 'Stalled' | 'Healthy';
export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** Reasons that Sluice writes: Flux's, and `DeletionGuard`, `PolicyDenied`, `Unsupported`, `InvalidSpec`, `DependencyCycle`, which are its own. */
export const reasons = [
  'ReconciliationSucceeded',
  'Succeeded',
  'Progressing',
  'ProgressingWithRetry',
  'ArtifactFailed',
  'BuildFailed',
  'DependencyNotReady',
  'ReconciliationFailed',
  'PruneFailed',
  'HealthCheckFailed',
  'HealthCheckCanceled',
  'AccessDenied',
  'InvalidCELExpression',
  'FeatureGateDisabled',
  'DeletionGuard',
  'PolicyDenied',
  'Unsupported',
  'InvalidSpec',
  'DependencyCycle',
  'GitOperationFailed',
] as const;

export type Reason = (typeof reasons)[number];

/** As it stands in `status.conditions`; `type`, `status` and `reason` of a read one may be anybody's words. */
export type Condition = {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  /** `2026-11-25T15:00:00Z`: when `status` last changed. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
};

/** What a condition shall say. */
export interface Statement {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: Reason;
  readonly message: string;
}

/** Conditions of a document, in its order. What has not the form of one is left out, and of two of a type the first stays. */
export function readConditions(object: KubeObject): readonly Condition[] {
  const seen = new Set<string>();
  return asList(valueAt(object['status'], 'conditions')).flatMap((entry) => {
    const type = stringAt(entry, 'type');
    const status = stringAt(entry, 'status');
    if (type === undefined || seen.has(type) || !isConditionStatus(status)) return [];
    seen.add(type);
    const observed = asObject(entry)?.['observedGeneration'];
    return [
      {
        type,
        status,
        reason: stringAt(entry, 'reason') ?? '',
        message: stringAt(entry, 'message') ?? '',
        lastTransitionTime: stringAt(entry, 'lastTransitionTime') ?? '',
        ...(typeof observed === 'number' ? { observedGeneration: observed } : {}),
      },
    ];
  });
}

/** The condition of a type, or undefined. */
export function findCondition(object: KubeObject, type: string): Condition | undefined {
  return readConditions(object).find((one) => one.type === type);
}

/** Tells whether `Ready` is `True`; says nothing of generations. */
export function isReady(object: KubeObject): boolean {
  return findCondition(object, 'Ready')?.status === 'True';
}

/**
 * The conditions with what was stated, and without the types of `gone`; others stay as they were. `lastTransitionTime`
 * moves only where `status` does (the Kubernetes convention; Flux moves it with every new message). Sorted as Flux
 * sorts: Stalled, Reconciling, Ready, then by name.
 */
export function withConditions(
  previous: readonly Condition[],
  change: { readonly set: readonly Statement[]; readonly gone?: readonly ConditionType[] },
  at: { readonly generation: number; readonly now: Date },
): readonly Condition[] {
  const next = new Map(previous.map((one) => [one.type, one]));
  for (const type of change.gone ?? []) next.delete(type);
  for (const { type, status, reason, message } of change.set) {
    const before = next.get(type);
    const kept = before?.status === status && before.lastTransitionTime !== '';
    const lastTransitionTime = kept ? before.lastTransitionTime : timestamp(at.now);
    const text = shortened(message);
    next.set(type, { type, status, reason, message: text, lastTransitionTime, observedGeneration: at.generation });
  }
  return [...next.values()].sort(
    (one, other) => weight(one.type) - weight(other.type) || compare(one.type, other.type),
  );
}

/** A moment as Kubernetes writes it: RFC 3339 in UTC, whole seconds: `2026-11-25T15:00:00Z`. */
export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

const longestMessage = 20_000;

/**
 * A message as a condition may hold it: at most 20,000 characters (Flux's limit), the cut said at the end; characters
 * that do not show are written as `\u{…}`, line feeds stay.
 */
export function shortened(message: string, most: number = longestMessage): string {
  const text = visible(message.slice(0, most + 1), '\n');
  if (text.length <= most) return text;
  return `${text.slice(0, most - cut.length).replace(/[\ud800-\udbff]$/, '')}${cut}`;
}

const cut = '… (cut here; the message was longer)';

function isConditionStatus(text: string | undefined): text is ConditionStatus {
  return text === 'True' || text === 'False' || text === 'Unknown';
}

const first = ['Stalled', 'Reconciling', 'Ready'];

function weight(type: string): number {
  const index = first.indexOf(type);
  return index === -1 ? first.length : index;
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
