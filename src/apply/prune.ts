// What Git no longer has goes, as far as it is ours, allowed, and the same object that we had put there.
import { asSluiceError, SluiceError } from '../errors.ts';
import { type InventoryEntry, identityOf, labelOfId } from '../inventory/entry.ts';
import type { ObjectIdentity } from '../object/id.ts';
import { isAbsent } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import type { ObjectAddress, ServedKind, ServedKinds } from '../ports/kube.ts';
import { type DeployContext, eachOf, type Fence, fenceOf, usualConcurrency } from './context.ts';
import { failureOf, type ObjectFailure } from './failure.ts';
import { inDeleteOrder } from './order.ts';
import { isOwnedBy } from './ownership.ts';
import { isKept, switchesOf } from './switches.ts';
import { fromGit } from './trust.ts';
import { finalizersOf } from './write.ts';

export interface PruneContext extends DeployContext {
  /** Discovery, asked anew: only it can say that a kind is gone. Asked once at most. */
  freshKinds(): Promise<ServedKinds>;
  /**
   * Tells whether another Kustomization applies this id from now on. It stays, our inventory lets go of it, and the other one
   * takes it over: a move between Kustomizations deletes nothing. Nobody, where absent.
   */
  movesAway?(id: string): boolean | Promise<boolean>;
}

/** What became of one stale entry. `deleting` and `failed` ones stay in the inventory. */
export type Pruning = {
  readonly entry: InventoryEntry;
  /** `Deployment/a-dev/web` */
  readonly object: string;
} & (
  | { readonly outcome: 'deleted' | 'gone' }
  | { readonly outcome: 'skipped'; readonly reason: string }
  /** Finalizers hold it, which `held` names; `asked` where it was this run that asked. */
  | { readonly outcome: 'deleting'; readonly reason: string; readonly held: string; readonly asked: boolean }
  | { readonly outcome: 'failed'; readonly error: SluiceError }
);

export interface PruneResult {
  /** In the order of deletion. */
  readonly prunings: readonly Pruning[];
  /** For `changeText` and events: what this run deleted, or asked to be deleted where finalizers hold it. */
  readonly deleted: readonly { readonly object: string; readonly action: 'deleted'; readonly note?: string }[];
  /** Merge them into the inventory, or they become orphans. */
  readonly survivors: readonly InventoryEntry[];
  /** `deploy.prune` with every object at fault, or `deploy.superseded`. Objects that finalizers hold are no fault. */
  readonly failure: SluiceError | undefined;
}

/**
 * Deletes stale entries in the reverse of the order of writing, the objects of one kind side by side. An entry alone deletes
 * nothing: its scope must be its kind's, `authorise` must allow it, and the live object must carry our owner labels and no
 * switch against it; then exactly that object, by uid, is deleted in the background. Errors do not stop the others.
 */
export async function pruneStale(stale: readonly InventoryEntry[], context: PruneContext): Promise<PruneResult> {
  const fence = fenceOf(context);
  const fresh = onceOf(() => context.freshKinds());
  const done = new Map<InventoryEntry, Pruning>();
  const known = stale.flatMap((entry) => {
    const identity = identityOf(entry.id);
    if (identity !== undefined) return [{ entry, identity }];
    done.set(entry, { entry, object: labelOfId(entry.id), outcome: 'skipped', reason: 'it names no object' });
    return [];
  });
  const sorted = known.toSorted((one, other) => inDeleteOrder(one.identity, other.identity));
  let lost: SluiceError | undefined;
  for (const kind of byKind(sorted)) {
    await eachOf(kind, context.concurrency ?? usualConcurrency, async (one) => {
      if (lost !== undefined) return;
      const object = labelOfId(one.entry.id);
      try {
        done.set(one.entry, { entry: one.entry, object, ...(await pruneOne(one, context, fence, fresh)) });
      } catch (thrown) {
        const error = asSluiceError(thrown);
        if (error.code === 'deploy.superseded') lost = error;
        else done.set(one.entry, { entry: one.entry, object, outcome: 'failed', error });
      }
    });
    if (lost !== undefined) break;
  }
  return resultOf(
    stale,
    sorted.map(({ entry }) => entry),
    done,
    lost,
  );
}

type Known = { readonly entry: InventoryEntry; readonly identity: ObjectIdentity };
type Outcome =
  | { readonly outcome: 'deleted' | 'gone' }
  | { readonly outcome: 'skipped'; readonly reason: string }
  | { readonly outcome: 'deleting'; readonly reason: string; readonly held: string; readonly asked: boolean };

async function pruneOne(
  { entry, identity }: Known,
  context: PruneContext,
  fence: Fence,
  fresh: () => Promise<ServedKinds>,
): Promise<Outcome> {
  const { group, kind: name, namespace } = identity;
  const kind = context.kinds.find(group, name) ?? (await servedNow(identity, fresh));
  if (kind === undefined) return { outcome: 'gone' };
  if (kind.namespaced !== (namespace !== '')) {
    return { outcome: 'skipped', reason: 'it names no object, since its scope is not that of its kind' };
  }
  const address = { kind, namespace, name: identity.name };
  const denied = context.authorise(address);
  if (denied !== undefined) {
    throw new SluiceError('deploy.denied', `it may not be deleted: ${denied}`, {
      remedy: 'let the platform team delete it',
    });
  }
  const live = await liveOf(address, identity, context, fresh);
  if (live === undefined) return { outcome: 'gone' };
  const reason = await whyKept(live, address, entry, context);
  if (reason !== undefined) return { outcome: 'skipped', reason };
  if (!isAbsent(live.metadata['deletionTimestamp'])) return held(live, false);
  await fence.hold();
  const { uid } = live.metadata;
  if (typeof uid !== 'string' || uid === '') throw new SluiceError('kube.invalid', 'the API server tells no uid of it');
  const outcome = await context.writer.delete(address, uid);
  return outcome === 'deleting' ? held(live, true) : { outcome };
}

function held(live: KubeObject, asked: boolean): Outcome {
  const finalizers = finalizersOf(live);
  return { outcome: 'deleting', reason: `it is being deleted; ${finalizers}`, held: finalizers, asked };
}

/** The kind as fresh discovery has it; undefined only where discovery is complete and has not. */
async function servedNow(
  { group, kind }: ObjectIdentity,
  fresh: () => Promise<ServedKinds>,
): Promise<ServedKind | undefined> {
  const kinds = await fresh();
  const served = kinds.find(group, kind);
  if (served === undefined && !kinds.complete(group)) {
    throw new SluiceError('kube.unavailable', 'the cluster could not say whether it still serves this kind', {
      kind: 'transient',
      remedy: `look at the APIService behind ${group}`,
    });
  }
  return served;
}

async function liveOf(
  address: ObjectAddress,
  identity: ObjectIdentity,
  { writer }: PruneContext,
  fresh: () => Promise<ServedKinds>,
): Promise<KubeObject | undefined> {
  try {
    return await writer.get(address);
  } catch (thrown) {
    const error = asSluiceError(thrown);
    // The kind vanished after we had asked what is served.
    if (error.code !== 'kube.gone' || (await servedNow(identity, fresh)) !== undefined) throw error;
    return undefined;
  }
}

async function whyKept(
  live: KubeObject,
  address: ObjectAddress,
  { id }: InventoryEntry,
  context: PruneContext,
): Promise<string | undefined> {
  if (!isOwnedBy(live, context.owner)) return 'it does not carry the labels of this Kustomization any more';
  const trusted = context.trustsLive?.(address) ?? true;
  if (isKept(switchesOf(trusted ? live : fromGit(live)))) return 'a switch on it says that it is to be kept';
  if ((await context.movesAway?.(id)) === true) return 'another Kustomization applies it from now on';
  return undefined;
}

function onceOf<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

function byKind(sorted: readonly Known[]): Known[][] {
  const kinds: Known[][] = [];
  for (const one of sorted) {
    const current = kinds.at(-1);
    const last = current?.[0]?.identity;
    if (current !== undefined && last?.kind === one.identity.kind && last.group === one.identity.group)
      current.push(one);
    else kinds.push([one]);
  }
  return kinds;
}

function isDeletion(one: Pruning): boolean {
  return one.outcome === 'deleted' || (one.outcome === 'deleting' && one.asked);
}

function resultOf(
  stale: readonly InventoryEntry[],
  sorted: readonly InventoryEntry[],
  done: ReadonlyMap<InventoryEntry, Pruning>,
  lost: SluiceError | undefined,
): PruneResult {
  const order = [...new Set([...sorted, ...stale])];
  const prunings = order.flatMap((entry) => done.get(entry) ?? []);
  const failures = prunings.flatMap((one): ObjectFailure[] =>
    one.outcome === 'failed' ? [{ id: one.entry.id, label: one.object, place: undefined, error: one.error }] : [],
  );
  const [first, ...others] = failures;
  const headline = `${failures.length} of ${stale.length} objects could not be deleted; they stay in the inventory`;
  const failure = first === undefined ? undefined : failureOf('deploy.prune', [first, ...others], headline);
  return {
    prunings,
    deleted: prunings.filter(isDeletion).map((one) => ({
      object: one.object,
      action: 'deleted',
      ...(one.outcome === 'deleting' ? { note: `not gone yet; ${one.held}` } : {}),
    })),
    survivors: stale.filter((entry) => {
      const outcome = done.get(entry)?.outcome;
      return outcome === undefined || outcome === 'deleting' || outcome === 'failed';
    }),
    failure: lost ?? failure,
  };
}
