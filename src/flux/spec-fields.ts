// Every field of a Kustomization's spec (CRD of kustomize-controller 1.9, v1): its type, and why one is refused.
import type { Json } from '../object/object.ts';
import { showIdentifier, showText } from '../object/show.ts';
import { groupOf } from '../object/id.ts';
import { sourceGroup } from './kustomization.ts';
import { asList, asObject, type JsonObject, stringAt } from './read.ts';

type FieldType = 'string' | 'boolean' | 'list' | 'mapping';

/** What becomes of the objects when their Kustomization is deleted; `MirrorPrune`, the default, does as `prune` says. */
export const deletionPolicies = ['MirrorPrune', 'Delete', 'WaitForTermination', 'Orphan'] as const;
export type DeletionPolicy = (typeof deletionPolicies)[number];

// Fields of build and deploy alike, so that none can be forgotten.
const fieldTypes: Readonly<Record<string, FieldType>> = {
  buildMetadata: 'list',
  commonMetadata: 'mapping',
  components: 'list',
  decryption: 'mapping',
  deletionPolicy: 'string',
  dependsOn: 'list',
  force: 'boolean',
  healthCheckExprs: 'list',
  healthChecks: 'list',
  ignore: 'list',
  ignoreMissingComponents: 'boolean',
  images: 'list',
  interval: 'string',
  kubeConfig: 'mapping',
  namePrefix: 'string',
  nameSuffix: 'string',
  patches: 'list',
  path: 'string',
  postBuild: 'mapping',
  prune: 'boolean',
  retryInterval: 'string',
  serviceAccountName: 'string',
  sourceRef: 'mapping',
  suspend: 'boolean',
  targetNamespace: 'string',
  timeout: 'string',
  wait: 'boolean',
};

const required = ['interval', 'prune', 'sourceRef'];
const choices: readonly (readonly [string, string | undefined, readonly string[]])[] = [
  ['deletionPolicy', undefined, deletionPolicies],
  ['postBuild', 'substituteStrategy', ['WithVariables', 'Always']],
];
const sourceKinds = ['GitRepository', 'OCIRepository', 'Bucket', 'ExternalArtifact'];

/** What has the wrong type or an impossible value, one line a field. */
export function fieldProblems(spec: JsonObject): string[] {
  return [
    ...required.filter((key) => isAbsent(spec[key])).map((key) => `spec.${key} is missing`),
    ...Object.entries(fieldTypes).flatMap(([key, type]) =>
      isAbsent(spec[key]) || typeOf(spec[key]) === type ? [] : [`spec.${key} must be a ${type}`],
    ),
    ...choiceProblems(spec),
    ...sourceProblems(spec['sourceRef']),
    ...labelProblems(spec),
  ];
}

/** Why nothing is applied although the document is right: one sentence a field, with what to do. */
export function refusedFields(spec: JsonObject): string[] {
  const out: string[] = [];
  if (!isAbsent(spec['decryption']))
    out.push(
      'spec.decryption: SOPS decryption is not built in yet, and ciphertext is never applied; keep the encrypted files ' +
        'in a Kustomization that Flux reconciles, or take the secrets from an external store',
    );
  if (!isAbsent(spec['kubeConfig']))
    out.push(
      'spec.kubeConfig: an agent writes to its own cluster only; run `sluice agent` for that cluster and move this ' +
        'Kustomization to it',
    );
  const kind = stringAt(spec['sourceRef'], 'kind');
  if (kind === 'OCIRepository' || kind === 'Bucket')
    out.push(`spec.sourceRef: ${kind} sources are not read yet; use a GitRepository`);
  if (asList(spec['buildMetadata']).length > 0)
    out.push('spec.buildMetadata: origin and transformer annotations are not written yet; remove the field');
  const unknown = unknownFields(spec);
  for (const key of unknown.slice(0, 10))
    out.push(`spec.${showIdentifier(key)}: not a field that this version of Sluice knows; remove it`);
  if (unknown.length > 10)
    out.push(`spec: ${unknown.length - 10} more fields that this version of Sluice does not know`);
  return out;
}

/** Keys of the spec that are no field of it. */
export function unknownFields(spec: JsonObject): string[] {
  return Object.keys(spec).filter((key) => !Object.hasOwn(fieldTypes, key) && !isAbsent(spec[key]));
}

function choiceProblems(spec: JsonObject): string[] {
  return choices.flatMap(([key, inner, allowed]) => {
    const value = inner === undefined ? spec[key] : asObject(spec[key])?.[inner];
    if (isAbsent(value) || value === '' || (typeof value === 'string' && allowed.includes(value))) return [];
    return [`spec.${inner === undefined ? key : `${key}.${inner}`} must be one of ${allowed.join(', ')}`];
  });
}

function sourceProblems(sourceRef: Json | undefined): string[] {
  const out: string[] = [];
  const kind = stringAt(sourceRef, 'kind');
  if (kind && !sourceKinds.includes(kind))
    out.push(`spec.sourceRef.kind must be one of ${sourceKinds.join(', ')}; it is ${showText(kind)}`);
  const apiVersion = stringAt(sourceRef, 'apiVersion');
  if (apiVersion && groupOf(apiVersion) !== sourceGroup)
    out.push(`spec.sourceRef.apiVersion must be of ${sourceGroup}; it is ${showText(apiVersion)}`);
  return out;
}

// Flux lays commonMetadata over its own owner labels, after which it no longer knows its objects.
function labelProblems(spec: JsonObject): string[] {
  const labels = asObject(asObject(spec['commonMetadata'])?.['labels']) ?? {};
  return ['name', 'namespace']
    .map((key) => `kustomize.toolkit.fluxcd.io/${key}`)
    .filter((key) => Object.hasOwn(labels, key))
    .map((key) => `spec.commonMetadata.labels must not set ${key}: it says who owns an object`);
}

function isAbsent(value: Json | undefined): value is undefined | null {
  return value === undefined || value === null;
}

function typeOf(value: Json | undefined): FieldType | undefined {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object' && value !== null && !JSON.isRawJSON(value)) return 'mapping';
  return typeof value === 'string' || typeof value === 'boolean' ? (typeof value as 'string' | 'boolean') : undefined;
}
