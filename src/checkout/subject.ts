// What is under review: a tenant's repository or the platform's own, at which revisions, against which branch.
import { asSluiceError, SluiceError } from '../errors.ts';
import { findClusters } from '../fleet/clusters.ts';
import { computeFleet } from '../fleet/compute.ts';
import { type PlatformConfig, readConfig } from '../fleet/config.ts';
import { followedBranch, readSourceRef, sourceGroup } from '../flux/kustomization.ts';
import { isKind, stringAt } from '../flux/read.ts';
import type { Repository, Tree } from '../ports.ts';
import { type Local, LocalRepositories } from '../preview/repositories.ts';
import { sameRepository, withoutCredentials } from '../source/url.ts';
import { type CheckOptions, type CheckTools, openNamed } from './options.ts';
import { chooseBranch, type Revisions, readRevisions, revision } from './revisions.ts';

export interface CheckSubject {
  readonly role: 'platform' | 'tenant';
  readonly url: string;
  readonly repository: Repository;
  readonly branch: string | undefined;
  readonly revisions: Revisions | undefined;
  readonly platform: { readonly url: string; readonly repository: Repository; readonly standing: Tree | undefined };
  readonly notes: readonly string[];
}

export async function platformSubject(
  repository: Repository,
  origin: string | undefined,
  options: CheckOptions,
  tools: CheckTools,
): Promise<CheckSubject> {
  const asked = options.head === undefined ? undefined : await revision(repository, options.head);
  const syncs = await platformSyncs(
    asked === undefined ? await repository.workingTree() : await repository.tree(asked),
    tools,
  );
  const url = origin ?? syncs[0]?.url;
  if (url === undefined) throw noAddress();
  const followed = new Set(
    syncs.filter((sync) => sameRepository(sync.url, url) || syncs.length === 1).map((sync) => sync.branch),
  );
  const branch = (await chooseBranch(repository, followed, options.base)) ?? (await defaultBranch(repository));
  const revisions = await readRevisions(repository, options, branch);
  return {
    role: 'platform',
    url,
    repository,
    branch,
    revisions,
    platform: { url, repository, standing: undefined },
    notes: [],
  };
}

export async function tenantSubject(
  repository: Repository,
  url: string | undefined,
  platformDirectory: string,
  { options, others }: { options: CheckOptions; others: readonly Local[] },
  tools: CheckTools,
): Promise<CheckSubject> {
  if (url === undefined) throw noAddress();
  const platformRepository = await openNamed('--platform', platformDirectory, tools);
  const standing = await platformTree(platformRepository);
  const syncs = await platformSyncs(standing, tools);
  const platform = {
    url: (await platformRepository.originUrl()) ?? syncs[0]?.url ?? 'https://platform.invalid/platform',
    repository: platformRepository,
    standing,
  };
  // The fleet says which branches of this repository it follows.
  const local: Local = {
    url: platform.url,
    repository: platform.repository,
    isPlatform: true,
    reviewed: undefined,
    standing: { tree: standing, revision: 'local' },
  };
  const config = await readConfig(standing, tools.renderer);
  const fleet = await computeFleet({
    platform: standing,
    config,
    repositories: new LocalRepositories([local, ...others]),
    renderer: tools.renderer,
    progress: tools.progress,
  });
  const sources = fleet.clusters
    .flatMap(({ objects }) => objects)
    .filter(({ object }) => isKind(object, sourceGroup, 'GitRepository'));
  const mine = sources.filter(({ object }) => sameRepository(stringAt(object['spec'], 'url') ?? '', url));
  const followed = new Set(
    mine.map(({ object }) => followedBranch(readSourceRef(object))).filter((branch) => branch !== undefined),
  );
  const branch = await chooseBranch(repository, followed, options.base);
  const common = { role: 'tenant' as const, url, repository, platform };
  if (mine.length === 0) {
    const notes = [
      `no GitRepository of the platform repository reads ${withoutCredentials(url)}; pass --as URL where the origin is not its address`,
    ];
    return { ...common, branch: undefined, revisions: undefined, notes };
  }
  if (branch === undefined)
    return {
      ...common,
      branch: undefined,
      revisions: undefined,
      notes: ['no cluster follows a branch of this repository'],
    };
  const rest = [...followed].filter((one) => one !== branch).toSorted();
  const notes =
    rest.length === 0
      ? []
      : [
          `compared with branch ${branch}; clusters that follow ${rest.join(', ')} are not reached (pass --base for another)`,
        ];
  return { ...common, branch, revisions: await readRevisions(repository, options, branch), notes };
}

export function platformTreeOf(at: 'base' | 'head', subject: CheckSubject): Tree {
  const tree = subject.platform.standing ?? subject.revisions?.[at].tree;
  if (tree === undefined) throw new SluiceError('fleet.noPlatform', 'there is no platform tree');
  return tree;
}

/** A platform checkout counts as it is on disk; a bare one by its HEAD. */
async function platformTree(repository: Repository): Promise<Tree> {
  try {
    return await repository.workingTree();
  } catch (error) {
    const head = await repository.resolve('HEAD');
    if (head === undefined) throw error;
    return repository.tree(head);
  }
}

/** Address and branch that each cluster's own sync follows. */
async function platformSyncs(
  tree: Tree,
  tools: CheckTools,
): Promise<{ readonly url: string; readonly branch: string }[]> {
  const config = await readConfig(tree, tools.renderer).catch(() => undefined);
  const noClusters = { clusters: undefined };
  const roots = await findClusters(tree, config ?? (noClusters as PlatformConfig), tools.renderer).catch(
    (error: unknown) => {
      const { code } = asSluiceError(error);
      if (code !== 'fleet.noCluster') throw error;
      throw new SluiceError('fleet.noPlatform', 'this is not a platform repository: no cluster is in it', {
        remedy: "pass --platform DIR with the platform repository's checkout, or add clusters/<name>/",
      });
    },
  );
  return roots.flatMap(({ sync }) => {
    const branch = sync === undefined ? undefined : followedBranch(sync.ref);
    return sync === undefined || branch === undefined ? [] : [{ url: sync.url, branch }];
  });
}

async function defaultBranch(repository: Repository): Promise<string> {
  for (const name of ['main', 'master']) {
    if ((await repository.resolve(`refs/remotes/origin/${name}`)) ?? (await repository.resolve(`refs/heads/${name}`)))
      return name;
  }
  return (await repository.currentBranch()) ?? 'main';
}

function noAddress(): SluiceError {
  return new SluiceError('usage', 'this repository has no origin, so the fleet cannot be searched for it', {
    remedy: 'pass --as URL with the address that the platform repository uses',
  });
}
