// A hundred small objects in a namespace of their own, for the apply engine and for kubectl alike.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '../../src/object/object.ts';
import { yaml } from '../../test/real/agent/stand.ts';

export const objectCount = 100;

/** Fifty ConfigMaps and fifty Deployments without replicas. `colour` is the field that changes. */
export function objectsIn(namespace: string, colour: string): readonly KubeObject[] {
  return Array.from({ length: objectCount }, (_, index) => {
    const metadata = { namespace, name: `part-${String(index).padStart(3, '0')}` };
    return index % 2 === 0 ? configMap(metadata, colour) : deployment(metadata, colour);
  });
}

type Metadata = { readonly namespace: string; readonly name: string };

function configMap(metadata: Metadata, colour: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { colour, shape: 'round' } };
}

function deployment(metadata: Metadata, colour: string): KubeObject {
  const labels = { app: metadata.name };
  const container = { name: 'app', image: 'ghcr.io/acme/app:1.0.0', env: [{ name: 'COLOUR', value: colour }] };
  const spec = {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container] } },
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
}

/** Puts objects into a folder, a file for each. */
export async function writeManifests(folder: string, objects: readonly KubeObject[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const object of objects)
    await writeFile(join(folder, `${String(object.metadata.name as string)}.yaml`), yaml(object));
}
