// What is asked less often.
import { ok, type RepositoryRoute, type Route } from './route.ts';

export const otherRoutes: readonly Route[] = [
  { route: 'GET /meta', who: 'public', handle: () => ok({ verifiable_password_authentication: false }) },
];

export const otherRepositoryRoutes: readonly RepositoryRoute[] = [];
