import type { App, Installation } from '../app.ts';
import type { World } from '../world.ts';
import { type Json, nodeId, userShape } from './account.ts';

/** `integration`, and the `app` of webhooks. */
export function appShape(world: World, app: App): Json {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('App', app.id),
    owner: userShape(world, app.owner),
    name: app.name,
    description: '',
    external_url: `${world.addresses.html}/apps/${app.slug}`,
    html_url: `${world.addresses.html}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: app.permissions,
    events: app.events,
  };
}

/** `installation`, of the API and of webhooks. */
export function installationShape(world: World, installation: Installation): Json {
  const { api, html } = world.addresses;
  const { account, app } = installation;
  const organisation = account.type === 'Organization';
  return {
    id: installation.id,
    account: userShape(world, account),
    repository_selection: installation.selected === undefined ? 'all' : 'selected',
    access_tokens_url: `${api}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${api}/installation/repositories`,
    html_url: `${html}/${organisation ? `organizations/${account.login}/` : ''}settings/installations/${installation.id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: organisation ? 'Organization' : 'User',
    permissions: installation.permissions,
    events: installation.events,
    created_at: installation.createdAt,
    updated_at: installation.updatedAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: installation.suspendedAt === undefined ? null : userShape(world, account),
    suspended_at: installation.suspendedAt ?? null,
  };
}
