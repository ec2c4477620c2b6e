// Git's own objects, read strictly from raw bytes: nothing is repaired, nothing is guessed.
import { createHash } from 'node:crypto';
import { SluiceError } from '../errors.ts';
import type { RefusedReason, TreeEntry } from '../ports.ts';
import type { SourceLimits } from './limits.ts';
import { compareNames, foldName, isGoodName, nameKey } from './name.ts';
import { corruptError } from './refused.ts';

export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag';

export const emptyTreeId = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** The id Git gives to these bytes: SHA-1 of `<type> <length>\0` and the bytes, 40 hex digits. */
export function objectId(type: ObjectType, bytes: Uint8Array): string {
  return createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}

/**
 * Entries of a raw tree object by name, sorted bytewise. Symbolic links, submodules, other modes, odd names and names
 * that collide (byte for byte, in case or in Unicode form) are refused entries, each with its reason.
 *
 * @throws SluiceError `source.corrupt` where the bytes are no tree, `source.tooMany` past the limit of entries
 */
export function parseTree(id: string, raw: Uint8Array, limits: SourceLimits): ReadonlyMap<string, TreeEntry> {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const found: [string, TreeEntry][] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const nul = space < 0 ? -1 : bytes.indexOf(0, space);
    if (nul < 0 || nul + 21 > bytes.length) throw corruptError(`the tree ${id}`, 'an entry is cut short');
    if (found.length >= limits.entries) throw tooManyEntries(limits.entries);
    const key = nameKey(bytes.subarray(space + 1, nul));
    found.push([
      key,
      treeEntry(id, bytes.toString('latin1', at, space), key, bytes.toString('hex', nul + 1, nul + 21)),
    ]);
    at = nul + 21;
  }
  return withoutCollisions(found);
}

export function tooManyEntries(limit: number): SluiceError {
  return new SluiceError('source.tooMany', `a folder has more than ${limit} entries`, {
    remedy: 'Split the folder.',
  });
}

function treeEntry(id: string, mode: string, key: string, oid: string): TreeEntry {
  if (!/^[0-7]{1,7}$/.test(mode)) throw corruptError(`the tree ${id}`, 'a mode is not octal');
  if (!isGoodName(key)) return { type: 'refused', reason: 'name' };
  const kind = entryKind(Number.parseInt(mode, 8));
  return kind === 'file' || kind === 'directory' ? { type: kind, oid } : { type: 'refused', reason: kind };
}

// 100664 and 100600 were written by old Git versions; Git reads them as 100644.
function entryKind(mode: number): 'file' | 'directory' | RefusedReason {
  switch (mode) {
    case 0o100644:
    case 0o100755:
    case 0o100664:
    case 0o100600:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    case 0o160000:
      return 'submodule';
    default:
      return 'mode';
  }
}

/** Sorts entries by name and refuses all of those that another entry could be taken for. */
export function withoutCollisions<Entry extends TreeEntry>(
  found: readonly (readonly [string, Entry])[],
): ReadonlyMap<string, Entry | TreeEntry> {
  const folded = new Map<string, number>();
  for (const [key] of found) {
    const fold = foldName(key);
    folded.set(fold, (folded.get(fold) ?? 0) + 1);
  }
  const sorted = [...found].sort(([one], [other]) => compareNames(one, other));
  if (folded.size === found.length) return new Map(sorted);
  return new Map(
    sorted.map(([key, entry]) => [
      key,
      folded.get(foldName(key)) === 1 ? entry : { type: 'refused', reason: 'duplicate' },
    ]),
  );
}

export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** Seconds since 1970, as the committer's clock had it; 0 where it cannot be read. */
  readonly time: number;
}

/**
 * The headers of a raw commit that matter here.
 *
 * @throws SluiceError `source.corrupt` unless it starts with exactly one `tree`, then `parent`s, then `author` and
 *   `committer`, and holds no NUL before the message
 */
export function parseCommit(id: string, raw: Uint8Array): Commit {
  const lines = headerLines(`the commit ${id}`, raw);
  const tree = idAfter('tree ', lines[0]);
  if (tree === undefined) throw corruptError(`the commit ${id}`, 'it names no tree');
  const author = lines.findIndex((line, at) => at > 0 && !line.startsWith('parent '));
  const parents = lines.slice(1, Math.max(1, author)).map((line) => idAfter('parent ', line));
  if (!parents.every((parent) => parent !== undefined))
    throw corruptError(`the commit ${id}`, 'a parent is no commit id');
  const committer = lines[author + 1] ?? '';
  if (!lines[author]?.startsWith('author ') || !committer.startsWith('committer ')) {
    throw corruptError(`the commit ${id}`, 'its headers are not in order');
  }
  if (lines.slice(author + 2).some((line) => /^(?:tree|parent|author|committer) /.test(line))) {
    throw corruptError(`the commit ${id}`, 'a header stands twice');
  }
  return { tree, parents, time: Number(/> (\d{1,15}) [+-]\d{1,7}$/.exec(committer)?.[1] ?? 0) };
}

function idAfter(prefix: string, line: string | undefined): string | undefined {
  const oid = line?.startsWith(prefix) ? line.slice(prefix.length) : '';
  return /^[0-9a-f]{40}$/.test(oid) ? oid : undefined;
}

/** What an annotated tag points at. @throws SluiceError `source.corrupt` */
export function parseTag(id: string, raw: Uint8Array): { readonly object: string; readonly type: ObjectType } {
  const lines = headerLines(`the tag ${id}`, raw);
  const object = /^object ([0-9a-f]{40})$/.exec(lines[0] ?? '')?.[1];
  const type = /^type (blob|tree|commit|tag)$/.exec(lines[1] ?? '')?.[1];
  if (object === undefined || type === undefined) throw corruptError(`the tag ${id}`, 'it names no object');
  if (lines.slice(2).some((line) => /^(?:object|type) /.test(line))) {
    throw corruptError(`the tag ${id}`, 'a header stands twice');
  }
  return { object, type: type as ObjectType };
}

function headerLines(what: string, raw: Uint8Array): string[] {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const blank = bytes.indexOf('\n\n');
  const head = bytes.subarray(0, blank < 0 ? bytes.length : blank);
  if (head.includes(0)) throw corruptError(what, 'its headers hold a NUL');
  return head.toString('latin1').split('\n');
}
