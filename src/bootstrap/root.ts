// A cluster's root source and Kustomization: as Git has them, or as `flux bootstrap` would write them.
import { SluiceError } from '../errors.ts';
import { findClusters } from '../fleet/clusters.ts';
import { readConfig } from '../fleet/config.ts';
import type { ClusterRoot } from '../fleet/fleet.ts';
import { isKustomization, keyOf, readKustomization, sourceGroup } from '../flux/kustomization.ts';
import { isKind, stringAt } from '../flux/read.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import { list, mapping } from '../object/json.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import { showIdentifier, showText } from '../object/show.ts';
import type { Renderer, Tree } from '../ports.ts';
import { normalizePath } from '../source/paths.ts';
import { withoutCredentials } from '../source/url.ts';
import { refuseInGit } from './flux.ts';

export interface RootOptions {
  readonly cluster: string;
  /** `https://github.com/acme/platform` */
  readonly repository: string;
  readonly branch: string;
  /** Where the cluster's folder is; `clusters/<cluster>`, or what sluice.yaml says, where undefined. */
  readonly path: string | undefined;
  /** Name of the Secret that the source is read with, where it needs one. */
  readonly secret: string | undefined;
}

export interface Root {
  readonly source: KubeObject;
  readonly kustomization: KubeObject;
  /** What Git has that the root Kustomization runs as: its account, and the bindings that name it. */
  readonly identity: readonly KubeObject[];
  readonly sourceInGit: boolean;
  /** Where the Kustomization stands in Git; undefined where the options made it. */
  readonly file: string | undefined;
  readonly notes: readonly string[];
}

/**
 * What Git says wins over the options, and the notes tell where they differ.
 *
 * @throws SluiceError `deploy.fluxRunning` where Git would start a kustomize-controller beside Sluice; `fleet.noCluster`
 *   where there is no such folder; `deploy.unsupported` for a root that reads no Git repository; `build.*`, `config.*`
 */
export async function readRoot(options: RootOptions, tree: Tree, renderer: Renderer): Promise<Root> {
  const known = await clustersOf(tree, renderer);
  const { name: cluster, path, spec, key } = await choose(options, known, tree);
  const { objects } = await renderer.build({ tree, path, spec: spec?.build ?? {} });
  refuseInGit(objects);
  const own = `${key.namespace}/${key.name}`;
  const found = objects.find(({ object }) => isKustomization(object) && keyOf(object) === own);
  const kustomization = found?.object ?? rootKustomization(path, key);
  const { sourceRef, serviceAccountName } = readKustomization(kustomization).spec;
  if (sourceRef.kind !== 'GitRepository')
    throw new SluiceError(
      'deploy.unsupported',
      `the root of ${showText(cluster)} reads a ${showIdentifier(sourceRef.kind)}`,
      {
        place: placeOf(found),
        remedy: 'let its sourceRef name a GitRepository',
      },
    );
  const source = objects.find(
    ({ object }) =>
      isKind(object, sourceGroup, 'GitRepository') && keyOf(object) === `${sourceRef.namespace}/${sourceRef.name}`,
  )?.object;
  return {
    source: source ?? rootSource(options, sourceRef),
    sourceInGit: source !== undefined,
    kustomization,
    identity: serviceAccountName === undefined ? [] : identityOf(objects, key.namespace, serviceAccountName),
    file: found?.sources[0]?.file,
    notes: source === undefined ? [] : differences(options, source, path),
  };
}

async function clustersOf(tree: Tree, renderer: Renderer): Promise<readonly ClusterRoot[]> {
  try {
    return await findClusters(tree, await readConfig(tree, renderer), renderer);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'fleet.noCluster') return [];
    throw error;
  }
}

async function choose(options: RootOptions, known: readonly ClusterRoot[], tree: Tree): Promise<ClusterRoot> {
  const asked = normalizePath(options.path ?? `clusters/${options.cluster}`);
  const named = known.find(({ name }) => name === options.cluster);
  // A folder without a root in it says nothing of itself, so the option does.
  const decided = named !== undefined && (named.sync !== undefined || options.path === undefined);
  const root = decided ? named : known.find(({ path }) => path === asked);
  if (root !== undefined) return root;
  if ((await tree.list(asked)) !== undefined)
    return { name: options.cluster, path: asked, key: fluxSystem, sync: undefined, spec: undefined };
  const names = known.map(({ name }) => showIdentifier(name)).join(', ');
  throw new SluiceError('fleet.noCluster', `the repository has nothing for the cluster ${showText(options.cluster)}`, {
    remedy: `add ${showIdentifier(asked).replaceAll('\\u{2f}', '/')}/ with the cluster's manifests, or name its folder with --path${names === '' ? '' : ` (there are ${names})`}`,
  });
}

const fluxSystem = { namespace: 'flux-system', name: 'flux-system' };

/** As `flux bootstrap` writes it into gotk-sync.yaml (flux2, pkg/manifestgen/sync). */
function rootKustomization(path: string, { namespace, name }: ClusterRoot['key']): KubeObject {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace },
    spec: { interval: '10m0s', path: `./${path}`, prune: true, sourceRef: { kind: 'GitRepository', name } },
  };
}

function rootSource({ repository, branch, secret }: RootOptions, key: ClusterRoot['key']): KubeObject {
  const { namespace, name } = key;
  const secretRef = secret === undefined ? {} : { secretRef: { name: secret } };
  return {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name, namespace },
    spec: { interval: '1m0s', ref: { branch }, ...secretRef, url: withoutCredentials(repository) },
  };
}

/** The account and what binds it, so that the very first apply may do what it does. */
function identityOf(objects: readonly BuiltObject[], namespace: string, account: string): readonly KubeObject[] {
  const isAccount = (object: KubeObject): boolean =>
    isKind(object, '', 'ServiceAccount') && namespaceOf(object) === namespace && nameOf(object) === account;
  const binds = (object: KubeObject): boolean =>
    (isKind(object, rbacGroup, 'ClusterRoleBinding') || isKind(object, rbacGroup, 'RoleBinding')) &&
    list(object['subjects']).some((subject) => {
      const { kind, name, namespace: where } = mapping(subject);
      return kind === 'ServiceAccount' && name === account && where === namespace;
    });
  const bindings = objects.map(({ object }) => object).filter(binds);
  const roles = new Set(bindings.map((binding) => roleKey(mapping(binding['roleRef']), namespaceOf(binding))));
  const isRole = (object: KubeObject): boolean =>
    object.kind.endsWith('Role') &&
    roles.has(roleKey({ kind: object.kind, name: nameOf(object) }, namespaceOf(object)));
  return [...objects.map(({ object }) => object).filter((object) => isAccount(object) || isRole(object)), ...bindings];
}

const rbacGroup = 'rbac.authorization.k8s.io';

function roleKey(role: { readonly kind?: unknown; readonly name?: unknown }, namespace: string): string {
  return JSON.stringify([role.kind, role.name, role.kind === 'Role' ? namespace : '']);
}

function differences(options: RootOptions, source: KubeObject, path: string): readonly string[] {
  const { repository, branch, secret } = options;
  const spec = source['spec'];
  const said: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['--repo', withoutCredentials(repository), stringAt(spec, 'url')],
    ['--branch', branch, stringAt(spec, 'ref', 'branch')],
    ['--secret', secret, stringAt(spec, 'secretRef', 'name')],
    ['--path', options.path === undefined ? undefined : normalizePath(options.path), path],
  ];
  return said.flatMap(([option, asked, inGit]) =>
    asked === undefined || asked === inGit
      ? []
      : [
          `${option} is ${showText(asked)}, but Git says ${inGit === undefined ? 'nothing' : showText(inGit)}, and Git wins`,
        ],
  );
}

function placeOf(built: BuiltObject | undefined): { file: string; line: number } | undefined {
  const source = built?.sources[0];
  return source === undefined ? undefined : { file: source.file, line: source.line };
}
