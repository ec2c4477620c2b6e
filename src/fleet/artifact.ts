// ExternalArtifacts that an ArtifactGenerator of the fleet copies together from Git sources.
import type { CrossReference } from '../flux/kustomization.ts';
import { asList, asObject, isKind, stringAt, valueAt } from '../flux/read.ts';
import { namespaceOf } from '../object/id.ts';
import type { BuiltObject, Json, KubeObject } from '../object/object.ts';
import type { Tree } from '../ports.ts';
import { composeTree, type TreeCopy } from '../source/include.ts';
import type { ResolvedSource } from './fleet.ts';

const generatorGroup = 'source.extensions.fluxcd.io';

export type TreeSource = Extract<ResolvedSource, { type: 'tree' }>;

/**
 * A tree made of the trees of several sources. It moves with the change under review when one of them does, and it is
 * only as trustworthy as the least trusted of them.
 */
export function mixedSource(parts: readonly [TreeSource, ...TreeSource[]], tree: Tree): TreeSource {
  const shown = parts.find(({ follows }) => follows) ?? parts[0];
  const foreign = [...new Set(parts.flatMap(foreignOf))];
  return { ...shown, tree, platform: foreign.length === 0, ...(foreign.length === 0 ? {} : { foreign }) };
}

/** Addresses of the repositories in a source that are not the platform's. */
export function foreignOf(source: TreeSource): readonly string[] {
  return source.foreign ?? (source.platform ? [] : [source.url]);
}

/**
 * A tree made of other trees.
 *
 * @throws SluiceError for a copy that cannot be made (`composeTree`)
 */
export async function resolveArtifact(
  ref: CrossReference,
  objects: readonly BuiltObject[],
  resolve: (ref: CrossReference) => Promise<ResolvedSource>,
): Promise<ResolvedSource> {
  const what = `ExternalArtifact ${ref.namespace}/${ref.name}`;
  const unknown = (reason: string): ResolvedSource => ({ type: 'unknown', url: undefined, what, reason });
  const generator = findGenerator(ref, objects);
  if (generator === undefined) return unknown('no ArtifactGenerator of the fleet makes it');
  const aliases = await resolveAliases(generator, ref.namespace, resolve);
  const artifact = asList(valueAt(generator['spec'], 'artifacts')).find((one) => stringAt(one, 'name') === ref.name);
  const copies = asList(valueAt(artifact, 'copy')).map((copy) => readCopy(copy, aliases));
  const parts: { readonly source: TreeSource; readonly copy: TreeCopy }[] = [];
  for (const copy of copies) {
    if (copy === undefined) return unknown('a copy names no alias of its sources');
    if (copy.source.type !== 'tree') return copy.source;
    parts.push({ source: copy.source, copy: { ...copy.words, tree: copy.source.tree } });
  }
  const [first, ...others] = parts.map(({ source }) => source);
  if (first === undefined) return unknown('it copies nothing');
  return mixedSource([first, ...others], await composeTree(parts.map(({ copy }) => copy)));
}

async function resolveAliases(
  generator: KubeObject,
  namespace: string,
  resolve: (ref: CrossReference) => Promise<ResolvedSource>,
): Promise<ReadonlyMap<string, ResolvedSource>> {
  const aliases = new Map<string, ResolvedSource>();
  for (const source of asList(valueAt(generator['spec'], 'sources'))) {
    const kind = stringAt(source, 'kind') ?? 'GitRepository';
    const name = stringAt(source, 'name') ?? '';
    const target = { kind, name, namespace: stringAt(source, 'namespace') ?? namespace };
    aliases.set(stringAt(source, 'alias') ?? name, await resolve(target));
  }
  return aliases;
}

/** `from: "@alias/path/**"`, `to: "@artifact/path"`; undefined where either names nothing known. */
function readCopy(
  copy: Json,
  aliases: ReadonlyMap<string, ResolvedSource>,
): { readonly source: ResolvedSource; readonly words: Omit<TreeCopy, 'tree'> } | undefined {
  const from = /^@([^/]+)\/?(.*)$/s.exec(stringAt(copy, 'from') ?? '');
  const to = /^@artifact\/?(.*)$/s.exec(stringAt(copy, 'to') ?? '');
  const source = aliases.get(from?.[1] ?? '');
  if (from === null || to === null || source === undefined) return undefined;
  const exclude = asList(asObject(copy)?.['exclude']).filter((one): one is string => typeof one === 'string');
  const words = { from: from[2] ?? '', to: to[1] ?? '', exclude, strategy: stringAt(copy, 'strategy') ?? '' };
  return { source, words };
}

export function findGenerator(ref: CrossReference, objects: readonly BuiltObject[]): KubeObject | undefined {
  return objects.find(
    ({ object }) =>
      isKind(object, generatorGroup, 'ArtifactGenerator') &&
      namespaceOf(object) === ref.namespace &&
      asList(valueAt(object['spec'], 'artifacts')).some((one) => stringAt(one, 'name') === ref.name),
  )?.object;
}
