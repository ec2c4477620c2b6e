import type { Account, Team } from '../account.ts';
import type { World } from '../world.ts';

export type Json = Record<string, unknown>;

export function nodeId(kind: string, id: number): string {
  return Buffer.from(`0:${kind}:${id}`).toString('base64').replaceAll('=', '');
}

/** `simple-user`, and the `user` of webhooks. */
export function userShape(world: World, account: Account): Json {
  const { api, html } = world.addresses;
  const url = `${api}/users/${encodeURIComponent(account.login)}`;
  const page = account.type === 'Bot' ? `apps/${account.login.replace(/\[bot\]$/, '')}` : account.login;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.type, account.id),
    avatar_url: `${html}/avatars/${account.id}`,
    gravatar_id: '',
    url,
    html_url: `${html}/${page}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
  };
}

/** `organization-simple`, and the `organization` of webhooks. */
export function organisationShape(world: World, account: Account): Json {
  const url = `${world.addresses.api}/orgs/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('Organization', account.id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${world.addresses.html}/avatars/${account.id}`,
    description: null,
  };
}

/** `team` */
export function teamShape(world: World, team: Team): Json {
  const { api, html } = world.addresses;
  const url = `${api}/organizations/${team.organisation.id}/team/${team.id}`;
  return {
    id: team.id,
    node_id: nodeId('Team', team.id),
    name: team.name,
    slug: team.slug,
    description: null,
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    permission: 'pull',
    url,
    html_url: `${html}/orgs/${team.organisation.login}/teams/${team.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    type: 'organization',
    organization_id: team.organisation.id,
    parent: team.parent === undefined ? null : teamParent(world, team.parent),
  };
}

function teamParent(world: World, team: Team): Json {
  const { parent: _parent, ...shape } = teamShape(world, { ...team, parent: undefined });
  return shape;
}
