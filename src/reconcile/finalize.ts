// A Kustomization is being deleted: its objects go as `deletionPolicy` says, then it may go itself.
import type { FleetNow } from '../agent/fleet-view.ts';
import { uidOf } from '../agent/kustomizations.ts';
import { acknowledgementKey, deletionGuard } from '../apply/deletion-guard.ts';
import { asSluiceError, type SluiceError } from '../errors.ts';
import { fluxFinalizer } from '../flux/kustomization.ts';
import { stringAt } from '../flux/read.ts';
import { serviceAccountKind } from '../flux/served.ts';
import { type InventoryEntry, terminatingStatus } from '../flux/status.ts';
import { labelOfId } from '../inventory/entry.ts';
import { readInventory } from '../inventory/inventory.ts';
import { claimantOf } from './claim.ts';
import { deletingIdentity, type Identity } from './identity.ts';
import { readSource } from './inputs.ts';
import { prune } from './prune.ts';
import { liveOf, wantedByOthers } from './rivals.ts';
import type { ReconcileTools, Run } from './run.ts';

const mostNamed = 15;
const terminationLookMs = 2_000;

/**
 * Deletes what the deleted Kustomization had applied, but for what another one applies from now on. What its account has no
 * right to delete, be it gone or be the right gone, stays and is told; nobody else's rights are used in its place.
 *
 * @returns what was done, for the log
 * @throws SluiceError `deploy.deletions`, `deploy.prune`: the finalizer stays, and so does the inventory
 */
export async function finalize(run: Run, tools: ReconcileTools): Promise<string> {
  const { entries } = readInventory(run.object);
  goingSince(run, tools);
  // What goes from here on is no drift, for which it would be looked at again and again.
  tools.memory.doubt(run.key);
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
  return deleteAll(run, going, { identity, fleet }, tools);
}

async function deleteAll(
  run: Run,
  going: readonly InventoryEntry[],
  by: { readonly identity: Identity; readonly fleet: FleetNow },
  tools: ReconcileTools,
): Promise<string> {
  // As the account that applied it; nobody else's rights are used, also where that account is gone.
  const { account } = by.identity;
  if ((await tools.cluster.get({ kind: serviceAccountKind, ...account })) === undefined) {
    const gone = `ServiceAccount ${account.namespace}/${account.name} is gone, so nothing can be deleted as it`;
    return tellAndLetGo(run, `${gone}; ${staying(going)}`, tools);
  }
  const writer = tools.cluster.as(account);
  const kinds = await tools.cluster.kinds();
  const { survivors, held, failure, lacksRights } = await prune(run, going, { ...by, writer, kinds }, tools);
  // A right may come back within the timeout; without it nothing would ever let this Kustomization, and its namespace, go.
  if (failure !== undefined && lacksRights && isLate(run, tools)) return leave(run, failure, survivors, tools);
  if (failure !== undefined) throw failure;
  if (survivors.length > 0 && run.deploy.deletionPolicy === 'WaitForTermination' && !isLate(run, tools)) {
    tools.schedule.next(run.key, terminationLookMs, 'termination');
    const { timeoutMs } = run.deploy;
    const status = terminatingStatus(run.object, run.attempt, { held, timeoutMs, now: tools.now() });
    if (status !== undefined) await run.write(status);
    return `waiting for ${survivors.length} objects to end`;
  }
  return letGo(run, `deleted ${going.length - survivors.length} objects`, tools);
}

async function leave(
  run: Run,
  failure: SluiceError,
  left: readonly InventoryEntry[],
  tools: ReconcileTools,
): Promise<string> {
  const [, first = failure.message] = failure.message.split('\n');
  return tellAndLetGo(run, `${staying(left)}; ${first}`, tools);
}

async function tellAndLetGo(run: Run, message: string, tools: ReconcileTools): Promise<string> {
  await tools.cluster.record({ about: run.object, type: 'Warning', reason: 'PruneFailed', message });
  return letGo(run, message, tools);
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

/** Counted from this process's first look, so that no clock that is set, here or in the cluster, ends the wait early. */
function isLate(run: Run, tools: ReconcileTools): boolean {
  return tools.elapsed() - goingSince(run, tools) > run.deploy.timeoutMs;
}

function goingSince(run: Run, { memory, elapsed }: ReconcileTools): number {
  return memory.goingSince(run.key, uidOf(run.object), elapsed());
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
