// Which objects are as the last apply left them, by their metadata alone: what nobody touched is not asked about again.
import { asSluiceError } from '../errors.ts';
import type { ObjectMetadata } from '../ports/kube.ts';
import { type Applied, isMoved, ownerName, ownerNamespace } from '../agent/touched.ts';
import type { ReconcileTools } from './run.ts';

export interface Unmoved {
  /** Same inputs as the last time, every object as it was left, and none that was deleted is still going. */
  readonly nothing: boolean;
  /** Objects that stand as they were left, by inventory id. */
  readonly objects: ReadonlyMap<string, Applied>;
}

const everything: Unmoved = { nothing: false, objects: new Map() };

/**
 * Asks the watch; where there is none, lists the metadata of the Kustomization's objects, kind by kind.
 *
 * @param digest of all inputs of this run
 */
export async function moved(key: string, digest: string, tools: ReconcileTools): Promise<Unmoved> {
  const record = tools.memory.record(key);
  if (record === undefined) return everything;
  const lists = new Map<string, Promise<ReadonlyMap<string, ObjectMetadata>>>();
  const objects = new Map<string, Applied>();
  for (const [id, applied] of record.objects) {
    const { group, kind, namespace, name } = applied;
    const watched = tools.touched.find(group, kind, namespace, name);
    const now =
      watched === 'unwatched' ? (await listed(key, applied, lists, tools)).get(`${namespace}/${name}`) : watched;
    if (now !== undefined && now !== 'absent' && !isMoved(applied, now)) objects.set(id, applied);
  }
  const same = record.digest === digest && record.leaving.size === 0;
  return { nothing: same && objects.size === record.objects.size, objects };
}

function listed(
  key: string,
  { group, kind }: Applied,
  lists: Map<string, Promise<ReadonlyMap<string, ObjectMetadata>>>,
  tools: ReconcileTools,
): Promise<ReadonlyMap<string, ObjectMetadata>> {
  const known = lists.get(`${group}/${kind}`);
  if (known !== undefined) return known;
  const list = listOf(key, group, kind, tools);
  lists.set(`${group}/${kind}`, list);
  return list;
}

async function listOf(
  key: string,
  group: string,
  kind: string,
  { cluster }: ReconcileTools,
): Promise<ReadonlyMap<string, ObjectMetadata>> {
  const served = (await cluster.kinds()).find(group, kind);
  if (served === undefined) return new Map();
  const [namespace, name] = key.split('/');
  const labels = `${ownerName}=${name},${ownerNamespace}=${namespace}`;
  const items = await cluster.listMetadata(served, { labels }).catch((thrown: unknown) => {
    // Its definition was taken away since we asked for the kinds, and the objects with it.
    if (asSluiceError(thrown).code === 'kube.gone') return [];
    throw thrown;
  });
  return new Map(items.map((item) => [`${item.namespace}/${item.name}`, item]));
}
