// https://docs.github.com/rest/repos
import { fullRepositoryShape } from '../shape/repository.ts';
import { ok, type RepositoryRoute } from './route.ts';

export const repositoryRoutes: readonly RepositoryRoute[] = [
  {
    route: 'GET /repos/{owner}/{repo}',
    needs: 'metadata:read',
    handle: (call) => ok(fullRepositoryShape(call.world, call.repository, call.actor)),
  },
];
