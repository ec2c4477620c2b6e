// From a sourceRef in the cluster to the tree it stands for: ignore rules, includes, and artifacts made of others.
import { asSluiceError, SluiceError } from '../errors.ts';
import { mixedSource, resolveArtifact, type TreeSource } from '../fleet/artifact.ts';
import type { ResolvedSource } from '../fleet/fleet.ts';
import type { CrossReference } from '../flux/kustomization.ts';
import { asList, stringAt, valueAt } from '../flux/read.ts';
import { namespaceOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { applyIgnore } from '../source/ignore.ts';
import { includeTree, type TreeInclude } from '../source/include.ts';
import { type GitSources, type SourceState, unavailableSource } from './sources.ts';

export interface TreeTools {
  readonly sources: GitSources;
  /** ArtifactGenerators of the cluster. */
  generators(): readonly KubeObject[];
  /** A source of the platform repository at the ref that the cluster's root follows. */
  isPlatform(state: SourceState): boolean;
}

const mostNested = 16;

/** Never throws: what cannot be read now is `unknown` with the error that says why. */
export async function resolveTree(ref: CrossReference, tools: TreeTools, depth = 0): Promise<ResolvedSource> {
  try {
    if (depth > mostNested) throw new SluiceError('fleet.cycle', `sources are made of each other, at ${shown(ref)}`);
    if (ref.kind === 'ExternalArtifact') {
      const objects = tools.generators().map((object) => ({ object, sources: [] }));
      return await resolveArtifact(ref, objects, (target) => resolveTree(target, tools, depth + 1));
    }
    return await gitTree(ref, tools, depth);
  } catch (thrown) {
    return unavailableSource(ref, asSluiceError(thrown));
  }
}

async function gitTree(ref: CrossReference, tools: TreeTools, depth: number): Promise<ResolvedSource> {
  const key = `${ref.namespace}/${ref.name}`;
  const object = tools.sources.object(key);
  if (object === undefined)
    throw new SluiceError('deploy.source', `${shown(ref)} is not in the cluster`, {
      kind: 'notReady',
      remedy: 'create it, or correct spec.sourceRef',
    });
  const outcome = tools.sources.outcome(key);
  const state = outcome?.state;
  if (state === undefined) {
    if (outcome?.type === 'failed') throw outcome.error;
    throw new SluiceError('deploy.source', `${shown(ref)} has not been fetched yet`, { kind: 'notReady' });
  }
  const platform = tools.isPlatform(state);
  const { url, revision } = state;
  const tree = await applyIgnore(state.tree, stringAt(object['spec'], 'ignore'));
  const source: TreeSource = { type: 'tree', tree, url, revision, ref: state.ref, platform, follows: false };
  return withIncludes(object, source, tools, depth);
}

async function withIncludes(
  object: KubeObject,
  source: TreeSource,
  tools: TreeTools,
  depth: number,
): Promise<ResolvedSource> {
  const includes = asList(valueAt(object['spec'], 'include'));
  if (includes.length === 0) return source;
  const parts: TreeInclude[] = [];
  const sources: TreeSource[] = [];
  for (const include of includes) {
    const name = stringAt(include, 'repository', 'name') ?? '';
    const part = await resolveTree({ kind: 'GitRepository', namespace: namespaceOf(object), name }, tools, depth + 1);
    if (part.type !== 'tree') return part;
    parts.push({
      tree: part.tree,
      fromPath: stringAt(include, 'fromPath') ?? '',
      toPath: stringAt(include, 'toPath') ?? name,
    });
    sources.push(part);
  }
  return mixedSource([source, ...sources], await includeTree(source.tree, parts));
}

function shown({ kind, namespace, name }: CrossReference): string {
  return `${kind} ${namespace}/${name}`;
}
