// Which kinds a cluster serves, from its aggregated discovery in two requests, or from the plain one of older servers.

import { SluiceError } from '../../errors.ts';
import { isNamespaceName, isSubdomain } from '../../guard/name.ts';
import { type JsonMapping, list, mapping } from '../../object/json.ts';
import type { Json } from '../../object/object.ts';
import type { ServedKind, ServedKinds } from '../../ports/kube.ts';

/** What one group said, or did not. */
export interface DiscoveredGroup {
  /** `''` for the core group. */
  readonly group: string;
  /** In the server's order of preference. */
  readonly versions: readonly string[];
  /** In the order of `versions`. */
  readonly kinds: readonly ServedKind[];
  /** Every version answered, and freshly. */
  readonly complete: boolean;
}

/** More kinds than this is no cluster that anybody runs, but an attempt to fill our memory. */
const maxKinds = 50_000;

/** Groups out of an `APIGroupDiscoveryList`; undefined where the server answered with something else. */
export function readAggregated(json: JsonMapping): readonly DiscoveredGroup[] | undefined {
  if (json['kind'] !== 'APIGroupDiscoveryList' || !Array.isArray(json['items'])) return undefined;
  return list(json['items']).map((item) => {
    const group = textOf(mapping(mapping(item)['metadata'])['name']);
    const versions = list(mapping(item)['versions']).map(mapping);
    const kinds = versions.flatMap((version) =>
      list(version['resources']).flatMap((resource) => aggregatedKind(group, textOf(version['version']), resource)),
    );
    const names = versions.map((version) => textOf(version['version']));
    const fresh = versions.length > 0 && versions.every((version) => version['freshness'] !== 'Stale');
    return { group, versions: names, kinds, complete: fresh };
  });
}

function aggregatedKind(group: string, version: string, resource: Json): ServedKind[] {
  const { resource: plural, responseKind, scope, verbs } = mapping(resource);
  if (scope !== 'Namespaced' && scope !== 'Cluster') return [];
  return served({
    group,
    version,
    kind: mapping(responseKind)['kind'],
    plural,
    namespaced: scope === 'Namespaced',
    verbs,
  });
}

/** Kinds out of an `APIResourceList`; subresources are left out. */
export function readResources(group: string, version: string, json: JsonMapping): readonly ServedKind[] {
  return list(json['resources']).flatMap((resource) => {
    const { name, kind, namespaced, verbs } = mapping(resource);
    if (typeof namespaced !== 'boolean' || textOf(name).includes('/')) return [];
    return served({ group, version, kind, plural: name, namespaced, verbs });
  });
}

interface Claimed {
  readonly group: string;
  readonly version: string;
  readonly kind: Json | undefined;
  readonly plural: Json | undefined;
  readonly namespaced: boolean;
  readonly verbs: Json | undefined;
}

/** A kind that can be addressed; nothing of what an extension server says is taken on trust. */
function served({ group, version, kind, plural, namespaced, verbs }: Claimed): ServedKind[] {
  if (typeof kind !== 'string' || typeof plural !== 'string') return [];
  const wellFormed = /^[A-Za-z][A-Za-z0-9-]{0,62}$/.test(kind) && isNamespaceName(plural) && isNamespaceName(version);
  if (!wellFormed || (group !== '' && !isSubdomain(group))) return [];
  const known = list(verbs).filter((verb) => typeof verb === 'string');
  return [{ group, version, kind, plural, namespaced, verbs: known }];
}

/** Group names and their versions out of an `APIGroupList`, the preferred version first. */
export function readGroups(
  json: JsonMapping,
): readonly { readonly group: string; readonly versions: readonly string[] }[] {
  return list(json['groups']).flatMap((item) => {
    const { name, versions, preferredVersion } = mapping(item);
    const preferred = textOf(mapping(preferredVersion)['version']);
    const names = list(versions).map((version) => textOf(mapping(version)['version']));
    const ordered = [preferred, ...names.filter((version) => version !== preferred)].filter(
      (version) => version !== '',
    );
    return typeof name === 'string' && isSubdomain(name) ? [{ group: name, versions: ordered }] : [];
  });
}

/** Versions of the core group out of an `APIVersions`. */
export function readCoreVersions(json: JsonMapping): readonly string[] {
  return list(json['versions']).filter((version) => typeof version === 'string');
}

/** @throws SluiceError `kube.tooLarge` for more than 50,000 kinds */
export function servedKinds(groups: readonly DiscoveredGroup[]): ServedKinds {
  const all = groups.flatMap((group) => group.kinds);
  if (all.length > maxKinds) throw new SluiceError('kube.tooLarge', `the cluster serves over ${maxKinds} kinds`);
  const exact = new Map<string, ServedKind>();
  const preferred = new Map<string, ServedKind>();
  for (const kind of all) {
    setOnce(exact, `${kind.group}/${kind.version}/${kind.kind}`, kind);
    setOnce(preferred, `${kind.group}/${kind.kind}`, kind);
  }
  const incomplete = new Set(groups.filter((group) => !group.complete).map((group) => group.group));
  return {
    find: (group, kind) => preferred.get(`${group}/${kind}`),
    exactly: (group, version, kind) => exact.get(`${group}/${version}/${kind}`),
    complete: (group) => !incomplete.has(group),
    all: () => all,
  };
}

function setOnce(map: Map<string, ServedKind>, key: string, kind: ServedKind): void {
  if (!map.has(key)) map.set(key, kind);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
