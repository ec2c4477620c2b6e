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
  const requests: LocateRequest[] = [];
  const answers: { question: number; source: ObjectSource }[] = [];
  for (const [question, { tree, object, sources, path }] of questions.entries()) {
    if (path === undefined || path.length === 0) continue;
    for (const source of sources) {
      const entry = await tree.entry(source.file);
      if (entry?.type !== 'file' || source.by === 'generated' || source.by === 'transform') continue;
      const paths = [source.by === 'patch' ? namedPath(object, path) : path, namedPath(object, path)];
      requests.push({ file: source.file, bytes: await tree.read(source.file), document: source.document, paths });
      answers.push({ question, source });
    }
  }
  const lines = requests.length === 0 ? [] : await renderer.locate(requests).catch(() => []);
  const best = new Map<number, Placed>();
  const nearest = new Map<number, Placed>();
  for (const [at, { question, source }] of answers.entries()) {
    const found = lines[at]?.find((line) => line.found);
    if (found !== undefined) best.set(question, { file: source.file, line: found.line });
    const parent = lines[at]?.[0];
    if (parent !== undefined && source.by === 'declared')
      nearest.set(question, { file: source.file, line: parent.line });
  }
  return questions.map(
    (question, index) => best.get(index) ?? touched(question) ?? nearest.get(index) ?? declared(question),
  );
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
