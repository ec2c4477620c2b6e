// Phrases that several rules use.
import type { Kind } from '../object/kind.ts';
import { showIdentifier } from '../object/show.ts';
import type { GuardInput } from './guard.ts';

/** `a-dev`, `a-dev or a-prod`; at most ten names. */
export function oneOfNamespaces(input: GuardInput): string {
  const shown = input.tenant.namespaces.slice(0, 10).map(showIdentifier);
  if (input.tenant.namespaces.length > shown.length) return `${shown.join(', ')}, …`;
  const last = shown.pop() ?? '(none)';
  return shown.length === 0 ? last : `${shown.join(', ')} or ${last}`;
}

/** `the service account a-dev/flux` */
export function account(input: GuardInput): string {
  const { namespace, name } = input.tenant.serviceAccount;
  return `the service account ${showIdentifier(namespace)}/${showIdentifier(name)}`;
}

/** As RBAC rules and `kubectl` spell a resource: `deployments.apps`, `pods`. */
export function resourceOf(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

/** `a, b and c` */
export function and(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
