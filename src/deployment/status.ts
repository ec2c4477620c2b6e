// A GitHub deployment status: a line that people read, and an address that also keeps the times.
import { visible } from '../diff/visible.ts';
import type { DeploymentStatus } from '../ports/github.ts';
import { clip } from '../report/words.ts';
import { type Deploy, type Failure, duration, secondsToLive, standing } from './deploy.ts';

/** GitHub's limit, in characters. */
const longest = 140;

/**
 * Returns the status that says what a merge has come to: `Live 38 s after the merge`, `apps/web: HealthCheckFailed: …`. The
 * link leads to the pull request; its fragment `#deploy-<began>-<ended>-<commit>`, in epoch milliseconds with 0 for an end
 * that is not there, is what `readStatuses` reads.
 */
export function printStatus(
  deploy: Deploy,
  merge: { readonly commit: string; readonly mergedAt: Date; readonly htmlUrl: string },
): DeploymentStatus {
  const { state, startedAt, endedAt, commit } = deploy;
  const ended = endedAt === undefined ? 0 : Date.parse(endedAt);
  const logUrl = `${merge.htmlUrl}#deploy-${Date.parse(startedAt)}-${ended}-${commit}`;
  const together = commit === merge.commit ? '' : ` with ${commit.slice(0, 7)}`;
  return { state, description: clip(visible(words(deploy, merge.mergedAt, together)), longest), logUrl };
}

function words(deploy: Deploy, mergedAt: Date, together: string): string {
  const { state, failures } = deploy;
  if (state === 'in_progress') return `On its way${together}`;
  if (state === 'failure') return failures.map(failureLine)[0] ?? `Failed${together}`;
  const seconds = secondsToLive(deploy, mergedAt);
  return seconds === undefined ? `Live${together}` : `Live${together} ${duration(seconds)} after the merge`;
}

function failureLine({ key, reason, message }: Failure): string {
  return `${key}: ${reason}${message === '' ? '' : `: ${message.replaceAll(/\s+/g, ' ')}`}`;
}

/** What statuses of ours say, in whatever order they were written; undefined where none says anything. */
export function readStatuses(statuses: readonly DeploymentStatus[]): Deploy | undefined {
  let best: Deploy | undefined;
  for (const status of statuses) best = standing(best, readStatus(status));
  return best;
}

function readStatus({ state, description, logUrl }: DeploymentStatus): Deploy | undefined {
  const match = /#deploy-(\d{1,15})-(\d{1,15})-([0-9a-f]{40,64})$/.exec(logUrl);
  // A later deploy took its place, or somebody set it by hand.
  if (match === null || state === 'inactive') return undefined;
  const [began, ended] = [Number(match[1]), Number(match[2])];
  return {
    state,
    startedAt: new Date(began).toISOString(),
    ...(state === 'in_progress' ? {} : { endedAt: new Date(ended).toISOString() }),
    commit: match[3] ?? '',
    failures: state === 'failure' ? readFailure(description) : [],
    moreFailures: 0,
    suspended: [],
    paused: false,
  };
}

function readFailure(description: string): Failure[] {
  const match = /^([a-z0-9-]{1,63}\/[a-z0-9.-]{1,253}): (\w{1,128})(?:: (.*))?$/s.exec(description);
  return match === null ? [] : [{ key: match[1] ?? '', reason: match[2] ?? '', message: match[3] ?? '' }];
}

/** Whether a failure says something new to people: another Kustomization, or for another reason. */
export function saysAnother(one: Deploy, other: Deploy): boolean {
  const said = ({ state, failures }: Deploy): string => JSON.stringify([state, failures[0]?.key, failures[0]?.reason]);
  return said(one) !== said(other);
}
