// From an object and a field to the file and line of whoever wrote it.

import { asObject, asString } from '../flux/read.ts';
import type { LocateRequest, Renderer, Tree } from '../ports.ts';
import type { FieldPath, KubeObject, ObjectSource } from './object.ts';

/** A question: which of an object's sources wrote this field? */
export interface PlaceQuestion {
  readonly tree: Tree;
  readonly object: KubeObject;
  readonly sources: readonly ObjectSource[];
  readonly path: FieldPath | undefined;
  /** Files that the change under review touches: preferred where the field itself decides nothing. */
  readonly changed: ReadonlySet<string>;
}

export interface Placed {
  readonly file: string | null;
  readonly line: number | null;
}

const nowhere: Placed = { file: null, line: null };

/**
 * Answers in order. The last source that holds the field wins (an overlay's patch over the base); then the last one
 * that the change touches; then the declaration. A field that is nowhere gives the line of its nearest parent there.
 */
export async function findPlaces(questions: readonly PlaceQuestion[], renderer: Renderer): Promise<readonly Placed[]> {
  const lookups = (await Promise.all(questions.map(lookupsFor))).flat();
  const requests = lookups.map(({ request }) => request);
  const lines = requests.length === 0 ? [] : await renderer.locate(requests).catch(() => []);
  const best = new Map<PlaceQuestion, Placed>();
  const nearest = new Map<PlaceQuestion, Placed>();
  for (const [at, { question, source }] of lookups.entries()) {
    const [parent, ...others] = lines[at] ?? [];
    const found = [parent, ...others].find((line) => line?.found === true);
    if (found !== undefined) best.set(question, { file: source.file, line: found.line });
    if (parent !== undefined && source.by === 'declared')
      nearest.set(question, { file: source.file, line: parent.line });
  }
  return questions.map((one) => best.get(one) ?? touched(one) ?? nearest.get(one) ?? declared(one));
}

interface Lookup {
  readonly question: PlaceQuestion;
  readonly source: ObjectSource;
  readonly request: LocateRequest;
}

async function lookupsFor(question: PlaceQuestion): Promise<Lookup[]> {
  const { tree, object, sources, path } = question;
  if (path === undefined || path.length === 0) return [];
  const lookups: Lookup[] = [];
  for (const source of sources) {
    const readable = source.by === 'declared' || source.by === 'patch';
    if (!readable || (await tree.entry(source.file))?.type !== 'file') continue;
    const named = namedPath(object, path);
    const paths = source.by === 'patch' ? [named] : [path, named];
    const request = { file: source.file, bytes: await tree.read(source.file), document: source.document, paths };
    lookups.push({ question, source, request });
  }
  return lookups;
}

function touched({ sources, changed }: PlaceQuestion): Placed | undefined {
  const source = sources.findLast((one) => changed.has(one.file) && one.by !== 'declared');
  return source === undefined ? undefined : { file: source.file, line: source.line };
}

function declared({ sources }: PlaceQuestion): Placed {
  const source = sources[0];
  return source === undefined ? nowhere : { file: source.file, line: source.line };
}

/** List items by their name where they have one, since a patch or an injected item moves the numbers. */
function namedPath(object: KubeObject, path: FieldPath): FieldPath {
  let at: unknown = object;
  return path.map((part) => {
    const item: unknown =
      at !== null && typeof at === 'object' ? (at as Record<string | number, unknown>)[part] : undefined;
    at = item;
    const name = typeof part === 'number' ? asString(asObject(item as never)?.['name']) : undefined;
    return name === undefined ? part : `[name=${name}]`;
  });
}
