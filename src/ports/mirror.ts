// Local copies of hosted repositories, brought up to date one ref at a time.
import type { Repository } from '../ports.ts';

export interface Remote {
  /** Names the copy: `<installation>-<repository id>`; never anything that a rename changes. */
  readonly key: string;
  readonly url: string;
  /** For HTTP basic authentication; asked for at each fetch, never kept or printed. `refused` did not do. */
  token(refused?: string): Promise<string | undefined>;
}

export interface Fetched {
  readonly repository: Repository;
  readonly commit: string;
}

export interface Mirrors {
  /**
   * The commit that a full ref (`refs/pull/7/merge`) has on the server now, with everything it needs; undefined where the
   * server has no such ref.
   *
   * @throws SluiceError `fleet.source`, transient for what a retry may mend; what the server said is not repeated
   */
  fetch(remote: Remote, ref: string): Promise<Fetched | undefined>;
  /** Full name of a ref below `prefix` that stands at a commit on the server now; undefined where there is none. */
  refOf(remote: Remote, commit: string, prefix: string): Promise<string | undefined>;
  /** Full name of the server's default branch: `refs/heads/main`. @throws as `fetch` */
  defaultBranch(remote: Remote): Promise<string>;
}
