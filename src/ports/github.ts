// GitHub, as far as reviews go, in our words. Adapters throttle, retry and translate errors.

export interface RepositoryId {
  readonly installation: number;
  /** Numeric id: survives renames and transfers. */
  readonly repository: number;
}

export interface HostedRepository extends RepositoryId {
  /** `owner/name` now. */
  readonly fullName: string;
  /** `https://github.com/owner/name.git` */
  readonly cloneUrl: string;
  readonly archived: boolean;
}

export interface PullRequest {
  readonly repository: HostedRepository;
  readonly number: number;
  readonly state: 'open' | 'closed';
  readonly draft: boolean;
  readonly locked: boolean;
  /** Commit and branch; `fork` when the head's repository is another one or is gone. */
  readonly head: { readonly sha: string; readonly ref: string; readonly fork: boolean };
  readonly base: { readonly sha: string; readonly ref: string };
  /** Null while GitHub is still computing it; false is a conflict. */
  readonly mergeable: boolean | null;
  readonly htmlUrl: string;
}

export interface CheckAnnotation {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'failure' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
}

export interface CheckOutput {
  readonly title: string;
  readonly summary: string;
  readonly annotations: readonly CheckAnnotation[];
}

export type CheckConclusion = 'success' | 'failure' | 'neutral' | 'action_required' | 'cancelled' | 'skipped';

export interface CheckRun {
  readonly id: number;
  readonly head: string;
  readonly completed: boolean;
  /** Set where it was completed without a verdict. */
  readonly cancelled?: true;
}

/** A push to a branch that was there, or its deletion. */
export interface BranchMove {
  readonly id: number;
  /** Where the branch stood before. */
  readonly left: string;
  /** How long ago, by GitHub's clock. */
  readonly ageMs: number;
}

export interface IssueComment {
  readonly id: number;
  readonly body: string;
}

/** A pull request that was merged. */
export interface MergedPull {
  readonly number: number;
  /** What the merge left on the base branch: the merge commit, the squashed one, or the last of the rebased ones. */
  readonly commit: string;
  /** Short name of the base branch. */
  readonly base: string;
  readonly mergedAt: Date;
  readonly htmlUrl: string;
}

/** A deployment of ours. */
export interface Deployment {
  readonly id: number;
  readonly environment: string;
  /** When its last status came, to the second. */
  readonly updatedAt: Date;
}

export interface DeploymentStatus {
  readonly state: 'in_progress' | 'success' | 'failure' | 'inactive';
  /** At most 140 characters. */
  readonly description: string;
  /** Where "View details" leads. */
  readonly logUrl: string;
}

/** Every method: @throws SluiceError `github.*`; transient with `retryAt` for limits and outages, terminal otherwise. */
export interface GitHub {
  /** Undefined where it does not exist or the App lost access. */
  pullRequest(at: RepositoryId, number: number): Promise<PullRequest | undefined>;
  repository(at: RepositoryId): Promise<HostedRepository | undefined>;
  /** The number of the repository that GitHub leads a former `owner/name` to; undefined where it leads nowhere. */
  movedTo(at: RepositoryId, fullName: string): Promise<number | undefined>;
  openPullRequests(at: RepositoryId): AsyncIterable<PullRequest>;
  /** Every repository that the App can see. */
  repositories(): AsyncIterable<HostedRepository>;
  /** Our own check runs (by App id and name `sluice`) on a commit, newest first. */
  checkRuns(at: RepositoryId, head: string): Promise<readonly CheckRun[]>;
  /**
   * `externalId` comes back when a person asks for the check again: `pull/12` for a pull request, which GitHub does not
   * name itself when the head is in a fork; `group/<base commit>/<base ref>` for a merge group.
   */
  startCheck(at: RepositoryId, head: string, output: CheckOutput, externalId?: string): Promise<CheckRun>;
  /** Shows progress, or completes with a conclusion. Annotations beyond 50 go in further calls. */
  updateCheck(at: RepositoryId, id: number, output: CheckOutput, conclusion?: CheckConclusion): Promise<void>;
  /** Our own comments (by App id) on a pull request whose body starts with `marker`, oldest first. */
  comments(at: RepositoryId, number: number, marker: string): Promise<readonly IssueComment[]>;
  createComment(at: RepositoryId, number: number, body: string): Promise<IssueComment>;
  updateComment(at: RepositoryId, id: number, body: string): Promise<void>;
  deleteComment(at: RepositoryId, id: number): Promise<void>;
  /** Where branches of the repository were moved away from within a day, newest first, at most 100; not those of forks. */
  branchMoves(at: RepositoryId): Promise<readonly BranchMove[]>;
  /** Merged into a branch and touched since a time, the last merged first; at most 100. */
  mergedPulls(at: RepositoryId, branch: string, since: Date): Promise<readonly MergedPull[]>;
  /** The merged pull requests that brought a commit; none where GitHub does not know the commit. */
  pullsOf(at: RepositoryId, commit: string): Promise<readonly MergedPull[]>;
  /** Our own deployments (by App id) of a commit, oldest first; to one environment where it is named. */
  deployments(at: RepositoryId, commit: string, environment?: string): Promise<readonly Deployment[]>;
  /** Merges nothing, and asks for no checks. `payload` is for other programs that look at deployments. */
  createDeployment(
    at: RepositoryId,
    to: {
      readonly commit: string;
      readonly environment: string;
      readonly payload: Readonly<Record<string, string | number>>;
    },
  ): Promise<Deployment>;
  /** Takes it off the list, whatever its state. */
  deleteDeployment(at: RepositoryId, id: number): Promise<void>;
  /** Our own statuses of a deployment, newest first, at most 100. */
  deploymentStatuses(at: RepositoryId, id: number): Promise<readonly DeploymentStatus[]>;
  /** A success makes earlier ones of the same environment `inactive`. */
  addDeploymentStatus(at: RepositoryId, id: number, status: DeploymentStatus): Promise<void>;
  /**
   * A token for fetching one repository over HTTPS, read only; cached until shortly before it expires. `refused` is one
   * that Git's server did not take: it is given up for a new one.
   */
  fetchToken(at: RepositoryId, refused?: string): Promise<string>;
  /** Asks GitHub to send deliveries again that failed since `since`, each once; returns how many. */
  redeliverFailed(since: Date): Promise<number>;
  /** Calls made since the start, by route (`GET /repositories/{repository_id}/pulls/{pull_number}`). */
  readonly calls: Readonly<Record<string, number>>;
}
