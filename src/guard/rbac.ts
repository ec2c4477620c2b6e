// tenant/rbac: an object that the service account's roles would not let it write.
import { permits } from '../fleet/rbac.ts';
import type { Kind } from '../object/kind.ts';
import { showIdentifier } from '../object/show.ts';
import type { Candidate, Found } from './candidate.ts';
import type { GuardInput } from './guard.ts';
import { account, and, resourceOf } from './words.ts';

/** What a deploy asks for: read the live object, create or patch it, and take it away once it has left Git. */
const verbs = ['get', 'create', 'patch', 'delete'];

/** Silent where the fleet's RBAC is not in Git, or does not tell. */
export function refusedByRbac(candidate: Candidate, input: GuardInput): Found[] {
  const { kind, namespace, name } = candidate;
  if (!input.tenant.rbacKnown || kind === undefined || namespace === undefined) return [];
  const request = { group: kind.group, resource: kind.plural, namespace, name };
  const refused = verbs.filter(
    (verb) => permits(input.rbac, input.tenant.serviceAccount, { ...request, verb }) === 'no',
  );
  if (refused.length === 0) return [];
  const what = `${and(refused)} ${resourceOf(kind)}`;
  return [
    {
      message: `the API server would refuse this: ${account(input)} may not ${what} in ${showIdentifier(namespace)}`,
      remedy: `ask the platform team for a role in ${showIdentifier(namespace)} that allows it${suggestion(kind, input)}, or take the object out`,
      path: ['kind'],
    },
  ];
}

/** The smallest of Kubernetes' own roles that would do. */
function suggestion(kind: Kind, input: GuardInput): string {
  const found = ['edit', 'admin'].find((name) => grantsAll(name, kind, input));
  return found === undefined ? '' : ` (the ClusterRole ${found} does)`;
}

function grantsAll(role: string, kind: Kind, input: GuardInput): boolean {
  const rules = input.rbac.clusterRoles.get(role)?.rules ?? [];
  return verbs.every((verb) =>
    rules.some(
      (rule) =>
        rule.resourceNames.length === 0 &&
        rule.verbs.includes(verb) &&
        rule.apiGroups.includes(kind.group) &&
        rule.resources.includes(kind.plural),
    ),
  );
}
