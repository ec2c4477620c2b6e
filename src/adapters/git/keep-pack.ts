// Puts a pack that came over the network into a bare repository, whole or not at all.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import git from 'isomorphic-git';

const headerBytes = 12;
const checksumBytes = 20;

/** @throws Error for a pack that is not whole; nothing of it is kept then */
export async function keepPack(gitdir: string, pack: Buffer): Promise<void> {
  const end = pack.length - checksumBytes;
  if (end < headerBytes || pack.toString('latin1', 0, 4) !== 'PACK') throw new Error('no pack');
  const checksum = pack.subarray(end);
  if (!createHash('sha1').update(pack.subarray(0, end)).digest().equals(checksum))
    throw new Error('the pack has another checksum');
  const count = pack.readUInt32BE(8);
  if (count === 0) return;
  // Indexed beside its place, and moved there, the index last: readers look for indexes.
  const aside = await mkdtemp(join(gitdir, 'incoming-'));
  try {
    await writeFile(join(aside, 'one.pack'), pack);
    const { oids } = await git.indexPack({ fs, dir: aside, gitdir, filepath: 'one.pack' });
    if (oids.length !== count) throw new Error('the pack holds fewer objects than it says');
    const name = join(gitdir, 'objects', 'pack', `pack-${checksum.toString('hex')}`);
    await rename(join(aside, 'one.pack'), `${name}.pack`);
    await rename(join(aside, 'one.idx'), `${name}.idx`);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
