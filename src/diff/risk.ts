// What a change can do at worst, told by the kind and the fields that differ.
import type { Action, Risk } from '../report/report.ts';
import type { FieldChange } from './fields.ts';
import { grantsOf } from './grants.ts';
import { isMap, type JsonMap } from './normalise.ts';
import { carriesSecrets } from './secret.ts';

/** One object on both sides with the fields that differ; masked, so that nothing here can tell a secret. */
export interface Difference {
  readonly action: Action;
  /** Of the head side, or of the base side for a deletion. */
  readonly kind: string;
  readonly group: string;
  readonly base: JsonMap | undefined;
  readonly head: JsonMap | undefined;
  readonly fields: readonly FieldChange[];
}

/** A risk and what it consists of, in phrases fit for a summary: `adds get on nodes`, `spec.selector is immutable`. */
export interface Assessment {
  readonly risk: Risk;
  readonly reasons: readonly string[];
}

const rbacKinds = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

/** Kinds that decide what others may do or what the API server takes; a new or changed one grants. */
const gateKinds: ReadonlyMap<string, string> = new Map([
  ['MutatingWebhookConfiguration', 'changes what the API server stores'],
  ['ValidatingWebhookConfiguration', 'changes what the API server takes'],
  ['MutatingAdmissionPolicy', 'changes what the API server stores'],
  ['MutatingAdmissionPolicyBinding', 'changes what the API server stores'],
  ['ValidatingAdmissionPolicy', 'changes what the API server takes'],
  ['ValidatingAdmissionPolicyBinding', 'changes what the API server takes'],
  ['APIService', 'changes who answers for an API'],
  ['CustomResourceDefinition', 'changes an API of the whole cluster'],
  ['CertificateSigningRequest', 'asks for a credential'],
  ['ReferenceGrant', 'lets another namespace refer here'],
]);

const guardKinds = new Set([
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

const exposureKinds = new Set([
  'Service',
  'Ingress',
  'IngressClass',
  'Gateway',
  'HTTPRoute',
  'GRPCRoute',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
  'NetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'GlobalNetworkPolicy',
  'IngressRoute',
  'IngressRouteTCP',
  'IngressRouteUDP',
  'VirtualService',
  'ServiceEntry',
  'AuthorizationPolicy',
  'HTTPProxy',
  'Route',
]);

const templateKinds = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Rollout',
]);

/** Fields an API server does not let change, by kind (Kubernetes 1.36 validation); prefixes of dotted paths. */
const immutableFields: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec.selector'],
  ReplicaSet: ['spec.selector'],
  DaemonSet: ['spec.selector'],
  StatefulSet: ['spec.selector', 'spec.serviceName', 'spec.podManagementPolicy', 'spec.volumeClaimTemplates'],
  Job: ['spec.selector', 'spec.template', 'spec.completionMode'],
  PersistentVolumeClaim: [
    'spec.accessModes',
    'spec.selector',
    'spec.storageClassName',
    'spec.volumeName',
    'spec.volumeMode',
    'spec.dataSource',
  ],
  PersistentVolume: ['spec.csi', 'spec.nfs', 'spec.hostPath', 'spec.volumeMode'],
  Service: ['spec.clusterIP'],
  StorageClass: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  Secret: ['type'],
  PriorityClass: ['value'],
  CustomResourceDefinition: ['spec.scope', 'spec.group', 'spec.names.kind'],
};

/** `yes`: the object is deleted and created anew; `no`: it would be, were it asked for; `never`: it holds data or other objects. */
export type Forced = 'yes' | 'no' | 'never';

const afterImmutable: Readonly<Record<Forced, string>> = {
  yes: 'so force recreates the object',
  no: 'so the deploy fails unless force recreates the object',
  never: 'so the deploy fails',
};

const cloudIdentities = /(?:role-arn|gcp-service-account|workload\.identity\/client-id)$/;

/**
 * Returns the highest risk of a change, in the order of `risks` (report.ts), with its reasons.
 *
 * @param forced what a deploy does where a field cannot be changed in place
 */
export function assess(difference: Difference, forced: Forced): Assessment {
  const grants = grantReasons(difference);
  if (grants.length > 0) return { risk: 'grant', reasons: grants };
  if (difference.action === 'deleted') return { risk: 'delete', reasons: [] };
  const fixed = immutableReasons(difference, forced);
  if (fixed.length > 0) return { risk: 'replace', reasons: fixed };
  if (exposes(difference)) return { risk: 'exposure', reasons: [] };
  if (restarts(difference)) return { risk: 'restart', reasons: ['restarts pods'] };
  return { risk: carriesSecrets(difference.kind) ? 'secret' : 'config', reasons: [] };
}

function grantReasons(difference: Difference): readonly string[] {
  const { action, kind, group, base, head, fields } = difference;
  if (head === undefined) return guardKinds.has(kind) ? ['a guard of the API server goes away'] : [];
  if (rbacKinds.has(kind) && group === 'rbac.authorization.k8s.io') return grantsOf(base, head);
  const gate = gateKinds.get(kind);
  if (gate !== undefined) return [gate];
  if (kind === 'Namespace') return namespaceReasons(action, head, fields);
  return [...(kind === 'ServiceAccount' ? cloudReasons(base, head) : []), ...accountReasons(difference, head)];
}

// A workload or a Flux document that from now on runs as another service account; a new workload is no news.
function accountReasons({ action, group, fields }: Difference, head: JsonMap): string[] {
  if (action === 'created') {
    const account = isMap(head['spec']) ? head['spec']['serviceAccountName'] : undefined;
    return group.endsWith('.toolkit.fluxcd.io') && typeof account === 'string' ? [runsAs(account)] : [];
  }
  return fields.flatMap(({ names, after }) =>
    names.at(-1) === 'serviceAccountName' && typeof after === 'string' ? [runsAs(after)] : [],
  );
}

function runsAs(account: string): string {
  return `runs as ServiceAccount ${account}`;
}

function namespaceReasons(action: Action, head: JsonMap, fields: readonly FieldChange[]): string[] {
  if (action === 'created') {
    const labels = isMap(head['metadata']) ? head['metadata']['labels'] : undefined;
    return isMap(labels) ? [`sets ${listed(Object.keys(labels).map((key) => `label ${key}`))}`] : [];
  }
  const touched = fields.filter(({ names }) => names[0] === 'metadata' && names[1] === 'labels');
  if (touched.length === 0) return [];
  return [`changes ${listed(touched.map(({ names }) => (names[2] === undefined ? 'labels' : `label ${names[2]}`)))}`];
}

function cloudReasons(base: JsonMap | undefined, head: JsonMap): string[] {
  const before = annotationsOf(base);
  return Object.entries(annotationsOf(head))
    .filter(([key, value]) => cloudIdentities.test(key) && before[key] !== value)
    .map(([key, value]) => `takes the cloud identity ${typeof value === 'string' ? value : key}`);
}

function annotationsOf(object: JsonMap | undefined): JsonMap {
  const metadata = object?.['metadata'];
  const annotations = isMap(metadata) ? metadata['annotations'] : undefined;
  return isMap(annotations) ? annotations : {};
}

function immutableReasons(difference: Difference, forced: Forced): string[] {
  if (difference.action !== 'configured') return [];
  const { base, fields } = difference;
  const fixed = immutableFields[difference.kind] ?? [];
  const paths = fields.map(({ names }) => names.join('.'));
  const touched = fixed.filter((prefix) => paths.some((path) => path === prefix || path.startsWith(`${prefix}.`)));
  const then = afterImmutable[forced];
  const reasons = touched.map((field) => `${field} cannot be changed, ${then}`);
  if (base?.['immutable'] === true && paths.some((path) => /^(?:data|stringData|binaryData)\b/.test(path))) {
    reasons.push(`the object is immutable, ${then}`);
  }
  return reasons;
}

function exposes(difference: Difference): boolean {
  if (!exposureKinds.has(difference.kind)) return false;
  return difference.fields.some(({ names }) => names[0] !== 'metadata' || names[1] !== 'labels');
}

function restarts(difference: Difference): boolean {
  if (difference.action !== 'configured' || !templateKinds.has(difference.kind)) return false;
  return difference.fields.some(({ names }) => names[0] === 'spec' && names[1] === 'template');
}

function listed(words: readonly string[]): string {
  return words.length <= 4 ? words.join(', ') : `${words.slice(0, 4).join(', ')} and ${words.length - 4} more`;
}
