import type { Account } from '../account.ts';
import type { FormerPull, Pull } from '../issue.ts';
import type { Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { type Json, userShape } from './account.ts';
import { authorAssociation, issueUrl } from './issue.ts';
import { apiUrl, htmlUrl, repositoryShape } from './repository.ts';

/** `pull-request-simple`: what lists hold. */
export function simplePullShape(world: World, pull: Pull, former?: FormerPull): Json {
  const { repository, number, pull: part } = pull;
  const url = `${apiUrl(world, repository)}/pulls/${number}`;
  const html = `${htmlUrl(world, repository)}/pull/${number}`;
  const head = former?.head ?? part.head.sha;
  const statuses = `${apiUrl(world, repository)}/statuses/${head}`;
  const comments = `${issueUrl(world, pull)}/comments`;
  const reviewComment = `${apiUrl(world, repository)}/pulls/comments{/number}`;
  return {
    url,
    id: pull.id,
    node_id: Buffer.from(`PullRequest:${pull.id}`).toString('base64'),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl(world, pull),
    number,
    state: pull.state,
    locked: pull.locked,
    title: pull.title,
    user: userShape(world, pull.user),
    body: pull.body,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: part.mergedAt,
    merge_commit_sha: former === undefined ? part.mergeCommit : former.mergeCommit,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    labels: [],
    milestone: null,
    draft: part.draft,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: reviewComment,
    comments_url: comments,
    statuses_url: statuses,
    head: side(world, part.head.owner, part.head.ref, head, part.head.repository),
    base: side(world, repository.owner, part.base.ref, former?.base ?? part.base.sha, repository),
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl(world, pull) },
      comments: { href: comments },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: reviewComment },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
    author_association: authorAssociation(world, pull.user, repository),
    auto_merge: null,
    active_lock_reason: null,
  };
}

/** `pull-request`: one by itself, and in webhooks. */
export function pullShape(world: World, pull: Pull, former?: FormerPull): Json {
  const { pull: part } = pull;
  const mergeable = former === undefined ? part.mergeable : former.mergeable;
  return {
    ...simplePullShape(world, pull, former),
    merged: part.mergedAt !== null,
    mergeable: pull.state === 'open' ? mergeable : null,
    rebaseable: pull.state === 'open' ? mergeable : null,
    mergeable_state: mergeableState(pull, mergeable),
    merged_by: part.mergedBy === undefined ? null : userShape(world, part.mergedBy),
    comments: pull.comments.size,
    review_comments: 0,
    maintainer_can_modify: part.maintainerCanModify,
    commits: part.size.commits,
    additions: part.size.additions,
    deletions: part.size.deletions,
    changed_files: part.size.files,
  };
}

function mergeableState(pull: Pull, mergeable: boolean | null): string {
  if (mergeable === null || pull.state === 'closed') return 'unknown';
  if (!mergeable) return 'dirty';
  return pull.pull.draft ? 'draft' : 'clean';
}

function side(world: World, owner: Account, ref: string, sha: string, repository: Repository | undefined): Json {
  return {
    label: `${owner.login}:${ref}`,
    ref,
    sha,
    user: userShape(world, owner),
    repo: repository === undefined ? null : repositoryShape(world, repository),
  };
}

/** How checks name the pull requests of their commit; empty for forks. */
export function pullReferences(world: World, repository: Repository, head: string): Json[] {
  const named = (of: Repository): Json => ({ id: of.id, url: apiUrl(world, of), name: of.name });
  return [...repository.issues.values()]
    .filter(
      ({ state, pull }) => state === 'open' && pull !== undefined && pull.head.sha === head && !pull.crossRepository,
    )
    .map(({ id, number, pull }) => ({
      url: `${apiUrl(world, repository)}/pulls/${number}`,
      id,
      number,
      head: { ref: pull?.head.ref, sha: pull?.head.sha, repo: named(repository) },
      base: { ref: pull?.base.ref, sha: pull?.base.sha, repo: named(repository) },
    }));
}
