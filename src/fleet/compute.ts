// The fleet of one side: build the roots, follow the Kustomizations they define, until nothing new appears.
import { asSluiceError, SluiceError } from '../errors.ts';
import { sourceGroup } from '../flux/kustomization.ts';
import { groupOf, namespaceOf } from '../object/id.ts';
import { createKindTable } from '../object/kinds.ts';
import type { BuiltObject } from '../object/object.ts';
import type { Build, BuildRequest, Progress, Renderer, Tree } from '../ports.ts';
import { namesRepository } from '../source/url.ts';
import { foreignOf } from './artifact.ts';
import { findClusters } from './clusters.ts';
import type { PlatformConfig } from './config.ts';
import { childrenOf, type Declared, mayDefine, rootKustomization } from './declared.ts';
import { dependencyProblems } from './depends.ts';
import type {
  ClusterFleet,
  ClusterRoot,
  Fleet,
  FleetKustomization,
  FleetProblem,
  Lockdown,
  OwnedObject,
  Owner,
  Repositories,
  ResolvedSource,
} from './fleet.ts';
import { readLockdown } from './lockdown.ts';
import { type OwnerRules, ownerOf } from './owner.ts';
import { ownershipProblems } from './ownership.ts';
import { buildPath } from './path.ts';
import { accountProblems } from './accounts.ts';
import { specProblems } from './spec-problems.ts';
import { placeProblems } from './problem-place.ts';
import { readRbac } from './rbac.ts';
import { isDefined, resolveSource, resolveTenantSource } from './sources.ts';
import { findConfigMap, readSubstitution } from './substitution.ts';

/** Kustomizations that one tenant may define itself, on one cluster. */
const maxFollowed = 500;

export interface FleetInput {
  readonly platform: Tree;
  readonly config: PlatformConfig;
  readonly repositories: Repositories;
  readonly renderer: Renderer;
  readonly progress: Progress;
  /** Which of the roots are computed; all where absent. */
  readonly wanted?: (root: ClusterRoot) => boolean;
}

/**
 * Computes every cluster of a platform tree. What is wrong with one cluster or Kustomization stands in `problems` or on
 * the Kustomization itself; the rest of the fleet is still there.
 *
 * @throws SluiceError `fleet.noCluster` where the tree is no platform repository
 */
export async function computeFleet(input: FleetInput): Promise<Fleet> {
  const found = await findClusters(input.platform, input.config, input.renderer);
  const roots = input.wanted === undefined ? found : found.filter(input.wanted);
  const filtered = new Map<string, Promise<Tree>>();
  let done = 0;
  const computed = await Promise.all(
    roots.map(async (root) => {
      const cluster = await new ClusterComputation(root, input, filtered).run();
      done += 1;
      input.progress('reading the fleet', done, roots.length);
      return cluster;
    }),
  );
  return {
    config: input.config,
    clusters: computed.map(({ cluster }) => cluster),
    problems: computed.flatMap(({ problems }) => problems),
  };
}

class ClusterComputation {
  readonly #root: ClusterRoot;
  readonly #input: FleetInput;
  readonly #filtered: Map<string, Promise<Tree>>;
  readonly #kustomizations = new Map<string, FleetKustomization>();
  readonly #objects: OwnedObject[] = [];
  readonly #tenantSources: BuiltObject[] = [];
  readonly #problems: FleetProblem[] = [];
  readonly #specProblems: FleetProblem[] = [];
  /** Keys that somebody has defined; whoever comes second with one defines nothing. */
  readonly #claimed = new Set<string>();
  /** How many Kustomizations each tenant has defined itself. */
  readonly #followed = new Map<string, number>();
  /** As of the wave that is being built. */
  #lockdown: Lockdown = readLockdown([]);
  #pending: Declared[] = [];

  constructor(root: ClusterRoot, input: FleetInput, filtered: Map<string, Promise<Tree>>) {
    this.#root = root;
    this.#filtered = filtered;
    this.#input = input;
  }

  async run(): Promise<{ cluster: ClusterFleet; problems: readonly FleetProblem[] }> {
    const root = rootKustomization(this.#root);
    this.#claimed.add(root.key);
    this.#pending = [root];
    // The platform's own builds first, as RBAC, sources and variables may stand in any of them.
    while (await this.#buildWave()) this.#input.progress(`reading ${this.#root.name}`);
    await this.#settleTenants();
    const cluster = this.#cluster();
    const found = [...this.#specProblems, ...dependencyProblems(cluster)];
    const placed = await placeProblems(cluster, found, this.#input.renderer);
    this.#problems.push(...placed, ...accountProblems(cluster), ...ownershipProblems(cluster));
    return { cluster, problems: this.#problems };
  }

  /** Builds every pending Kustomization that is certainly the platform's; false when none was. */
  async #buildWave(): Promise<boolean> {
    const rules = this.#rules();
    const waiting: Declared[] = [];
    const ready: { declared: Declared; source: ResolvedSource; owner: Owner }[] = [];
    for (const declared of this.#pending) {
      const source = await this.#source(declared);
      const isRoot = declared.parent === undefined;
      const owner: Owner = isRoot
        ? { type: 'platform', serviceAccount: undefined }
        : ownerOf(declared.namespace, declared.spec, source, this.#trust(source, rules));
      if (owner.type === 'platform' && source.type === 'tree') ready.push({ declared, source, owner });
      else waiting.push(declared);
    }
    // Variables from a ConfigMap that another build may still bring: build those without first.
    const determined = ready.filter(({ declared }) => this.#variablesKnown(declared));
    const wave = determined.length > 0 ? determined : ready;
    this.#pending = [...waiting, ...ready.filter((one) => !wave.includes(one)).map(({ declared }) => declared)];
    await Promise.all(wave.map(({ declared, source, owner }) => this.#settle(declared, source, owner, true)));
    return wave.length > 0;
  }

  /** What is left is tenants', unbound or of unknown source; their own children are followed where their source is at hand. */
  async #settleTenants(): Promise<void> {
    while (this.#pending.length > 0) {
      const wave = this.#pending;
      this.#pending = [];
      const rules = this.#rules();
      await Promise.all(
        wave.map(async (declared) => {
          const source = await this.#source(declared);
          const owner = ownerOf(declared.namespace, declared.spec, source, this.#trust(source, rules));
          // Whatever a tenant names as its source, it never becomes the platform.
          await this.#settle(
            declared,
            source,
            declared.within !== undefined && owner.type === 'platform' ? { type: 'unbound' } : owner,
            false,
          );
        }),
      );
    }
  }

  async #settle(declared: Declared, source: ResolvedSource, owner: Owner, build: boolean): Promise<void> {
    const { key, namespace, name, spec, parent } = declared;
    const base = {
      cluster: this.#root.name,
      key,
      namespace,
      name,
      spec,
      source,
      owner,
      parent,
      declared: declared.declared,
    };
    let path = '';
    let substitution: FleetKustomization['substitution'];
    let result: Build | undefined;
    let error: SluiceError | undefined;
    try {
      if (declared.problems.length > 0) {
        throw new SluiceError('fleet.invalid', `Kustomization ${key}: ${declared.problems.join('; ')}`, {
          place: declared.declared,
        });
      }
      this.#refuseAcross(declared);
      path = buildPath(spec.path, key);
      substitution = readSubstitution(namespace, spec, this.#objects);
      if (source.type === 'tree' && owner.type !== 'unbound') {
        const request: BuildRequest = {
          tree: source.tree,
          path,
          spec: spec.build,
          ...(substitution === undefined ? {} : { substitution }),
        };
        if (build || (await this.#input.renderer.closure(request)).mentionsFlux)
          result = await this.#input.renderer.build(request);
      }
    } catch (thrown) {
      error = asSluiceError(thrown);
    }
    this.#kustomizations.set(key, { ...base, path, substitution, build: result, error });
    if (result !== undefined) this.#take(declared, result, owner, source);
  }

  /** Each Kustomization costs a build, and those of a tenant may define others in their turn. */
  #mayFollow({ within, declared }: Declared, by: string): boolean {
    const tenant = within?.namespaces.join() ?? '';
    const count = (this.#followed.get(tenant) ?? 0) + 1;
    this.#followed.set(tenant, count);
    if (count <= maxFollowed) return true;
    const error = new SluiceError(
      'fleet.tooMany',
      `Kustomization ${by} and others of its tenant define more than ${maxFollowed} Kustomizations`,
      { place: declared, remedy: 'put what belongs together into one Kustomization' },
    );
    if (count === maxFollowed + 1)
      this.#problems.push({ severity: 'error', error, cluster: this.#root.name, kustomization: by });
    return false;
  }

  /** What Flux itself would refuse to read where its lockdown flags are set. */
  #refuseAcross({ key, namespace, spec, declared, parent }: Declared): void {
    const { kind, name, namespace: from } = spec.sourceRef;
    if (parent === undefined || from === namespace || !this.#lockdown.noCrossNamespaceRefs) return;
    throw new SluiceError(
      'fleet.invalid',
      `Kustomization ${key} reads ${kind} ${from}/${name}, and Flux runs with --no-cross-namespace-refs`,
      { place: declared, remedy: `define a source in ${namespace}, or move the Kustomization to ${from}` },
    );
  }

  #take(by: Declared, build: Build, owner: Owner, source: ResolvedSource): void {
    // What goes to another cluster grants, defines and owns nothing on this one.
    if (by.spec.remoteCluster) return;
    if (owner.type === 'platform')
      this.#objects.push(...build.objects.map((one) => ({ ...one, kustomization: by.key })));
    else
      this.#tenantSources.push(
        ...build.objects.filter(
          ({ object }) => mayDefine(owner, namespaceOf(object)) && groupOf(object.apiVersion) === sourceGroup,
        ),
      );
    const { children, problems } = childrenOf(by, build, owner, source);
    for (const child of children) {
      if (this.#claimed.has(child.key)) continue;
      if (owner.type !== 'platform' && !this.#mayFollow(child, by.key)) break;
      this.#claimed.add(child.key);
      this.#specProblems.push(...specProblems(this.#root.name, child.built));
      this.#pending.push(child);
    }
    for (const error of problems) {
      this.#problems.push({ severity: 'error', error, cluster: this.#root.name, kustomization: by.key });
    }
  }

  #source({ spec, parent, within }: Declared): Promise<ResolvedSource> {
    const context = { root: this.#root, repositories: this.#input.repositories, filtered: this.#filtered };
    if (parent === undefined && !isDefined(spec.sourceRef, this.#objects))
      return context.repositories.platform(this.#root);
    if (within === undefined) return resolveSource(spec.sourceRef, { ...context, objects: this.#objects });
    return resolveTenantSource(spec.sourceRef, within, { ...context, objects: this.#objects }, this.#tenantSources);
  }

  #variablesKnown(declared: Declared): boolean {
    return declared.spec.substituteFrom.every(
      (from) => from.kind === 'Secret' || findConfigMap(declared.namespace, from.name, this.#objects) !== undefined,
    );
  }

  #rules(): Omit<OwnerRules, 'trusted'> {
    this.#lockdown = readLockdown(this.#objects);
    return {
      rbac: readRbac(this.#objects.map(({ object }) => object)),
      lockdown: this.#lockdown,
      defaultServiceAccount: this.#input.config.defaultServiceAccount,
    };
  }

  #trust(source: ResolvedSource, rules: Omit<OwnerRules, 'trusted'>): OwnerRules {
    const named = this.#input.config.trustedSources;
    const urls = source.type === 'tree' ? foreignOf(source) : [source.url ?? ''];
    const trusted = urls.every((url) => namesRepository(named, url));
    return { ...rules, trusted };
  }

  #cluster(): ClusterFleet {
    const manifests = this.#objects.map(({ object }) => object);
    return {
      name: this.#root.name,
      root: this.#root,
      kustomizations: this.#kustomizations,
      objects: this.#objects,
      rbac: readRbac(manifests),
      kinds: createKindTable({ crds: manifests, configured: this.#input.config.kinds }),
      lockdown: readLockdown(this.#objects),
    };
  }
}
