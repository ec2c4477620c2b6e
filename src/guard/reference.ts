// tenant/reference: a field that points out of the tenant's namespaces.
import { isAbsent, isMapping, mapping } from '../object/json.ts';
import type { FieldPath } from '../object/object.ts';
import { showIdentifier, showValue } from '../object/show.ts';
import { type Candidate, type Found, isKind } from './candidate.ts';
import type { GuardInput } from './guard.ts';
import { oneOfNamespaces } from './words.ts';

/** Fields that name a namespace, wherever they stand in a document. */
const namespaceFields = new Set(['namespace', 'targetNamespace', 'storageNamespace']);

/** Parts of documents that are not references: labels, values handed on, templates, selectors inside the own build. */
const passedOver = new Set(['labels', 'annotations', 'matchLabels', 'selector']);
const fluxPassedOver = new Set([
  ...passedOver,
  'commonMetadata',
  'driftDetection',
  'eventMetadata',
  'healthCheckExprs',
  'ignore',
  'images',
  'inputs',
  'patches',
  'postBuild',
  'postRenderers',
  'resourcesTemplate',
  'values',
  'vars',
]);
/** Routes attach to the platform's Gateways; whether they may is the Gateway's `allowedRoutes`. */
const gatewayPassedOver = new Set([...passedOver, 'parentRefs']);

const deepest = 100;

interface Reference {
  readonly path: FieldPath;
  readonly value: unknown;
}

export function reference(candidate: Candidate, input: GuardInput): Found[] {
  const leaving = referencesOf(candidate).filter(({ value }) => !isOwn(value, input));
  return [...kubeConfig(candidate), ...leaving.map((found) => finding(candidate, found, input))];
}

/** Every namespace that the document names, by the rules of its kind. */
function referencesOf(candidate: Candidate): Reference[] {
  const { group, object } = candidate;
  const spec = object['spec'];
  if (isFlux(group)) {
    const templates = isKind(candidate, 'fluxcd.controlplane.io', 'ResourceSet') ? ['resources'] : [];
    return walk(spec, ['spec'], new Set([...fluxPassedOver, ...templates]));
  }
  if (group === 'gateway.networking.k8s.io') return walk(spec, ['spec'], gatewayPassedOver);
  if (isKind(candidate, '', 'PersistentVolumeClaim')) return walk(spec, ['spec'], passedOver);
  if (isKind(candidate, '', 'Endpoints')) return walk(object['subsets'], ['subsets'], passedOver);
  if (isKind(candidate, 'discovery.k8s.io', 'EndpointSlice'))
    return walk(object['endpoints'], ['endpoints'], passedOver);
  return [];
}

function walk(value: unknown, path: FieldPath, skip: ReadonlySet<string>): Reference[] {
  if (path.length > deepest) return [{ path, value: 'nested too deeply' }];
  if (Array.isArray(value)) return value.flatMap((entry, index) => walk(entry, [...path, index], skip));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    if (skip.has(key)) return [];
    const here = [...path, key];
    return namespaceFields.has(key) ? [{ path: here, value: entry }] : walk(entry, here, skip);
  });
}

/** Absent and empty mean the document's own namespace. */
function isOwn(value: unknown, input: GuardInput): boolean {
  return isAbsent(value) || value === '' || (typeof value === 'string' && input.tenant.namespaces.includes(value));
}

function finding(candidate: Candidate, { path, value }: Reference, input: GuardInput): Found {
  const where = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${showIdentifier(part)}`)).join('');
  const what = `${where.slice(1)} is ${showValue(value)}`;
  if (isKind(candidate, 'gateway.networking.k8s.io', 'ReferenceGrant')) {
    const message = `${what}: it would let a namespace that is not this tenant's use the tenant's objects`;
    return { message, remedy: 'take the entry out, or ask the platform team to add the grant', path };
  }
  return {
    message: `${what}, which is not a namespace of this tenant`,
    remedy: `refer to an object in ${oneOfNamespaces(input)}, or leave the field out`,
    path,
  };
}

function kubeConfig(candidate: Candidate): Found[] {
  if (!isFlux(candidate.group) || isAbsent(mapping(candidate.object['spec'])['kubeConfig'])) return [];
  return [
    {
      message: 'spec.kubeConfig applies to another cluster, where nothing of this tenant is known',
      remedy: 'take it out; the platform team decides which clusters a tenant reaches',
      path: ['spec', 'kubeConfig'],
    },
  ];
}

function isFlux(group: string): boolean {
  return group.endsWith('.fluxcd.io') || group === 'fluxcd.controlplane.io';
}
