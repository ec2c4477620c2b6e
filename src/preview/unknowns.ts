// What a preview cannot know or does not show, said once each.
import type { FleetKustomization } from '../fleet/fleet.ts';
import { describeFollowing } from '../fleet/sources.ts';
import { groupOf } from '../object/id.ts';
import type { BuiltObject } from '../object/object.ts';
import type { ReportUnknown } from '../report/report.ts';

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
    { what: `substituteFrom ${from}`, effect: `${list}${more} stay as written in Kustomization ${kustomization.key}` },
  ];
}

/** A source that is not at hand here. */
export function unknownSource(kustomization: FleetKustomization): ReportUnknown[] {
  const { source } = kustomization;
  if (source.type !== 'unknown') return [];
  const address = source.url === undefined ? '' : ` (${source.url})`;
  return [
    {
      what: `${source.what}${address}`,
      effect: `what Kustomization ${kustomization.key} would apply is not shown: ${source.reason}`,
    },
  ];
}

/** Charts are shown as the documents they are. */
export function unknownCharts(objects: readonly BuiltObject[], cluster: string): ReportUnknown[] {
  const releases = objects.filter(
    ({ object }) => object.kind === 'HelmRelease' && groupOf(object.apiVersion) === 'helm.toolkit.fluxcd.io',
  );
  if (releases.length === 0) return [];
  const what = releases.length === 1 ? '1 HelmRelease' : `${releases.length} HelmReleases`;
  return [
    {
      what: `${what} on ${cluster}`,
      effect: 'the objects of the charts are not rendered yet; the documents themselves are checked',
    },
  ];
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

/** The same line once. */
export function unique(unknowns: readonly ReportUnknown[]): ReportUnknown[] {
  return [...new Map(unknowns.map((one) => [`${one.what}\n${one.effect}`, one])).values()];
}
