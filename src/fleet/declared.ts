// Kustomizations as some build defines them, before anybody knows their source or owner.
import { SluiceError } from '../errors.ts';
import { isKustomization, type KustomizationSpec, keyOf, readKustomization } from '../flux/kustomization.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import type { BuiltObject, KubeObject, ObjectSource } from '../object/object.ts';
import type { Build } from '../ports.ts';
import { foreignOf } from './artifact.ts';
import type { ClusterRoot, Owner, ResolvedSource } from './fleet.ts';
import type { TenantReach } from './sources.ts';

/** Children of children of …: Flux has no limit, people's fleets have three or four. */
export const maxDepth = 16;

export interface Declared {
  /** `<namespace>/<name>` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly spec: KustomizationSpec;
  readonly problems: readonly string[];
  readonly parent: string | undefined;
  /** From the root down to the parent. */
  readonly ancestors: readonly string[];
  readonly declared: ObjectSource | undefined;
  /** Set where a tenant's own build defines it. */
  readonly within: TenantReach | undefined;
}

export interface DeclaredChild extends Declared {
  readonly built: BuiltObject;
}

/** A cluster's root, as gotk-sync.yaml has it or as `flux bootstrap` would write it. */
export function rootKustomization(root: ClusterRoot): Declared {
  const { namespace, name } = root.key;
  const spec = root.spec ?? readKustomization(syntheticRoot(root)).spec;
  const common = { problems: [], parent: undefined, ancestors: [], declared: undefined, within: undefined };
  return { key: `${namespace}/${name}`, namespace, name, spec, ...common };
}

/**
 * The Kustomizations that a build defines and that are followed; a `fleet.cycle` or `fleet.depth` for each that leads
 * back or too deep. A tenant's are followed in its own namespaces only; the guard denies the others.
 */
export function childrenOf(
  by: Declared,
  build: Build,
  owner: Owner,
  source: ResolvedSource,
): { readonly children: readonly DeclaredChild[]; readonly problems: readonly SluiceError[] } {
  const children: DeclaredChild[] = [];
  const problems: SluiceError[] = [];
  const ancestors = [...by.ancestors, by.key];
  const url = (source.type === 'tree' ? foreignOf(source)[0] : undefined) ?? source.url ?? '';
  const within = owner.type === 'tenant' ? { namespaces: owner.tenant.namespaces, url } : by.within;
  for (const built of build.objects) {
    const { object, sources } = built;
    if (!isKustomization(object)) continue;
    const key = keyOf(object);
    const [namespace, name] = [namespaceOf(object), nameOf(object)];
    // The root stands in its own build; that is how Flux bootstraps.
    if (key === by.key || !mayDefine(owner, namespace)) continue;
    const problem = ancestryProblem([...ancestors, key], sources[0]);
    if (problem !== undefined) problems.push(problem);
    else
      children.push({
        key,
        namespace,
        name,
        ...readKustomization(object),
        parent: by.key,
        ancestors,
        declared: sources[0],
        built,
        within,
      });
  }
  return { children, problems };
}

/** Whether a build of this owner may define a Kustomization in a namespace that is then followed. */
export function mayDefine(owner: Owner, namespace: string): boolean {
  return owner.type === 'platform' || (owner.type === 'tenant' && owner.tenant.namespaces.includes(namespace));
}

function ancestryProblem(path: readonly string[], place: ObjectSource | undefined): SluiceError | undefined {
  const key = path.at(-1) ?? '';
  if (path.indexOf(key) < path.length - 1) {
    return new SluiceError(
      'fleet.cycle',
      `Kustomizations define each other: ${path.slice(path.indexOf(key)).join(' → ')}`,
      {
        place,
        remedy: 'let each Kustomization be defined in one place, above the ones it defines',
      },
    );
  }
  if (path.length <= maxDepth + 1) return undefined;
  return new SluiceError('fleet.depth', `Kustomizations are nested deeper than ${maxDepth}: ${path.join(' → ')}`, {
    place,
    remedy: 'define it nearer to the root',
  });
}

function syntheticRoot({ path, key: { namespace, name } }: ClusterRoot): KubeObject {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace },
    spec: { path, prune: true, sourceRef: { kind: 'GitRepository', name } },
  };
}
