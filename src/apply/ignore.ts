// Rules of spec.ignore: which fields of which objects are left to others.
import { RE2JS } from 're2js';
import { SluiceError } from '../errors.ts';
import type { IgnoreRule } from '../flux/deploy-spec.ts';
import { stringMap } from '../flux/read.ts';
import { groupOf, nameOf, namespaceOf, versionOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { showText } from '../object/show.ts';
import { parseSelector, type Selects } from './label-selector.ts';

/** A JSON pointer's tokens: `['spec', 'replicas']`. Never empty. */
export type Pointer = readonly string[];

/** The pointers of the rules that match an object. */
export type Ignoring = (object: KubeObject) => readonly Pointer[];

export const ignoreNothing: Ignoring = () => [];

const longestPattern = 1000;

/**
 * Compiles the rules: patterns are RE2 and must match the whole value, an empty one matches everything; all parts of a target
 * must match (fluxcd/pkg ssa/jsondiff/selector.go).
 *
 * @throws SluiceError `deploy.spec`, terminal, for a pointer, pattern or selector of a wrong form: never ignored in silence
 */
export function compileIgnore(rules: readonly IgnoreRule[]): Ignoring {
  const compiled = rules.map(({ paths, target }, index) => ({
    pointers: paths.map((path) => parsePointer(path, index)),
    matches: target === undefined ? () => true : targeting(target, index),
  }));
  if (compiled.length === 0) return ignoreNothing;
  return (object) => compiled.flatMap(({ pointers, matches }) => (matches(object) ? pointers : []));
}

function parsePointer(text: string, index: number): Pointer {
  const tokens = text.split('/').slice(1);
  if (!text.startsWith('/') || tokens.some((token) => token === '' || /~(?![01])/.test(token))) {
    throw invalid(`spec.ignore[${index}].paths: ${showText(text)} is no JSON pointer`, 'write it as /spec/replicas');
  }
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

type Target = NonNullable<IgnoreRule['target']>;

function targeting(target: Target, index: number): (object: KubeObject) => boolean {
  const pattern = (field: 'group' | 'version' | 'kind' | 'name' | 'namespace') => matching(target[field], field, index);
  const [group, version, kind] = [pattern('group'), pattern('version'), pattern('kind')];
  const [name, namespace] = [pattern('name'), pattern('namespace')];
  const [labels, annotations] = [selecting(target.labelSelector), selecting(target.annotationSelector)];
  return (object) =>
    group(groupOf(object.apiVersion)) &&
    version(versionOf(object.apiVersion)) &&
    kind(object.kind) &&
    name(nameOf(object)) &&
    namespace(namespaceOf(object)) &&
    labels(stringMap(object.metadata.labels)) &&
    annotations(stringMap(object.metadata.annotations));
}

function selecting(text: string | undefined): Selects {
  return text === undefined || text === '' ? () => true : parseSelector(text);
}

function matching(text: string | undefined, field: string, index: number): (value: string) => boolean {
  if (text === undefined || text === '') return () => true;
  try {
    if (text.length > longestPattern) throw new Error('too long');
    const pattern = RE2JS.compile(text);
    return (value) => pattern.matches(value);
  } catch {
    throw invalid(
      `spec.ignore[${index}].target.${field}: ${showText(text)} is no regular expression of RE2`,
      `use at most ${longestPattern} characters of https://github.com/google/re2/wiki/Syntax`,
    );
  }
}

function invalid(message: string, remedy: string): SluiceError {
  return new SluiceError('deploy.spec', message, { remedy });
}
