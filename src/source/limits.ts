// The limits of what is read from a source. A limit that is met is an error or a refused entry, never a cut.

export interface SourceLimits {
  /** Bytes of one file. */
  readonly file: number;
  /** Bytes of one Git object that is no file: a tree, a commit, a tag. */
  readonly object: number;
  /** Entries of one folder. */
  readonly entries: number;
  /** Folders below each other, counted from the root. */
  readonly depth: number;
  /** Files of a whole tree, where all of them are looked at. */
  readonly files: number;
  /** Commits looked at to find a merge base. */
  readonly commits: number;
}

export const defaultLimits: SourceLimits = {
  file: 5 * 1024 * 1024,
  object: 8 * 1024 * 1024,
  entries: 20_000,
  depth: 100,
  files: 500_000,
  commits: 500_000,
};
