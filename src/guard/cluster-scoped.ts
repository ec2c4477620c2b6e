// tenant/cluster-scoped: an object that belongs to the whole cluster, whatever its metadata.namespace says.
import { isAbsent } from '../object/json.ts';
import { showIdentifier } from '../object/show.ts';
import type { Candidate, Found } from './candidate.ts';
import type { GuardInput } from './guard.ts';
import { mayWriteClusterWide } from './rights.ts';
import { oneOfNamespaces } from './words.ts';

/** Denies every cluster-scoped kind, except where a ClusterRoleBinding of the platform lets the account write it. */
export function clusterScoped(candidate: Candidate, input: GuardInput): Found[] {
  const { kind, object } = candidate;
  if (kind === undefined || kind.namespaced || mayWriteClusterWide(input, kind, candidate.name)) return [];
  const shown = showIdentifier(object.kind);
  const disguised = isAbsent(object.metadata.namespace) ? '' : '; its metadata.namespace changes nothing about that';
  return [
    {
      message: `${shown} is cluster-scoped: it would hold for every namespace, not only for ${oneOfNamespaces(input)}${disguised}`,
      remedy: `take it out of this repository and ask the platform team to add it to the platform repository, or use a namespaced kind instead`,
      path: ['kind'],
    },
  ];
}
