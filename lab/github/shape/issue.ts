import type { Account } from '../account.ts';
import { type Comment, type Issue, type Reaction, reactionContents, type Review } from '../issue.ts';
import type { Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { type Json, nodeId, userShape } from './account.ts';
import { appShape } from './app.ts';
import { apiUrl, htmlUrl } from './repository.ts';

export function issueUrl(world: World, issue: Issue): string {
  return `${apiUrl(world, issue.repository)}/issues/${issue.number}`;
}

export function authorAssociation(world: World, user: Account, repository: Repository): string {
  if (user.id === repository.owner.id) return 'OWNER';
  if (world.members.get(repository.owner.id)?.has(user.id) === true) return 'MEMBER';
  if (repository.collaborators.has(user.id)) return 'COLLABORATOR';
  return 'NONE';
}

export function issueShape(world: World, issue: Issue): Json {
  const url = issueUrl(world, issue);
  const page = `${htmlUrl(world, issue.repository)}/${issue.pull === undefined ? 'issues' : 'pull'}/${issue.number}`;
  return {
    url,
    repository_url: apiUrl(world, issue.repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: issue.id,
    node_id: nodeId('Issue', issue.id),
    number: issue.number,
    title: issue.title,
    user: userShape(world, issue.user),
    labels: [],
    state: issue.state,
    locked: issue.locked,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: issue.comments.size,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: authorAssociation(world, issue.user, issue.repository),
    active_lock_reason: null,
    body: issue.body,
    reactions: reactionsShape(`${url}/reactions`, issue.reactions),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: null,
    state_reason: null,
    ...(issue.pull !== undefined && {
      draft: issue.pull.draft,
      pull_request: {
        url: `${apiUrl(world, issue.repository)}/pulls/${issue.number}`,
        html_url: page,
        diff_url: `${page}.diff`,
        patch_url: `${page}.patch`,
        merged_at: issue.pull.mergedAt,
      },
    }),
  };
}

/** `issue-comment` */
export function commentShape(world: World, comment: Comment): Json {
  const { issue } = comment;
  const page = `${htmlUrl(world, issue.repository)}/${issue.pull === undefined ? 'issues' : 'pull'}/${issue.number}`;
  const url = `${apiUrl(world, issue.repository)}/issues/comments/${comment.id}`;
  return {
    url,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: issueUrl(world, issue),
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    user: userShape(world, comment.user),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: authorAssociation(world, comment.user, issue.repository),
    body: comment.body,
    reactions: reactionsShape(`${url}/reactions`, comment.reactions),
    performed_via_github_app: comment.app === undefined ? null : appShape(world, comment.app),
  };
}

function reactionsShape(url: string, reactions: readonly Reaction[]): Json {
  const counts = reactionContents.map((content) => [
    content,
    reactions.filter((one) => one.content === content).length,
  ]);
  return { url, total_count: reactions.length, ...Object.fromEntries(counts) };
}

export function reactionShape(world: World, reaction: Reaction): Json {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: userShape(world, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}

/** `pull-request-review` */
export function reviewShape(world: World, issue: Issue, review: Review): Json {
  const html = `${htmlUrl(world, issue.repository)}/pull/${issue.number}#pullrequestreview-${review.id}`;
  const pull = `${apiUrl(world, issue.repository)}/pulls/${issue.number}`;
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: userShape(world, review.user),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pull,
    author_association: authorAssociation(world, review.user, issue.repository),
    _links: { html: { href: html }, pull_request: { href: pull } },
    submitted_at: review.submittedAt,
    commit_id: review.commit,
  };
}
