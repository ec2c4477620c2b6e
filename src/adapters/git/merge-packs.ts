// Puts small packs into one. Every fetch brings a pack, and looking for an object looks into each of them.
//
// Packs that came over the network stand for themselves, and a delta names its base by how far back it is, or by its id: what
// they hold can stand one behind the other as it is, without being read. Git itself would need a process, and packs anew.
import { createHash } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinIndexes, PackIndex } from './pack-index.ts';

export interface SizedPack {
  /** Without its ending: `pack-<40 hex>`. */
  readonly name: string;
  readonly bytes: number;
}

const headerBytes = 12;
const checksumBytes = 20;
const step = 1024 * 1024;
const manyPacks = 32;
/** The largest that is put together: an index of this much is joined in a tenth of a second. */
const mostBytes = 128 * 1024 * 1024;

/**
 * The packs that are better one: where there are many, the smallest ones, as long as the next is not twice as large as those
 * before it together. So a byte is copied again only when what it stands in grows to twice its size or more.
 *
 * Follows `git repack --geometric=2`.
 */
export function worthMerging(packs: readonly SizedPack[]): readonly SizedPack[] {
  const small = packs.filter(({ bytes }) => bytes <= mostBytes).toSorted((one, other) => one.bytes - other.bytes);
  if (small.length < manyPacks) return [];
  let sum = 0;
  let count = 0;
  for (const { bytes } of small) {
    if (count >= 2 && (bytes >= 2 * sum || sum + bytes > mostBytes)) break;
    sum += bytes;
    count += 1;
  }
  return small.slice(0, count);
}

/**
 * Merges what is worth it in a bare repository that nobody else writes to. Whoever reads finds every object at any moment, if
 * it lists the packs anew where one is gone.
 *
 * @throws the error of `node:fs`; Error for a pack that is not as its index says. What was there is there then
 */
export async function mergePacks(gitdir: string): Promise<void> {
  const folder = join(gitdir, 'objects', 'pack');
  const chosen = worthMerging(await packsIn(folder));
  if (chosen.length === 0) return;
  const aside = await mkdtemp(join(gitdir, 'incoming-'));
  try {
    const checksum = await concatenate(folder, chosen, aside);
    const name = `pack-${checksum}`;
    for (const ending of ['pack', 'idx']) await rename(join(aside, `one.${ending}`), join(folder, `${name}.${ending}`));
    // The index first: readers look for indexes.
    for (const ending of ['idx', 'pack'])
      for (const one of chosen) if (one.name !== name) await rm(join(folder, `${one.name}.${ending}`));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Empty where they are few. */
async function packsIn(folder: string): Promise<SizedPack[]> {
  const names = (await readdir(folder)).flatMap((file) => /^(pack-[0-9a-f]{40})\.idx$/.exec(file)?.[1] ?? []);
  // After most fetches that is all there is to know.
  if (names.length < manyPacks) return [];
  return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(folder, `${name}.pack`))).size })));
}

/** Writes `one.pack` and `one.idx` into `aside`, and returns the pack's checksum in hex. */
async function concatenate(folder: string, packs: readonly SizedPack[], aside: string): Promise<string> {
  const indexes: PackIndex[] = [];
  for (const { name } of packs) indexes.push(new PackIndex(await readFile(join(folder, `${name}.idx`))));
  const out = await open(join(aside, 'one.pack'), 'wx');
  const hash = createHash('sha1');
  const write = async (bytes: Buffer): Promise<void> => {
    hash.update(bytes);
    await out.writeFile(bytes);
  };
  try {
    await write(header(indexes.reduce((sum, { count }) => sum + count, 0)));
    const parts: { index: PackIndex; shift: number }[] = [];
    let written = headerBytes;
    for (const [at, index] of indexes.entries()) {
      parts.push({ index, shift: written - headerBytes });
      written += await copyObjects(join(folder, `${packs[at]?.name ?? ''}.pack`), index.count, write);
    }
    const checksum = hash.digest();
    await out.writeFile(checksum);
    await out.sync();
    await writeFile(join(aside, 'one.idx'), joinIndexes(parts, checksum), { flush: true });
    return checksum.toString('hex');
  } finally {
    await out.close();
  }
}

function header(count: number): Buffer {
  const bytes = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  bytes.writeUInt32BE(count, 8);
  return bytes;
}

/** Returns how many bytes were written: all between the pack's header and its checksum. */
async function copyObjects(path: string, count: number, write: (bytes: Buffer) => Promise<void>): Promise<number> {
  const file = await open(path, 'r');
  try {
    const end = (await file.stat()).size - checksumBytes;
    if (!(await readAt(file, 0, headerBytes)).equals(header(count)))
      throw new Error('the pack is not as its index says');
    for (let at = headerBytes; at < end; at += step) await write(await readAt(file, at, Math.min(step, end - at)));
    return end - headerBytes;
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  if (bytesRead < length) throw new Error('the pack is cut short');
  return bytes;
}
