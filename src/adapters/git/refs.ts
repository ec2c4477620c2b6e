// References: HEAD, branches and tags, loose and packed, of a repository or a linked worktree.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRefName } from '../../source/ref.ts';
import { corruptError } from '../../source/refused.ts';

/** How many symbolic references may follow each other; Git allows five too. */
const maxSymbolic = 5;
const maxRefs = 200_000;
const maxFile = 4096;

/** Where a repository keeps its things: a linked worktree has a folder of its own beside the shared one. */
export interface GitFolders {
  readonly own: string;
  readonly shared: string;
}

/** A reference's value: another reference's name, or an object id. */
type Value = { readonly symbolic: string } | { readonly oid: string };

/** The object id of a full reference name (`HEAD`, `refs/…`), symbolic ones followed; undefined where there is none. */
export async function readRef(folders: GitFolders, name: string): Promise<string | undefined> {
  let current = name;
  for (let step = 0; step <= maxSymbolic; step++) {
    const value = await readValue(folders, current);
    if (value === undefined) return undefined;
    if ('oid' in value) return value.oid;
    current = value.symbolic;
  }
  throw corruptError(`the reference ${name}`, 'symbolic references lead in a circle');
}

/** The branch that HEAD names (`refs/heads/main`), or undefined when it is detached. */
export async function readHead(folders: GitFolders): Promise<string | undefined> {
  const value = await readValue(folders, 'HEAD');
  return value !== undefined && 'symbolic' in value ? value.symbolic : undefined;
}

async function readValue(folders: GitFolders, name: string): Promise<Value | undefined> {
  const folder = name === 'HEAD' || name.startsWith('refs/worktree/') ? folders.own : folders.shared;
  const text = await readFile(join(folder, name), 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined;
    throw corruptError(`the reference ${name}`, error.code ?? 'it cannot be opened');
  });
  if (text === undefined) {
    const oid = (await packedRefs(folders)).get(name);
    return oid === undefined ? undefined : { oid };
  }
  const value = text.slice(0, maxFile).trim();
  if (/^[0-9a-f]{40}$/.test(value)) return { oid: value };
  const symbolic = /^ref:\s*(\S+)$/.exec(value)?.[1];
  if (symbolic === undefined || !symbolic.startsWith('refs/') || !isRefName(symbolic)) {
    throw corruptError(`the reference ${name}`, 'it holds neither an object id nor a reference');
  }
  return { symbolic };
}

/** Names below a prefix such as `refs/tags/`, without it, with their (unpeeled) object ids. */
export async function listRefs(folders: GitFolders, prefix: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, oid] of await packedRefs(folders)) {
    if (name.startsWith(prefix)) found.set(name.slice(prefix.length), oid);
  }
  const names = await readdir(join(folders.shared, prefix), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of names.filter((one) => one.isFile()).slice(0, maxRefs)) {
    const name = join(entry.parentPath, entry.name).slice(join(folders.shared, prefix).length).replace(/^\//, '');
    if (!isRefName(`${prefix}${name}`)) continue;
    const oid = await readRef(folders, `${prefix}${name}`);
    if (oid !== undefined) found.set(name, oid);
  }
  return found;
}

async function packedRefs(folders: GitFolders): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(folders.shared, 'packed-refs'), 'utf8').catch(() => '');
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{40}) (refs\/\S+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined && isRefName(match[2])) found.set(match[2], match[1]);
    if (found.size > maxRefs) throw corruptError('packed-refs', `it has more than ${maxRefs} references`);
  }
  return found;
}
