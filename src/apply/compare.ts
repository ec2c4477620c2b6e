// Would an apply change anything? What a dry run answers against what is there. Only paths leave this file, never values: a
// dry run of three lines returns the whole live object, values of others' Secrets included (CVE-2026-42880).
import { changedFields } from '../diff/fields.ts';
import { isMapping, mapping } from '../object/json.ts';
import type { FieldPath, Json, KubeObject } from '../object/object.ts';
import { isOwn, managedFieldsOf, ownsField } from './managed-fields.ts';

/** A field that an apply would change: `spec.replicas`, `spec.containers.web.image`. */
export type ChangedPath = string;

/**
 * The fields in which `dryRun` differs from `live`, as far as they are ours: set in `desired`, or ours by an earlier apply.
 * Compared are labels, annotations and all but `metadata` and `status`. What differs beside that is what an admission
 * webhook or a default writes anew at each request, and an apply would not put right. In the objects' order.
 */
export function compare(live: KubeObject, dryRun: KubeObject, desired: KubeObject): readonly ChangedPath[] {
  const own = managedFieldsOf(live).filter(isOwn);
  return changedFields(comparable(live), comparable(dryRun))
    .filter(({ path, names, after }) => {
      if (reaches(comparable(desired), names)) return true;
      // A field that goes away has its path in `live`, others have theirs in `dryRun`.
      const holder = after === undefined ? live : dryRun;
      return own.some(({ fields }) => ownsField(fields, holder as Json, path));
    })
    .map(({ names }) => names.join('.'));
}

function comparable(object: KubeObject): { readonly [key: string]: Json } {
  const { metadata, status: _status, ...rest } = object;
  const { labels, annotations } = metadata;
  return {
    ...(rest as { readonly [key: string]: Json }),
    metadata: { labels: mapping(labels) as Json, annotations: mapping(annotations) as Json },
  };
}

/** Whether the desired object says something at this path, above or below it. Items of lists are told by name alone. */
function reaches(desired: Json, names: readonly string[]): boolean {
  let at: Json | undefined = desired;
  for (const name of names) {
    if (Array.isArray(at)) {
      const named: Json | undefined = (at as readonly Json[]).find((item) => isMapping(item) && item['name'] === name);
      if (named === undefined) return (at as readonly Json[]).some((item) => !isMapping(item) || !('name' in item));
      at = named;
    } else if (isMapping(at)) {
      if (!Object.hasOwn(at, name)) return false;
      at = at[name];
    } else return true;
  }
  return true;
}

/** The value at a path, or undefined. */
export function valueAtPath(value: Json | undefined, path: FieldPath): Json | undefined {
  let at: Json | undefined = value;
  for (const part of path) {
    if (typeof part === 'number') at = Array.isArray(at) ? (at as readonly Json[])[part] : undefined;
    else at = isMapping(at) && Object.hasOwn(at, part) ? (at[part] as Json) : undefined;
  }
  return at;
}
