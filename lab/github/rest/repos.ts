// https://docs.github.com/rest/repos
import { nodeId, userShape } from '../shape/account.ts';
import { fullRepositoryShape } from '../shape/repository.ts';
import { ok, paged, type RepositoryRoute } from './route.ts';

const dayMs = 24 * 60 * 60_000;

export const repositoryRoutes: readonly RepositoryRoute[] = [
  {
    route: 'GET /repos/{owner}/{repo}',
    needs: 'metadata:read',
    handle: (call) => ok(fullRepositoryShape(call.world, call.repository, call.actor)),
  },
  {
    route: 'GET /repos/{owner}/{repo}/activity',
    needs: 'contents:read',
    handle: (call) => {
      const { world, repository, query } = call;
      const since = query.get('time_period') === 'day' ? world.clock.now() - dayMs : 0;
      const newestFirst = repository.activity.filter(({ at }) => Date.parse(at) >= since).toReversed();
      return paged(call, newestFirst, ({ id, before, after, ref, at, type, actor }) => ({
        id,
        node_id: nodeId('PushEvent', id),
        before,
        after,
        ref,
        timestamp: at,
        activity_type: type,
        actor: userShape(world, actor),
      }));
    },
  },
];
