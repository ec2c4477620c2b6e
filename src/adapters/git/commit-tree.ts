// Folders and files of commits, shared by every tree of a repository: both sides of a review read most of them once.

import { SluiceError } from '../../errors.ts';
import type { TreeEntry } from '../../ports.ts';
import { parseTree } from '../../source/git-object.ts';
import type { SourceLimits } from '../../source/limits.ts';
import { escapePath } from '../../source/name.ts';
import { corruptError } from '../../source/refused.ts';
import type { TreeStore } from '../../source/tree.ts';
import type { Objects } from './objects.ts';
import { Recent } from './recent.ts';

/** Entries of folders that are kept. */
const keptEntries = 400_000;
/** Bytes of files that are kept. */
const keptBytes = 32 * 1024 * 1024;

export class CommitStore implements TreeStore {
  readonly #objects: Objects;
  readonly #limits: SourceLimits;
  readonly #folders = new Recent<ReadonlyMap<string, TreeEntry>>(keptEntries, (folder) => folder.size + 1);
  readonly #files = new Recent<Uint8Array>(keptBytes, (bytes) => bytes.length + 64);

  constructor(objects: Objects, limits: SourceLimits) {
    this.#objects = objects;
    this.#limits = limits;
  }

  /** @throws SluiceError `source.corrupt`, `source.tooMany`, `source.tooLarge` */
  folder(oid: string): Promise<ReadonlyMap<string, TreeEntry>> {
    return this.#folders.get(oid, async () => parseTree(oid, await this.#objects.read(oid, 'tree'), this.#limits));
  }

  /** @throws SluiceError `source.corrupt`, `source.tooLarge`, at the file's place */
  file(oid: string, path: string): Promise<Uint8Array> {
    return this.#files
      .get(oid, () => this.#objects.read(oid, 'blob'))
      .catch((error: unknown) => {
        throw at(path, error);
      });
  }
}

function at(path: string, error: unknown): SluiceError {
  const file = escapePath(path);
  if (!(error instanceof SluiceError)) return corruptError(file, 'unexpected failure', error);
  const { code, kind, remedy, cause } = error;
  return new SluiceError(code, `${file}: ${error.message}`, { kind, remedy, cause, place: { file } });
}
