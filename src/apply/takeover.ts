// Fields that people set with kubectl become the Kustomization's, so that the next apply takes away what Git has not.
import { isMapping, type JsonMapping, mapping } from '../object/json.ts';
import type { Json, KubeObject } from '../object/object.ts';
import {
  fieldManager,
  isOwn,
  type ManagedFields,
  managedFieldsOf,
  unionOfFields,
  withoutField,
} from './managed-fields.ts';

/** The escape hatch: what is written with `kubectl --field-manager=flux-client-side-apply` stays. */
const preserved = 'flux-client-side-apply';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const lastAppliedField: readonly string[] = ['f:metadata', 'f:annotations', `f:${lastApplied}`];

/**
 * `metadata.managedFields` as they must be before an apply takes effect on what other managers set, or undefined where they
 * are right. Entries without a subresource whose manager begins with `kubectl` or with one of `overrides` (Apply or Update),
 * `before-first-apply` and our own name (Update) become part of our Apply entry, as in fluxcd/pkg ssa/patch.go; so does
 * whoever set the annotation `last-applied-configuration`, which only makes sense to a client-side apply.
 */
export function takeover(live: KubeObject, overrides: readonly string[] = []): readonly Json[] | undefined {
  const entries = managedFieldsOf(live);
  const taken = entries.filter((entry) => isTaken(entry, overrides));
  const annotated = Object.hasOwn(mapping(live.metadata.annotations), lastApplied);
  const elsewhere = entries.filter((entry) => !isOwn(entry) && !taken.includes(entry) && isAnnotator(entry, annotated));
  if (taken.length === 0 && elsewhere.length === 0) return undefined;
  const own = entries.find(isOwn);
  const [first] = [...(own === undefined ? [] : [own]), ...taken, ...elsewhere];
  if (first === undefined) return undefined;
  const fields = [...(own === undefined ? [] : [own]), ...taken].reduce<JsonMapping>(
    (set, entry) => unionOfFields(set, entry.fields),
    annotated ? setOf(lastAppliedField) : {},
  );
  const kept = entries
    .filter((entry) => entry !== own && !taken.includes(entry))
    .map((entry) => (elsewhere.includes(entry) ? withoutAnnotation(entry) : entry.entry));
  const { subresource: _subresource, ...ours } = first.entry;
  return [...kept, { ...ours, manager: fieldManager, operation: 'Apply', fieldsV1: fields as Json }] as readonly Json[];
}

/** An entry that a takeover makes ours. */
export function isTaken({ manager, operation, subresource }: ManagedFields, overrides: readonly string[]): boolean {
  if (subresource !== '' || manager === preserved) return false;
  if (['kubectl', ...overrides].some((prefix) => prefix !== '' && manager.startsWith(prefix))) return true;
  return operation === 'Update' && (manager.startsWith('before-first-apply') || manager === fieldManager);
}

function isAnnotator({ fields, subresource, manager }: ManagedFields, annotated: boolean): boolean {
  if (!annotated || subresource !== '' || manager === preserved) return false;
  let set: unknown = fields;
  for (const key of lastAppliedField) {
    if (!isMapping(set) || !Object.hasOwn(set, key)) return false;
    set = set[key];
  }
  return true;
}

function withoutAnnotation({ entry, fields }: ManagedFields): JsonMapping {
  return { ...entry, fieldsV1: withoutField(fields, lastAppliedField) as Json };
}

function setOf(keys: readonly string[]): JsonMapping {
  return keys.reduceRight<JsonMapping>((set, key) => ({ [key]: set as Json }), {});
}
