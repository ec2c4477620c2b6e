// Of many that read one source, those whose own folder changed come first, so that they do not wait for all that have nothing to do.
import { readKustomization } from '../flux/kustomization.ts';
import type { KubeObject } from '../object/object.ts';
import type { Tree } from '../ports.ts';
import { normalizePath } from '../source/paths.ts';

/**
 * Keys of Kustomizations, those first whose folder differs between two trees, in their order otherwise. No more than an order:
 * a build may read other folders too. Never throws; what cannot be compared comes last.
 */
export async function changedFirst(
  readers: readonly (readonly [key: string, kustomization: KubeObject])[],
  before: Tree,
  after: Tree,
): Promise<readonly string[]> {
  const looks = await Promise.all(
    readers.map(async ([key, object]) => {
      const { path } = readKustomization(object).spec;
      return { key, first: await differs(path, before, after).catch(() => false) };
    }),
  );
  return [...looks.filter(({ first }) => first), ...looks.filter(({ first }) => !first)].map(({ key }) => key);
}

async function differs(path: string, before: Tree, after: Tree): Promise<boolean> {
  const folder = normalizePath(path);
  const [old, now] = await Promise.all([before.entry(folder), after.entry(folder)]);
  return now !== undefined && oidOf(now) !== oidOf(old);
}

function oidOf(entry: Awaited<ReturnType<Tree['entry']>>): string | undefined {
  return entry === undefined || entry.type === 'refused' ? undefined : entry.oid;
}
