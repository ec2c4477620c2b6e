// Makes real Git repositories out of the sample organisation's folders, without a Git process.
import * as fs from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import git from 'isomorphic-git';
import { type Change, readFolder, type RepositoryName, repositoryNames } from './changes.ts';

export { type Change, listChanges, readChange, type RepositoryName } from './changes.ts';

export interface SampleRepository {
  readonly name: RepositoryName;
  /** `https://github.com/acme/checkout-manifests`: the address of `origin`. Nothing is ever fetched from it. */
  readonly url: string;
  /** A working tree on branch `main`, clean. */
  readonly dir: string;
  /** The commit of `main`, the same for the same files on every machine. */
  readonly main: string;
}

export interface Organisation {
  readonly dir: string;
  /** `https://github.com`, or where else the documents say that the repositories are. */
  readonly address: string;
  readonly repositories: Readonly<Record<RepositoryName, SampleRepository>>;
}

export interface AppliedChange {
  readonly repository: SampleRepository;
  /** `change/01-image-bump`, checked out. */
  readonly branch: string;
  readonly head: string;
  /** Files of `main` that the change touches, as they were; undefined where there was none. */
  readonly before: ReadonlyMap<string, Uint8Array | undefined>;
}

const gitHub = 'https://github.com';

/** `acme/checkout-manifests` */
export function repositoryName(name: RepositoryName): string {
  return `acme/${name === 'platform' ? 'platform' : `${name}-manifests`}`;
}

/**
 * Makes the organisation's repositories in `dir` (which is made), each with one commit on `main`. Its documents say that
 * they are on GitHub.com; with `address` (`http://127.0.0.1:4000`) that they are there.
 */
export async function createOrganisation(dir: string, address = gitHub): Promise<Organisation> {
  const made = await Promise.all(
    repositoryNames.map(async (name) => {
      const source = name === 'platform' ? 'platform' : join('tenants', name);
      const files = moved(await readFolder(join(import.meta.dirname, source)), address);
      const repository = await createRepository(join(dir, name), `${address}/${repositoryName(name)}`, files);
      return [name, { name, ...repository }] as const;
    }),
  );
  return { dir, address, repositories: Object.fromEntries(made) as Record<RepositoryName, SampleRepository> };
}

/** Files with the organisation's address on GitHub.com replaced. */
function moved(files: ReadonlyMap<string, Uint8Array>, address: string): ReadonlyMap<string, Uint8Array> {
  if (address === gitHub) return files;
  const moveOne = (bytes: Uint8Array): Uint8Array =>
    Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(`${gitHub}/acme/`, `${address}/acme/`), 'latin1');
  return new Map([...files].map(([path, bytes]) => [path, moveOne(bytes)]));
}

/**
 * Commits a change set on a new branch from `main` and leaves it checked out. Call `backToMain` before the next change
 * to the same repository.
 * @throws Error where an edit's text is not there exactly once, or a deleted file is not there
 */
export async function applyChange(organisation: Organisation, change: Change): Promise<AppliedChange> {
  const repository = organisation.repositories[change.repository];
  const { dir, main } = repository;
  const branch = branchOf(change);
  const written = new Map<string, Uint8Array | string | undefined>(moved(change.files, organisation.address));
  for (const { file, find, replace } of change.edit) {
    const text = String(written.get(file) ?? (await readFile(join(dir, file), 'utf8')));
    if (text.split(find).length !== 2) throw new Error(`${change.id}: ${file} must hold exactly once: ${find}`);
    written.set(
      file,
      text.replace(find, () => replace),
    );
  }
  for (const path of change.delete) written.set(path, undefined);
  const before = new Map<string, Uint8Array | undefined>();
  for (const path of written.keys()) before.set(path, await readFile(join(dir, path)).catch(() => undefined));
  await git.branch({ fs, dir, ref: branch, object: main, force: true });
  await stage(dir, written, branch);
  return { repository, branch, head: await commit(dir, change.title, '2026-05-05T10:00:00Z'), before };
}

/** `change/01-image-bump` */
export function branchOf({ id }: Change): string {
  return `change/${id}`;
}

/** Puts the working tree of a change's repository back to `main`; the branch stays. */
export async function backToMain({ repository, before }: AppliedChange): Promise<void> {
  await stage(repository.dir, before, 'main');
}

/** Makes a branch the current one and brings files and index to it; `undefined` is a file that goes away. */
async function stage(
  dir: string,
  files: ReadonlyMap<string, Uint8Array | string | undefined>,
  branch: string,
): Promise<void> {
  await git.writeRef({ fs, dir, ref: 'HEAD', value: `refs/heads/${branch}`, symbolic: true, force: true });
  for (const [path, bytes] of files) {
    if (bytes !== undefined) await write(dir, path, bytes);
    else {
      await rm(join(dir, path));
      await git.remove({ fs, dir, filepath: path });
    }
  }
  const present = [...files].filter(([, bytes]) => bytes !== undefined).map(([path]) => path);
  if (present.length > 0) await git.add({ fs, dir, filepath: present });
}

/**
 * The arguments of `sluice check` for one repository of the organisation: a tenant's with the platform's checkout, the
 * platform's with local copies of every tenant's.
 */
export function checkArguments(organisation: Organisation, name: RepositoryName): readonly string[] {
  const { platform, ...tenants } = organisation.repositories;
  if (name !== 'platform') return ['check', tenants[name].dir, '--platform', platform.dir];
  return ['check', platform.dir, ...Object.values(tenants).flatMap(({ url, dir }) => ['--repo', `${url}=${dir}`])];
}

/** Makes a repository with one commit on `main` out of files, as `largeFleet` gives them; `origin` is `url`. */
export async function createRepository(
  dir: string,
  url: string,
  files: ReadonlyMap<string, Uint8Array | string>,
): Promise<Omit<SampleRepository, 'name'>> {
  await mkdir(dir, { recursive: true });
  await git.init({ fs, dir, defaultBranch: 'main' });
  await git.addRemote({ fs, dir, remote: 'origin', url });
  for (const [path, bytes] of files) await write(dir, path, bytes);
  await git.add({ fs, dir, filepath: [...files.keys()] });
  const main = await commit(dir, 'Start', '2026-05-04T09:00:00Z');
  await git.writeRef({ fs, dir, ref: 'refs/remotes/origin/main', value: main, force: true });
  return { url, dir, main };
}

async function write(dir: string, path: string, bytes: Uint8Array | string): Promise<void> {
  const file = join(dir, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

async function commit(dir: string, message: string, when: string): Promise<string> {
  const author = {
    name: 'Ada Example',
    email: 'ada@acme.example',
    timestamp: Date.parse(when) / 1000,
    timezoneOffset: 0,
  };
  return git.commit({ fs, dir, message: `${message}\n`, author, committer: author });
}
