// Git's index: what is tracked, and what each file looked like on disk when Git last saw it.
//
// Read here and not by isomorphic-git, which keeps its index to itself, knows neither version 4 nor sparse entries and
// turns names that are not UTF-8 into others.
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nameKey } from '../../source/name.ts';
import { corruptError } from '../../source/refused.ts';

export interface IndexEntry {
  readonly oid: string;
  /** As in Git: 0o100644, 0o100755, 0o120000, 0o160000; 0o040000 for a folder outside a sparse checkout. */
  readonly mode: number;
  /** Not on disk on purpose (sparse checkout): it counts as unchanged. */
  readonly skipped: boolean;
  /** Whether a file on disk still is what Git saw, by its times, size, inode and owner. */
  unchanged(now: Stats): boolean;
}

export type IndexFolder = Map<string, IndexEntry | IndexFolder>;

const fixed = 62;

/**
 * The tracked files as folders by name key; empty where there is no index.
 *
 * @throws SluiceError `source.corrupt` where it is broken or split in two files
 */
export async function readIndex(gitFolder: string): Promise<IndexFolder> {
  const path = join(gitFolder, 'index');
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw broken(error.code ?? 'it cannot be opened');
  });
  if (bytes === undefined) return new Map();
  const { mtimeMs } = await stat(path);
  return parseIndex(bytes, mtimeMs);
}

/** @param written when the index itself was written: what changed at that moment or later may have changed unseen */
export function parseIndex(bytes: Buffer, written: number): IndexFolder {
  const version = bytes.length < 32 ? 0 : bytes.readUInt32BE(4);
  if (version < 2 || version > 4 || bytes.toString('latin1', 0, 4) !== 'DIRC')
    throw broken('it is not of version 2 to 4');
  const root: IndexFolder = new Map();
  let at = 12;
  let name: Buffer = Buffer.alloc(0);
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const extended = version >= 3 && (fieldAt(bytes, at + 60) & 0x4000) !== 0;
    const read = nameAt(bytes, at + fixed + (extended ? 2 : 0), version === 4 ? name : undefined);
    name = read.name;
    place(root, name, entryAt(bytes, at, written, extended ? bytes.readUInt16BE(at + fixed) : 0));
    at = version === 4 ? read.nul + 1 : at + ((read.nul - at + 8) & ~7);
  }
  refuseSplit(bytes, at);
  return root;
}

function fieldAt(bytes: Buffer, at: number): number {
  if (at + 24 > bytes.length) throw broken('it is cut short');
  return bytes.readUInt16BE(at);
}

/** @param before the name before this one, where names are written as what differs from it (version 4) */
function nameAt(bytes: Buffer, at: number, before: Buffer | undefined): { name: Buffer; nul: number } {
  const strip = before === undefined ? { value: 0, next: at } : readOffset(bytes, at);
  const kept = (before?.length ?? 0) - strip.value;
  const nul = bytes.indexOf(0, strip.next);
  if (kept < 0 || nul < 0 || nul > bytes.length - 20) throw broken('a name is malformed');
  const own = bytes.subarray(strip.next, nul);
  return { name: before === undefined ? own : Buffer.concat([before.subarray(0, kept), own]), nul };
}

function refuseSplit(bytes: Buffer, extensions: number): void {
  for (let at = extensions; at + 28 <= bytes.length; at += 8 + bytes.readUInt32BE(at + 4)) {
    const split = bytes.toString('latin1', at, at + 4) === 'link';
    if (split) throw broken('it is split in two; run `git update-index --no-split-index`');
  }
}

function entryAt(bytes: Buffer, at: number, written: number, extended: number): IndexEntry {
  fieldAt(bytes, at + 60);
  const field = (index: number): number => bytes.readUInt32BE(at + index * 4);
  const changed = field(0) * 1000 + field(1) / 1e6;
  const modified = field(2) * 1000 + field(3) / 1e6;
  const [inode, mode, user, group, size] = [field(5), field(6), field(7), field(8), field(9)];
  const stage = (bytes.readUInt16BE(at + 60) >> 12) & 3;
  const trusted = stage === 0 && modified < written;
  return {
    oid: bytes.toString('hex', at + 40, at + 60),
    mode,
    skipped: (extended & 0x4000) !== 0,
    unchanged: (now) =>
      trusted &&
      now.size % 2 ** 32 === size &&
      now.ino % 2 ** 32 === inode &&
      now.uid === user &&
      now.gid === group &&
      same(now.mtimeMs, modified) &&
      same(now.ctimeMs, changed),
  };
}

// Milliseconds as a double hold a time of today to a quarter of a microsecond.
function same(one: number, other: number): boolean {
  return Math.abs(one - other) < 0.001;
}

function place(root: IndexFolder, path: Buffer, entry: IndexEntry): void {
  let folder = root;
  let start = 0;
  for (let slash = path.indexOf(0x2f); slash >= 0 && slash < path.length - 1; slash = path.indexOf(0x2f, start)) {
    const key = nameKey(path.subarray(start, slash));
    const next = folder.get(key);
    const child: IndexFolder = next instanceof Map ? next : new Map();
    if (child !== next) folder.set(key, child);
    folder = child;
    start = slash + 1;
  }
  const last = path.at(-1) === 0x2f ? path.length - 1 : path.length;
  folder.set(nameKey(path.subarray(start, last)), entry);
}

// The varint of pack files: seven bits a byte, plus one for each byte that goes on.
function readOffset(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  for (let at = start; at < bytes.length && at < start + 5; at++) {
    const byte = bytes[at] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return { value, next: at + 1 };
    value += 1;
  }
  throw broken('a name is malformed');
}

function broken(why: string): Error {
  return corruptError("Git's index", why);
}
