// Which clusters a repository's branch goes to, by the platform repository as reviews read it.
import type { Expected } from '../deployment/section.ts';
import { computeFleet } from '../fleet/compute.ts';
import { readConfig } from '../fleet/config.ts';
import type { Fleet, ResolvedSource } from '../fleet/fleet.ts';
import type { HostedRepository } from '../ports/github.ts';
import type { Fetched } from '../ports/mirror.ts';
import type { SourceRef } from '../ports.ts';
import { LocalRepositories, unknownSource } from '../preview/repositories.ts';
import { type RenderTools, type Tracked, trackedPlatform } from './render.ts';

/** What was pushed, and the copy that has it. */
export interface Pushed {
  readonly repository: HostedRepository;
  /** Short name. */
  readonly branch: string;
  readonly commit: string;
  readonly copy: Pick<Fetched, 'repository'>;
}

export interface FollowerTools extends Pick<RenderTools, 'mirrors' | 'hosted' | 'renderer' | 'progress'> {
  /** What was computed last, by everything that it was computed from. */
  readonly followers: Map<string, Promise<readonly Expected[]>>;
}

const mostRemembered = 100;

/**
 * The clusters on which a Kustomization reads this branch through a GitRepository, sorted by name; none where nobody
 * follows it. As for reviews, a repository's former address counts as its own.
 *
 * @throws SluiceError where the fleet cannot be computed
 */
export async function clustersFollowing(pushed: Pushed, tools: FollowerTools): Promise<readonly Expected[]> {
  const { repository, branch, commit } = pushed;
  const platform = await tools.hosted.platform();
  const isPlatform = platform.repository === repository.repository;
  const tracked = isPlatform ? undefined : await trackedPlatform(platform, tools);
  const key = JSON.stringify([tracked?.standing.tree.id, repository.repository, repository.fullName, branch, commit]);
  const known = tools.followers.get(key);
  if (known !== undefined) return known;
  const computed = compute(pushed, tracked, tools);
  tools.followers.set(key, computed);
  const [oldest] = tools.followers.keys();
  if (tools.followers.size > mostRemembered && oldest !== undefined) tools.followers.delete(oldest);
  computed.catch(() => tools.followers.delete(key));
  return computed;
}

async function compute(
  pushed: Pushed,
  tracked: Tracked | undefined,
  tools: FollowerTools,
): Promise<readonly Expected[]> {
  const elsewhere = new Set<string>();
  const found = followersIn(await fleetFor({ pushed, tracked, formerUrl: undefined, elsewhere }, tools));
  if (tracked === undefined || found.length > 0) return found;
  const formerUrl = await tools.hosted.formerUrl(pushed.repository, [...elsewhere]);
  if (formerUrl === undefined) return found;
  return followersIn(await fleetFor({ pushed, tracked, formerUrl, elsewhere }, tools));
}

interface Asked {
  readonly pushed: Pushed;
  /** Undefined where the platform repository itself was pushed to. */
  readonly tracked: Tracked | undefined;
  readonly formerUrl: string | undefined;
  /** Collects the addresses of other repositories that the fleet names. */
  readonly elsewhere: Set<string>;
}

async function fleetFor({ pushed, tracked, formerUrl, elsewhere }: Asked, tools: FollowerTools): Promise<Fleet> {
  const { repository, branch, commit, copy } = pushed;
  const tree = await copy.repository.tree(commit);
  const own = {
    url: repository.cloneUrl,
    repository: copy.repository,
    isPlatform: tracked === undefined,
    reviewed: { tree, branch, revision: `sha1:${commit}` },
    standing: undefined,
  };
  const former = formerUrl === undefined ? [] : [{ ...own, url: formerUrl }];
  const notNeeded = (url: string, ref: SourceRef): Promise<ResolvedSource> => {
    elsewhere.add(url);
    return Promise.resolve(unknownSource(url, ref, 'it is another repository'));
  };
  const platform = tracked?.standing.tree ?? tree;
  const { renderer, progress } = tools;
  return computeFleet({
    platform,
    config: await readConfig(platform, renderer),
    repositories: new LocalRepositories([own, ...former, ...(tracked === undefined ? [] : [tracked])], notNeeded),
    renderer,
    progress,
  });
}

function followersIn({ clusters }: Fleet): readonly Expected[] {
  return clusters.flatMap(({ name: cluster, kustomizations }): Expected[] => {
    const followers = [...kustomizations.values()].filter(
      ({ source, spec }) => source.type === 'tree' && source.follows && spec.sourceRef.kind === 'GitRepository',
    );
    if (followers.length === 0) return [];
    return [{ cluster, suspended: followers.every(({ spec }) => spec.suspended) }];
  });
}
