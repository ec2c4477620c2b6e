import { randomBytes } from 'node:crypto';
import type { Account, Level, Team } from './account.ts';
import type { App, Installation, InstallationToken, Permissions } from './app.ts';
import type { Contract } from './contract.ts';
import type { LabClock } from './clock.ts';
import type { Counters } from './counters.ts';
import type { Fault, Faults } from './faults.ts';
import {
  addTeam,
  announceInstallation,
  announceRepositories,
  type AppRegistration,
  installApp,
  registerApp,
} from './people.ts';
import type { Repository } from './repository.ts';
import { issueToken } from './rest/apps.ts';
import type { Delivery } from './webhook/delivery.ts';
import type { Hooks } from './webhook/hooks.ts';
import type { World } from './world.ts';

/** A person with a personal access token, for `git push` and API calls in their name. */
export interface LabUser {
  readonly account: Account;
  readonly login: string;
  readonly token: string;
}

/** Accounts, Apps and what the whole lab does: faults, time, counters, waiting. */
export class LabAccounts {
  readonly world: World;
  readonly hooks: Hooks;
  /** Undefined unless asked for at the start. */
  readonly contract: Contract | undefined;
  readonly #tokens = new Map<number, string>();

  constructor(world: World, hooks: Hooks, contract: Contract | undefined) {
    this.world = world;
    this.hooks = hooks;
    this.contract = contract;
  }

  /** `http://127.0.0.1:4000`: pages and Git */
  get address(): string {
    return this.world.addresses.html;
  }

  /** `http://127.0.0.1:4000/api/v3`: for Octokit's `baseUrl` */
  get apiUrl(): string {
    return this.world.addresses.api;
  }

  get clock(): LabClock {
    return this.world.clock;
  }

  get faults(): Faults {
    return this.world.faults;
  }

  get counters(): Counters {
    return this.world.counters;
  }

  /** Every attempt so far, oldest first. */
  get deliveries(): readonly Delivery[] {
    return this.world.deliveries;
  }

  /** @returns what takes the fault away again */
  fault(fault: Fault): () => void {
    return this.faults.add(fault);
  }

  createOrganisation(login: string): Account {
    return this.world.addAccount(login, 'Organization');
  }

  createUser(login: string): LabUser {
    return this.#withToken(this.world.addAccount(login, 'User'));
  }

  user(login: string): LabUser {
    return this.#withToken(this.world.account(login));
  }

  #withToken(account: Account): LabUser {
    const token = this.#tokens.get(account.id) ?? `ghp_${randomBytes(18).toString('hex')}`;
    this.#tokens.set(account.id, token);
    this.world.userTokens.set(token, account);
    return { account, login: account.login, token };
  }

  addMember(organisation: string, login: string, role: 'member' | 'admin' = 'member'): void {
    const id = this.world.account(organisation).id;
    const members = this.world.members.get(id) ?? new Map<number, 'member' | 'admin'>();
    members.set(this.world.account(login).id, role);
    this.world.members.set(id, members);
  }

  removeMember(organisation: string, login: string): void {
    const account = this.world.account(login);
    this.world.members.get(this.world.account(organisation).id)?.delete(account.id);
    for (const team of this.world.teams.values()) {
      if (team.organisation.login === organisation) team.members.delete(account.id);
    }
  }

  /** A team, its members active at once; repositories by `owner/name`. */
  createTeam(
    organisation: string,
    name: string,
    more: {
      readonly members?: readonly string[];
      readonly repositories?: Readonly<Record<string, Level>>;
      readonly parent?: Team;
    } = {},
  ): Team {
    const team = addTeam(this.world, this.world.account(organisation), name, more.parent);
    for (const login of more.members ?? []) {
      const user = this.world.account(login);
      team.members.set(user.id, { user, role: 'member', state: 'active' });
    }
    for (const [repository, level] of Object.entries(more.repositories ?? {})) {
      team.repositories.set(this.world.repository(repository).id, level);
    }
    return team;
  }

  /** `none` takes the right away again. */
  setCollaborator(repository: string, login: string, level: Level): void {
    const { collaborators } = this.world.repository(repository);
    const { id } = this.world.account(login);
    if (level === 'none') collaborators.delete(id);
    else collaborators.set(id, level);
  }

  /** Registers an App; with a webhook it is greeted by a ping. `privateKey` is what its owner would download. */
  registerApp(asked: Omit<AppRegistration, 'owner'> & { readonly owner: string }): App {
    const app = registerApp(this.world, { ...asked, owner: this.world.account(asked.owner) });
    this.hooks.ping(app);
    return app;
  }

  /** Points an App's webhook elsewhere, when its address is known only later; greets it with a ping. */
  setWebhook(app: App, webhook: { readonly url: string; readonly secret: string }): void {
    Object.assign(app, { webhook });
    this.hooks.ping(app);
  }

  /** Installs an App on an account: all repositories, or those named by `owner/name`. */
  installApp(app: App, account: string, repositories?: readonly string[]): Installation {
    const named = repositories?.map((name) => this.world.repository(name));
    return installApp(this.world, app, this.world.account(account), named);
  }

  uninstallApp(installation: Installation): void {
    announceInstallation(this.world, installation, 'deleted');
    this.world.installations.delete(installation.id);
  }

  suspend(installation: Installation, suspended = true): void {
    installation.suspendedAt = suspended ? this.clock.stamp() : undefined;
    announceInstallation(this.world, installation, suspended ? 'suspend' : 'unsuspend');
  }

  /** What the organisation grants from now on; tokens already given lose what is gone. */
  setPermissions(installation: Installation, permissions: Permissions): void {
    installation.permissions = { ...permissions, metadata: 'read' };
    announceInstallation(this.world, installation, 'new_permissions_accepted');
  }

  /** Adds or removes one repository of an installation on selected ones. */
  selectRepository(installation: Installation, repository: string, selected: boolean): void {
    const one = this.world.repository(repository);
    const chosen = (installation.selected ??= new Set(this.#owned(installation).map(({ id }) => id)));
    if (selected) chosen.add(one.id);
    else chosen.delete(one.id);
    announceRepositories(this.world, installation, selected ? 'added' : 'removed', [one]);
  }

  #owned(installation: Installation): Repository[] {
    return [...this.world.repositories.values()].filter(({ owner }) => owner.id === installation.account.id);
  }

  /** A token as the API would give it, without asking. */
  tokenOf(installation: Installation): InstallationToken {
    return issueToken(this.world, installation, {});
  }

  /** Every installation token stops working now. */
  expireTokens(): void {
    for (const token of this.world.tokens.values()) token.expiresAt = 0;
  }

  /**
   * Resolves with the first value of `look` that is neither undefined, null nor false; looks again whenever anything in the lab happens.
   * @throws Error naming `what` after `ms` (a minute unless said)
   */
  async waitFor<Value>(
    what: string,
    look: () => Value | Promise<Value>,
    ms = 60_000,
  ): Promise<NonNullable<Exclude<Value, false>>> {
    const end = performance.now() + ms;
    for (;;) {
      let wake: () => void = () => {};
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const off = this.world.onChange(wake);
      const timer = setTimeout(wake, Math.max(0, end - performance.now()));
      try {
        const value = await look();
        if (value !== undefined && value !== null && value !== false)
          return value as NonNullable<Exclude<Value, false>>;
        if (performance.now() >= end) throw new Error(`${what}: not within ${ms} ms`);
        await woken;
      } finally {
        clearTimeout(timer);
        off();
      }
    }
  }

  /** Resolves when every delivery has been answered or given up. */
  async delivered(ms = 60_000): Promise<void> {
    await this.waitFor('deliveries', () => this.hooks.busy === 0, ms);
  }
}
