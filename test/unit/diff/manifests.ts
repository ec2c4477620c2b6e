// Short ways to write manifests, and to see every text that a diff lets out.
import { diffObjects, type DiffRequest, type ObjectsDiff } from '../../../src/diff/objects.ts';
import type { BuiltObject, Json, KubeObject, ObjectSource } from '../../../src/object/object.ts';

export function source(file: string, more: Partial<ObjectSource> = {}): ObjectSource {
  return { file, line: 1, document: 0, by: 'declared', ...more };
}

export function built(object: KubeObject, sources: readonly ObjectSource[] = [source('app.yaml')]): BuiltObject {
  return { object, sources };
}

export function manifest(kind: string, fields: { readonly [key: string]: Json }, apiVersion = 'v1'): BuiltObject {
  const { name = 'app', ...rest } = fields;
  return built({ apiVersion, kind, metadata: { name, namespace: 'a-dev' }, ...rest });
}

export function secret(fields: { readonly [key: string]: Json }): BuiltObject {
  return manifest('Secret', { name: 'db', ...fields });
}

export function compare(
  base: readonly BuiltObject[],
  head: readonly BuiltObject[],
  more: Partial<DiffRequest> = {},
): ObjectsDiff {
  return diffObjects({ base, head, copiesSecrets: false, changedFiles: new Set(), ...more });
}

/** Everything of a result that a person or a program could read. */
export function shown(result: ObjectsDiff): string {
  return JSON.stringify(result.changes.map(({ locate: _locate, ...change }) => change));
}
