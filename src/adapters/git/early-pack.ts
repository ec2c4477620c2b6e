// The pack of a commit where a ref may stand, asked for while the server is still being asked where it does stand.
import type { GitPost } from './post.ts';
import { fetchPack, type GitServer } from './upload-pack.ts';

export interface EarlyPack {
  readonly commit: string;
  /** Undefined where it does not come, for whatever reason; never rejects. Kept nowhere. */
  readonly pack: Promise<Buffer | undefined>;
  /** Whoever began it wants it no more. */
  stop(): void;
}

export function fetchEarly(post: GitPost, server: GitServer, commit: string, haves: readonly string[]): EarlyPack {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pack = fetchPack((url, request) => post(url, { ...request, signal }), server, commit, haves);
  return { commit, pack: pack.catch(() => undefined), stop: () => stopping.abort() };
}
