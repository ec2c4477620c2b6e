// A Flux Kustomization as Sluice reads it (kustomize.toolkit.fluxcd.io; fields of v1).

import { nameOf, namespaceOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';
import type { BuildSpec, SourceRef } from '../ports.ts';
import { asList, asObject, asString, isKind, type JsonObject, stringAt, stringMap, valueAt } from './read.ts';

export const kustomizeGroup = 'kustomize.toolkit.fluxcd.io';
/** Holds a Kustomization until its objects are gone. */
export const fluxFinalizer = 'finalizers.fluxcd.io';
export const sourceGroup = 'source.toolkit.fluxcd.io';

export interface CrossReference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface SubstituteReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly optional: boolean;
}

export interface KustomizationSpec {
  /** As written; `''` where absent. */
  readonly path: string;
  readonly sourceRef: CrossReference;
  readonly serviceAccountName: string | undefined;
  readonly targetNamespace: string | undefined;
  readonly dependsOn: readonly { readonly namespace: string; readonly name: string }[];
  readonly substitute: Readonly<Record<string, string>>;
  readonly substituteFrom: readonly SubstituteReference[];
  readonly hasPostBuild: boolean;
  readonly substituteAlways: boolean;
  readonly build: BuildSpec;
  readonly suspended: boolean;
  readonly remoteCluster: boolean;
  readonly prune: boolean;
  /** What cannot be changed in place is deleted and created again. */
  readonly force: boolean;
  /** What becomes of the objects when the Kustomization itself is deleted; as `prune` says where absent. */
  readonly deletionPolicy: string | undefined;
}

/** `<namespace>/<name>` */
export function keyOf(object: KubeObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}

export function isKustomization(object: KubeObject): boolean {
  return isKind(object, kustomizeGroup, 'Kustomization');
}

export interface ReadKustomization {
  readonly spec: KustomizationSpec;
  readonly problems: readonly string[];
}

/** An agent asks the same thousand objects again and again. */
const known = new WeakMap<KubeObject, ReadKustomization>();

/** Fields that Flux reads, from any version ever served; what has the wrong type is named in `problems`. */
export function readKustomization(object: KubeObject): ReadKustomization {
  const read = known.get(object) ?? readOnce(object);
  known.set(object, read);
  return read;
}

function readOnce(object: KubeObject): ReadKustomization {
  const problems: string[] = [];
  const spec = asObject(object['spec']) ?? {};
  if (asObject(object['spec']) === undefined) problems.push('spec is missing');
  const text = (key: string): string | undefined => {
    const value = spec[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') problems.push(`spec.${key} must be a string`);
    return asString(value);
  };
  const namespace = namespaceOf(object);
  const source = asObject(spec['sourceRef']);
  const sourceRef = {
    kind: stringAt(source, 'kind') ?? '',
    name: stringAt(source, 'name') ?? '',
    namespace: stringAt(source, 'namespace') ?? namespace,
  };
  if (sourceRef.kind === '' || sourceRef.name === '') problems.push('spec.sourceRef needs kind and name');
  const postBuild = asObject(spec['postBuild']);
  return {
    spec: {
      path: text('path') ?? '',
      sourceRef,
      serviceAccountName: text('serviceAccountName') || undefined,
      targetNamespace: text('targetNamespace') || undefined,
      dependsOn: readDependsOn(spec['dependsOn'], namespace, problems),
      substitute: readScalars(valueAt(postBuild, 'substitute')),
      substituteFrom: readSubstituteFrom(valueAt(postBuild, 'substituteFrom'), problems),
      hasPostBuild: postBuild !== undefined,
      substituteAlways: stringAt(postBuild, 'substituteStrategy') === 'Always',
      build: readBuildSpec(spec, text),
      force: spec['force'] === true,
      suspended: spec['suspend'] === true,
      remoteCluster: asObject(spec['kubeConfig']) !== undefined,
      prune: spec['prune'] === true,
      deletionPolicy: text('deletionPolicy'),
    },
    problems,
  };
}

function readDependsOn(value: Json | undefined, namespace: string, problems: string[]): KustomizationSpec['dependsOn'] {
  return asList(value).flatMap((entry, index) => {
    const name = stringAt(entry, 'name');
    if (name === undefined) {
      problems.push(`spec.dependsOn[${index}] needs a name`);
      return [];
    }
    return [{ namespace: stringAt(entry, 'namespace') ?? namespace, name }];
  });
}

// The API server takes strings only, but fleets write numbers and booleans and let a parent's substitution quote them.
function readScalars(value: Json | undefined): Record<string, string> {
  const out = stringMap(value);
  for (const [key, entry] of Object.entries(asObject(value) ?? {})) {
    if (typeof entry === 'number' || typeof entry === 'boolean') out[key] = String(entry);
  }
  return out;
}

function readSubstituteFrom(value: Json | undefined, problems: string[]): readonly SubstituteReference[] {
  return asList(value).flatMap((entry, index) => {
    const kind = stringAt(entry, 'kind');
    const name = stringAt(entry, 'name');
    if ((kind !== 'ConfigMap' && kind !== 'Secret') || name === undefined) {
      problems.push(`spec.postBuild.substituteFrom[${index}] needs kind ConfigMap or Secret, and a name`);
      return [];
    }
    return [{ kind, name, optional: asObject(entry)?.['optional'] === true }];
  });
}

function readBuildSpec(spec: JsonObject, text: (key: string) => string | undefined): BuildSpec {
  const out: Record<string, unknown> = {};
  for (const key of ['targetNamespace', 'namePrefix', 'nameSuffix']) {
    const value = text(key);
    if (value) out[key] = value;
  }
  for (const key of ['patches', 'images']) if (asList(spec[key]).length > 0) out[key] = spec[key];
  const components = asList(spec['components']).filter((entry): entry is string => typeof entry === 'string');
  if (components.length > 0) out['components'] = components;
  if (spec['ignoreMissingComponents'] === true) out['ignoreMissingComponents'] = true;
  const common = asObject(spec['commonMetadata']);
  if (common !== undefined) out['commonMetadata'] = common;
  return out as BuildSpec;
}

/** `spec.ref` of a GitRepository; Flux's default is branch `master`. */
export function readSourceRef(object: KubeObject): SourceRef {
  const ref = stringMap(valueAt(object['spec'], 'ref'));
  const out: Record<string, string> = {};
  for (const key of ['branch', 'tag', 'semver', 'name', 'commit']) if (ref[key]) out[key] = ref[key];
  return Object.keys(out).length === 0 ? { branch: 'master' } : out;
}

/** The branch whose merges move this ref, or undefined for tags, versions and pinned commits. */
export function followedBranch(ref: SourceRef): string | undefined {
  if (ref.commit !== undefined) return undefined;
  if (ref.name !== undefined) return ref.name.startsWith('refs/heads/') ? ref.name.slice(11) : undefined;
  if (ref.semver !== undefined || ref.tag !== undefined) return undefined;
  return ref.branch ?? 'master';
}

/** The ref in words: `branch main`, `tag v1.2.0`. */
export function describeRef(ref: SourceRef): string {
  for (const key of ['commit', 'name', 'semver', 'tag', 'branch'] as const)
    if (ref[key] !== undefined) return `${key} ${ref[key]}`;
  return 'branch master';
}
