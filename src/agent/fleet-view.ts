// What the platform repository says of this cluster: tenants, their RBAC, policy, waivers. Read again when it moves.
import { asSluiceError, factsOf, SluiceError } from '../errors.ts';
import { computeFleet } from '../fleet/compute.ts';
import { type PlatformConfig, readConfig } from '../fleet/config.ts';
import type { ClusterFleet, ClusterRoot, Repositories, ResolvedSource } from '../fleet/fleet.ts';
import type { SourceRef, RegoModule, Tree } from '../ports.ts';
import type { Log } from '../ports/log.ts';
import { decisiveObjects } from '../preview/owners.ts';
import { unknownSource } from '../preview/repositories.ts';
import { readRules } from '../preview/rules.ts';
import type { Side, Tools } from '../preview/side.ts';
import { normalizePath } from '../source/paths.ts';
import { namesRepository, sameRepository } from '../source/url.ts';
import { digestOf } from './memory.ts';
import type { SourceState } from './sources.ts';

/** One commit of the platform repository, as far as this cluster goes. */
export interface FleetNow {
  readonly side: Side;
  readonly cluster: ClusterFleet;
  readonly revision: string;
}

export interface FleetViewOptions {
  readonly cluster: string;
  readonly shippedPolicies: readonly RegoModule[];
  readonly tools: Tools;
  readonly log: Log;
  /** The source that the cluster's root Kustomization reads. */
  platform(): SourceState | undefined;
  /** `spec.path` of the root Kustomization in the cluster. */
  rootPath(): string | undefined;
  /** What the agent has of other repositories that the platform trusts. */
  states(): readonly SourceState[];
}

/**
 * The fleet at the platform repository's newest commit. Where that commit is broken, the last good one stays in force,
 * as for reviews; where there never was a good one, nothing is applied.
 */
export class FleetView {
  readonly #options: FleetViewOptions;
  #good: FleetNow | undefined;
  #read: { readonly key: string; readonly reading: Promise<FleetNow> } | undefined;

  constructor(options: FleetViewOptions) {
    this.#options = options;
  }

  /** @throws SluiceError `deploy.source`, not ready, where the platform repository was never read */
  async now(): Promise<FleetNow> {
    const platform = this.#options.platform();
    if (platform === undefined) {
      if (this.#good !== undefined) return this.#good;
      throw new SluiceError('deploy.source', 'the platform repository has not been fetched yet', { kind: 'notReady' });
    }
    const key = JSON.stringify([platform.revision, this.#trustedRevisions()]);
    if (this.#read?.key !== key) this.#read = { key, reading: this.#compute(platform) };
    const { reading } = this.#read;
    try {
      const fleet = await reading;
      this.#good = fleet;
      return fleet;
    } catch (thrown) {
      const error = asSluiceError(thrown);
      if (this.#read?.reading === reading && error.kind !== 'terminal') this.#read = undefined;
      if (this.#good === undefined) throw error;
      this.#options.log.error('the fleet cannot be read; the last good one stays in force', {
        ...factsOf(error),
        revision: platform.revision,
        inForce: this.#good.revision,
      });
      return this.#good;
    }
  }

  #trustedRevisions(): readonly string[] {
    const trusted = this.#good?.side.fleet.config.trustedSources ?? [];
    return this.#options
      .states()
      .filter(({ url }) => namesRepository(trusted, url))
      .map(({ key, revision }) => `${key} ${revision}`)
      .toSorted();
  }

  async #compute(state: SourceState): Promise<FleetNow> {
    const { tools, cluster: name, shippedPolicies, log } = this.#options;
    const { tree, revision } = state;
    const config = await readConfig(tree, tools.renderer);
    const rules = await readRules(tree, config, shippedPolicies, tools.renderer);
    const fleet = await computeFleet({
      platform: tree,
      config,
      repositories: this.#repositories(state, config),
      renderer: tools.renderer,
      progress: () => {},
      wanted: (root) => this.#isThis(root),
    });
    const [cluster] = fleet.clusters;
    if (cluster === undefined)
      throw new SluiceError('fleet.noCluster', `the platform repository has no cluster ${JSON.stringify(name)}`, {
        remedy: `add clusters/${name}/, or start the agent with the name that the repository has`,
      });
    // It deploys by the root's folder all the same; what it reports goes by its name.
    if (cluster.name !== name)
      log.warn('the agent is not called as its cluster, so nothing of it is told on GitHub', {
        called: cluster.name,
        remedy: `start it with --cluster ${cluster.name}, the name that the platform repository has`,
        revision,
      });
    return { side: { fleet, ...rules }, cluster, revision };
  }

  /** By its name, or by the folder that the root in the cluster reads. */
  #isThis(root: ClusterRoot): boolean {
    const path = this.#options.rootPath();
    if (path !== undefined) return normalizePath(path) === root.path;
    return root.name === this.#options.cluster;
  }

  #repositories(state: SourceState, { trustedSources }: PlatformConfig): Repositories {
    const { url, ref, revision } = state;
    const asSource = (tree: Tree, of: SourceState, platform: boolean): ResolvedSource => ({
      type: 'tree',
      tree,
      url: of.url,
      ref: of.ref,
      revision: of.revision,
      platform,
      follows: false,
    });
    const platform = asSource(state.tree, state, true);
    const open = (other: string, at: SourceRef): ResolvedSource => {
      if (sameRepository(other, url) && sameRef(at, ref)) return platform;
      // What the platform applies without a service account decides about tenants; the rest need not be read here.
      const trusted = namesRepository(trustedSources, other);
      const found = trusted
        ? this.#options.states().find((one) => one.url === other && sameRef(one.ref, at))
        : undefined;
      return found === undefined
        ? unknownSource(other, at, `only what the platform applies itself is read at ${revision}`)
        : asSource(found.tree, found, false);
    };
    return { open: (other, at) => Promise.resolve(open(other, at)), platform: () => Promise.resolve(platform) };
  }
}

/** The same field with the same value, in the order in which Flux prefers them. */
export function sameRef(one: SourceRef, other: SourceRef): boolean {
  return JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));
}

function canonical({ commit, name, semver, tag, branch }: SourceRef): readonly (string | undefined)[] {
  const full = name?.startsWith('refs/heads/') === true ? name.slice('refs/heads/'.length) : undefined;
  return [commit, full === undefined ? name : undefined, semver, tag, full ?? branch];
}

const digests = new WeakMap<FleetNow, string>();

/** Moves when the platform changes who may do what on this cluster: policy, waivers, settings, RBAC, kinds, lockdown. */
export function rulesDigest(fleet: FleetNow): string {
  const known = digests.get(fleet);
  if (known !== undefined) return known;
  const { side, cluster } = fleet;
  const digest = digestOf(
    side.policy.digest,
    side.waivers,
    side.fleet.config,
    cluster.lockdown,
    decisiveObjects(cluster),
  );
  digests.set(fleet, digest);
  return digest;
}
