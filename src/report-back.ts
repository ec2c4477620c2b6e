// The way back: what an agent saw of a commit, told on the pull requests whose merges it holds.
import { type Deploy, deployOf } from './deployment/deploy.ts';
import type { Expected } from './deployment/section.ts';
import { asSluiceError, factsOf } from './errors.ts';
import type { HostedRepository, MergedPull } from './ports/github.ts';
import type { Log } from './ports/log.ts';
import type { Fetched } from './ports/mirror.ts';
import type { DeployedJob, TakenJob } from './ports/queue.ts';
import { clustersFollowing, type FollowerTools } from './pull-request/followers.ts';
import { isLive, type LandingTools, recordDeploy, showLanding } from './pull-request/landing.ts';
import type { Turns } from './pull-request/turns.ts';

export interface ReportBackTools extends LandingTools, FollowerTools {
  readonly log: Log;
  /** One at a time of this process writes about a pull request. */
  readonly turns: Turns;
}

/** Older merges are not spoken of any more: whoever merged them has long gone on. */
const memoryMs = 7 * 24 * 60 * 60_000;
/** Merges that one commit brings to a cluster; more than these are not told one by one. */
const mostMerges = 20;

/**
 * Tells on GitHub what a commit has come to on a cluster: on the pull request that it is the merge of, and on those merged
 * before that are not live there yet, whose merges it holds. What the agent says is looked up, never believed.
 *
 * @returns what it did, for the log
 * @throws SluiceError, transient, where the queue is to try again
 */
export async function reportBack(job: DeployedJob, taken: TakenJob, tools: ReportBackTools): Promise<string> {
  if (await taken.superseded()) return 'superseded';
  // Find the repository, and the merges that the commit brings there and that are not live there yet.
  const repository = await tools.hosted.at(job.url);
  if (repository === undefined || repository.archived) return 'of no repository that the App writes to';
  const merges = await openMerges(job, repository, tools);
  if (merges.length === 0) return 'of no pull request that is not live there already';
  // Who else is to have it, as the fleet says.
  const expected = await expectedClusters(job, repository, tools);
  if (expected !== undefined && !expected.some(({ cluster }) => cluster === job.cluster))
    return 'the fleet has nothing on this cluster that follows the branch';
  // Tell it, the oldest first, so that the newest is the active deployment.
  const deploy = deployOf(job);
  for (const merge of merges) {
    taken.signal.throwIfAborted();
    await tools.turns.take(`${repository.repository}/${merge.number}`, () =>
      tell({ job, repository, merge, deploy, expected }, tools),
    );
  }
  return `${job.state} for ${merges.map(({ number }) => `#${number}`).join(', ')}`;
}

interface Telling {
  readonly job: DeployedJob;
  readonly repository: HostedRepository;
  readonly merge: MergedPull;
  readonly deploy: Deploy;
  readonly expected: readonly Expected[] | undefined;
}

async function tell({ job, repository, merge, deploy, expected }: Telling, tools: ReportBackTools): Promise<void> {
  const { cluster } = job;
  const landed = { repository, merge, cluster, deploy };
  const { deploy: now, kept } = await recordDeploy(landed, tools);
  // GitHub's own timeline shows what is on its way.
  if (now.state === 'in_progress') return;
  try {
    await showLanding({ ...landed, deploy: now }, expected, kept, tools);
  } catch (thrown) {
    const error = asSluiceError(thrown);
    if (error.kind !== 'terminal') throw error;
    // A locked conversation, one with too many comments: the deployment says it.
    tools.log.warn('the pull request does not say it', { pull: merge.number, ...factsOf(error) });
  }
}

/** Merged into the branch within a week and not live on the cluster yet, with a merge that the commit holds; oldest first. */
async function openMerges(
  { branch, commit, cluster }: DeployedJob,
  repository: HostedRepository,
  tools: ReportBackTools,
): Promise<readonly MergedPull[]> {
  const { github } = tools;
  const since = new Date(tools.now().getTime() - memoryMs);
  const listed = await github.mergedPulls(repository, branch, since);
  const exact = listed.some((one) => one.commit === commit) ? [] : await github.pullsOf(repository, commit);
  const young = [...exact.filter((one) => one.commit === commit && one.base === branch), ...listed].filter(
    ({ mergedAt }) => mergedAt >= since,
  );
  const open: MergedPull[] = [];
  let copy: Promise<Fetched | undefined> | undefined;
  for (const merge of young.sort((one, other) => other.mergedAt.getTime() - one.mergedAt.getTime())) {
    if (open.length === mostMerges) break;
    if (merge.commit !== commit) {
      copy ??= copyOf(repository, branch, tools);
      if (!(await holds(await copy, commit, merge.commit))) continue;
      // What was merged before one that is live was told with it.
      if (await isLive({ repository, merge, cluster }, tools)) break;
    }
    open.push(merge);
  }
  return open.toReversed();
}

function copyOf(
  repository: HostedRepository,
  branch: string,
  { mirrors, hosted }: ReportBackTools,
): Promise<Fetched | undefined> {
  return mirrors.fetch(hosted.remote(repository), `refs/heads/${branch}`);
}

/** True when `commit` has `merge` in its history; false where one of them is not on the branch. */
async function holds(copy: Fetched | undefined, commit: string, merge: string): Promise<boolean> {
  if (copy === undefined) return false;
  try {
    return (await copy.repository.mergeBase(commit, merge)) === merge;
  } catch (thrown) {
    const error = asSluiceError(thrown);
    if (error.kind !== 'terminal' || error.code === 'internal') throw error;
    return false;
  }
}

/** Undefined where the fleet cannot be read: then it is told of the clusters that spoke. */
async function expectedClusters(
  { branch, commit }: DeployedJob,
  repository: HostedRepository,
  tools: ReportBackTools,
): Promise<readonly Expected[] | undefined> {
  try {
    const copy = await copyOf(repository, branch, tools);
    if (copy === undefined) return undefined;
    const known = await copy.repository.resolve(commit);
    return await clustersFollowing({ repository, branch, commit: known ?? copy.commit, copy }, tools);
  } catch (thrown) {
    const error = asSluiceError(thrown);
    if (error.kind !== 'terminal') throw error;
    tools.log.warn('the fleet cannot be read, so nobody knows where else it goes', factsOf(error));
    return undefined;
  }
}
