// https://docs.github.com/rest/pulls
import { changedFiles } from '../git/bare.ts';
import { isPull, type Pull, type Review } from '../issue.ts';
import { type MergeRequest, mergePull, type NewPull, openPull, type PullUpdate, updatePull } from '../pulls.ts';
import { reviewPull } from '../comments.ts';
import { fullName } from '../repository.ts';
import { reviewShape } from '../shape/issue.ts';
import { pullShape, simplePullShape } from '../shape/pull.ts';
import { fileShape } from './code.ts';
import { Refusal } from './refusal.ts';
import {
  created,
  found,
  idOf,
  ok,
  oneOf,
  optionalText,
  paged,
  type RepositoryCall,
  type RepositoryRoute,
  textOf,
} from './route.ts';

const at = '/repos/{owner}/{repo}/pulls';

export function pullOf(call: RepositoryCall, name = 'pull_number'): Pull {
  const issue = call.repository.issues.get(idOf(call, name));
  return found(isPull(issue) ? issue : undefined);
}

function getPull(call: RepositoryCall): unknown {
  const { world, repository } = call;
  const pull = pullOf(call);
  const fault = world.faults.take(
    'read',
    fullName(repository),
    ({ kind }) => kind === 'mergeableUnknown' || (kind === 'stale' && pull.pull.former !== undefined),
  );
  if (fault?.kind === 'stale') return pullShape(world, pull, pull.pull.former);
  const shape = pullShape(world, pull);
  return fault === undefined ? shape : { ...shape, mergeable: null, rebaseable: null, mergeable_state: 'unknown' };
}

function listPulls(call: RepositoryCall): Pull[] {
  const { query, repository } = call;
  const state = query.get('state') ?? 'open';
  const head = query.get('head');
  const base = query.get('base');
  const chosen = [...repository.issues.values()]
    .filter(isPull)
    .filter((pull) => state === 'all' || pull.state === state)
    .filter(({ pull }) => head === null || `${pull.head.owner.login}:${pull.head.ref}` === head)
    .filter(({ pull }) => base === null || pull.base.ref === base);
  const sort = query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt';
  const up = query.get('direction') === 'asc';
  chosen.sort((a, b) => a[sort].localeCompare(b[sort]) || a.number - b.number);
  return up ? chosen : chosen.toReversed();
}

async function listFiles(call: RepositoryCall): Promise<unknown> {
  const { head, base } = pullOf(call).pull;
  const files = (await changedFiles(call.repository.path, base.sha, head.sha)).slice(0, 3000);
  return files.map((file) => fileShape(call, file, head.sha));
}

const reviewEvents = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const;

export const pullRoutes: readonly RepositoryRoute[] = [
  { route: `GET ${at}/{pull_number}`, needs: 'pull_requests:read', handle: (call) => ok(getPull(call)) },
  {
    route: `GET ${at}`,
    needs: 'pull_requests:read',
    handle: (call) => paged(call, listPulls(call), (pull) => simplePullShape(call.world, pull)),
  },
  {
    route: `POST ${at}`,
    needs: 'pull_requests:write',
    person: 'read',
    creates: true,
    handle: async (call) => {
      textOf(call, 'head', 'PullRequest');
      textOf(call, 'base', 'PullRequest');
      textOf(call, 'title', 'PullRequest');
      const { user } = call.world.writer(call.actor);
      return created(
        pullShape(call.world, await openPull(call.world, call.repository, user, call.body as unknown as NewPull)),
      );
    },
  },
  {
    route: `PATCH ${at}/{pull_number}`,
    needs: 'pull_requests:write',
    handle: async (call) => {
      const pull = pullOf(call);
      await updatePull(call.world, pull, call.world.writer(call.actor).user, call.body as PullUpdate);
      return ok(pullShape(call.world, pull));
    },
  },
  {
    route: `PUT ${at}/{pull_number}/merge`,
    needs: 'contents:write',
    handle: async (call) => {
      const pull = pullOf(call);
      const title = optionalText(call, 'commit_title');
      const message = optionalText(call, 'commit_message');
      const sha = optionalText(call, 'sha');
      const method = optionalText(call, 'merge_method') as MergeRequest['method'];
      const commit = await mergePull(call.world, pull, call.world.writer(call.actor), {
        ...(title !== undefined && { title }),
        ...(message !== undefined && { message }),
        ...(sha !== undefined && { sha }),
        ...(method !== undefined && { method }),
      });
      return ok({ sha: commit, merged: true, message: 'Pull Request successfully merged' });
    },
  },
  {
    route: `GET ${at}/{pull_number}/files`,
    needs: 'pull_requests:read',
    handle: async (call) => paged(call, (await listFiles(call)) as unknown[], (file) => file),
  },
  {
    route: `GET ${at}/{pull_number}/reviews`,
    needs: 'pull_requests:read',
    handle: (call) => {
      const pull = pullOf(call);
      return paged(call, pull.pull.reviews, (review) => reviewShape(call.world, pull, review));
    },
  },
  {
    route: `POST ${at}/{pull_number}/reviews`,
    needs: 'pull_requests:write',
    person: 'read',
    creates: true,
    handle: (call) => {
      const pull = pullOf(call);
      const event = call.body['event'];
      const state: Review['state'] =
        event === undefined
          ? 'PENDING'
          : reviewEvents[oneOf(event, ['APPROVE', 'REQUEST_CHANGES', 'COMMENT'], 'PullRequestReview', 'event')];
      const commit = optionalText(call, 'commit_id');
      const body = optionalText(call, 'body') ?? '';
      if (body === '' && state !== 'APPROVED') throw new Refusal(422, 'Unprocessable Entity');
      const asked = { state, body, ...(commit !== undefined && { commit }) };
      return ok(reviewShape(call.world, pull, reviewPull(call.world, pull, call.world.writer(call.actor), asked)));
    },
  },
];
