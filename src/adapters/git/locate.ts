// Finding a repository from a folder.

import * as fs from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import git from 'isomorphic-git';
import { SluiceError } from '../../errors.ts';
import type { GitFolders } from './refs.ts';

export interface Location {
  readonly folders: GitFolders;
  /** The working tree's folder; undefined in a bare repository. */
  readonly root: string | undefined;
  /** Where the folder asked for stands in the working tree, `/`-separated; `''` at its root. */
  readonly subdirectory: string;
}

/**
 * The repository that holds a folder: `.git` there or above, a linked worktree or submodule (`.git` is a file), or a
 * bare repository.
 *
 * @throws SluiceError `source.notRepository`
 */
export async function locate(folder: string): Promise<Location> {
  const start = resolve(folder);
  if (!(await isFolder(start))) throw notRepository('there is no such folder');
  for (let here = start; ; here = dirname(here)) {
    const own = await gitFolder(join(here, '.git'));
    if (own !== undefined) {
      const folders = { own, shared: await sharedFolder(own) };
      await understood(folders);
      return { folders, root: here, subdirectory: relative(here, start).split(sep).join('/') };
    }
    if (await looksBare(here)) {
      const folders = { own: here, shared: await sharedFolder(here) };
      await understood(folders);
      return { folders, root: undefined, subdirectory: '' };
    }
    if (dirname(here) === here) throw notRepository('the folder is not inside a Git repository');
  }
}

async function gitFolder(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return (await looksBare(path)) ? path : undefined;
  if (!found?.isFile() || found.size > 8192) return undefined;
  const target = /^gitdir: (.+)$/.exec((await readFile(path, 'utf8')).trimEnd())?.[1];
  if (target === undefined) return undefined;
  const own = isAbsolute(target) ? target : resolve(dirname(path), target);
  if (await isFolder(own)) return own;
  throw notRepository('its .git file points at a folder that is not there');
}

async function sharedFolder(own: string): Promise<string> {
  const text = await readFile(join(own, 'commondir'), 'utf8').catch(() => undefined);
  if (text === undefined) return own;
  const path = text.trim();
  return isAbsolute(path) ? path : resolve(own, path);
}

async function looksBare(folder: string): Promise<boolean> {
  const [head, objects, refs] = await Promise.all([
    stat(join(folder, 'HEAD')).catch(() => undefined),
    isFolder(join(folder, 'objects')),
    isFolder(join(folder, 'refs')),
  ]);
  return head?.isFile() === true && objects && refs;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** Refuses formats that would be misread. */
async function understood({ shared }: GitFolders): Promise<void> {
  const format = await config(shared, 'extensions.objectformat');
  if (format !== undefined && format !== 'sha1')
    throw notRepository('it uses SHA-256 object ids, which Sluice does not read');
  const refs = await config(shared, 'extensions.refstorage');
  if (refs !== undefined && refs !== 'files')
    throw notRepository('it keeps its references in a format that Sluice does not read');
}

/** A value of the repository's own configuration file. */
export async function config(shared: string, path: string): Promise<string | undefined> {
  const value: unknown = await git.getConfig({ fs, gitdir: shared, path });
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
    ? String(value)
    : undefined;
}

function notRepository(why: string): SluiceError {
  return new SluiceError('source.notRepository', `not a Git repository: ${why}`, {
    remedy: 'Name a folder of a Git checkout or a bare repository, or run `git init` and commit.',
  });
}
