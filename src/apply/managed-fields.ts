// Who owns which field, as the API server keeps it in metadata.managedFields (FieldsV1 of structured-merge-diff).
import { isMapping, type JsonMapping, list } from '../object/json.ts';
import type { FieldPath, Json, KubeObject } from '../object/object.ts';

/** The field manager of everything that is applied: Flux's, so that a fleet moves between the two with its ownership. */
export const fieldManager = 'kustomize-controller';

/** One entry of `metadata.managedFields`, with what it says beside these kept as it is. */
export interface ManagedFields {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string;
  /** FieldsV1: `f:<key>`, `k:<keys of an item>`, `v:<item>`, `.` for the thing itself. */
  readonly fields: JsonMapping;
  readonly entry: JsonMapping;
}

/** The entries of an object; those of an unknown form are left out. */
export function managedFieldsOf(object: KubeObject): readonly ManagedFields[] {
  return list(object.metadata['managedFields']).flatMap((entry) => {
    if (!isMapping(entry)) return [];
    const { manager, operation, subresource, fieldsV1 } = entry;
    if (typeof manager !== 'string' || (operation !== 'Apply' && operation !== 'Update')) return [];
    const fields = isMapping(fieldsV1) ? fieldsV1 : {};
    return [{ manager, operation, subresource: typeof subresource === 'string' ? subresource : '', fields, entry }];
  });
}

/** What we own by having applied it. */
export function isOwn({ manager, operation, subresource }: ManagedFields): boolean {
  return manager === fieldManager && operation === 'Apply' && subresource === '';
}

/** Both sets of fields as one. */
export function unionOfFields(one: JsonMapping, other: JsonMapping): JsonMapping {
  const result: Record<string, Json | undefined> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const known = result[key];
    result[key] = isMapping(known) && isMapping(value) ? (unionOfFields(known, value) as Json) : (value as Json);
  }
  return result;
}

/** The set without one field, and without what holds nothing else. */
export function withoutField(fields: JsonMapping, keys: readonly string[]): JsonMapping {
  const [key, ...rest] = keys;
  if (key === undefined || !Object.hasOwn(fields, key)) return fields;
  const { [key]: child, ...others } = fields;
  if (rest.length === 0 || !isMapping(child)) return others;
  const left = withoutField(child, rest);
  return Object.keys(left).length === 0 ? others : { ...fields, [key]: left as Json };
}

/**
 * Tells whether a set holds the field at a path of `object`, something inside of it, or what it is an inseparable part of.
 * Items of lists are found by the keys that the set names them by; where an item cannot be told, the answer is yes.
 */
export function ownsField(fields: JsonMapping, object: Json | undefined, path: FieldPath): boolean {
  let set: JsonMapping = fields;
  let at: Json | undefined = object;
  for (const part of path) {
    if (Object.keys(set).length === 0) return set !== fields;
    const next: JsonMapping | boolean = typeof part === 'string' ? fieldOf(set, part) : itemOf(set, at, part);
    if (typeof next === 'boolean') return next;
    set = next;
    at = childOf(at, part);
  }
  return true;
}

function fieldOf(set: JsonMapping, key: string): JsonMapping | boolean {
  const child = Object.hasOwn(set, `f:${key}`) ? set[`f:${key}`] : undefined;
  return isMapping(child) ? child : false;
}

function itemOf(set: JsonMapping, items: Json | undefined, index: number): JsonMapping | boolean {
  const item = Array.isArray(items) ? (items as readonly Json[])[index] : undefined;
  if (item === undefined) return true;
  for (const [key, child] of Object.entries(set)) {
    if (key.startsWith('v:') && key.slice(2) === JSON.stringify(item)) return true;
    if (key.startsWith('k:') && isMapping(child) && hasKeys(item, key.slice(2))) return child;
  }
  return false;
}

function hasKeys(item: Json, text: string): boolean {
  if (!isMapping(item)) return false;
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isMapping(keys)) return false;
  return Object.entries(keys).every(([key, value]) => JSON.stringify(item[key]) === JSON.stringify(value));
}

function childOf(value: Json | undefined, part: string | number): Json | undefined {
  if (typeof part === 'number') return Array.isArray(value) ? (value as readonly Json[])[part] : undefined;
  return isMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}
