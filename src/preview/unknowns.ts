// What a preview cannot know or does not show, said once each.
import type { FleetKustomization } from '../fleet/fleet.ts';
import { describeFollowing } from '../fleet/sources.ts';
import { groupOf } from '../object/id.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import type { ReportUnknown } from '../report/report.ts';
import type { Pair } from './pair.ts';

/** Variables that only the cluster has a value for. */
export function unknownVariables(kustomization: FleetKustomization, names: readonly string[]): ReportUnknown[] {
  if (names.length === 0) return [];
  const from = kustomization.substitution?.undetermined.join(', ') ?? '';
  const list = names
    .slice(0, 20)
    .map((name) => `\${${name}}`)
    .join(', ');
  const more = names.length > 20 ? ` and ${names.length - 20} more` : '';
  return [
    {
      what: `substituteFrom ${from}`,
      effect: `${list}${more} ${names.length === 1 ? 'stays' : 'stay'} as written in Kustomization ${kustomization.key}`,
    },
  ];
}

/** A source that is not at hand here. */
export function unknownSource(kustomization: FleetKustomization): ReportUnknown[] {
  const { source } = kustomization;
  if (source.type !== 'unknown' || source.error !== undefined) return [];
  const address = source.url === undefined ? '' : ` (${source.url})`;
  return [
    {
      what: `${source.what}${address}`,
      effect: `what Kustomization ${kustomization.key} would apply is not shown: ${source.reason}`,
    },
  ];
}

/** What goes with a Kustomization whose source is not at hand here. */
export function unknownDeletions({ base, head }: Pair): ReportUnknown[] {
  if (base === undefined || head !== undefined || base.source.type !== 'unknown') return [];
  const address = base.source.url === undefined ? '' : ` (${base.source.url})`;
  const what = `${base.source.what}${address}`;
  return [
    { what, effect: `what is deleted together with Kustomization ${base.key} is not shown: ${base.source.reason}` },
  ];
}

/** Charts are shown as the documents they are. */
export function unknownCharts(
  built: readonly { readonly cluster: string; readonly objects: readonly BuiltObject[] }[],
): ReportUnknown[] {
  const releases = built.flatMap(({ cluster, objects }) =>
    objects.filter(({ object }) => isRelease(object)).map(() => cluster),
  );
  if (releases.length === 0) return [];
  const what = `${releases.length === 1 ? '1 HelmRelease' : `${releases.length} HelmReleases`} on ${[...new Set(releases)].toSorted().join(', ')}`;
  return [{ what, effect: 'the objects of their charts are not rendered yet; the documents themselves are checked' }];
}

function isRelease(object: KubeObject): boolean {
  return object.kind === 'HelmRelease' && groupOf(object.apiVersion) === 'helm.toolkit.fluxcd.io';
}

/** Kustomizations whose parent could not be rendered: neither deleted nor unchanged, but not known. */
export function unknownChildren(pairs: readonly Pair[]): ReportUnknown[] {
  return pairs.map(({ cluster, key, base }) => ({
    what: `Kustomization ${key} on ${cluster}`,
    effect: `not previewed, since ${base?.parent ?? 'its parent'}, which defines it, could not be rendered`,
  }));
}

/** Clusters that read the repository, but that this merge does not move. */
export function unmovedNotes(
  kustomizations: readonly FleetKustomization[],
  isSubject: (url: string) => boolean,
): string[] {
  const notes = new Map<string, Set<string>>();
  for (const { source, cluster } of kustomizations) {
    if (source.type !== 'tree' || source.follows || !isSubject(source.url)) continue;
    const words = `${describeFollowing(source)}, which this merge does not move`;
    notes.set(words, (notes.get(words) ?? new Set()).add(cluster));
  }
  return [...notes].map(([words, clusters]) => `${[...clusters].toSorted().join(', ')} ${words}`);
}

/** Kustomizations that the change reaches, but that apply nothing until somebody resumes them. */
export function suspendedNotes(pairs: readonly Pair[]): string[] {
  const notes = new Map<string, Set<string>>();
  for (const { cluster, key, head } of pairs) {
    if (head?.spec.suspended === true) notes.set(key, (notes.get(key) ?? new Set()).add(cluster));
  }
  return [...notes].map(
    ([key, clusters]) =>
      `${[...clusters].toSorted().join(', ')}: Kustomization ${key} is suspended, so nothing of this is applied until it is resumed`,
  );
}

/** The same line once. */
export function unique(unknowns: readonly ReportUnknown[]): ReportUnknown[] {
  return [...new Map(unknowns.map((one) => [`${one.what}\n${one.effect}`, one])).values()];
}
