import type { Account } from './account.ts';
import type { App } from './app.ts';
import type { Repository } from './repository.ts';

export const reactionContents = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const;
export type ReactionContent = (typeof reactionContents)[number];

export interface Reaction {
  readonly id: number;
  readonly user: Account;
  readonly content: ReactionContent;
  readonly createdAt: string;
}

export interface Comment {
  readonly id: number;
  readonly issue: Issue;
  readonly user: Account;
  /** The App that wrote it, whatever its author is called. */
  readonly app: App | undefined;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
  readonly reactions: Reaction[];
}

export interface Review {
  readonly id: number;
  readonly user: Account;
  readonly body: string;
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED' | 'PENDING';
  readonly commit: string;
  readonly submittedAt: string;
}

/** A plain issue, or with `pull` a pull request. */
export interface Issue {
  readonly id: number;
  readonly number: number;
  readonly repository: Repository;
  title: string;
  body: string | null;
  readonly user: Account;
  state: 'open' | 'closed';
  locked: boolean;
  readonly createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  readonly comments: Map<number, Comment>;
  readonly reactions: Reaction[];
  readonly pull: PullPart | undefined;
}

export type Pull = Issue & { readonly pull: PullPart };

export interface PullPart {
  draft: boolean;
  readonly head: {
    /** Undefined when the fork was deleted. */
    repository: Repository | undefined;
    readonly owner: Account;
    readonly ref: string;
    sha: string;
  };
  readonly base: { ref: string; sha: string };
  readonly crossRepository: boolean;
  /** Null while it is being computed. */
  mergeable: boolean | null;
  /** The test merge while open, the merge commit once merged. */
  mergeCommit: string | null;
  mergedAt: string | null;
  mergedBy: Account | undefined;
  maintainerCanModify: boolean;
  size: { commits: number; additions: number; deletions: number; files: number };
  readonly reviews: Review[];
  /** Answers as they were before the last push, for reads that shall be stale. */
  former: FormerPull | undefined;
}

export interface FormerPull {
  readonly head: string;
  readonly base: string;
  readonly mergeCommit: string | null;
  readonly mergeable: boolean | null;
}

export function isPull(issue: Issue | undefined): issue is Pull {
  return issue?.pull !== undefined;
}
