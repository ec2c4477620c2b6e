import { EventEmitter } from 'node:events';
import type { Account, AccountType, Level, Team } from './account.ts';
import { atLeast } from './account.ts';
import type { Actor, App, Installation, InstallationToken } from './app.ts';
import { LabClock } from './clock.ts';
import { Counters } from './counters.ts';
import { Faults } from './faults.ts';
import type { Announcement } from './webhook/announcement.ts';
import type { Delivery } from './webhook/delivery.ts';
import { fullName, type Repository } from './repository.ts';

/** Where the lab is reached; known once it listens. */
export interface Addresses {
  /** `http://127.0.0.1:4000` */
  html: string;
  /** `http://127.0.0.1:4000/api/v3` */
  api: string;
}

/** Everything the lab knows beside the Git repositories. */
export class World {
  readonly clock = new LabClock();
  readonly counters = new Counters();
  readonly faults = new Faults();
  readonly addresses: Addresses = { html: '', api: '' };
  readonly accounts = new Map<string, Account>();
  readonly members = new Map<number, Map<number, 'member' | 'admin'>>();
  readonly teams = new Map<number, Team>();
  readonly apps = new Map<number, App>();
  readonly installations = new Map<number, Installation>();
  readonly tokens = new Map<string, InstallationToken>();
  /** Personal access tokens. */
  readonly userTokens = new Map<string, Account>();
  readonly repositories = new Map<number, Repository>();
  /** Old `owner/name` (lower case) → id, for redirects. */
  readonly formerNames = new Map<string, number>();
  /** Newest last. */
  readonly deliveries: Delivery[] = [];
  readonly folder: string;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #announce: (announcement: Announcement) => void = () => {};
  #lastId = 1000;

  constructor(folder: string) {
    this.folder = folder;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Says that something is different now: whoever waits looks again. */
  changed(): void {
    this.#changes.emit('changed');
  }

  onChange(listener: () => void): () => void {
    this.#changes.on('changed', listener);
    return () => this.#changes.off('changed', listener);
  }

  /** Sends an event to every App that may and wants to know. */
  announce(announcement: Announcement): void {
    this.#announce(announcement);
    this.changed();
  }

  onAnnounce(listener: (announcement: Announcement) => void): void {
    this.#announce = listener;
  }

  addAccount(login: string, type: AccountType): Account {
    if (this.accounts.has(login.toLowerCase())) throw new Error(`${login}: there is an account of this name`);
    const account: Account = { id: this.nextId(), login, type, createdAt: this.clock.stamp() };
    this.accounts.set(login.toLowerCase(), account);
    return account;
  }

  account(login: string): Account {
    const found = this.accounts.get(login.toLowerCase());
    if (found === undefined) throw new Error(`${login}: there is no such account`);
    return found;
  }

  findRepository(name: string): Repository | undefined {
    const wanted = name.toLowerCase();
    for (const repository of this.repositories.values()) {
      if (fullName(repository).toLowerCase() === wanted) return repository;
    }
    return undefined;
  }

  repository(name: string): Repository {
    const found = this.findRepository(name);
    if (found === undefined) throw new Error(`${name}: there is no such repository`);
    return found;
  }

  /** What a person may do in a repository: owner, organisation, collaborator and teams, the most of them. */
  levelOf(user: Account, repository: Repository): Level {
    const found: Level[] = [repository.private ? 'none' : 'read', repository.collaborators.get(user.id) ?? 'none'];
    if (repository.owner.id === user.id) found.push('admin');
    const role = this.members.get(repository.owner.id)?.get(user.id);
    if (role !== undefined) found.push(role === 'admin' ? 'admin' : 'read');
    for (const team of this.teams.values()) {
      if (this.isInTeam(user, team)) found.push(team.repositories.get(repository.id) ?? 'none');
    }
    return found.reduce((most, level) => (atLeast(level, most) ? level : most), 'none');
  }

  /** Active members, those of child teams included. */
  isInTeam(user: Account, team: Team): boolean {
    if (team.members.get(user.id)?.state === 'active') return true;
    return [...this.teams.values()].some((child) => child.parent?.id === team.id && this.isInTeam(user, child));
  }

  covers(installation: Installation, repository: Repository): boolean {
    if (installation.account.id !== repository.owner.id) return false;
    return installation.selected === undefined || installation.selected.has(repository.id);
  }

  /** The account in whose name an actor writes. */
  writer(actor: Actor): { readonly user: Account; readonly app: App | undefined } {
    if (actor.kind === 'user') return { user: actor.user, app: undefined };
    if (actor.kind === 'installation') return { user: actor.installation.app.bot, app: actor.installation.app };
    throw new Error('only people and installations write');
  }
}
