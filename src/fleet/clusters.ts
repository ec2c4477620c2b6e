// Which clusters a platform repository has, and where their roots are (DESIGN §5.1).
import { SluiceError } from '../errors.ts';
import { isKustomization, readKustomization, readSourceRef, sourceGroup } from '../flux/kustomization.ts';
import { asObject, isKind, stringAt, valueAt } from '../flux/read.ts';
import { nameOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';
import type { Renderer, SourceRef, Tree } from '../ports.ts';
import { normalizePath } from '../source/paths.ts';
import type { PlatformConfig } from './config.ts';
import type { ClusterRoot } from './fleet.ts';

const maxFolders = 20_000;
const maxDepth = 8;
const clustersFolder = 'clusters';

/**
 * Cluster roots, sorted by name. `clusters:` of sluice.yaml decides alone where it is set; otherwise every
 * gotk-sync.yaml or FluxInstance counts, and every folder of `clusters/` that has YAML and no such root in it.
 *
 * @throws SluiceError `fleet.noCluster` where nothing is found
 */
export async function findClusters(
  tree: Tree,
  config: PlatformConfig,
  renderer: Renderer,
): Promise<readonly ClusterRoot[]> {
  const synced = await readSyncs(tree, renderer);
  const named = config.clusters;
  const roots = named === undefined ? [...synced, ...(await plainFolders(tree, synced))] : namedRoots(named, synced);
  if (roots.length === 0) {
    throw new SluiceError('fleet.noCluster', 'no cluster found in the platform repository', {
      remedy: 'add clusters/<name>/, bootstrap Flux into a folder, or list `clusters:` in sluice.yaml',
    });
  }
  return withUniqueNames(roots).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function namedRoots(named: NonNullable<PlatformConfig['clusters']>, synced: readonly ClusterRoot[]): ClusterRoot[] {
  return named.map(({ name, path }) => {
    const clean = normalizePath(path);
    const sync = synced.find((root) => root.path === clean);
    return { name, path: clean, sync: sync?.sync, spec: sync?.spec };
  });
}

async function plainFolders(tree: Tree, synced: readonly ClusterRoot[]): Promise<ClusterRoot[]> {
  const out: ClusterRoot[] = [];
  for (const [name, entry] of (await tree.list(clustersFolder)) ?? []) {
    const path = `${clustersFolder}/${name}`;
    if (entry.type !== 'directory' || synced.some((root) => root.path === path || root.path.startsWith(`${path}/`)))
      continue;
    const files = await tree.list(path);
    const yaml = [...(files ?? [])].some(([file, at]) => at.type === 'file' && /\.ya?ml$/.test(file));
    if (yaml) out.push({ name, path, sync: undefined, spec: undefined });
  }
  return out;
}

async function readSyncs(tree: Tree, renderer: Renderer): Promise<ClusterRoot[]> {
  const out = new Map<string, ClusterRoot>();
  for (const file of await syncFiles(tree)) {
    // A sync file that does not parse fails its own cluster's build later, with the line.
    const documents = await renderer.parse(file, await tree.read(file)).catch(() => []);
    const objects = documents.map((document) => document.value).filter(isManifest);
    for (const root of objects.flatMap((object) => rootOf(object, objects)))
      if (!out.has(root.path)) out.set(root.path, root);
  }
  return [...out.values()];
}

function rootOf(object: KubeObject, siblings: readonly KubeObject[]): ClusterRoot[] {
  if (isKustomization(object)) {
    const { spec } = readKustomization(object);
    const source = siblings.find(
      (one) => isKind(one, sourceGroup, 'GitRepository') && nameOf(one) === spec.sourceRef.name,
    );
    const url = stringAt(source?.['spec'], 'url');
    const sync = source === undefined || url === undefined ? undefined : { url, ref: readSourceRef(source) };
    return [{ name: '', path: normalizePath(spec.path), sync, spec }];
  }
  if (object.kind === 'FluxInstance') {
    const sync = valueAt(object['spec'], 'sync');
    const path = stringAt(sync, 'path');
    const url = stringAt(sync, 'url');
    if (path === undefined || stringAt(sync, 'kind') !== 'GitRepository') return [];
    const ref: SourceRef = { name: stringAt(sync, 'ref') ?? 'refs/heads/main' };
    return [
      { name: '', path: normalizePath(path), sync: url === undefined ? undefined : { url, ref }, spec: undefined },
    ];
  }
  return [];
}

// gotk-sync.yaml anywhere, and what stands beside or under a flux-system folder.
async function syncFiles(tree: Tree): Promise<string[]> {
  const out: string[] = [];
  let folders = [''];
  let seen = 0;
  for (let depth = 0; depth <= maxDepth && folders.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of folders) {
      seen += 1;
      if (seen > maxFolders) return out;
      for (const [name, entry] of (await tree.list(folder)) ?? []) {
        const path = folder === '' ? name : `${folder}/${name}`;
        if (entry.type === 'directory') next.push(path);
        else if (entry.type === 'file' && isSyncFile(folder, name)) out.push(path);
      }
    }
    folders = next;
  }
  return out;
}

function isSyncFile(folder: string, name: string): boolean {
  if (name === 'gotk-sync.yaml') return true;
  const inFluxFolder = folder === 'flux-system' || folder.endsWith('/flux-system');
  return /^(flux-?)?instance\.ya?ml$/.test(name) && (inFluxFolder || folder.startsWith(`${clustersFolder}/`));
}

function isManifest(value: Json): value is Json & KubeObject {
  const object = asObject(value);
  return (
    typeof object?.['apiVersion'] === 'string' &&
    typeof object['kind'] === 'string' &&
    asObject(object['metadata']) !== undefined
  );
}

// clusters/prod/eu is "prod/eu"; roots elsewhere go by their last folder, or the whole path where two would be equal.
function withUniqueNames(roots: readonly ClusterRoot[]): ClusterRoot[] {
  const short = roots.map((root) => {
    if (root.name !== '') return root.name;
    if (root.path.startsWith(`${clustersFolder}/`)) return root.path.slice(clustersFolder.length + 1);
    return root.path.split('/').at(-1) || 'default';
  });
  return roots.map((root, index) => {
    const name = short[index] ?? root.path;
    return { ...root, name: short.filter((other) => other === name).length > 1 && root.name === '' ? root.path : name };
  });
}
