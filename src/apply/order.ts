// In which order objects are written and deleted: Flux's stages and its order of kinds (fluxcd/pkg ssa/sort.go, 2026).
import { groupOf, nameOf, namespaceOf, type ObjectIdentity } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';

/** Kinds that go first, in this order, whatever their group. */
const first: readonly string[] = [
  'CustomResourceDefinition',
  'Namespace',
  'ClusterRole',
  'ClusterClass',
  'RuntimeClass',
  'PriorityClass',
  'StorageClass',
  'VolumeSnapshotClass',
  'IngressClass',
  'GatewayClass',
  'ClusterRoleBinding',
  'ResourceQuota',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ConfigMap',
  'Secret',
  'Service',
  'LimitRange',
  'Deployment',
  'StatefulSet',
  'CronJob',
  'PodDisruptionBudget',
];

/** Kinds that go last: they may refuse everything that comes after them. */
const last: readonly string[] = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

const rank = new Map([
  ...first.map((kind, at): [string, number] => [kind, at - first.length]),
  ...last.map((kind, at): [string, number] => [kind, at + 1]),
]);

/** Compares for writing: rank of the kind, then group, kind, namespace, name, bytewise. Deletion is the reverse. */
export function inApplyOrder(one: ObjectIdentity, other: ObjectIdentity): number {
  const byRank = (rank.get(one.kind) ?? 0) - (rank.get(other.kind) ?? 0);
  if (byRank !== 0) return byRank;
  for (const part of ['group', 'kind', 'namespace', 'name'] as const) {
    if (one[part] !== other[part]) return one[part] < other[part] ? -1 : 1;
  }
  return 0;
}

/** Compares for deleting. */
export function inDeleteOrder(one: ObjectIdentity, other: ObjectIdentity): number {
  return inApplyOrder(other, one);
}

/** `definitions` and `classes` are waited for before what may need them is looked at. */
export type StageName = 'definitions' | 'classes' | 'custom' | 'rest';

export interface Stage<Item> {
  readonly name: StageName;
  /** Wait until the objects are ready (a minute at most, as Flux does) before the next stage starts. */
  readonly waits: boolean;
  /** In the order of writing. */
  readonly items: readonly Item[];
}

/**
 * Objects in Flux's stages, empty ones left out. `customKinds` are `<group>/<Kind>`, or `<Kind>` of the core group, as in
 * `--custom-apply-stage-kinds`. Order does not depend on the input's.
 */
export function stagesOf<Item extends { readonly object: KubeObject }>(
  items: readonly Item[],
  customKinds: readonly string[] = [],
): readonly Stage<Item>[] {
  const custom = new Set(customKinds.map((one) => (one.includes('/') ? one : `/${one}`)));
  const names: readonly StageName[] = ['definitions', 'classes', 'custom', 'rest'];
  return names.flatMap((name) => {
    const own = items.filter(({ object }) => stageOf(object, custom) === name);
    if (own.length === 0) return [];
    const sorted = own.toSorted((one, other) =>
      inApplyOrder(identityOfObject(one.object), identityOfObject(other.object)),
    );
    return [{ name, waits: name === 'definitions' || name === 'classes', items: sorted }];
  });
}

function stageOf({ apiVersion, kind }: KubeObject, custom: ReadonlySet<string>): StageName {
  const group = groupOf(apiVersion);
  if (kind === 'CustomResourceDefinition' && group === 'apiextensions.k8s.io') return 'definitions';
  if (kind === 'Namespace' && group === '') return 'definitions';
  if (kind === 'ClusterRole' && group === 'rbac.authorization.k8s.io') return 'definitions';
  if (kind.endsWith('Class')) return 'classes';
  return custom.has(`${group}/${kind}`) ? 'custom' : 'rest';
}

/** The identity of an object as it is written. */
export function identityOfObject(object: KubeObject): ObjectIdentity {
  const { apiVersion, kind } = object;
  return { namespace: namespaceOf(object), name: nameOf(object), group: groupOf(apiVersion), kind };
}
