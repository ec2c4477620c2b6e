// Which object of the base side is which object of the head side.
import { groupOf, nameOf, namespaceOf, objectId } from '../object/id.ts';
import type { BuiltObject } from '../object/object.ts';

/** One object on both sides; at least one side is present. */
export interface ObjectPair {
  readonly base?: BuiltObject;
  readonly head?: BuiltObject;
}

/** A generated object that only got a new hash: `app-config-6ct58987ht` → `app-config-2k2m9mb96k`. */
export interface Rename {
  readonly kind: string;
  readonly namespace: string;
  readonly from: string;
  readonly to: string;
  /** What both names show as in a diff: `app-config-(hash)`. */
  readonly shown: string;
}

// The alphabet of kustomize's content hash (api/hasher/hasher.go): hexadecimal with 0, 1, 3, a, e replaced.
const generatedName = /^(?<stem>.+)-[2456789bcdfghkmt]{10}$/;

/**
 * Pairs objects by id, in the order of the head side, then what only the base side has. ConfigMaps and Secrets whose
 * names differ in kustomize's hash alone are one pair and one rename, where the stem is unique on both sides.
 */
export function pairObjects(
  base: readonly BuiltObject[],
  head: readonly BuiltObject[],
): { readonly pairs: readonly ObjectPair[]; readonly renames: readonly Rename[] } {
  const left = new Map<string, BuiltObject[]>();
  for (const built of base) {
    const id = objectId(built.object);
    const same = left.get(id);
    if (same === undefined) left.set(id, [built]);
    else same.push(built);
  }
  const pairs: ObjectPair[] = head.map((built) => {
    const partner = left.get(objectId(built.object))?.shift();
    return partner === undefined ? { head: built } : { base: partner, head: built };
  });
  const gone = [...left.values()].flat();
  return withRenames(pairs, gone);
}

function withRenames(
  pairs: readonly ObjectPair[],
  gone: readonly BuiltObject[],
): { readonly pairs: readonly ObjectPair[]; readonly renames: readonly Rename[] } {
  const goneByStem = byStem(gone);
  const createdByStem = byStem(pairs.flatMap(({ base, head }) => (base === undefined && head ? [head] : [])));
  const renames: Rename[] = [];
  const paired = new Map<BuiltObject, BuiltObject>();
  for (const [stem, created] of createdByStem) {
    const before = goneByStem.get(stem)?.[0];
    const after = created[0];
    if (before === undefined || after === undefined || created.length > 1 || goneByStem.get(stem)?.length !== 1)
      continue;
    paired.set(after, before);
    const from = nameOf(before.object);
    const to = nameOf(after.object);
    const shown = `${generatedName.exec(to)?.groups?.['stem'] ?? to}-(hash)`;
    renames.push({ kind: after.object.kind, namespace: namespaceOf(after.object), from, to, shown });
  }
  const renamedAway = new Set(paired.values());
  const deletions = gone.filter((built) => !renamedAway.has(built)).map((built): ObjectPair => ({ base: built }));
  const joined = pairs.map((pair): ObjectPair => {
    const before = pair.head === undefined ? undefined : paired.get(pair.head);
    return before === undefined ? pair : { ...pair, base: before };
  });
  return { pairs: [...joined, ...deletions], renames };
}

function byStem(objects: readonly BuiltObject[]): Map<string, BuiltObject[]> {
  const result = new Map<string, BuiltObject[]>();
  for (const built of objects) {
    const { kind, apiVersion } = built.object;
    if (groupOf(apiVersion) !== '' || (kind !== 'ConfigMap' && kind !== 'Secret')) continue;
    const stem = generatedName.exec(nameOf(built.object))?.groups?.['stem'];
    if (stem === undefined) continue;
    const key = JSON.stringify([kind, namespaceOf(built.object), stem]);
    const same = result.get(key);
    if (same === undefined) result.set(key, [built]);
    else same.push(built);
  }
  return result;
}
