import type { CommitFacts } from '../git/bare.ts';
import type { Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { type Json, nodeId, userShape } from './account.ts';
import { apiUrl, htmlUrl } from './repository.ts';

/** `commit` */
export function commitShape(world: World, repository: Repository, commit: CommitFacts): Json {
  const url = `${apiUrl(world, repository)}/commits/${commit.sha}`;
  const html = `${htmlUrl(world, repository)}/commit/${commit.sha}`;
  const known = (name: string): Json | null => {
    const account = world.accounts.get(name.toLowerCase());
    return account === undefined ? null : userShape(world, account);
  };
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', repository.id),
    url,
    html_url: html,
    comments_url: `${url}/comments`,
    commit: {
      url: gitUrl(world, repository, 'commits', commit.sha),
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: gitUrl(world, repository, 'trees', commit.tree) },
      verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
    },
    author: known(commit.author.name),
    committer: known(commit.committer.name),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${apiUrl(world, repository)}/commits/${sha}`,
      html_url: `${htmlUrl(world, repository)}/commit/${sha}`,
    })),
  };
}

export function gitUrl(world: World, repository: Repository, kind: 'commits' | 'trees' | 'blobs', sha: string): string {
  return `${apiUrl(world, repository)}/git/${kind}/${sha}`;
}

/** `git-ref` */
export function refShape(world: World, repository: Repository, ref: string, sha: string): Json {
  return {
    ref,
    node_id: nodeId('Ref', repository.id),
    url: `${apiUrl(world, repository)}/git/${ref}`,
    object: { type: 'commit', sha, url: gitUrl(world, repository, 'commits', sha) },
  };
}
