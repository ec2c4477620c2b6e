// The change sets on top of the sample organisation: `changes/<NN-name>/change.yaml` and the files it lays over a repository.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const repositoryNames = ['platform', 'checkout', 'catalog', 'media'] as const;
export type RepositoryName = (typeof repositoryNames)[number];

const changeFile = z.strictObject({
  /** What a pull request would be called. */
  title: z.string(),
  /** One sentence: why this change set is here. */
  shows: z.string(),
  repository: z.enum(repositoryNames),
  expect: z.strictObject({
    exit: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    verdict: z.enum(['pass', 'blocked', 'error']),
    /** Every rule that must be in the report, waived ones left out; sorted. */
    rules: z.array(z.string()).default([]),
    /** Every error code that must be in the report; sorted. */
    codes: z.array(z.string()).default([]),
    /** Text that must stand somewhere in the terminal report, and text that must not. */
    says: z.array(z.string()).default([]),
    hides: z.array(z.string()).default([]),
  }),
  /** Text replaced in files that the repository has; `find` must stand there exactly once. */
  edit: z.array(z.strictObject({ file: z.string(), find: z.string(), replace: z.string() })).default([]),
  /** Files that go away. */
  delete: z.array(z.string()).default([]),
});

export interface Change extends z.infer<typeof changeFile> {
  /** The folder's name: `01-image-bump`. */
  readonly id: string;
  /** Files that are added or replaced as a whole, by path in the repository; sorted by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const folder = join(import.meta.dirname, 'changes');

/** Every change set, in the order of its number. */
export async function listChanges(): Promise<readonly Change[]> {
  const ids = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return Promise.all(
    ids
      .map(({ name }) => name)
      .toSorted()
      .map(readChange),
  );
}

/** One change set by its folder's name. @throws Error where `change.yaml` is missing or has an unknown key. */
export async function readChange(id: string): Promise<Change> {
  const text = await readFile(join(folder, id, 'change.yaml'), 'utf8');
  const parsed = changeFile.safeParse(parse(text));
  if (!parsed.success) throw new Error(`examples/changes/${id}/change.yaml: ${z.prettifyError(parsed.error)}`);
  return { id, ...parsed.data, files: await readFolder(join(folder, id, 'files')) };
}

/** Every file below a folder by its path with `/`, sorted; empty where there is no such folder. */
export async function readFolder(root: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths
      .toSorted()
      .map(async (path) => [path.slice(root.length + 1).replaceAll('\\', '/'), await readFile(path)] as const),
  );
  return new Map(files);
}
