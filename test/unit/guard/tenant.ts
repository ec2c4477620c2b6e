// Tenant a of the adversarial cases: namespaces a-dev and a-prod, deployed as a-dev/flux; tenant b is somebody else.
import { parseAllDocuments } from 'yaml';
import { boundNamespaces, clusterBound, isBound, type Rbac, readRbac } from '../../../src/fleet/rbac.ts';
import { guard } from '../../../src/guard/check.ts';
import type { GuardFinding, GuardInput } from '../../../src/guard/guard.ts';
import { createKindTable } from '../../../src/object/kinds.ts';
import type { BuiltObject, KubeObject } from '../../../src/object/object.ts';

export const account = { namespace: 'a-dev', name: 'flux' };

/** Manifests out of YAML text, as the renderer would answer them. */
export function objects(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const value = document.toJS() as KubeObject | null;
    return value === null ? [] : [{ ...value, metadata: value.metadata ?? {} }];
  });
}

/** RBAC that binds a-dev/flux to a ClusterRole in a-dev and a-prod. */
export function bound(role: string): string {
  return ['a-dev', 'a-prod'].map((namespace) => roleBinding(namespace, role, 'flux')).join('---\n');
}

export function roleBinding(namespace: string, role: string, name: string): string {
  return `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${name}-${role}, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role}}
subjects: [{kind: ServiceAccount, name: ${name}, namespace: a-dev}]
`;
}

export interface Setting {
  /** RBAC of the platform repository, as YAML; `edit` in both namespaces by default. */
  readonly rbac?: string;
  readonly crds?: string;
  readonly owner?: GuardInput['owner'];
  readonly defaultServiceAccount?: string;
}

const shippedKinds = createKindTable();
const readBefore = new Map<string, Rbac>();

function rbacOf(text: string): Rbac {
  const rbac = readBefore.get(text) ?? readRbac(objects(text));
  readBefore.set(text, rbac);
  return rbac;
}

/** What the guard finds in manifests of tenant a. */
export function check(manifests: string | readonly KubeObject[], setting: Setting = {}): GuardFinding[] {
  const rbac = rbacOf(setting.rbac ?? bound('edit'));
  const built = typeof manifests === 'string' ? objects(manifests) : manifests;
  const namespaces = boundNamespaces(rbac, account);
  const wide = clusterBound(rbac, account);
  return guard({
    tenant: {
      name: 'a-dev',
      serviceAccount: account,
      namespaces: namespaces.length === 0 ? ['a-dev'] : namespaces,
      rbacKnown: isBound(rbac, account) || wide,
      clusterBound: wide,
    },
    kustomization: { namespace: 'a-dev', name: 'a' },
    objects: built.map(
      (object): BuiltObject => ({ object, sources: [{ file: 'app.yaml', line: 1, document: 0, by: 'declared' }] }),
    ),
    kinds: setting.crds === undefined ? shippedKinds : createKindTable({ crds: objects(setting.crds) }),
    rbac,
    owner: setting.owner ?? (() => undefined),
    defaultServiceAccounts: {
      kustomization: setting.defaultServiceAccount,
      helmRelease: setting.defaultServiceAccount,
      other: setting.defaultServiceAccount,
    },
  });
}

/** The rules that spoke, sorted and unique. */
export function rules(findings: readonly GuardFinding[]): string[] {
  return [...new Set(findings.map(({ rule }) => rule))].sort();
}
