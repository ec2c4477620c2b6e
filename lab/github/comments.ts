// Comments, reactions and reviews.
import type { Account } from './account.ts';
import type { App } from './app.ts';
import type { Comment, Issue, Pull, Reaction, ReactionContent, Review } from './issue.ts';
import { invalid, Refusal } from './rest/refusal.ts';
import { commentShape, issueShape, reviewShape } from './shape/issue.ts';
import { simplePullShape } from './shape/pull.ts';
import type { World } from './world.ts';

export const longestBody = 65_535;

export interface Writer {
  readonly user: Account;
  readonly app: App | undefined;
}

export function createComment(world: World, issue: Issue, writer: Writer, body: string): Comment {
  checkBody(body);
  if (issue.locked && writer.app === undefined && !world.members.get(issue.repository.owner.id)?.has(writer.user.id)) {
    throw new Refusal(403, 'Unable to create comment because issue is locked.');
  }
  const now = world.clock.stamp();
  const comment: Comment = {
    id: world.nextId(),
    issue,
    user: writer.user,
    app: writer.app,
    body,
    createdAt: now,
    updatedAt: now,
    reactions: [],
  };
  issue.comments.set(comment.id, comment);
  issue.updatedAt = now;
  announceComment(world, comment, 'created', writer.user);
  return comment;
}

export function editComment(world: World, comment: Comment, sender: Account, body: string): void {
  checkBody(body);
  const from = comment.body;
  Object.assign(comment, { body, updatedAt: world.clock.stamp() });
  announceComment(world, comment, 'edited', sender, { changes: { body: { from } } });
}

export function deleteComment(world: World, comment: Comment, sender: Account): void {
  comment.issue.comments.delete(comment.id);
  announceComment(world, comment, 'deleted', sender);
}

function checkBody(body: string): void {
  if (body.trim() === '') throw invalid('IssueComment', 'body', "body can't be blank", 'unprocessable');
  if (body.length > longestBody) {
    throw invalid('IssueComment', 'body', `body is too long (maximum is ${longestBody + 1} characters)`);
  }
}

function announceComment(
  world: World,
  comment: Comment,
  action: string,
  sender: Account,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const { issue } = comment;
  const payload = { ...more, issue: issueShape(world, issue), comment: commentShape(world, comment) };
  world.announce({ event: 'issue_comment', action, repository: issue.repository, sender, payload });
}

/** @returns the reaction and if it is new: one of each kind for each person */
export function react(
  world: World,
  reactions: Reaction[],
  user: Account,
  content: ReactionContent,
): { readonly reaction: Reaction; readonly created: boolean } {
  const known = reactions.find((one) => one.user.id === user.id && one.content === content);
  if (known !== undefined) return { reaction: known, created: false };
  const reaction: Reaction = { id: world.nextId(), user, content, createdAt: world.clock.stamp() };
  reactions.push(reaction);
  world.changed();
  return { reaction, created: true };
}

export function reviewPull(
  world: World,
  pull: Pull,
  writer: Writer,
  asked: { readonly state: Review['state']; readonly body: string; readonly commit?: string },
): Review {
  if (asked.state === 'APPROVED' && writer.user.id === pull.user.id) {
    throw new Refusal(422, 'Unprocessable Entity', { errors: ['Can not approve your own pull request'] });
  }
  const review: Review = {
    id: world.nextId(),
    user: writer.user,
    body: asked.body,
    state: asked.state,
    commit: asked.commit ?? pull.pull.head.sha,
    submittedAt: world.clock.stamp(),
  };
  pull.pull.reviews.push(review);
  const shape = { ...reviewShape(world, pull, review), state: review.state.toLowerCase() };
  const payload = { review: shape, pull_request: simplePullShape(world, pull) };
  world.announce({
    event: 'pull_request_review',
    action: 'submitted',
    repository: pull.repository,
    sender: writer.user,
    payload,
  });
  return review;
}
