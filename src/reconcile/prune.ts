// What Git no longer has goes, and what could not go stays in the inventory.
import { pruneStale } from '../apply/prune.ts';
import { refusalOf } from '../apply/refusal.ts';
import type { SluiceError } from '../errors.ts';
import type { ChangedObject } from '../flux/event.ts';
import type { InventoryEntry } from '../inventory/entry.ts';
import type { ServedKinds } from '../ports/kube.ts';
import { deployContext } from './context.ts';
import type { Inputs } from './inputs.ts';
import type { ReconcileTools, Run } from './run.ts';

export interface Pruned {
  /** Keep them in the inventory, or they become orphans. */
  readonly survivors: readonly InventoryEntry[];
  readonly pruned: readonly ChangedObject[];
  /** Those that finalizers hold: `ConfigMap/apps/web (its finalizers: …)` */
  readonly held: readonly string[];
  readonly failure: SluiceError | undefined;
  /** Nothing else stands in the way of what failed than rights that the account has not. */
  readonly lacksRights: boolean;
}

/** Deletes as the account that applied, after a last look whether this attempt still counts. */
export async function prune(
  run: Run,
  stale: readonly InventoryEntry[],
  to: Pick<Inputs, 'identity' | 'writer' | 'fleet'> & { readonly kinds: ServedKinds },
  tools: ReconcileTools,
): Promise<Pruned> {
  if (stale.length === 0) return { survivors: [], pruned: [], held: [], failure: undefined, lacksRights: false };
  await run.look();
  const context = { ...deployContext(run, to, tools), freshKinds: () => tools.cluster.kinds(true) };
  const { deleted, survivors, failure, prunings } = await pruneStale(stale, context);
  for (const one of prunings) {
    if (one.outcome !== 'skipped' && one.outcome !== 'deleting') continue;
    const { object, outcome, reason } = one;
    tools.log.info('an object was not deleted', { kustomization: run.key, object, outcome, reason });
  }
  const failed = prunings.flatMap((one) => (one.outcome === 'failed' ? [one.error] : []));
  const lacksRights = failure?.code === 'deploy.prune' && failed.every(isMissingRight);
  const held = prunings.flatMap((one) => (one.outcome === 'deleting' ? [`${one.object} (${one.held})`] : []));
  return { survivors, pruned: deleted, held, failure, lacksRights };
}

/** By the cluster's RBAC, or since the object is outside of what the tenant may touch. */
function isMissingRight(error: SluiceError): boolean {
  return error.code === 'deploy.denied' || refusalOf(error)?.missingRight === true;
}
