// tenant/escalation: a Role, RoleBinding or token that grants more, or to others, than the tenant has.
import {
  grantLines,
  grantsToken,
  type PolicyRule,
  permits,
  type RoleRef,
  readRbacObject,
  rulesOf,
  type Subject,
} from '../fleet/rbac.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { showIdentifier, showText } from '../object/show.ts';
import { type Candidate, type Found, isKind } from './candidate.ts';
import type { GuardInput } from './guard.ts';
import { firstUncovered, holdsRole, mayWriteClusterWide } from './rights.ts';
import { account, oneOfNamespaces } from './words.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** Verbs that let their holder take more rights than it has. */
const escalatingVerbs = new Set(['escalate', 'bind', 'impersonate']);

/** A role of more rules than anybody writes by hand. */
const mostRules = 200;

export function escalation(candidate: Candidate, input: GuardInput): Found[] {
  if (isKind(candidate, rbacGroup, 'Role')) return role(candidate, input);
  if (isKind(candidate, rbacGroup, 'RoleBinding')) return roleBinding(candidate, input);
  if (isKind(candidate, '', 'Secret')) return token(candidate.object);
  if (isKind(candidate, 'authentication.k8s.io', 'TokenRequest')) return [tokenRequest];
  if (isKind(candidate, '', 'ServiceAccount')) return deployer(candidate, input);
  if (isKind(candidate, '', 'ResourceQuota') || isKind(candidate, '', 'LimitRange')) return limits(candidate, input);
  return [];
}

function role(candidate: Candidate, input: GuardInput): Found[] {
  const read = readRbacObject(candidate.object);
  if (read.is === 'malformed') return [malformed(read.why)];
  if (read.is !== 'role') return [];
  if (read.rules.length > mostRules) {
    const message = `the role has ${read.rules.length} rules; at most ${mostRules} can be checked`;
    return [{ message, remedy: 'put what belongs together into one rule, or split the role', path: ['rules'] }];
  }
  return read.rules.flatMap((rule, index) => {
    const why = grantsTooMuch(rule, read.namespace, input);
    return why === undefined ? [] : [{ message: why, remedy: narrow(input), path: ['rules', index] }];
  });
}

function grantsTooMuch(rule: PolicyRule, namespace: string, input: GuardInput): string | undefined {
  const verb = rule.verbs.find((one) => escalatingVerbs.has(one));
  if (verb !== undefined) return `the verb ${verb} lets its holder take rights that nobody gave it`;
  if (grantsToken(rule)) return 'serviceaccounts/token lets its holder become any service account of the namespace';
  if (firstUncovered(input, namespace, [rule]) === undefined) return undefined;
  return `the role grants what ${account(input)} does not have itself: ${grantLines(rule).join('; ')}`;
}

function roleBinding(candidate: Candidate, input: GuardInput): Found[] {
  const read = readRbacObject(candidate.object);
  if (read.is === 'malformed') return [malformed(read.why)];
  if (read.is !== 'roleBinding') return [];
  const { roleRef, namespace, subjects } = read.binding;
  const why = bindsTooMuch(roleRef, namespace, input);
  const path = ['roleRef'];
  return [
    ...(why === undefined ? [] : [{ message: why, remedy: narrow(input), path }]),
    ...subjects.flatMap((subject, index) => stranger(subject, index, namespace, input)),
  ];
}

/** As the API server's own check: the tenant holds the role, holds every rule of it, or was given `bind` for it. */
function bindsTooMuch(roleRef: RoleRef, namespace: string, input: GuardInput): string | undefined {
  if (holdsRole(input, namespace, roleRef) || mayBind(roleRef, namespace, input)) return undefined;
  const shown = `${roleRef.kind} ${showText(roleRef.name)}`;
  const definitions = [rulesOf(input.rbac, roleRef, namespace), ...rolesInBuild(roleRef, namespace, input)];
  const known = definitions.filter((rules) => rules !== undefined);
  if (known.length === 0) return `what ${shown} grants cannot be known: neither the fleet nor this build defines it`;
  const uncovered = firstUncovered(input, namespace, known.flat());
  if (uncovered === undefined) return undefined;
  return `${shown} grants what ${account(input)} does not have itself: ${grantLines(uncovered).join('; ')}`;
}

function mayBind(roleRef: RoleRef, namespace: string, input: GuardInput): boolean {
  if (!input.tenant.rbacKnown) return false;
  const resource = `${roleRef.kind.toLowerCase()}s`;
  const request = { verb: 'bind', group: rbacGroup, resource, namespace, name: roleRef.name };
  return permits(input.rbac, input.tenant.serviceAccount, request) === 'yes';
}

function rolesInBuild(roleRef: RoleRef, namespace: string, input: GuardInput): (readonly PolicyRule[])[] {
  if (roleRef.kind !== 'Role') return [];
  const meant = input.objects.filter(
    ({ object }) => nameOf(object) === roleRef.name && namespaceOf(object) === namespace,
  );
  return meant.flatMap(({ object }) => {
    const read = readRbacObject(object);
    return read.is === 'role' ? [read.rules] : [];
  });
}

function stranger(subject: Subject, index: number, own: string, input: GuardInput): Found[] {
  const namespace = subject.namespace === '' ? own : subject.namespace;
  if (subject.kind === 'ServiceAccount' && input.tenant.namespaces.includes(namespace)) return [];
  const who =
    subject.kind === 'ServiceAccount'
      ? `the ServiceAccount ${showIdentifier(subject.name)} of ${showText(namespace)}`
      : `the ${subject.kind} ${showText(subject.name)}`;
  return [
    {
      message: `the binding gives rights to ${who}, who is not of this tenant`,
      remedy: `bind only ServiceAccounts of ${oneOfNamespaces(input)}; the platform team binds people and groups`,
      path: ['subjects', index],
    },
  ];
}

function token(object: KubeObject): Found[] {
  if (object['type'] !== 'kubernetes.io/service-account-token') return [];
  const message =
    'a Secret of type kubernetes.io/service-account-token is a token of a service account that never expires';
  return [{ message, remedy: 'take it out; pods get tokens through serviceAccountName', path: ['type'] }];
}

const tokenRequest: Found = {
  message: 'a TokenRequest mints a token of a service account',
  remedy: 'take it out; pods get tokens through serviceAccountName',
  path: ['kind'],
};

function deployer(candidate: Candidate, input: GuardInput): Found[] {
  const { serviceAccount } = input.tenant;
  if (namespaceOf(candidate.object) !== serviceAccount.namespace || candidate.name !== serviceAccount.name) return [];
  const message = 'this ServiceAccount is the one that this tenant is deployed as; only the platform writes it';
  return [{ message, remedy: 'take it out, or use another name', path: ['metadata', 'name'] }];
}

function limits(candidate: Candidate, input: GuardInput): Found[] {
  const { kind, name } = candidate;
  if (kind === undefined || mayWriteClusterWide(input, kind, name)) return [];
  const message = `a ${kind.kind} sets the limits of the namespace, which the platform team decides`;
  return [{ message, remedy: 'take it out and ask the platform team for other limits', path: ['kind'] }];
}

function malformed(why: string): Found {
  return { message: `the API server would refuse this object: ${why}`, remedy: 'correct it', path: [] };
}

function narrow(input: GuardInput): string {
  return input.tenant.rbacKnown
    ? `grant only what ${account(input)} has in the namespace, or ask the platform team to add the grant`
    : `the fleet holds no RBAC for ${account(input)}, so no grant can be checked: ask the platform team to add it`;
}
