// The overlays of deploy/, built as Sluice builds them, and what is in them.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { list, mapping, type JsonMapping } from '../../../src/object/json.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { Renderer } from '../../../src/ports.ts';
import { memoryTree } from '../../unit/renderer/memory-tree.ts';

export const home = fileURLToPath(new URL('../../..', import.meta.url));
export const overlays = ['single', 'redis', 'agent'] as const;
export type Overlay = (typeof overlays)[number];

/** Every file below `deploy/`, by its path there. */
export async function deployFiles(): Promise<Record<string, string>> {
  const folder = join(home, 'deploy');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1)] = await readFile(path, 'utf8');
  }
  return files;
}

export async function buildOverlay(renderer: Renderer, overlay: Overlay): Promise<readonly KubeObject[]> {
  const tree = memoryTree(await deployFiles());
  const build = await renderer.build({ tree, path: `overlays/${overlay}`, spec: {} });
  return build.objects.map(({ object }) => object);
}

export interface Workload {
  /** `Deployment/sluice-worker` */
  readonly id: string;
  readonly name: string;
  readonly object: KubeObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: JsonMapping;
  readonly containers: readonly JsonMapping[];
}

/** What runs pods. */
export function workloadsOf(objects: readonly KubeObject[]): readonly Workload[] {
  return objects.flatMap((object) => {
    const template = mapping(mapping(object['spec'])['template']);
    const pod = mapping(template['spec']);
    if (pod['containers'] === undefined) return [];
    const labels = mapping(mapping(template['metadata'])['labels']) as Record<string, string>;
    const containers = [...list(pod['initContainers']), ...list(pod['containers'])].map(mapping);
    const name = object.metadata.name as string;
    return [{ id: `${object.kind}/${name}`, name, object, labels, pod, containers }];
  });
}
