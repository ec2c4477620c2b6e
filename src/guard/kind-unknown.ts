// tenant/kind-unknown: a kind whose scope cannot be established. Never guessed from the manifest.
import { builtinVersion, guessedPlural, isBuiltinGroup } from '../object/kinds.ts';
import { showIdentifier } from '../object/show.ts';
import type { Candidate, Found } from './candidate.ts';

export function kindUnknown(candidate: Candidate): Found[] {
  if (candidate.kind !== undefined) return [];
  const kind = showIdentifier(candidate.object.kind);
  const group = showIdentifier(candidate.group);
  if (isBuiltinGroup(candidate.group)) {
    const place = candidate.group === '' ? 'the core API (v1)' : group;
    return [
      {
        message: `Kubernetes ${builtinVersion} has no kind ${kind} in ${place} that can be applied`,
        remedy: 'correct apiVersion and kind; kinds are told apart by their group and by upper and lower case',
        path: ['kind'],
      },
    ];
  }
  const line = `- {group: ${group}, kind: ${kind}, plural: ${showIdentifier(guessedPlural(candidate.object.kind))}, namespaced: true}`;
  return [
    {
      message: `nothing says whether ${kind} of ${group} is namespaced: no CustomResourceDefinition in the fleet, and no built-in or well-known kind`,
      remedy: `correct apiVersion and kind, or ask the platform team to add the definition to the platform repository, or this line under kinds: in its sluice.yaml, if the kind is namespaced: ${line}`,
      path: ['apiVersion'],
    },
  ];
}
