// Loose objects: one zlib file each, `<type> <size>\0` before the bytes.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, inflateSync } from 'node:zlib';
import { SluiceError } from '../../errors.ts';
import type { ObjectType } from '../../source/git-object.ts';
import { corruptError, tooLargeError } from '../../source/refused.ts';
import { lackOf } from '../lack.ts';
import { deflatedBound, inflateExactly } from './inflate.ts';
import { readRange } from './range.ts';

/** Most manifests fit into one read. */
const firstRead = 8 * 1024;

export interface StoredObject {
  readonly type: ObjectType;
  readonly bytes: Buffer;
}

/** Tells how many bytes an object of a type may have. */
export type SizeLimit = (type: ObjectType) => number;

/**
 * A loose object of an objects folder, or undefined where there is none. Its size is read from the header first, so an
 * object past its limit is refused after a few hundred bytes.
 *
 * @throws SluiceError `source.tooLarge`, `source.corrupt`
 */
export async function readLoose(objects: string, oid: string, limit: SizeLimit): Promise<StoredObject | undefined> {
  const path = join(objects, oid.slice(0, 2), oid.slice(2));
  const first = await read(oid, path, firstRead);
  if (first === undefined) return undefined;
  const header = looseHeader(oid, first.bytes.subarray(0, 512));
  const allowed = limit(header.type);
  if (header.size > allowed) throw tooLargeError(`the ${header.type} ${oid}`, allowed, header.size);
  const whole = header.size + header.length;
  if (first.size > deflatedBound(whole)) throw corruptError(`the object ${oid}`, 'it is longer than what it holds');
  const stored = first.size <= firstRead ? first : await read(oid, path, first.size);
  const bytes = await inflateExactly(stored?.bytes ?? first.bytes, whole).catch((error: unknown) => {
    throw corruptError(`the object ${oid}`, reason(error));
  });
  return { type: header.type, bytes: bytes.subarray(header.length) };
}

async function read(oid: string, path: string, length: number): ReturnType<typeof readRange> {
  try {
    return await readRange(path, 0, length);
  } catch (error) {
    throw unread(`the object ${oid}`, error);
  }
}

function looseHeader(oid: string, start: Buffer): { type: ObjectType; size: number; length: number } {
  let head: Buffer;
  try {
    // At most 512 bytes go in, so at most half a megabyte comes out.
    head = inflateSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1024 * 1024 });
  } catch (error) {
    throw corruptError(`the object ${oid}`, reason(error));
  }
  const nul = head.subarray(0, 32).indexOf(0);
  const match = /^(blob|tree|commit|tag) (0|[1-9]\d{0,14})$/.exec(head.toString('latin1', 0, Math.max(0, nul)));
  if (match === null) throw corruptError(`the object ${oid}`, 'its header is malformed');
  return { type: match[1] as ObjectType, size: Number(match[2]), length: nul + 1 };
}

/** Ids of loose objects that start with a prefix of at least two hex digits. */
export async function looseWithPrefix(objects: string, prefix: string): Promise<string[]> {
  const names = await readdir(join(objects, prefix.slice(0, 2))).catch(() => []);
  return names
    .filter((name) => /^[0-9a-f]{38}$/.test(name) && name.startsWith(prefix.slice(2)))
    .map((name) => prefix.slice(0, 2) + name);
}

/** A file of the repository could not be read: a passing failure where the machine lacks something, not the file. */
export function unread(what: string, error: unknown): SluiceError {
  const lack = lackOf(error);
  if (lack === undefined) return corruptError(what, (error as NodeJS.ErrnoException).code ?? 'it cannot be opened');
  const { words, remedy } = lack;
  return new SluiceError('source.corrupt', `${what} cannot be read: ${words}`, {
    kind: 'transient',
    remedy,
    cause: error,
  });
}

/** zlib's words without anything of ours around them. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}
