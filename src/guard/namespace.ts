// tenant/namespace: an object outside the tenant's namespaces. Compared byte for byte; nothing is trimmed or lowered.
import { isAbsent } from '../object/json.ts';
import { showText, showValue } from '../object/show.ts';
import { type Candidate, type Found, unresolvedIn } from './candidate.ts';
import type { GuardInput } from './guard.ts';
import { isNamespaceName } from './name.ts';
import { mayWriteClusterWide } from './rights.ts';
import { oneOfNamespaces } from './words.ts';

/** A kind of unknown scope is held to the rule too. */
export function namespace(candidate: Candidate, input: GuardInput): Found[] {
  const { kind, object } = candidate;
  if (candidate.namespace !== undefined && isNamespaceName(candidate.namespace)) return [];
  if (kind?.namespaced === false) return [];
  const written = object.metadata.namespace;
  const legal = typeof written === 'string' && isNamespaceName(written);
  if (legal && kind !== undefined && mayWriteClusterWide(input, kind, candidate.name)) return [];
  const path = isAbsent(written) ? ['metadata'] : ['metadata', 'namespace'];
  return [{ message: why(written), remedy: remedy(written, input), path }];
}

function why(written: unknown): string {
  if (isAbsent(written) || written === '') {
    return 'the object names no namespace, so it is not known where it would go';
  }
  if (typeof written !== 'string') return `metadata.namespace is ${showValue(written)}, not a name`;
  const variable = unresolvedIn(written);
  if (variable !== undefined) {
    return `metadata.namespace holds ${showText(variable)}, whose value only the cluster knows, so it is not known where the object would go`;
  }
  if (!isNamespaceName(written)) return `metadata.namespace ${showText(written)} is not a legal name of a namespace`;
  return `metadata.namespace ${showText(written)} is not a namespace of this tenant`;
}

function remedy(written: unknown, input: GuardInput): string {
  const names = oneOfNamespaces(input);
  if (typeof written === 'string' && unresolvedIn(written) !== undefined) {
    return `write the namespace (${names}) out, or give the variable its value in Git (postBuild.substitute or a ConfigMap in the fleet)`;
  }
  return `set metadata.namespace to ${names}, byte for byte, or namespace: in the kustomization.yaml`;
}
