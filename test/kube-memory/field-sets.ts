// Sets of fields as the API server keeps them (FieldsV1), for the in-memory cluster: enough of structured-merge-diff.
import type { Json } from '../../src/object/object.ts';

export type Fields = { [key: string]: Fields };
export type Leaf = readonly string[];

export function isMap(value: unknown): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** The keys by which the items of a list are told apart, where it is one that is merged item by item. */
export function keysOf(items: readonly Json[]): readonly string[] | undefined {
  const choices = [['name'], ['containerPort', 'protocol'], ['port', 'protocol']];
  if (items.length === 0) return undefined;
  return choices.find((keys) => items.every((item) => isMap(item) && keys.every((key) => key in item)));
}

export function itemKey(item: Json, keys: readonly string[]): string {
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, (item as { [key: string]: Json })[key]])))}`;
}

const identity = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'deletionTimestamp',
]);

/** The set of all that an object says, identity aside. */
export function fieldsOf(object: { [key: string]: unknown }): Fields {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object as { [key: string]: Json };
  const kept = Object.fromEntries(
    Object.entries(isMap(metadata) ? metadata : {}).filter(([key]) => !identity.has(key)),
  );
  return setOf({ ...rest, ...(Object.keys(kept).length > 0 ? { metadata: kept } : {}) });
}

function setOf(value: Json): Fields {
  // An empty map is a field of its own, which holds none of what others put into it.
  if (isMap(value) && Object.keys(value).length === 0) return { '.': {} };
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, child]) => [`f:${key}`, setOf(child)]));
  if (!Array.isArray(value)) return {};
  const keys = keysOf(value as readonly Json[]);
  if (keys === undefined) return {};
  return Object.fromEntries(
    (value as readonly Json[]).map((item) => [itemKey(item, keys), { '.': {}, ...setOf(item) }]),
  );
}

/** Every path that ends; of an item of a list also the item itself (`.`). */
export function leavesOf(fields: Fields, path: Leaf = []): Leaf[] {
  const entries = Object.entries(fields);
  if (entries.length === 0) return path.length === 0 ? [] : [path];
  return entries.flatMap(([key, child]) => leavesOf(child, [...path, key]));
}

export function has(fields: Fields, leaf: Leaf): boolean {
  let at: Fields | undefined = fields;
  for (const key of leaf) {
    if (Object.keys(at).length === 0 && at !== fields) return true;
    at = at[key];
    if (at === undefined) return false;
  }
  return true;
}

export function without(fields: Fields, leaf: Leaf): Fields {
  const [key, ...rest] = leaf;
  const child = key === undefined ? undefined : fields[key];
  if (key === undefined || child === undefined) return fields;
  const { [key]: _child, ...others } = fields;
  if (rest.length === 0) return others;
  const left = without(child, rest);
  return Object.keys(left).length === 0 ? others : { ...others, [key]: left };
}

export function withLeaf(fields: Fields, leaf: Leaf): Fields {
  const [key, ...rest] = leaf;
  return key === undefined ? fields : { ...fields, [key]: withLeaf(fields[key] ?? {}, rest) };
}

/** The value at a leaf. */
export function valueAt(object: Json | undefined, leaf: Leaf): Json | undefined {
  let at: Json | undefined = object;
  for (const key of leaf) {
    if (key === '.') return true;
    if (key.startsWith('f:')) at = isMap(at) ? at[key.slice(2)] : undefined;
    else at = itemOf(at, key);
  }
  return at;
}

function itemOf(items: Json | undefined, key: string): Json | undefined {
  const keys = Object.entries(JSON.parse(key.slice(2)) as { [key: string]: Json });
  if (!Array.isArray(items)) return undefined;
  return (items as readonly Json[]).find(
    (item) => isMap(item) && keys.every(([name, value]) => JSON.stringify(item[name]) === JSON.stringify(value)),
  );
}

/** The object without the value at a leaf, and without maps and lists that are empty then. */
export function removed(value: Json, leaf: Leaf): Json | undefined {
  const [key, ...rest] = leaf;
  if (key === undefined) return undefined;
  if (key === '.') return isMap(value) && Object.keys(value).length === 0 ? undefined : value;
  if (key.startsWith('f:') && isMap(value)) {
    const name = key.slice(2);
    if (!(name in value)) return value;
    const { [name]: child, ...others } = value;
    const left = child === undefined ? undefined : removed(child, rest);
    if (left !== undefined) return { ...value, [name]: left };
    return Object.keys(others).length === 0 ? undefined : others;
  }
  if (key.startsWith('k:') && Array.isArray(value)) {
    const item = itemOf(value as readonly Json[], key);
    if (item === undefined) return value;
    const left = rest[0] === '.' ? undefined : removed(item, rest);
    const kept = left === undefined ? [] : [left];
    const items = (value as readonly Json[]).flatMap((one) => (one === item ? kept : [one]));
    return items.length === 0 ? undefined : items;
  }
  return value;
}

/** `desired` laid over `live`: maps by key, lists of named items by name, everything else whole. */
export function merged(live: Json | undefined, desired: Json): Json {
  if (isMap(live) && isMap(desired)) {
    const result: { [key: string]: Json } = { ...live };
    for (const [key, value] of Object.entries(desired)) result[key] = merged(live[key], value);
    return result;
  }
  if (!Array.isArray(live) || !Array.isArray(desired)) return desired;
  const keys = keysOf([...(live as readonly Json[]), ...(desired as readonly Json[])]);
  if (keys === undefined) return desired;
  const wanted = new Map((desired as readonly Json[]).map((item) => [itemKey(item, keys), item]));
  const kept = (live as readonly Json[]).map((item) => {
    const key = itemKey(item, keys);
    const over = wanted.get(key);
    wanted.delete(key);
    return over === undefined ? item : merged(item, over);
  });
  return [...kept, ...wanted.values()];
}
