// https://docs.github.com/rest/issues/comments and https://docs.github.com/rest/reactions
import { createComment, deleteComment, editComment, react } from '../comments.ts';
import { type Comment, type Issue, type Reaction, reactionContents } from '../issue.ts';
import { commentShape, issueShape, reactionShape } from '../shape/issue.ts';
import {
  created,
  found,
  idOf,
  noContent,
  ok,
  oneOf,
  paged,
  type RepositoryCall,
  type RepositoryRoute,
  textOf,
} from './route.ts';
import { Refusal } from './refusal.ts';

const at = '/repos/{owner}/{repo}/issues';
const reads = 'issues:read|pull_requests:read';
const writes = 'issues:write|pull_requests:write';

function issueOf(call: RepositoryCall): Issue {
  return found(call.repository.issues.get(idOf(call, 'issue_number')));
}

function commentOf(call: RepositoryCall): Comment {
  const id = idOf(call, 'comment_id');
  for (const { comments } of call.repository.issues.values()) {
    const comment = comments.get(id);
    if (comment !== undefined) return comment;
  }
  return found<Comment>(undefined);
}

/** People change their own comments and, with write access, those of others; an App only its own or with write. */
function changeable(call: RepositoryCall, comment: Comment): void {
  if (call.actor.kind !== 'user' || call.actor.user.id === comment.user.id) return;
  const level = call.world.levelOf(call.actor.user, call.repository);
  if (level === 'read' || level === 'triage') throw new Refusal(403, 'Must have write access to Repository.');
}

function reactTo(call: RepositoryCall, reactions: Reaction[]): { status: number; body: unknown } {
  const content = oneOf(call.body['content'], reactionContents, 'Reaction', 'content');
  const done = react(call.world, reactions, call.world.writer(call.actor).user, content);
  return { status: done.created ? 201 : 200, body: reactionShape(call.world, done.reaction) };
}

function unreact(call: RepositoryCall, reactions: Reaction[]): void {
  const id = idOf(call, 'reaction_id');
  const mine = reactions.findIndex((one) => one.id === id && one.user.id === call.world.writer(call.actor).user.id);
  if (mine < 0) found(undefined);
  reactions.splice(mine, 1);
  call.world.changed();
}

export const issueRoutes: readonly RepositoryRoute[] = [
  { route: `GET ${at}/{issue_number}`, needs: reads, handle: (call) => ok(issueShape(call.world, issueOf(call))) },
  {
    route: `GET ${at}/{issue_number}/comments`,
    needs: reads,
    handle: (call) => {
      const since = call.query.get('since') ?? '';
      const comments = [...issueOf(call).comments.values()].filter(({ updatedAt }) => updatedAt >= since);
      return paged(call, comments, (comment) => commentShape(call.world, comment));
    },
  },
  {
    route: `POST ${at}/{issue_number}/comments`,
    needs: writes,
    person: 'read',
    creates: true,
    handle: (call) => {
      const body = textOf(call, 'body', 'IssueComment');
      return created(
        commentShape(call.world, createComment(call.world, issueOf(call), call.world.writer(call.actor), body)),
      );
    },
  },
  {
    route: `GET ${at}/comments/{comment_id}`,
    needs: reads,
    handle: (call) => ok(commentShape(call.world, commentOf(call))),
  },
  {
    route: `PATCH ${at}/comments/{comment_id}`,
    needs: writes,
    person: 'read',
    handle: (call) => {
      const comment = commentOf(call);
      changeable(call, comment);
      editComment(call.world, comment, call.world.writer(call.actor).user, textOf(call, 'body', 'IssueComment'));
      return ok(commentShape(call.world, comment));
    },
  },
  {
    route: `DELETE ${at}/comments/{comment_id}`,
    needs: writes,
    person: 'read',
    handle: (call) => {
      const comment = commentOf(call);
      changeable(call, comment);
      deleteComment(call.world, comment, call.world.writer(call.actor).user);
      return noContent;
    },
  },
  {
    route: `GET ${at}/comments/{comment_id}/reactions`,
    needs: reads,
    handle: (call) => paged(call, commentOf(call).reactions, (one) => reactionShape(call.world, one)),
  },
  {
    route: `POST ${at}/comments/{comment_id}/reactions`,
    needs: writes,
    person: 'read',
    creates: true,
    handle: (call) => reactTo(call, commentOf(call).reactions),
  },
  {
    route: `DELETE ${at}/comments/{comment_id}/reactions/{reaction_id}`,
    needs: writes,
    person: 'read',
    handle: (call) => {
      unreact(call, commentOf(call).reactions);
      return noContent;
    },
  },
  {
    route: `GET ${at}/{issue_number}/reactions`,
    needs: reads,
    handle: (call) => paged(call, issueOf(call).reactions, (one) => reactionShape(call.world, one)),
  },
  {
    route: `POST ${at}/{issue_number}/reactions`,
    needs: writes,
    person: 'read',
    creates: true,
    handle: (call) => reactTo(call, issueOf(call).reactions),
  },
];
