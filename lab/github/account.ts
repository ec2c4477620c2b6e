export type AccountType = 'User' | 'Organization' | 'Bot';

export interface Account {
  readonly id: number;
  /** `acme`, `ada`, `sluice[bot]` */
  login: string;
  readonly type: AccountType;
  readonly createdAt: string;
}

/** What a person or team may do in a repository, weakest first. */
export const levels = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
export type Level = (typeof levels)[number];

export function atLeast(has: Level, needed: Level): boolean {
  return levels.indexOf(has) >= levels.indexOf(needed);
}

export interface Team {
  readonly id: number;
  readonly organisation: Account;
  readonly slug: string;
  readonly name: string;
  readonly parent: Team | undefined;
  readonly members: Map<
    number,
    { readonly user: Account; readonly role: 'member' | 'maintainer'; readonly state: 'active' | 'pending' }
  >;
  /** What the team may do, by repository id. */
  readonly repositories: Map<number, Level>;
}
