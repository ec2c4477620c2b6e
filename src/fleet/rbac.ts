// RBAC of one cluster as Git has it: who is bound where, and what the API server would refuse.
import bootstrap from '../../data/cluster-roles.json' with { type: 'json' };
import { objectLabel } from '../object/id.ts';
import { isBuiltinGroup } from '../object/kinds.ts';
import type { KubeObject } from '../object/object.ts';
import { aggregate } from './rbac-aggregation.ts';
import { type Binding, type ClusterRole, type PolicyRule, type RoleRef, readRbacObject } from './rbac-object.ts';
import { allows, grantLines, type ResourceRequest } from './rbac-rule.ts';
import { bindsAccount, bindsAccountNarrowly } from './rbac-subject.ts';
import type { ServiceAccountRef } from './tenant.ts';

export type { Binding, PolicyRule, RoleRef, Subject } from './rbac-object.ts';
export { readRbacObject } from './rbac-object.ts';
export { coversRule, grantLines, grantsToken, type ResourceRequest } from './rbac-rule.ts';

/** An RBAC object that grants nothing here because the API server would not take it either, and why. */
export interface IgnoredRbac {
  /** `RoleBinding/a-dev/edit` */
  readonly object: string;
  readonly why: string;
}

/** Everything RBAC in one cluster that Git knows of, with the API server's own roles and bindings underneath. */
export interface Rbac {
  /** By name, aggregation already done; the API server's own roles included. */
  readonly clusterRoles: ReadonlyMap<string, ClusterRole>;
  /** By `<namespace>/<name>`. */
  readonly roles: ReadonlyMap<string, readonly PolicyRule[]>;
  readonly roleBindings: readonly Binding[];
  /** Those in Git; the API server's own (`system:basic-user`, …) are in `bootstrapBindings`. */
  readonly clusterRoleBindings: readonly Binding[];
  readonly bootstrapBindings: readonly Binding[];
  readonly ignored: readonly IgnoredRbac[];
}

/** A roleRef that Git cannot resolve, or rules. */
export type RoleRules = readonly PolicyRule[] | undefined;

/**
 * Reads the `Role`s, `ClusterRole`s, `RoleBinding`s and `ClusterRoleBinding`s among `objects`, passing over the rest.
 * Give it the platform's own builds only: what a tenant writes must never decide what the tenant may do. Malformed
 * objects grant nothing and are listed in `ignored`. A `ClusterRole` in Git that is named like one of the API server's
 * own adds to it, since the API server restores its own rules at every start.
 */
export function readRbac(objects: readonly KubeObject[]): Rbac {
  const defined = [...bootstrapRoles];
  const roles = new Map<string, readonly PolicyRule[]>();
  const roleBindings: Binding[] = [];
  const clusterRoleBindings: Binding[] = [];
  const ignored: IgnoredRbac[] = [];
  for (const object of objects) {
    const read = readRbacObject(object);
    if (read.is === 'clusterRole') defined.push(read.role);
    if (read.is === 'role') roles.set(`${read.namespace}/${read.name}`, read.rules);
    if (read.is === 'roleBinding') roleBindings.push(read.binding);
    if (read.is === 'clusterRoleBinding') clusterRoleBindings.push(read.binding);
    if (read.is === 'malformed') ignored.push({ object: objectLabel(object), why: read.why });
  }
  return { clusterRoles: aggregate(defined), roles, roleBindings, clusterRoleBindings, bootstrapBindings, ignored };
}

/** Whether any binding in Git names the account, whatever it grants. */
export function isBound(rbac: Rbac, account: ServiceAccountRef): boolean {
  return bindingsInGit(rbac).some((binding) => bindsAccountNarrowly(binding, account));
}

/**
 * Namespaces that a `RoleBinding` opens to the account for writing, sorted and unique. The account counts when it is
 * named itself or by the group of its own namespace's accounts; a binding for all accounts of the cluster makes nobody
 * the owner of a namespace, and neither does one that only lets its subjects read. A role that Git does not have
 * counts, since it may let the account write.
 */
export function boundNamespaces(rbac: Rbac, account: ServiceAccountRef): string[] {
  const namespaces = new Set<string>();
  for (const binding of rbac.roleBindings) {
    if (!bindsAccountNarrowly(binding, account)) continue;
    const rules = rulesOf(rbac, binding.roleRef, binding.namespace);
    if (rules === undefined || rules.some(writes)) namespaces.add(binding.namespace);
  }
  return [...namespaces].sort();
}

/**
 * Whether a `ClusterRoleBinding` in Git binds the account: by name, as a user, or through `system:serviceaccounts`,
 * `system:serviceaccounts:<namespace>` or `system:authenticated`.
 */
export function clusterBound(rbac: Rbac, account: ServiceAccountRef): boolean {
  return rbac.clusterRoleBindings.some((binding) => bindsAccount(binding, account));
}

/**
 * What the API server's RBAC authorizer would answer. `namespace` is `''` for cluster-scoped requests, which only
 * `ClusterRoleBinding`s can allow; for a namespaced resource it asks about all namespaces at once. `unknown` where Git
 * does not tell: a bound role that is not in Git, or an aggregated one that may hold more for a group of custom kinds,
 * since charts bring such roles along.
 */
export function permits(rbac: Rbac, account: ServiceAccountRef, request: ResourceRequest): 'yes' | 'no' | 'unknown' {
  let unknown = false;
  for (const binding of bindingsFor(rbac, account, request.namespace)) {
    const rules = rulesOf(rbac, binding.roleRef, binding.namespace);
    if (rules?.some((rule) => allows(rule, request)) === true) return 'yes';
    const open = isAggregated(rbac, binding.roleRef) && !isBuiltinGroup(request.group);
    unknown ||= rules === undefined || open;
  }
  return unknown ? 'unknown' : 'no';
}

/** Bindings in Git that hold the account, through any group too. */
export function bindingsOf(rbac: Rbac, account: ServiceAccountRef): Binding[] {
  return bindingsInGit(rbac).filter((binding) => bindsAccount(binding, account));
}

/** Every rule that holds for the account in a namespace (`''`: in the whole cluster), and roles Git does not have. */
export function rulesFor(
  rbac: Rbac,
  account: ServiceAccountRef,
  namespace: string,
): {
  readonly rules: readonly PolicyRule[];
  readonly unresolved: readonly RoleRef[];
  readonly roleRefs: readonly RoleRef[];
} {
  const rules: PolicyRule[] = [];
  const unresolved: RoleRef[] = [];
  const roleRefs: RoleRef[] = [];
  for (const binding of bindingsFor(rbac, account, namespace)) {
    const known = rulesOf(rbac, binding.roleRef, binding.namespace);
    roleRefs.push(binding.roleRef);
    if (known === undefined) unresolved.push(binding.roleRef);
    else rules.push(...known);
  }
  return { rules, unresolved, roleRefs };
}

/** The rules that a roleRef stands for; `namespace` is that of the binding. Undefined where Git does not have it. */
export function rulesOf(rbac: Rbac, roleRef: RoleRef, namespace: string): RoleRules {
  if (roleRef.kind === 'ClusterRole') return rbac.clusterRoles.get(roleRef.name)?.rules;
  return rbac.roles.get(`${namespace}/${roleRef.name}`);
}

/**
 * What a role grants, one line a rule, for people: `get, list, watch nodes`, `* deployments.apps (only "web")`,
 * `get /metrics`. A line spells out at most twenty of each and counts the rest. Undefined where Git does not have the role.
 */
export function grantsOf(rbac: Rbac, roleRef: RoleRef, namespace: string): string[] | undefined {
  return rulesOf(rbac, roleRef, namespace)?.flatMap(grantLines);
}

function bindingsFor(rbac: Rbac, account: ServiceAccountRef, namespace: string): Binding[] {
  const everywhere = [...rbac.bootstrapBindings, ...rbac.clusterRoleBindings];
  const here = namespace === '' ? [] : rbac.roleBindings.filter((binding) => binding.namespace === namespace);
  return [...everywhere, ...here].filter((binding) => bindsAccount(binding, account));
}

function bindingsInGit(rbac: Rbac): Binding[] {
  return [...rbac.clusterRoleBindings, ...rbac.roleBindings];
}

function isAggregated(rbac: Rbac, roleRef: RoleRef): boolean {
  return roleRef.kind === 'ClusterRole' && rbac.clusterRoles.get(roleRef.name)?.selectors !== undefined;
}

const writingVerbs = new Set(['*', 'create', 'update', 'patch', 'delete', 'deletecollection']);

function writes(rule: PolicyRule): boolean {
  return rule.resources.length > 0 && rule.verbs.some((verb) => writingVerbs.has(verb));
}

/** data/cluster-roles.json, as scripts/kubernetes-tables writes it. */
interface Bootstrap {
  readonly clusterRoles: readonly (Omit<ClusterRole, 'selectors'> & {
    readonly selectors: ClusterRole['selectors'] | null;
  })[];
  readonly clusterRoleBindings: readonly Omit<Binding, 'namespace'>[];
}

const shipped = bootstrap as unknown as Bootstrap;
const bootstrapRoles: readonly ClusterRole[] = shipped.clusterRoles.map((role) => ({
  ...role,
  selectors: role.selectors ?? undefined,
}));
const bootstrapBindings: readonly Binding[] = shipped.clusterRoleBindings.map((binding) => ({
  ...binding,
  namespace: '',
}));
