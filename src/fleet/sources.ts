// From a sourceRef to a tree: GitRepositories, and ExternalArtifacts that an ArtifactGenerator copies together.
import { asSluiceError, SluiceError } from '../errors.ts';
import { type CrossReference, describeRef, followedBranch, readSourceRef, sourceGroup } from '../flux/kustomization.ts';
import { asList, isKind, stringAt, valueAt } from '../flux/read.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import type { Tree } from '../ports.ts';
import { applyIgnore } from '../source/ignore.ts';
import { includeTree, type TreeInclude } from '../source/include.ts';
import { sameRepository } from '../source/url.ts';
import { findGenerator, mixedSource, resolveArtifact, type TreeSource } from './artifact.ts';
import type { ClusterRoot, Repositories, ResolvedSource } from './fleet.ts';

/** What a tenant's Kustomizations may read: sources in its namespaces, and of its own repository. */
export interface TenantReach {
  readonly namespaces: readonly string[];
  readonly url: string;
}

export interface SourceContext {
  readonly root: ClusterRoot;
  readonly objects: readonly BuiltObject[];
  readonly repositories: Repositories;
  /** Filtered trees by tree id and rules, shared by the clusters of one side. */
  readonly filtered: Map<string, Promise<Tree>>;
  /** Sources that are being put together, the outermost first. */
  readonly within?: readonly string[];
}

/** The source a Kustomization reads; `unknown` with a reason where it is not in Git, not at hand or cannot be put together. */
export async function resolveSource(ref: CrossReference, context: SourceContext): Promise<ResolvedSource> {
  const what = `${ref.kind} ${ref.namespace}/${ref.name}`;
  const within = context.within ?? [];
  try {
    if (within.includes(what)) {
      throw new SluiceError('fleet.cycle', `sources are made of each other: ${[...within, what].join(' → ')}`, {
        remedy: 'let each source be made of others that do not lead back to it',
      });
    }
    return await resolve(ref, what, { ...context, within: [...within, what] });
  } catch (thrown) {
    // One source that cannot be read fails alone.
    const error = asSluiceError(thrown);
    return { type: 'unknown', url: undefined, what, reason: error.message, error };
  }
}

async function resolve(ref: CrossReference, what: string, context: SourceContext): Promise<ResolvedSource> {
  if (ref.kind === 'ExternalArtifact')
    return resolveArtifact(ref, context.objects, (target) => resolveSource(target, context));
  if (ref.kind !== 'GitRepository') {
    const url = stringAt(find(context.objects, sourceGroup, ref.kind, ref)?.['spec'], 'url');
    return { type: 'unknown', url, what, reason: `${ref.kind} sources are not read yet` };
  }
  const object = find(context.objects, sourceGroup, 'GitRepository', ref);
  if (object === undefined) {
    if (isRootSource(ref, context.root)) return withIgnore(await context.repositories.platform(context.root), context);
    return { type: 'unknown', url: undefined, what, reason: 'the fleet does not define it' };
  }
  const url = stringAt(object['spec'], 'url');
  if (url === undefined) return { type: 'unknown', url: undefined, what, reason: 'spec.url is missing' };
  const isSync = isRootSource(ref, context.root) && context.root.sync?.url === url;
  const opened = isSync
    ? await context.repositories.platform(context.root)
    : await context.repositories.open(url, readSourceRef(object));
  return withInclude(object, await withIgnore(opened, context, stringAt(object['spec'], 'ignore')), context);
}

/** What the cluster's own root reads, which `flux bootstrap` calls as the root itself. */
function isRootSource({ kind, namespace, name }: CrossReference, { key, spec }: ClusterRoot): boolean {
  const root = spec?.sourceRef ?? { namespace: key.namespace, name: key.name };
  const bootstrap = namespace === 'flux-system' && name === 'flux-system';
  return kind === 'GitRepository' && (bootstrap || (namespace === root.namespace && name === root.name));
}

/**
 * The source of a Kustomization that a tenant's own build defines: one that the platform defines in the tenant's
 * namespaces, or the tenant's own repository. What a tenant writes opens nobody else's, not even to a preview.
 */
export async function resolveTenantSource(
  ref: CrossReference,
  within: TenantReach,
  platform: SourceContext,
  own: readonly BuiltObject[],
): Promise<ResolvedSource> {
  const refused = (reason: string): ResolvedSource => {
    return { type: 'unknown', url: undefined, what: `${ref.kind} ${ref.namespace}/${ref.name}`, reason };
  };
  if (!within.namespaces.includes(ref.namespace)) return refused("it is outside the tenant's namespaces");
  if (isDefined(ref, platform.objects)) return resolveSource(ref, platform);
  const nobodyElses: Repositories = {
    open: (url, at) =>
      sameRepository(url, within.url)
        ? platform.repositories.open(url, at)
        : Promise.resolve(refused('a source that a tenant defines itself is not read')),
    platform: () => Promise.resolve(refused('a tenant does not read the platform repository')),
  };
  return resolveSource(ref, { ...platform, objects: own, repositories: nobodyElses });
}

/** True when no source of the fleet is missing that a later build could still define. */
export function isDefined(ref: CrossReference, objects: readonly BuiltObject[]): boolean {
  if (ref.kind === 'ExternalArtifact') return findGenerator(ref, objects) !== undefined;
  return ref.kind !== 'GitRepository' || find(objects, sourceGroup, 'GitRepository', ref) !== undefined;
}

async function withIgnore(source: ResolvedSource, context: SourceContext, ignore?: string): Promise<ResolvedSource> {
  if (source.type !== 'tree') return source;
  const key = JSON.stringify([source.tree.id, ignore]);
  const filtered = context.filtered.get(key) ?? applyIgnore(source.tree, ignore);
  context.filtered.set(key, filtered);
  return { ...source, tree: await filtered };
}

async function withInclude(
  object: KubeObject,
  source: ResolvedSource,
  context: SourceContext,
): Promise<ResolvedSource> {
  const includes = asList(valueAt(object['spec'], 'include'));
  if (includes.length === 0 || source.type !== 'tree') return source;
  const parts: TreeInclude[] = [];
  const sources: TreeSource[] = [];
  for (const include of includes) {
    const name = stringAt(include, 'repository', 'name') ?? '';
    const part = await resolveSource({ kind: 'GitRepository', namespace: namespaceOf(object), name }, context);
    if (part.type !== 'tree') return part;
    const fromPath = stringAt(include, 'fromPath') ?? '';
    parts.push({ tree: part.tree, fromPath, toPath: stringAt(include, 'toPath') ?? name });
    sources.push(part);
  }
  return mixedSource([source, ...sources], await includeTree(source.tree, parts));
}

function find(
  objects: readonly BuiltObject[],
  group: string,
  kind: string,
  ref: CrossReference,
): KubeObject | undefined {
  return objects.find(
    ({ object }) => isKind(object, group, kind) && nameOf(object) === ref.name && namespaceOf(object) === ref.namespace,
  )?.object;
}

/** Why a merge does not move a source, in words: "follows tag v1.2.0". */
export function describeFollowing(source: Extract<ResolvedSource, { type: 'tree' }>): string {
  return followedBranch(source.ref) === undefined
    ? `is pinned to ${describeRef(source.ref)}`
    : `follows ${describeRef(source.ref)}`;
}
