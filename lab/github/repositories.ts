import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Installation } from './app.ts';
import { createBare, readRefs } from './git/bare.ts';
import { announceRepositories } from './people.ts';
import { fullName, type Repository } from './repository.ts';
import { userShape } from './shape/account.ts';
import type { World } from './world.ts';

export interface NewRepository {
  readonly name: string;
  /** A local repository, bare or not, whose branches and tags it starts with. */
  readonly from?: string;
  /** Default true. */
  readonly private?: boolean;
  /** Default `main`. */
  readonly defaultBranch?: string;
  readonly parent?: Repository;
}

export async function addRepository(world: World, owner: Account, asked: NewRepository): Promise<Repository> {
  if (world.findRepository(`${owner.login}/${asked.name}`) !== undefined) {
    throw new Error(`${owner.login}/${asked.name}: there is a repository of this name`);
  }
  const id = world.nextId();
  const defaultBranch = asked.defaultBranch ?? 'main';
  const path = join(world.folder, `${id}.git`);
  await createBare(path, asked.from, defaultBranch);
  const now = world.clock.stamp();
  const repository: Repository = {
    id,
    owner,
    name: asked.name,
    private: asked.private ?? true,
    archived: false,
    description: null,
    defaultBranch,
    path,
    parent: asked.parent,
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
    refs: await readRefs(path),
    issues: new Map(),
    checkSuites: new Map(),
    checkRuns: new Map(),
    statuses: [],
    deployments: new Map(),
    collaborators: new Map(),
    protection: new Map(),
    activity: [],
    queue: [],
  };
  world.repositories.set(id, repository);
  for (const installation of world.installations.values()) {
    if (installation.selected === undefined && world.covers(installation, repository)) {
      announceRepositories(world, installation, 'added', [repository]);
    }
  }
  world.changed();
  return repository;
}

export function renameRepository(world: World, repository: Repository, name: string, sender: Account): void {
  const from = repository.name;
  world.formerNames.set(fullName(repository).toLowerCase(), repository.id);
  repository.name = name;
  const payload = { changes: { repository: { name: { from } } } };
  world.announce({ event: 'repository', action: 'renamed', repository, sender, payload });
}

/** Installations of the old owner lose it, those of the new one on all repositories gain it. */
export function transferRepository(world: World, repository: Repository, owner: Account, sender: Account): void {
  const from = repository.owner;
  const before = covering(world, repository);
  world.formerNames.set(fullName(repository).toLowerCase(), repository.id);
  repository.owner = owner;
  for (const installation of before) {
    installation.selected?.delete(repository.id);
    announceRepositories(world, installation, 'removed', [repository]);
  }
  for (const installation of covering(world, repository))
    announceRepositories(world, installation, 'added', [repository]);
  const kind = from.type === 'Organization' ? 'organization' : 'user';
  const payload = { changes: { owner: { from: { [kind]: userShape(world, from) } } } };
  world.announce({ event: 'repository', action: 'transferred', repository, sender, payload });
}

/** Pull requests from it stay where they are, with no head repository. */
export async function deleteRepository(world: World, repository: Repository, sender: Account): Promise<void> {
  world.announce({ event: 'repository', action: 'deleted', repository, sender, payload: {} });
  for (const installation of covering(world, repository))
    announceRepositories(world, installation, 'removed', [repository]);
  world.repositories.delete(repository.id);
  for (const other of world.repositories.values()) {
    for (const { pull } of other.issues.values()) {
      if (pull?.head.repository?.id === repository.id) pull.head.repository = undefined;
    }
  }
  await rm(repository.path, { recursive: true, force: true });
  world.changed();
}

export function archiveRepository(world: World, repository: Repository, archived: boolean, sender: Account): void {
  repository.archived = archived;
  const action = archived ? 'archived' : 'unarchived';
  world.announce({ event: 'repository', action, repository, sender, payload: {} });
}

function covering(world: World, repository: Repository): Installation[] {
  return [...world.installations.values()].filter((installation) => world.covers(installation, repository));
}
