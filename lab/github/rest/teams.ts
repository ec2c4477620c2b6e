// https://docs.github.com/rest/teams, https://docs.github.com/rest/orgs/members and https://docs.github.com/rest/collaborators
import { atLeast, type Account, type Level, type Team } from '../account.ts';
import { organisationShape, teamShape, userShape } from '../shape/account.ts';
import { grants } from './access.ts';
import { notFound, Refusal } from './refusal.ts';
import {
  type Call,
  found,
  noContent,
  ok,
  paged,
  type RepositoryCall,
  type RepositoryRoute,
  type Route,
} from './route.ts';

/** @throws Refusal 403 or 404 where the caller may not know the members */
function organisationOf(call: Call): Account {
  const { actor, world } = call;
  const account = world.accounts.get((call.params['org'] ?? '').toLowerCase());
  if (account?.type !== 'Organization') throw notFound();
  if (actor.kind === 'installation') {
    if (actor.installation.account.id !== account.id) throw notFound();
    if (!grants(actor.token.permissions, actor.installation.permissions, 'members:read')) {
      throw new Refusal(403, 'Resource not accessible by integration', {
        headers: { 'x-accepted-github-permissions': 'members=read' },
      });
    }
  } else if (actor.kind !== 'user' || world.members.get(account.id)?.has(actor.user.id) !== true) throw notFound();
  return account;
}

function teamOf(call: Call): Team {
  const organisation = organisationOf(call);
  const slug = call.params['team_slug'];
  return found(
    [...call.world.teams.values()].find((one) => one.organisation.id === organisation.id && one.slug === slug),
  );
}

function personOf(call: Call): Account {
  return found(call.world.accounts.get((call.params['username'] ?? '').toLowerCase()));
}

function membership(call: Call): unknown {
  const team = teamOf(call);
  const person = personOf(call);
  const direct = team.members.get(person.id);
  if (direct === undefined && !call.world.isInTeam(person, team)) throw notFound();
  const { api } = call.world.addresses;
  return {
    url: `${api}/organizations/${team.organisation.id}/team/${team.id}/memberships/${person.login}`,
    role: direct?.role ?? 'member',
    state: direct?.state ?? 'active',
  };
}

/** Children's members count as members. */
function members(call: Call): Account[] {
  const team = teamOf(call);
  return [...call.world.accounts.values()].filter((account) => call.world.isInTeam(account, team));
}

function fullTeam(call: Call): unknown {
  const team = teamOf(call);
  const { createdAt } = team.organisation;
  const organization = {
    ...organisationShape(call.world, team.organisation),
    type: 'Organization',
    has_organization_projects: false,
    has_repository_projects: false,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    html_url: `${call.world.addresses.html}/${team.organisation.login}`,
    created_at: createdAt,
    updated_at: createdAt,
    archived_at: null,
  };
  return {
    ...teamShape(call.world, team),
    members_count: team.members.size,
    repos_count: team.repositories.size,
    created_at: createdAt,
    updated_at: createdAt,
    organization,
  };
}

/** GitHub's five roles on the older four: maintain counts as write, triage as read. */
const legacy: Readonly<Record<Level, string>> = {
  none: 'none',
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
};

function permissionShape(call: RepositoryCall): unknown {
  const person = personOf(call);
  const level = call.world.levelOf(person, call.repository);
  const can = (needed: Level): boolean => atLeast(level, needed);
  const permissions = {
    pull: can('read'),
    triage: can('triage'),
    push: can('write'),
    maintain: can('maintain'),
    admin: can('admin'),
  };
  return {
    permission: legacy[level],
    role_name: level,
    user: { ...userShape(call.world, person), permissions, role_name: level },
  };
}

export const teamRoutes: readonly Route[] = [
  { route: 'GET /orgs/{org}/teams/{team_slug}', who: 'any', handle: (call) => ok(fullTeam(call)) },
  {
    route: 'GET /orgs/{org}/teams/{team_slug}/memberships/{username}',
    who: 'any',
    handle: (call) => ok(membership(call)),
  },
  {
    route: 'GET /orgs/{org}/teams/{team_slug}/members',
    who: 'any',
    handle: (call) => paged(call, members(call), (account) => userShape(call.world, account)),
  },
  {
    route: 'GET /orgs/{org}/teams',
    who: 'any',
    handle: (call) => {
      const organisation = organisationOf(call);
      const teams = [...call.world.teams.values()].filter((team) => team.organisation.id === organisation.id);
      return paged(call, teams, (team) => teamShape(call.world, team));
    },
  },
  {
    route: 'GET /orgs/{org}/members/{username}',
    who: 'any',
    handle: (call) => {
      if (call.world.members.get(organisationOf(call).id)?.has(personOf(call).id) !== true) throw notFound();
      return noContent;
    },
  },
];

export const collaboratorRoutes: readonly RepositoryRoute[] = [
  {
    route: 'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
    needs: 'metadata:read',
    handle: (call) => ok(permissionShape(call)),
  },
  {
    route: 'GET /repos/{owner}/{repo}/collaborators/{username}',
    needs: 'metadata:read',
    handle: (call) => {
      if (call.world.levelOf(personOf(call), call.repository) === 'none') throw notFound();
      return noContent;
    },
  },
];
