// Bare copies on disk, one for each hosted repository. Deleted, they are fetched again; nothing else is lost.
import fs from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import git from 'isomorphic-git';
import { SluiceError } from '../../errors.ts';
import type { Fetched, Mirrors, Remote } from '../../ports/mirror.ts';
import type { Repository } from '../../ports.ts';
import { type Lack, lackOf } from '../lack.ts';
import { type EarlyPack, fetchEarly } from './early-pack.ts';
import { failure, type GitServers, gitServers, unreachable } from './git-server.ts';
import { keepPack } from './keep-pack.ts';
import { mergePacks } from './merge-packs.ts';
import type { GitPostLimits } from './post.ts';
import { openRepository } from './repository.ts';
import { fetchPack, listRefs, type ServerRef } from './upload-pack.ts';

interface Mirror {
  readonly gitdir: string;
  readonly repository: Repository;
  /** Packs come one after the other. */
  last: Promise<unknown>;
  /** Commits that are here with all they need, newest last: what the server is told we have. */
  readonly haves: Map<string, string>;
  /** One at a time, for all who hope for the same commit. */
  early: EarlyPack | undefined;
}

export interface MirrorOptions extends GitPostLimits {
  readonly folder: string;
}

const mostHaves = 32;

/** One process per folder. */
export function createMirrors({ folder, ...limits }: MirrorOptions): Mirrors {
  const servers = gitServers(limits);
  const mirrors = new Map<string, Promise<Mirror>>();
  const open = (key: string): Promise<Mirror> => {
    const opening = openMirror(join(folder, key));
    mirrors.set(key, opening);
    opening.catch(() => mirrors.delete(key));
    return opening;
  };
  const mirrorOf = async (key: string): Promise<Mirror> => {
    const known = mirrors.get(key) ?? open(key);
    const mirror = await known;
    if (fs.existsSync(join(mirror.gitdir, 'HEAD'))) return mirror;
    // Somebody deleted it under us.
    if (mirrors.get(key) === known) mirrors.delete(key);
    return mirrors.get(key) ?? open(key);
  };
  const opened = (remote: Remote): Promise<Mirror> => kept(remote.url, mirrorOf(remote.key));
  const list = (remote: Remote, prefixes: readonly string[]): Promise<ServerRef[]> =>
    servers.ask(remote, (server) => listRefs(servers.post, server, prefixes));
  return {
    fetch: async (remote, ref, also = [], perhaps) => {
      const early = perhaps === undefined ? undefined : await hope(await opened(remote), perhaps, remote, servers);
      try {
        const listed = await list(remote, [ref, ...also]);
        const wanted = listed.find((one) => one.ref === ref);
        if (wanted === undefined) return undefined;
        const mirror = await opened(remote);
        const commit = wanted.peeled ?? wanted.oid;
        await kept(remote.url, bring(mirror, { remote, ref, want: wanted.oid, commit, servers, early }));
        const refs = new Map(listed.map((one) => [one.ref, one.peeled ?? one.oid]));
        return { repository: mirror.repository, commit, refs } satisfies Fetched;
      } finally {
        early?.stop();
      }
    },
    refOf: async (remote, commit, prefix) => (await list(remote, [prefix])).find(({ oid }) => oid === commit)?.ref,
    refs: async (remote, prefix) =>
      new Map((await list(remote, [prefix])).map((one) => [one.ref, one.peeled ?? one.oid])),
    defaultBranch: async (remote) =>
      (await list(remote, ['HEAD'])).find(({ ref }) => ref === 'HEAD')?.target ?? 'refs/heads/main',
  };
}

async function openMirror(gitdir: string): Promise<Mirror> {
  if (!fs.existsSync(join(gitdir, 'HEAD'))) await makeMirror(gitdir);
  await sweep(gitdir, 'incoming-');
  const repository = await openRepository(gitdir);
  const refs = await git.listRefs({ fs, gitdir, filepath: 'refs/sluice/have' });
  const haves = new Map<string, string>();
  for (const name of refs) {
    // One that was cut short as the disk filled up says nothing of what is here.
    const commit = await repository.resolve(`refs/sluice/have/${name}`).catch(() => undefined);
    if (commit !== undefined) haves.set(commit, name);
  }
  return { gitdir, repository, last: Promise.resolve(), haves, early: undefined };
}

/** Removes what a process that was killed left behind: the folders whose names begin so. */
async function sweep(folder: string, prefix: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * Begins to fetch a commit of which nobody knows yet whether it is wanted; undefined where it is here, and where it could be a
 * whole repository in vain.
 */
async function hope(
  mirror: Mirror,
  commit: string,
  remote: Remote,
  servers: GitServers,
): Promise<EarlyPack | undefined> {
  const token = await remote.token();
  if (mirror.early?.commit === commit) return { ...mirror.early, stop: () => {} };
  if (mirror.early !== undefined || mirror.haves.size === 0 || mirror.haves.has(commit)) return undefined;
  const early = fetchEarly(servers.post, { url: servers.addressOf(remote), token }, commit, [...mirror.haves.keys()]);
  mirror.early = early;
  const stop = (): void => {
    early.stop();
    if (mirror.early === early) mirror.early = undefined;
  };
  return { ...early, stop };
}

/** Made beside its place, and moved there whole. */
async function makeMirror(gitdir: string): Promise<void> {
  await mkdir(dirname(gitdir), { recursive: true });
  await sweep(dirname(gitdir), `${basename(gitdir)}.new-`);
  const aside = await mkdtemp(`${gitdir}.new-`);
  try {
    await git.init({ fs, gitdir: aside, bare: true, defaultBranch: 'main' });
    await rm(gitdir, { recursive: true, force: true });
    await rename(aside, gitdir);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

interface Bringing {
  readonly remote: Remote;
  readonly ref: string;
  /** The tag or the commit. */
  readonly want: string;
  readonly commit: string;
  readonly servers: GitServers;
  readonly early: EarlyPack | undefined;
}

/** Makes a commit be here with everything it needs. */
async function bring(mirror: Mirror, one: Bringing): Promise<void> {
  if (mirror.haves.has(one.commit)) return;
  const turn = mirror.last.then(async () => {
    if (mirror.haves.has(one.commit)) return;
    const haves = [...mirror.haves.keys()];
    const pack =
      (await earlyPack(one)) ??
      (await one.servers.ask(one.remote, (server) => fetchPack(one.servers.post, server, one.want, haves)));
    await keepPack(mirror.gitdir, pack).catch((error: unknown) => {
      throw isSystem(error) ? error : failure(one.remote.url, error);
    });
    if ((await mirror.repository.resolve(one.commit)) === undefined)
      throw unreachable(one.remote.url, { words: 'what it sent is not complete' }, new Error('incomplete'));
    await remember(mirror, one);
  });
  // Nobody waits for it but the next one; many packs are slow and nothing else.
  mirror.last = turn.then(() => mergePacks(mirror.gitdir)).catch(() => undefined);
  await turn;
}

/** What the system says of a file, as against what is wrong with a pack. */
function isSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Only where the server has said by itself that this is the commit. */
async function earlyPack({ early, want }: Bringing): Promise<Buffer | undefined> {
  return early?.commit === want ? early.pack : undefined;
}

async function remember({ gitdir, haves }: Mirror, { ref, commit }: Bringing): Promise<void> {
  await git.writeRef({ fs, gitdir, ref, value: commit, force: true });
  const [oldest, slot] = haves.size < mostHaves ? [undefined, String(haves.size)] : ([...haves][0] ?? []);
  if (oldest !== undefined) haves.delete(oldest);
  await git.writeRef({ fs, gitdir, ref: `refs/sluice/have/${slot ?? 0}`, value: commit, force: true });
  haves.set(commit, slot ?? '0');
}

/** Node tells some disks that cannot be written as folders that are not there. */
const unwritten: Lack = {
  words: 'the copy of it cannot be written here',
  remedy: 'let SLUICE_DATA point at a folder that Sluice may write to',
};

/** What cannot be kept here is no fault of the server's, and is tried again. */
async function kept<Value>(url: string, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw unreachable(url, lackOf(error) ?? unwritten, error);
  }
}
