// What becomes of a CustomResourceDefinition of Flux: made, left as it is, or given a version. Never made older.
import { isMapping, type JsonMapping, list, mapping } from '../object/json.ts';
import type { Json, KubeObject } from '../object/object.ts';

export interface DefinitionPlan {
  /** What to apply; undefined where the one that is there stays as it is. */
  readonly apply: KubeObject | undefined;
  /** Fields of ours that the one that stays does not know, and the API server drops: `spec.ignore`. */
  readonly lacks: readonly string[];
}

/**
 * A definition that serves every version of ours stays. One that lacks a version gets it beside its own, since objects
 * are stored in those; they stay served, and new objects are stored in ours.
 */
export function planDefinition(live: KubeObject | undefined, ours: KubeObject): DefinitionPlan {
  if (live === undefined) return { apply: ours, lacks: [] };
  const known = versionsOf(live);
  const wanted = versionsOf(ours);
  const served = (version: JsonMapping): boolean =>
    known.some((one) => one['name'] === version['name'] && one['served'] === true);
  if (wanted.every(served)) return { apply: undefined, lacks: wanted.flatMap((one) => lackOf(known, one)) };
  const kept = known.filter((one) => wanted.every((version) => version['name'] !== one['name']));
  const versions = [...wanted, ...kept.map((one) => ({ ...one, storage: false }))] as Json;
  return { apply: { ...ours, spec: { ...mapping(ours['spec']), versions } as Json }, lacks: [] };
}

function versionsOf(definition: KubeObject): readonly JsonMapping[] {
  return list(mapping(definition['spec'])['versions']).map(mapping);
}

function lackOf(known: readonly JsonMapping[], version: JsonMapping): string[] {
  const live = known.find((one) => one['name'] === version['name']);
  return missingFields(schemaOf(mapping(live)), schemaOf(version), '');
}

function schemaOf(version: JsonMapping): JsonMapping {
  return mapping(mapping(version['schema'])['openAPIV3Schema']);
}

/** Paths of properties that `ours` has and `theirs` has not; what is below a missing one is not told again. */
function missingFields(theirs: JsonMapping, ours: JsonMapping, path: string): string[] {
  if (theirs['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const [known, wanted] = [mapping(theirs['properties']), mapping(ours['properties'])];
  const below = Object.entries(wanted).flatMap(([name, schema]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const other = known[name];
    return isMapping(other) ? missingFields(other, mapping(schema), at) : [at];
  });
  const [items, wantedItems] = [theirs['items'], ours['items']];
  if (!isMapping(items) || !isMapping(wantedItems)) return below;
  return [...below, ...missingFields(items, wantedItems, `${path}[]`)];
}
