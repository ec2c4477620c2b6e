// A Kustomization is being deleted: its objects go as `deletionPolicy` says, then it may go itself.
import { acknowledgementKey, deletionGuard } from '../apply/deletion-guard.ts';
import { asSluiceError } from '../errors.ts';
import { fluxFinalizer } from '../flux/kustomization.ts';
import { stringAt } from '../flux/read.ts';
import { serviceAccountKind } from '../flux/served.ts';
import type { InventoryEntry } from '../flux/status.ts';
import { labelOfId } from '../inventory/entry.ts';
import { readInventory } from '../inventory/inventory.ts';
import { claimantOf } from './claim.ts';
import { deletingIdentity } from './identity.ts';
import { readSource } from './inputs.ts';
import { prune } from './prune.ts';
import { liveOf, wantedByOthers } from './rivals.ts';
import type { ReconcileTools, Run } from './run.ts';

const mostNamed = 15;
const terminationLookMs = 2_000;

/**
 * Deletes what the deleted Kustomization had applied, but for what another one applies from now on.
 *
 * @returns what was done, for the log
 * @throws SluiceError `deploy.deletions`, `deploy.prune`: the finalizer stays, and so does the inventory
 */
export async function finalize(run: Run, tools: ReconcileTools): Promise<string> {
  const { entries } = readInventory(run.object);
  const orphaning = whyOrphaned(run);
  if (orphaning !== undefined || entries.length === 0) return letGo(run, orphaning ?? 'it had nothing', tools);
  const live = liveOf(run.object);
  const fleet = await tools.fleet.now();
  const identity = deletingIdentity(live, fleet);
  // What moved to another Kustomization stays, and that one takes it over.
  const owner = claimantOf(live, fleet) ?? identity.owner;
  const wanted = await wantedByOthers(live, owner, new Set(entries.map(({ id }) => id)), tools);
  const going = entries.filter(({ id }) => !wanted.has(id));
  if (going.length === 0) return letGo(run, 'others apply all it had', tools);
  const source = await readSource(live, tools).catch(() => undefined);
  guard(run, going, fleet.side.fleet.config.maxDeletions, source?.revision);
  // As the account that applied it; nobody else's rights are used, also where that account is gone.
  if ((await tools.cluster.get({ kind: serviceAccountKind, ...identity.account })) === undefined) {
    const { namespace, name } = identity.account;
    const message = `ServiceAccount ${namespace}/${name} is gone, so nothing can be deleted as it; ${staying(going)}`;
    await tools.cluster.record({ about: run.object, type: 'Warning', reason: 'PruneFailed', message });
    return letGo(run, message, tools);
  }
  const writer = tools.cluster.as(identity.account);
  const kinds = await tools.cluster.kinds();
  const { survivors: left, failure } = await prune(run, going, { identity, writer, kinds, fleet }, tools);
  if (failure !== undefined) throw failure;
  if (left.length > 0 && run.deploy.deletionPolicy === 'WaitForTermination' && !isLate(run, tools)) {
    tools.schedule.next(run.key, terminationLookMs, 'termination');
    return `waiting for ${left.length} objects to end`;
  }
  return letGo(run, `deleted ${going.length - left.length} objects`, tools);
}

/** `2 objects stay: ConfigMap/apps/web, Service/apps/web` */
function staying(entries: readonly InventoryEntry[]): string {
  const named = entries.slice(0, mostNamed).map(({ id }) => labelOfId(id));
  const more = entries.length > mostNamed ? ` and ${entries.length - mostNamed} more` : '';
  return `${entries.length} objects stay: ${named.join(', ')}${more}`;
}

function whyOrphaned({ deploy }: Run): string | undefined {
  if (deploy.suspend) return 'it was suspended';
  if (deploy.deletionPolicy === 'Orphan') return 'its deletionPolicy is Orphan';
  return deploy.deletionPolicy === 'MirrorPrune' && !deploy.prune ? 'it does not prune' : undefined;
}

/** @throws SluiceError `deploy.deletions` */
function guard(run: Run, going: readonly InventoryEntry[], maxDeletions: number, revision: string | undefined): void {
  const acknowledged = stringAt(run.object.metadata.annotations, acknowledgementKey);
  const refused = deletionGuard({
    kustomization: { namespace: run.namespace, name: run.name },
    built: going.length,
    stale: going,
    maxDeletions,
    revision: revision ?? stringAt(run.object['status'], 'lastAttemptedRevision') ?? 'deleted',
    acknowledged,
  });
  if (refused !== undefined) throw refused;
}

function isLate(run: Run, tools: ReconcileTools): boolean {
  const since = Date.parse(stringAt(run.object.metadata as never, 'deletionTimestamp') ?? '');
  return tools.now().getTime() - since > run.deploy.timeoutMs;
}

async function letGo(run: Run, why: string, { cluster, kustomizations }: ReconcileTools): Promise<string> {
  const { finalizers } = run.object.metadata;
  const others = (Array.isArray(finalizers) ? finalizers : []).filter(
    (one): one is string => typeof one === 'string' && one !== fluxFinalizer,
  );
  try {
    const version = stringAt(run.object.metadata as never, 'resourceVersion');
    kustomizations.wrote(await cluster.patchMetadata(run.address, { finalizers: others }, version));
  } catch (thrown) {
    const error = asSluiceError(thrown);
    // It is gone already: somebody else let it go.
    if (error.code !== 'kube.gone') throw error;
  }
  return `let go: ${why}`;
}
