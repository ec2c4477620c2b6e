// https://docs.github.com/rest/apps
import { randomBytes } from 'node:crypto';
import type { App, Installation, InstallationToken, Permissions } from '../app.ts';
import { appShape, installationShape } from '../shape/app.ts';
import { fullRepositoryShape } from '../shape/repository.ts';
import { fullName, type Repository } from '../repository.ts';
import type { Delivery } from '../webhook/delivery.ts';
import type { World } from '../world.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Call, created, found, idOf, ok, paged, pagedIn, type Route } from './route.ts';

function appOf(call: Call): App {
  if (call.actor.kind !== 'app') throw new Refusal(401, 'A JSON web token could not be decoded');
  return call.actor.app;
}

function installationsOf(world: World, app: App): Installation[] {
  return [...world.installations.values()].filter((installation) => installation.app.id === app.id);
}

function ownInstallation(call: Call): Installation {
  const installation = found(call.world.installations.get(idOf(call, 'installation_id')));
  if (installation.app.id !== appOf(call).id) throw notFound();
  return installation;
}

/** A new token of an installation, narrowed as asked. @throws Refusal 422 for more than the installation has */
export function issueToken(
  world: World,
  installation: Installation,
  asked: { readonly permissions?: Permissions; readonly repositories?: readonly Repository[] },
): InstallationToken {
  for (const [name, level] of Object.entries(asked.permissions ?? {})) {
    const has = installation.permissions[name];
    if (has === undefined || (has === 'read' && level === 'write')) {
      throw new Refusal(422, 'The permissions requested are not granted to this installation.');
    }
  }
  if (asked.repositories?.some((repository) => !world.covers(installation, repository)) === true) {
    throw new Refusal(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  }
  const token: InstallationToken = {
    token: `ghs_${randomBytes(27).toString('base64url').replaceAll(/[-_]/g, 'x')}`,
    installation,
    permissions:
      asked.permissions === undefined ? installation.permissions : { ...asked.permissions, metadata: 'read' },
    repositories: asked.repositories === undefined ? undefined : new Set(asked.repositories.map(({ id }) => id)),
    expiresAt: world.clock.now() + 3_600_000,
  };
  world.tokens.set(token.token, token);
  return token;
}

function accessToken(call: Call): InstallationToken {
  const { world, body } = call;
  const installation = ownInstallation(call);
  if (installation.suspendedAt !== undefined) throw new Refusal(403, 'This installation has been suspended');
  const ids = body['repository_ids'] as readonly number[] | undefined;
  const names = body['repositories'] as readonly string[] | undefined;
  const missing = new Refusal(
    422,
    'There is at least one repository that does not exist or is not accessible to the parent installation.',
  );
  const named = (repository: Repository | undefined): Repository => {
    if (repository === undefined) throw missing;
    return repository;
  };
  const repositories = [
    ...(ids ?? []).map((id) => named(world.repositories.get(id))),
    ...(names ?? []).map((name) => named(world.findRepository(`${installation.account.login}/${name}`))),
  ];
  const permissions = body['permissions'] as Permissions | undefined;
  return issueToken(world, installation, {
    ...(permissions !== undefined && { permissions }),
    ...((ids !== undefined || names !== undefined) && { repositories }),
  });
}

function deliveryItem(delivery: Delivery): Record<string, unknown> {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action ?? null,
    installation_id: delivery.installation ?? null,
    repository_id: delivery.repository ?? null,
    throttled_at: null,
  };
}

function deliveries(call: Call): readonly Delivery[] {
  const app = appOf(call);
  // Those under way are not listed yet.
  return call.world.deliveries.filter((one) => one.app.id === app.id && one.status !== '').toReversed();
}

/** By cursor: the id of the first delivery of the page. */
function listDeliveries(call: Call): { status: number; body: unknown; headers: Record<string, string> } {
  const wanted = call.query.get('status');
  const all = deliveries(call).filter(
    ({ statusCode }) => wanted === null || (statusCode >= 200 && statusCode < 400) === (wanted === 'success'),
  );
  const size = Math.min(Math.max(Number(call.query.get('per_page') ?? 30) || 30, 1), 100);
  const cursor = call.query.get('cursor');
  const start = cursor === null ? 0 : all.findIndex(({ id }) => `v1_${id}` === cursor);
  const slice = start < 0 ? [] : all.slice(start, start + size);
  const next = start < 0 ? undefined : all[start + size];
  const headers: Record<string, string> = {};
  if (next !== undefined) {
    const query = new URLSearchParams({ per_page: String(size), cursor: `v1_${next.id}` });
    if (wanted !== null) query.set('status', wanted);
    headers['link'] = `<${call.world.addresses.api}/app/hook/deliveries?${query.toString()}>; rel="next"`;
  }
  return { status: 200, body: slice.map(deliveryItem), headers };
}

function repositoryInstallation(call: Call, repository: Repository | undefined): Installation {
  const { world } = call;
  const mine = installationsOf(world, appOf(call));
  return found(mine.find((one) => repository !== undefined && world.covers(one, repository)));
}

export const appRoutes: readonly Route[] = [
  {
    route: 'GET /app',
    who: 'app',
    handle: (call) =>
      ok({
        ...appShape(call.world, appOf(call)),
        client_id: appOf(call).clientId,
        installations_count: installationsOf(call.world, appOf(call)).length,
      }),
  },
  {
    route: 'GET /app/installations',
    who: 'app',
    handle: (call) =>
      paged(call, installationsOf(call.world, appOf(call)), (one) => installationShape(call.world, one)),
  },
  {
    route: 'GET /app/installations/{installation_id}',
    who: 'app',
    handle: (call) => ok(installationShape(call.world, ownInstallation(call))),
  },
  {
    route: 'POST /app/installations/{installation_id}/access_tokens',
    who: 'app',
    handle: (call) => {
      const token = accessToken(call);
      const { repositories } = token;
      const named = [...(repositories ?? [])].map((id) => found(call.world.repositories.get(id)));
      return created({
        token: token.token,
        expires_at: `${new Date(token.expiresAt).toISOString().slice(0, 19)}Z`,
        permissions: token.permissions,
        repository_selection:
          repositories === undefined && token.installation.selected === undefined ? 'all' : 'selected',
        ...(repositories !== undefined && {
          repositories: named.map((one) => fullRepositoryShape(call.world, one, call.actor)),
        }),
      });
    },
  },
  {
    route: 'GET /repos/{owner}/{repo}/installation',
    who: 'app',
    handle: (call) => {
      const repository = call.world.findRepository(`${call.params['owner']}/${call.params['repo']}`);
      return ok(installationShape(call.world, repositoryInstallation(call, repository)));
    },
  },
  {
    route: 'GET /orgs/{org}/installation',
    who: 'app',
    handle: (call) => {
      const mine = installationsOf(call.world, appOf(call));
      const named = mine.find(({ account }) => account.login.toLowerCase() === call.params['org']?.toLowerCase());
      return ok(installationShape(call.world, found(named)));
    },
  },
  {
    route: 'GET /installation/repositories',
    who: 'installation',
    handle: (call) => {
      const { actor, world } = call;
      if (actor.kind !== 'installation') throw notFound();
      const seen = [...world.repositories.values()].filter(
        (one) =>
          world.covers(actor.installation, one) &&
          (actor.token.repositories === undefined || actor.token.repositories.has(one.id)),
      );
      return pagedIn(
        call,
        'repositories',
        seen.toSorted((a, b) => fullName(a).localeCompare(fullName(b))),
        (one) => fullRepositoryShape(world, one, actor),
      );
    },
  },
  {
    route: 'DELETE /installation/token',
    who: 'installation',
    handle: (call) => {
      if (call.actor.kind === 'installation') call.world.tokens.delete(call.actor.token.token);
      return { status: 204 };
    },
  },
  { route: 'GET /app/hook/deliveries', who: 'app', handle: listDeliveries },
  {
    route: 'GET /app/hook/deliveries/{delivery_id}',
    who: 'app',
    handle: (call) => {
      const delivery = found(deliveries(call).find(({ id }) => id === idOf(call, 'delivery_id')));
      const request = { headers: delivery.headers, payload: JSON.parse(delivery.body) as unknown };
      return ok({ ...deliveryItem(delivery), url: delivery.url, request, response: delivery.response });
    },
  },
  {
    route: 'POST /app/hook/deliveries/{delivery_id}/attempts',
    who: 'app',
    handle: (call) => {
      call.hooks.redeliver(found(deliveries(call).find(({ id }) => id === idOf(call, 'delivery_id'))));
      return { status: 202, body: {} };
    },
  },
];
