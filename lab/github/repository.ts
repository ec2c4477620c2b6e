import type { Account, Level } from './account.ts';
import type { App } from './app.ts';
import type { CheckRun, CheckSuite, CommitStatus } from './check.ts';
import type { Deployment } from './deployment.ts';
import type { Issue } from './issue.ts';
import type { MergeGroup } from './queue.ts';

export interface Repository {
  readonly id: number;
  owner: Account;
  name: string;
  private: boolean;
  archived: boolean;
  description: string | null;
  defaultBranch: string;
  /** The bare repository on disk; named by id, so that renames leave it alone. */
  readonly path: string;
  readonly parent: Repository | undefined;
  readonly createdAt: string;
  updatedAt: string;
  pushedAt: string;
  /** Branches and tags as last announced: `refs/heads/main` → commit. */
  refs: ReadonlyMap<string, string>;
  /** Pull requests and plain issues share one row of numbers. */
  readonly issues: Map<number, Issue>;
  readonly checkSuites: Map<number, CheckSuite>;
  readonly checkRuns: Map<number, CheckRun>;
  readonly statuses: CommitStatus[];
  readonly deployments: Map<number, Deployment>;
  readonly collaborators: Map<number, Level>;
  /** By branch name. */
  readonly protection: Map<string, Protection>;
  /** Oldest first. */
  readonly activity: Activity[];
  /** Front first. */
  readonly queue: MergeGroup[];
}

/** Where a branch stood before and after a push. */
export interface Activity {
  readonly id: number;
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly at: string;
  readonly type: 'push' | 'force_push' | 'branch_creation' | 'branch_deletion';
  readonly actor: Account;
}

export interface RequiredCheck {
  readonly context: string;
  /** Only this App's check counts; undefined is anybody's. */
  readonly app: App | undefined;
}

export interface Protection {
  readonly checks: readonly RequiredCheck[];
  /** The head must hold the base's tip. */
  readonly strict: boolean;
  readonly reviews: number;
  readonly enforceAdmins: boolean;
  readonly allowForcePushes: boolean;
  readonly mergeQueue: boolean;
}

/** `acme/checkout-manifests` */
export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}
