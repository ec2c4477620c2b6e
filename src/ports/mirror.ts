// Local copies of hosted repositories, brought up to date one ref at a time.
import type { Repository } from '../ports.ts';

/** A GitHub token, or what a Flux Secret holds: basic authentication, or a bearer token. */
export type GitCredential =
  | string
  | { readonly username: string; readonly password: string }
  | { readonly bearer: string };

export interface Remote {
  /** Names the copy: `<installation>-<repository id>`; never anything that a rename changes. */
  readonly key: string;
  readonly url: string;
  /** Asked for at each fetch, never kept or printed. `refused` is one that was not taken. */
  token(refused?: GitCredential): Promise<GitCredential | undefined>;
}

export interface Fetched {
  readonly repository: Repository;
  readonly commit: string;
  /** The commits of the refs asked for, at the same moment: `refs/heads/main` → `3f9c…`. */
  readonly refs: ReadonlyMap<string, string>;
}

export interface Mirrors {
  /**
   * The commit that a full ref (`refs/pull/7/merge`) has on the server now, with everything it needs; undefined where the
   * server has no such ref. Of refs that start with one of `also`, only the names and commits. `perhaps` is a commit where the
   * ref may be: it is fetched while the server is asked for the ref, and thrown away where that is somewhere else.
   *
   * @throws SluiceError `fleet.source`, transient for what a retry may mend; what the server said is not repeated.
   *   `source.tooLarge` for more than the mirror takes
   */
  fetch(remote: Remote, ref: string, also?: readonly string[], perhaps?: string): Promise<Fetched | undefined>;
  /** Full name of a ref below `prefix` that stands at a commit on the server now; undefined where there is none. */
  refOf(remote: Remote, commit: string, prefix: string): Promise<string | undefined>;
  /** All refs below `prefix` on the server now, with their commits. @throws as `fetch` */
  refs(remote: Remote, prefix: string): Promise<ReadonlyMap<string, string>>;
  /** Full name of the server's default branch: `refs/heads/main`. @throws as `fetch` */
  defaultBranch(remote: Remote): Promise<string>;
}
