// The table of kinds of one cluster: which resource a kind is, and whether it lives in a namespace.
import builtin from '../../data/kinds-builtin.json' with { type: 'json' };
import wellKnown from '../../data/kinds-well-known.json' with { type: 'json' };
import { groupOf } from './id.ts';
import { type JsonMapping, mapping } from './json.ts';
import type { Kind, KindTable } from './kind.ts';
import type { KubeObject } from './object.ts';

/** A kind as `kinds:` of sluice.yaml says it. `plural` and `versions` may be left out. */
export interface ConfiguredKind {
  readonly group: string;
  readonly kind: string;
  readonly plural?: string;
  readonly namespaced: boolean;
  readonly versions?: readonly string[];
}

/** What a platform repository adds to the tables that ship. A tenant's objects must never reach `crds`. */
export interface KindLayers {
  /** `CustomResourceDefinition`s of the platform's own builds; other objects are passed over. */
  readonly crds?: readonly KubeObject[];
  readonly configured?: readonly ConfiguredKind[];
}

/** The version of the API server that the built-in table was read from: `v1.36.3`. */
export const builtinVersion: string = builtin.kubernetes;

const builtinGroups = new Set(builtin.groups);

/** A group that the API server itself serves (`apps`, `''`), so that no CRD may add kinds to it. */
export function isBuiltinGroup(group: string): boolean {
  return builtinGroups.has(group);
}

/**
 * Kinds of one cluster. Built-in kinds cannot be redefined; then CRDs in the fleet, which are what the cluster will
 * serve; then sluice.yaml; then the well-known list. Two CRDs that disagree about one kind's scope make it
 * cluster-scoped, the answer that allows less.
 */
export function createKindTable(layers: KindLayers = {}): KindTable {
  const table = new Map<string, Kind>();
  for (const kind of wellKnown.kinds) table.set(key(kind.group, kind.kind), { ...kind, from: 'wellKnown' });
  for (const kind of layers.configured ?? []) table.set(key(kind.group, kind.kind), configuredKind(kind));
  for (const crd of layers.crds ?? []) {
    for (const kind of kindsOfCrd(crd)) addCrd(table, kind);
  }
  for (const kind of builtin.kinds) table.set(key(kind.group, kind.kind), { ...kind, from: 'builtin' });
  return { find: (group, kind) => table.get(key(group, kind)) };
}

/**
 * The kind that a `CustomResourceDefinition` (`apiextensions.k8s.io/v1`) defines, as a list of one; an empty list for
 * any other object and for a definition that the API server would refuse: no legal group, kind, plural or scope, a
 * name other than `<plural>.<group>`, or a group that is built in.
 */
export function kindsOfCrd(object: KubeObject): Kind[] {
  if (groupOf(object.apiVersion) !== 'apiextensions.k8s.io' || object.kind !== 'CustomResourceDefinition') return [];
  const spec = mapping(object['spec']);
  const names = mapping(spec['names']);
  const group = spec['group'];
  const kind = names['kind'];
  const plural = names['plural'];
  const scope = spec['scope'];
  if (!isText(group, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/) || builtinGroups.has(group)) return [];
  if (!isText(kind, /^[A-Za-z][A-Za-z0-9-]*$/) || !isText(plural, /^[a-z][a-z0-9-]*$/)) return [];
  if (scope !== 'Namespaced' && scope !== 'Cluster') return [];
  if (object.metadata.name !== `${plural}.${group}`) return [];
  return [{ group, kind, plural, namespaced: scope === 'Namespaced', versions: servedVersions(spec), from: 'crd' }];
}

function addCrd(table: Map<string, Kind>, kind: Kind): void {
  const known = table.get(key(kind.group, kind.kind));
  const contradicted = known?.from === 'crd' && known.namespaced !== kind.namespaced;
  table.set(key(kind.group, kind.kind), contradicted ? { ...kind, namespaced: false } : kind);
}

function configuredKind(kind: ConfiguredKind): Kind {
  const { group, namespaced } = kind;
  const plural = kind.plural ?? guessedPlural(kind.kind);
  return { group, kind: kind.kind, plural, namespaced, versions: kind.versions ?? [], from: 'configured' };
}

/** The plural that `kubectl` would guess (apimachinery, `meta.UnsafeGuessKindToResource`). */
export function guessedPlural(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  if (singular.endsWith('y')) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}

function servedVersions(spec: JsonMapping): string[] {
  const versions = spec['versions'];
  if (!Array.isArray(versions)) return [];
  return versions.flatMap((entry) => {
    const version = mapping(entry);
    const name = version['name'];
    return typeof name === 'string' && version['served'] === true ? [name] : [];
  });
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && value.length <= 253 && form.test(value);
}

function key(group: string, kind: string): string {
  return `${group}/${kind}`;
}
