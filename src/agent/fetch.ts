// From a GitRepository to a commit that is here, as the server has it now.
import { SluiceError } from '../errors.ts';
import { describeRef } from '../flux/kustomization.ts';
import type { Mirrors, Remote } from '../ports/mirror.ts';
import type { Repository, SourceRef } from '../ports.ts';
import { parseRange, tagsInRange } from '../source/semver.ts';

export interface FetchedSource {
  /** `main@sha1:<40 hex>`, as Flux writes it. */
  readonly revision: string;
  readonly commit: string;
  readonly repository: Repository;
}

/**
 * @param perhaps a commit where a branch may be by now, which only saves time
 * @throws SluiceError `fleet.source`, transient for what a retry may mend; `deploy.source` where there is no such ref
 */
export async function fetchSource(
  remote: Remote,
  ref: SourceRef,
  mirrors: Mirrors,
  perhaps?: string,
): Promise<FetchedSource> {
  if (ref.commit !== undefined) return fetchCommit(remote, ref.commit, ref, mirrors);
  if (ref.name !== undefined) return fetchRef(remote, ref.name, mirrors, { perhaps });
  if (ref.semver !== undefined) {
    const tag = await newestTag(remote, ref.semver, mirrors);
    return fetchRef(remote, `refs/tags/${tag}`, mirrors, { shown: tag });
  }
  if (ref.tag !== undefined) return fetchRef(remote, `refs/tags/${ref.tag}`, mirrors, { shown: ref.tag });
  const branch = ref.branch ?? 'master';
  return fetchRef(remote, `refs/heads/${branch}`, mirrors, { shown: branch, perhaps });
}

async function fetchRef(
  remote: Remote,
  full: string,
  mirrors: Mirrors,
  { shown = full, perhaps }: { readonly shown?: string; readonly perhaps?: string | undefined },
): Promise<FetchedSource> {
  const fetched = await mirrors.fetch(remote, full, [], perhaps);
  if (fetched === undefined) throw missing(full);
  return { revision: `${shown}@sha1:${fetched.commit}`, commit: fetched.commit, repository: fetched.repository };
}

/** A commit is found on its branch, or on the default one. */
async function fetchCommit(remote: Remote, commit: string, ref: SourceRef, mirrors: Mirrors): Promise<FetchedSource> {
  const branch = ref.branch === undefined ? await mirrors.defaultBranch(remote) : `refs/heads/${ref.branch}`;
  const fetched = await mirrors.fetch(remote, branch);
  const found = await fetched?.repository.resolve(commit);
  if (fetched === undefined || found === undefined) throw missing(describeRef(ref));
  const revision = ref.branch === undefined ? `sha1:${found}` : `${ref.branch}@sha1:${found}`;
  return { revision, commit: found, repository: fetched.repository };
}

async function newestTag(remote: Remote, range: string, mirrors: Mirrors): Promise<string> {
  const wanted = parseRange(range);
  const listed = await mirrors.fetch(remote, await mirrors.defaultBranch(remote), ['refs/tags/']);
  const tags = [...(listed?.refs.keys() ?? [])].flatMap((name) => /^refs\/tags\/(.+)$/.exec(name)?.[1] ?? []);
  const newest = tagsInRange(tags, wanted)[0];
  if (newest === undefined) throw missing(`tag in ${JSON.stringify(range)}`);
  return newest.tag;
}

function missing(what: string): SluiceError {
  return new SluiceError('deploy.source', `the repository has no ${what}`, {
    kind: 'notReady',
    remedy: 'push it, or correct spec.ref of the GitRepository',
  });
}
