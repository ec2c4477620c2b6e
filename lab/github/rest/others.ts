// https://docs.github.com/rest/rate-limit and https://docs.github.com/rest/meta
import { ok, type Route } from './route.ts';

export const otherRoutes: readonly Route[] = [
  { route: 'GET /meta', who: 'public', handle: () => ok({ verifiable_password_authentication: false }) },
  {
    route: 'GET /rate_limit',
    who: 'any',
    handle: ({ meter, actor }) => {
      const core = meter.standing(actor);
      const search = { limit: 30, remaining: 30, reset: core.reset, used: 0 };
      return ok({ resources: { core, search }, rate: core });
    },
  },
];
