// Which clusters a platform repository has, and where their roots are (DESIGN §5.1).
import { SluiceError } from '../errors.ts';
import { isKustomization, readKustomization, readSourceRef, sourceGroup } from '../flux/kustomization.ts';
import { asObject, isKind, stringAt, valueAt } from '../flux/read.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';
import type { Renderer, SourceRef, Tree } from '../ports.ts';
import { isWithin, normalizePath, parentPath } from '../source/paths.ts';
import type { PlatformConfig } from './config.ts';
import type { ClusterRoot } from './fleet.ts';

const maxFolders = 20_000;
const maxDepth = 8;
const clustersFolder = 'clusters';

const bootstrapKey = { namespace: 'flux-system', name: 'flux-system' };

/**
 * Cluster roots, sorted by name. `clusters:` of sluice.yaml decides alone where it is set; otherwise every
 * gotk-sync.yaml or FluxInstance counts, and every folder of `clusters/` that has YAML and no such root in it. A sync
 * file speaks for the folder that it stands in (`<root>/flux-system/gotk-sync.yaml`); one that stands elsewhere, where
 * somebody else may write, never for a root that is there without it.
 *
 * @throws SluiceError `fleet.noCluster` where nothing is found
 */
export async function findClusters(
  tree: Tree,
  config: PlatformConfig,
  renderer: Renderer,
): Promise<readonly ClusterRoot[]> {
  const { inside, outside } = await readSyncs(tree, renderer);
  const named = config.clusters;
  const roots = named === undefined ? await foundRoots(tree, inside, outside) : namedRoots(named, inside);
  if (roots.length === 0) {
    throw new SluiceError('fleet.noCluster', 'no cluster found in the platform repository', {
      remedy: 'add clusters/<name>/, bootstrap Flux into a folder, or list `clusters:` in sluice.yaml',
    });
  }
  return withUniqueNames(roots).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function namedRoots(named: NonNullable<PlatformConfig['clusters']>, inside: readonly ClusterRoot[]): ClusterRoot[] {
  return named.map(({ name, path }) => {
    const clean = normalizePath(path);
    const sync = inside.find((root) => root.path === clean);
    return { name, path: clean, key: sync?.key ?? bootstrapKey, sync: sync?.sync, spec: sync?.spec };
  });
}

async function foundRoots(
  tree: Tree,
  inside: readonly ClusterRoot[],
  outside: readonly ClusterRoot[],
): Promise<ClusterRoot[]> {
  const sure = [...inside, ...(await plainFolders(tree, inside))];
  const further = outside.filter((root) => !sure.some(({ path }) => path === root.path));
  return [...sure, ...further];
}

async function plainFolders(tree: Tree, synced: readonly ClusterRoot[]): Promise<ClusterRoot[]> {
  const out: ClusterRoot[] = [];
  for (const [name, entry] of (await tree.list(clustersFolder)) ?? []) {
    const path = `${clustersFolder}/${name}`;
    if (entry.type !== 'directory' || synced.some((root) => isWithin(root.path, path))) continue;
    const files = await tree.list(path);
    const yaml = [...(files ?? [])].some(([file, at]) => at.type === 'file' && /\.ya?ml$/.test(file));
    if (yaml) out.push({ name, path, key: bootstrapKey, sync: undefined, spec: undefined });
  }
  return out;
}

/** Roots by path, one for each: those whose file stands in the root's own folder or one below, and the others. */
async function readSyncs(
  tree: Tree,
  renderer: Renderer,
): Promise<Record<'inside' | 'outside', readonly ClusterRoot[]>> {
  const inside = new Map<string, ClusterRoot>();
  const outside = new Map<string, ClusterRoot>();
  for (const file of await syncFiles(tree)) {
    const folder = parentPath(file);
    const own = [folder, parentPath(folder)];
    for (const root of await rootsIn(file, tree, renderer)) {
      const into = own.includes(root.path) ? inside : outside;
      if (!into.has(root.path)) into.set(root.path, root);
    }
  }
  return { inside: [...inside.values()], outside: [...outside.values()] };
}

async function rootsIn(file: string, tree: Tree, renderer: Renderer): Promise<ClusterRoot[]> {
  try {
    const documents = await renderer.parse(file, await tree.read(file));
    const objects = documents.map((document) => document.value).filter(isManifest);
    return objects.flatMap((object) => rootOf(object, objects));
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    // The cluster is still there; building the folder then says what is wrong with the file.
    const path = parentPath(parentPath(file));
    return !path.startsWith(`${clustersFolder}/`)
      ? []
      : [{ name: '', path, key: bootstrapKey, sync: undefined, spec: undefined }];
  }
}

function rootOf(object: KubeObject, siblings: readonly KubeObject[]): ClusterRoot[] {
  if (isKustomization(object)) {
    const { spec } = readKustomization(object);
    const source = siblings.find(
      (one) => isKind(one, sourceGroup, 'GitRepository') && nameOf(one) === spec.sourceRef.name,
    );
    const url = stringAt(source?.['spec'], 'url');
    const sync = source === undefined || url === undefined ? undefined : { url, ref: readSourceRef(source) };
    const key = { namespace: namespaceOf(object) || 'flux-system', name: nameOf(object) || 'flux-system' };
    return [{ name: '', path: normalizePath(spec.path), key, sync, spec }];
  }
  if (isKind(object, 'fluxcd.controlplane.io', 'FluxInstance')) {
    const sync = valueAt(object['spec'], 'sync');
    const path = stringAt(sync, 'path');
    const url = stringAt(sync, 'url');
    if (path === undefined || stringAt(sync, 'kind') !== 'GitRepository') return [];
    const ref: SourceRef = { name: stringAt(sync, 'ref') ?? 'refs/heads/main' };
    // Flux Operator calls both after the namespace unless told otherwise.
    const namespace = namespaceOf(object) || 'flux-system';
    const key = { namespace, name: stringAt(sync, 'name') || namespace };
    return [
      { name: '', path: normalizePath(path), key, sync: url === undefined ? undefined : { url, ref }, spec: undefined },
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
