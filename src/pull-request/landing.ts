// What GitHub shows of a merge: a deployment for each cluster, the end of the comment, and a short one where it failed.
import { type Deploy, standing } from '../deployment/deploy.ts';
import { noticePrefix, printNoticeMarker, renderNotice } from '../deployment/notice.ts';
import { type Expected, type Landing, renderLanding, rowsOf } from '../deployment/section.ts';
import { type Known, type KnownDeploys, splitBody } from '../deployment/state.ts';
import { printStatus, readStatuses, saysAnother } from '../deployment/status.ts';
import { asSluiceError, SluiceError } from '../errors.ts';
import type {
  Deployment,
  DeploymentStatus,
  GitHub,
  HostedRepository,
  IssueComment,
  MergedPull,
} from '../ports/github.ts';
import { markerPrefix } from './marker.ts';
import type { PullMemory } from './publication.ts';

export interface LandingTools {
  readonly github: GitHub;
  readonly memory: PullMemory;
  /** What this process knows to be live, as `liveKey` names it; it stays so. Forgetting it costs calls and nothing else. */
  readonly live: Set<string>;
  now(): Date;
}

const mostRemembered = 10_000;

/** A deploy that a comment is to tell of. */
export interface Landed {
  readonly repository: HostedRepository;
  readonly merge: MergedPull;
  readonly cluster: string;
  readonly deploy: Deploy;
}

/** GitHub takes 65,536 characters. */
const longestBody = 65_000;
const ours = '<!-- sluice:';
/** Whoever writes looks so often at whether what stands there still says all. */
const mostLooks = 5;
/** GitHub's times are whole seconds, and clocks differ: a deployment that moved just now may move again unseen. */
const quietMs = 5_000;

/**
 * Writes down what a merge has come to on a cluster, where that is news: one deployment, which ends with what stands over all
 * that was said, whoever else writes at the same time.
 *
 * @returns what stands there now, and whether GitHub lets us keep deployments at all
 */
export async function recordDeploy(
  landed: Landed,
  tools: LandingTools,
): Promise<{ readonly deploy: Deploy; readonly kept: boolean }> {
  const { github } = tools;
  const { repository, merge, deploy } = landed;
  try {
    const found = await deploymentOf(landed, github);
    if (found === undefined) return { deploy, kept: true };
    let now = deploy;
    for (let look = 0; look < mostLooks; look += 1) {
      const statuses = await github.deploymentStatuses(repository, found.id);
      now = standing(readStatuses(statuses), deploy);
      const status = printStatus(now, merge);
      if (now.paused || !isNews(status, statuses)) break;
      await github.addDeploymentStatus(repository, found.id, status);
    }
    if (now.state === 'success' && !now.paused) remember(landed, tools);
    return { deploy: now, kept: true };
  } catch (thrown) {
    const error = asSluiceError(thrown);
    // The organisation has not accepted the permission, or GitHub does not like the cluster's name: the comment says it.
    if (error.code !== 'github.denied' && error.code !== 'github.rejected') throw error;
    return { deploy, kept: false };
  }
}

/** True where the last of the statuses, newest first, says something else: people see that one. */
function isNews(status: DeploymentStatus, [newest]: readonly DeploymentStatus[]): boolean {
  if (newest?.state === 'inactive') return false;
  const [said, now] = [readStatuses(newest === undefined ? [] : [newest]), readStatuses([status])];
  return said === undefined || now === undefined || saysAnother(said, now);
}

/** The oldest where there are several, since two workers may have made one at the same time; the others go. */
async function deploymentOf(landed: Landed, github: GitHub): Promise<Deployment | undefined> {
  const { repository, merge, cluster, deploy } = landed;
  const { commit, number } = merge;
  const list = (): Promise<readonly Deployment[]> => github.deployments(repository, commit, cluster);
  let [first, ...more] = await list();
  if (first === undefined) {
    // Nothing went there, so nothing is deployed.
    if (deploy.paused) return undefined;
    const payload = { app: 'sluice', pull: number };
    const made = await github.createDeployment(repository, { commit, environment: cluster, payload });
    [first = made, ...more] = await list();
  }
  for (const { id } of more) await github.deleteDeployment(repository, id);
  return first;
}

/** True when the merge is live on a cluster by what its deployment says, and where we may not know. */
export async function isLive(asked: Omit<Landed, 'deploy'>, tools: LandingTools): Promise<boolean> {
  const { repository, merge, cluster } = asked;
  const { github } = tools;
  if (tools.live.has(liveKey(asked))) return true;
  const found = await github.deployments(repository, merge.commit, cluster).catch((thrown: unknown) => {
    if (asSluiceError(thrown).code === 'github.denied') return undefined;
    throw thrown;
  });
  if (found === undefined) return true;
  const [first] = found;
  if (first === undefined) return false;
  const statuses = await github.deploymentStatuses(repository, first.id);
  // GitHub makes inactive only what was a success.
  const live = readStatuses(statuses)?.state === 'success' || statuses.some(({ state }) => state === 'inactive');
  if (live) remember(asked, tools);
  return live;
}

function liveKey({ repository, merge, cluster }: Omit<Landed, 'deploy'>): string {
  return JSON.stringify([repository.repository, merge.commit, cluster]);
}

function remember(landed: Omit<Landed, 'deploy'>, { live }: LandingTools): void {
  const [oldest] = live;
  if (live.size >= mostRemembered && oldest !== undefined) live.delete(oldest);
  live.add(liveKey(landed));
}

/**
 * Brings the pull request's comments up to date: adds what this cluster said to what the comment knows of the others and
 * what their deployments say, and looks again until nothing is left to write, since others may write at the same time.
 */
export async function showLanding(
  landed: Landed,
  expected: readonly Expected[] | undefined,
  kept: boolean,
  tools: LandingTools,
): Promise<void> {
  for (let look = 0; look < mostLooks; look += 1) {
    if (!(await showOnce(landed, expected, kept, tools))) return;
  }
}

/** True when something was written. */
async function showOnce(
  landed: Landed,
  expected: readonly Expected[] | undefined,
  kept: boolean,
  tools: LandingTools,
): Promise<boolean> {
  const { github } = tools;
  const { repository, merge } = landed;
  const { commit, mergedAt } = merge;
  const comments = await github.comments(repository, merge.number, ours);
  const report = comments.find(({ body }) => body.startsWith(markerPrefix));
  const { review, known } = splitBody(report?.body ?? '', commit);
  const all = await everyCluster(landed, known, kept, tools);
  const landing: Landing = { commit, mergedAt, expected, known: all };
  const wroteReport =
    report !== undefined && !saysTheSame({ ...landing, known }, landing, report.body !== review)
      ? await editReport(landed, report, `${review}\n\n${renderLanding(landing, longestBody - review.length)}`, tools)
      : false;
  const wroteNotice = await tellFailure(landed, landing, comments, github);
  return wroteReport || wroteNotice;
}

async function everyCluster(
  { repository, merge, cluster, deploy }: Landed,
  known: KnownDeploys,
  kept: boolean,
  tools: LandingTools,
): Promise<KnownDeploys> {
  const { github } = tools;
  const all = new Map<string, Known>(known);
  const own = known.get(cluster);
  all.set(cluster, { deploy: standing(own?.deploy, deploy), updatedAt: own?.updatedAt ?? 0 });
  const deployments = kept ? await github.deployments(repository, merge.commit) : [];
  const seen = new Set([cluster]);
  for (const deployment of deployments) {
    const { environment } = deployment;
    const before = all.get(environment);
    if (seen.has(environment) || isCurrent(before, deployment)) continue;
    seen.add(environment);
    const told = readStatuses(await github.deploymentStatuses(repository, deployment.id));
    const deployed = standing(before?.deploy, told);
    if (deployed !== undefined) all.set(environment, { deploy: deployed, updatedAt: readAt(deployment, tools) });
  }
  return new Map([...all].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What went live stays so; the rest is read again where GitHub's deployment moved since. */
function isCurrent(known: Known | undefined, { updatedAt }: Deployment): boolean {
  if (known === undefined) return false;
  return (known.deploy.state === 'success' && !known.deploy.paused) || known.updatedAt >= updatedAt.getTime();
}

function readAt({ updatedAt }: Deployment, tools: LandingTools): number {
  return tools.now().getTime() - updatedAt.getTime() > quietMs ? updatedAt.getTime() : 0;
}

/** When the deployments were read says nothing to anybody. */
function saysTheSame(before: Landing, after: Landing, isShown: boolean): boolean {
  const plain = (landing: Landing): string => {
    const known = [...landing.known].map(([cluster, { deploy }]): [string, Known] => [
      cluster,
      { deploy, updatedAt: 0 },
    ]);
    return renderLanding({ ...landing, known: new Map(known) }, longestBody);
  };
  return isShown && plain(before) === plain(after);
}

async function editReport(
  { repository, merge }: Landed,
  { id, body: before }: IssueComment,
  body: string,
  { github, memory }: LandingTools,
): Promise<boolean> {
  if (before === body) return false;
  memory.comments.delete(`${repository.repository}/${merge.number}`);
  return orGone(() => github.updateComment(repository, id, body));
}

/** One short comment for the whole of it: written once, then only edited. */
async function tellFailure(
  { repository, merge }: Landed,
  landing: Landing,
  comments: readonly IssueComment[],
  github: GitHub,
): Promise<boolean> {
  const marker = printNoticeMarker(merge.commit);
  const [first, ...more] = comments.filter(({ body }) => body.startsWith(noticePrefix) && body.startsWith(marker));
  for (const { id } of more) await github.deleteComment(repository, id);
  const body = renderNotice(rowsOf(landing), merge.commit, first !== undefined);
  if (body === undefined || first?.body === body) return false;
  if (first !== undefined) return orGone(() => github.updateComment(repository, first.id, body));
  await github.createComment(repository, merge.number, body);
  return true;
}

/** Somebody may have deleted it meanwhile: then the next look sees that. */
async function orGone(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'github.gone') throw error;
  }
  return true;
}
