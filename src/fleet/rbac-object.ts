// RBAC objects out of a build, read strictly: what the API server would refuse grants nothing.
import { groupOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Empty for every name. */
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface RoleRef {
  readonly kind: 'Role' | 'ClusterRole';
  readonly name: string;
}

export interface Subject {
  readonly kind: 'ServiceAccount' | 'User' | 'Group';
  /** `''` except for service accounts; there `''` means the binding's own namespace. */
  readonly namespace: string;
  readonly name: string;
}

export interface Binding {
  readonly name: string;
  /** `''` for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly roleRef: RoleRef;
  readonly subjects: readonly Subject[];
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export interface ClusterRole {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly rules: readonly PolicyRule[];
  /** Present for an aggregated role. */
  readonly selectors: readonly LabelSelector[] | undefined;
}

export type RbacObject =
  | { readonly is: 'other' }
  | { readonly is: 'malformed'; readonly why: string }
  | { readonly is: 'role'; readonly namespace: string; readonly name: string; readonly rules: readonly PolicyRule[] }
  | { readonly is: 'clusterRole'; readonly role: ClusterRole }
  | { readonly is: 'roleBinding' | 'clusterRoleBinding'; readonly binding: Binding };

export const rbacGroup = 'rbac.authorization.k8s.io';

/** Thrown inside this module only. */
class Malformed extends Error {}

/** Reads one object. `other` for anything that is no RBAC object; `malformed` says why it grants nothing. */
export function readRbacObject(object: KubeObject): RbacObject {
  if (groupOf(object.apiVersion) !== rbacGroup) return { is: 'other' };
  try {
    return read(object);
  } catch (error) {
    if (error instanceof Malformed) return { is: 'malformed', why: error.message };
    throw error;
  }
}

function read(object: KubeObject): RbacObject {
  switch (object.kind) {
    case 'Role':
      return { is: 'role', namespace: namespaceIn(object), name: nameIn(object), rules: readRules(object['rules']) };
    case 'ClusterRole':
      return { is: 'clusterRole', role: clusterRole(object) };
    case 'RoleBinding':
      return { is: 'roleBinding', binding: { ...binding(object), namespace: namespaceIn(object) } };
    case 'ClusterRoleBinding':
      return { is: 'clusterRoleBinding', binding: clusterBinding(object) };
    default:
      return { is: 'other' };
  }
}

function clusterRole(object: KubeObject): ClusterRole {
  const aggregation = object['aggregationRule'];
  const selectors =
    aggregation === undefined || aggregation === null
      ? undefined
      : list(mapping(aggregation, 'aggregationRule')['clusterRoleSelectors'], 'clusterRoleSelectors').map(selector);
  const rules = readRules(object['rules']);
  return { name: nameIn(object), labels: texts(object.metadata.labels, 'metadata.labels'), rules, selectors };
}

function selector(value: unknown): LabelSelector {
  const { matchLabels, matchExpressions } = mapping(value, 'clusterRoleSelectors');
  return {
    matchLabels: texts(matchLabels, 'matchLabels'),
    matchExpressions: list(matchExpressions, 'matchExpressions').map((entry) => {
      const { key, operator, values } = mapping(entry, 'matchExpressions');
      return { key: text(key, 'key'), operator: text(operator, 'operator'), values: strings(values, 'values') };
    }),
  };
}

/** `rules` of a role. @throws Malformed */
function readRules(value: unknown): PolicyRule[] {
  return list(value, 'rules').map((entry) => {
    const rule = mapping(entry, 'rules');
    const verbs = strings(rule['verbs'], 'verbs');
    const nonResourceURLs = strings(rule['nonResourceURLs'], 'nonResourceURLs');
    const apiGroups = strings(rule['apiGroups'], 'apiGroups');
    const resources = strings(rule['resources'], 'resources');
    const resourceNames = strings(rule['resourceNames'], 'resourceNames');
    if (verbs.length === 0) throw new Malformed('a rule has no verbs');
    if (nonResourceURLs.length === 0 && (apiGroups.length === 0 || resources.length === 0)) {
      throw new Malformed('a rule has no apiGroups or no resources');
    }
    return { verbs, apiGroups, resources, resourceNames, nonResourceURLs };
  });
}

function binding(object: KubeObject): Binding {
  const roleRef = mapping(object['roleRef'], 'roleRef');
  const { apiGroup, kind } = roleRef;
  if (apiGroup !== undefined && apiGroup !== '' && apiGroup !== rbacGroup) {
    throw new Malformed(`roleRef.apiGroup is not ${rbacGroup}`);
  }
  if (kind !== 'Role' && kind !== 'ClusterRole') throw new Malformed('roleRef.kind is neither Role nor ClusterRole');
  const name = text(roleRef['name'], 'roleRef.name');
  const subjects = list(object['subjects'], 'subjects').map(readSubject);
  return { name: nameIn(object), namespace: '', roleRef: { kind, name }, subjects };
}

function clusterBinding(object: KubeObject): Binding {
  const read = binding(object);
  if (read.roleRef.kind !== 'ClusterRole') throw new Malformed('a ClusterRoleBinding can only bind a ClusterRole');
  if (read.subjects.some((subject) => subject.kind === 'ServiceAccount' && subject.namespace === '')) {
    throw new Malformed('a ServiceAccount among the subjects has no namespace');
  }
  return read;
}

function readSubject(value: unknown): Subject {
  const { kind, apiGroup, name, namespace } = mapping(value, 'subjects');
  const group = apiGroup ?? '';
  if (kind === 'ServiceAccount') {
    if (group !== '') throw new Malformed('a ServiceAccount among the subjects has an apiGroup');
    return { kind, name: text(name, 'subjects.name'), namespace: optionalText(namespace, 'subjects.namespace') };
  }
  if (kind !== 'User' && kind !== 'Group') throw new Malformed('a subject is no ServiceAccount, User or Group');
  if (group !== '' && group !== rbacGroup) throw new Malformed(`a subject's apiGroup is not ${rbacGroup}`);
  return { kind, name: text(name, 'subjects.name'), namespace: '' };
}

function nameIn(object: KubeObject): string {
  return text(object.metadata.name, 'metadata.name');
}

function namespaceIn(object: KubeObject): string {
  return text(object.metadata.namespace, 'metadata.namespace');
}

function mapping(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${field} is no mapping`);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Malformed(`${field} is no list`);
  return value;
}

function strings(value: unknown, field: string): string[] {
  return list(value, field).map((entry) => {
    if (typeof entry !== 'string') throw new Malformed(`${field} holds something that is no string`);
    return entry;
  });
}

function texts(value: unknown, field: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  const entries = Object.entries(mapping(value, field));
  for (const [, entry] of entries) {
    if (typeof entry !== 'string') throw new Malformed(`${field} holds something that is no string`);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new Malformed(`${field} is missing or no string`);
  return value;
}

function optionalText(value: unknown, field: string): string {
  return value === undefined || value === null || value === '' ? '' : text(value, field);
}
