import type { KeyObject } from 'node:crypto';
import type { Account } from './account.ts';

export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

/** A registered GitHub App. */
export interface App {
  readonly id: number;
  readonly clientId: string;
  readonly slug: string;
  readonly name: string;
  readonly owner: Account;
  /** `sluice[bot]`, who comments. */
  readonly bot: Account;
  permissions: Permissions;
  /** What it subscribes to: `pull_request`, `push`, … */
  events: readonly string[];
  webhook: { readonly url: string; readonly secret: string } | undefined;
  /** PKCS#1 PEM, as GitHub gives it for download. */
  readonly privateKey: string;
  readonly publicKey: KeyObject;
  readonly createdAt: string;
}

export interface Installation {
  readonly id: number;
  readonly app: App;
  readonly account: Account;
  /** Granted: the App's at the time of installing, until new ones are accepted. */
  permissions: Permissions;
  events: readonly string[];
  /** Ids of repositories; undefined is all of the account's. */
  selected: Set<number> | undefined;
  suspendedAt: string | undefined;
  readonly createdAt: string;
  updatedAt: string;
}

/** An installation's token, valid for an hour. */
export interface InstallationToken {
  readonly token: string;
  readonly installation: Installation;
  readonly permissions: Permissions;
  readonly repositories: ReadonlySet<number> | undefined;
  expiresAt: number;
}

/** Who calls. */
export type Actor =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'user'; readonly user: Account }
  | { readonly kind: 'app'; readonly app: App }
  | { readonly kind: 'installation'; readonly installation: Installation; readonly token: InstallationToken };
