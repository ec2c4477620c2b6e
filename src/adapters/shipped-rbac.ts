// Sluice's own namespace, accounts and roles in a cluster, read from the folder that its manifests are deployed from.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { list, mapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';

const shipped = fileURLToPath(new URL('../../deploy/rbac', import.meta.url));

/** The objects of `deploy/rbac/`, as its kustomization.yaml lists them: the namespace first. */
export async function readShippedRbac(folder: string = shipped): Promise<readonly KubeObject[]> {
  const kustomization = mapping(parse(await readFile(join(folder, 'kustomization.yaml'), 'utf8')));
  const files = list(kustomization['resources']).filter((file) => typeof file === 'string');
  const objects = await Promise.all(files.map(async (file) => readObjects(await readFile(join(folder, file), 'utf8'))));
  return objects.flat();
}

function readObjects(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}
