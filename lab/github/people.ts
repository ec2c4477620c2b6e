import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Account, Team } from './account.ts';
import type { App, Installation, Permissions } from './app.ts';
import { type Repository } from './repository.ts';
import { installationShape } from './shape/app.ts';
import { userShape } from './shape/account.ts';
import { namedShape } from './shape/repository.ts';
import type { World } from './world.ts';

export interface AppRegistration {
  readonly name: string;
  readonly owner: Account;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  readonly webhook?: { readonly url: string; readonly secret: string };
}

export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

export function registerApp(world: World, asked: AppRegistration): App {
  const slug = slugOf(asked.name);
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const app: App = {
    id: world.nextId(),
    clientId: `Iv23li${randomBytes(7).toString('hex')}`,
    slug,
    name: asked.name,
    owner: asked.owner,
    bot: world.addAccount(`${slug}[bot]`, 'Bot'),
    permissions: { ...asked.permissions, metadata: 'read' },
    events: asked.events,
    webhook: asked.webhook,
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
    publicKey,
    createdAt: world.clock.stamp(),
  };
  world.apps.set(app.id, app);
  return app;
}

/** Installs on an account, for all of its repositories or some. */
export function installApp(
  world: World,
  app: App,
  account: Account,
  repositories: readonly Repository[] | undefined,
): Installation {
  const now = world.clock.stamp();
  const installation: Installation = {
    id: world.nextId(),
    app,
    account,
    permissions: app.permissions,
    events: app.events,
    selected: repositories === undefined ? undefined : new Set(repositories.map(({ id }) => id)),
    suspendedAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
  world.installations.set(installation.id, installation);
  announceInstallation(world, installation, 'created');
  return installation;
}

export function announceInstallation(
  world: World,
  installation: Installation,
  action: 'created' | 'deleted' | 'suspend' | 'unsuspend' | 'new_permissions_accepted',
): void {
  const covered = [...world.repositories.values()].filter((one) => world.covers(installation, one));
  world.announce({
    event: 'installation',
    action,
    repository: undefined,
    sender: installation.account,
    only: installation.app,
    installation: installation.id,
    payload: {
      installation: installationShape(world, installation),
      repositories: covered.map(namedShape),
    },
  });
}

export function announceRepositories(
  world: World,
  installation: Installation,
  action: 'added' | 'removed',
  repositories: readonly Repository[],
): void {
  const named = repositories.map(namedShape);
  world.announce({
    event: 'installation_repositories',
    action,
    repository: undefined,
    sender: installation.account,
    only: installation.app,
    installation: installation.id,
    payload: {
      installation: installationShape(world, installation),
      repository_selection: installation.selected === undefined ? 'all' : 'selected',
      repositories_added: action === 'added' ? named : [],
      repositories_removed: action === 'removed' ? named : [],
      requester: action === 'added' ? userShape(world, installation.account) : null,
    },
  });
}

export function addTeam(world: World, organisation: Account, name: string, parent?: Team): Team {
  const team: Team = {
    id: world.nextId(),
    organisation,
    slug: slugOf(name),
    name,
    parent,
    members: new Map(),
    repositories: new Map(),
  };
  world.teams.set(team.id, team);
  return team;
}
