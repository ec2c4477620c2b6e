// What the tenant's account may do, as the rules ask it.
import { coversRule, type PolicyRule, permits, type RoleRef, rulesFor } from '../fleet/rbac.ts';
import type { Kind } from '../object/kind.ts';
import type { GuardInput } from './guard.ts';

/** Bound by the platform to every verb on every resource of the whole cluster, as Flux's own account is. */
export function holdsEverything(input: GuardInput): boolean {
  if (!input.tenant.clusterBound) return false;
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] };
  return firstUncovered(input, '', [everything]) === undefined;
}

/** Whether a ClusterRoleBinding of the platform, known in full, lets the account create and patch the object. */
export function mayWriteClusterWide(input: GuardInput, kind: Kind, name: string): boolean {
  if (!input.tenant.clusterBound) return false;
  return ['create', 'patch'].every((verb) => {
    const request = { verb, group: kind.group, resource: kind.plural, namespace: '', name };
    return permits(input.rbac, input.tenant.serviceAccount, request) === 'yes';
  });
}

/** The first of the rules that the tenant's account does not itself hold in a namespace, or undefined. */
export function firstUncovered(
  input: GuardInput,
  namespace: string,
  rules: readonly PolicyRule[],
): PolicyRule | undefined {
  const own = rightsIn(input, namespace).rules;
  return rules.find((rule) => !coversRule(own, rule));
}

/** Whether the tenant's account is itself bound to the very same role in a namespace, known in full or not. */
export function holdsRole(input: GuardInput, namespace: string, roleRef: RoleRef): boolean {
  const { roleRefs } = rightsIn(input, namespace);
  return roleRefs.some((own) => own.kind === roleRef.kind && own.name === roleRef.name);
}

/** Nothing where the fleet's RBAC is not about this account's cluster. */
function rightsIn(input: GuardInput, namespace: string): ReturnType<typeof rulesFor> {
  if (!input.tenant.rbacKnown) return { rules: [], unresolved: [], roleRefs: [] };
  return rulesFor(input.rbac, input.tenant.serviceAccount, namespace);
}
