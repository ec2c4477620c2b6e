// `status.history` of a Kustomization: the last five outcomes, newest first; as fluxcd/pkg apis/meta/history.go.
import type { KubeObject } from '../object/object.ts';
import { timestamp } from './condition.ts';
import { formatDuration } from './duration.ts';
import { asList, asObject, stringAt, stringMap, valueAt } from './read.ts';

export type Snapshot = {
  /** `sha256:<64 hex>` of what was built. */
  readonly digest: string;
  readonly firstReconciled: string;
  readonly lastReconciled: string;
  /** As Go prints it: `1.5s`. */
  readonly lastReconciledDuration: string;
  /** The reason of `Ready` at its end: `ReconciliationSucceeded`, `HealthCheckFailed`, … */
  readonly lastReconciledStatus: string;
  readonly totalReconciliations: number;
  /** `revision`, and `originRevision` where the source has one. */
  readonly metadata?: Readonly<Record<string, string>>;
};

export interface Outcome {
  readonly digest: string;
  readonly status: string;
  readonly durationMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

const mostSnapshots = 5;

/** Snapshots of a document in its order; entries that lack a required field are left out. */
export function readHistory(object: KubeObject): readonly Snapshot[] {
  return asList(valueAt(object['status'], 'history')).flatMap((entry) => {
    const text = (key: string): string => stringAt(entry, key) ?? '';
    const digest = text('digest');
    const total = asObject(entry)?.['totalReconciliations'];
    if (digest === '' || text('firstReconciled') === '' || typeof total !== 'number') return [];
    return [
      {
        digest,
        firstReconciled: text('firstReconciled'),
        lastReconciled: text('lastReconciled'),
        lastReconciledDuration: text('lastReconciledDuration'),
        lastReconciledStatus: text('lastReconciledStatus'),
        totalReconciliations: total,
        metadata: { ...stringMap(valueAt(entry, 'metadata')) },
      },
    ];
  });
}

/**
 * The history with one more outcome, which comes first. One with the same digest and status is counted up and moved
 * there instead; more than five lose the oldest.
 */
export function withOutcome(history: readonly Snapshot[], outcome: Outcome, now: Date): readonly Snapshot[] {
  const at = timestamp(now);
  const same = history.find((one) => one.digest === outcome.digest && one.lastReconciledStatus === outcome.status);
  const latest: Snapshot = {
    digest: outcome.digest,
    firstReconciled: same?.firstReconciled ?? at,
    lastReconciled: at,
    lastReconciledDuration: formatDuration(outcome.durationMs),
    lastReconciledStatus: outcome.status,
    totalReconciliations: (same?.totalReconciliations ?? 0) + 1,
    metadata: outcome.metadata,
  };
  return [latest, ...history.filter((one) => one !== same)].slice(0, mostSnapshots);
}
