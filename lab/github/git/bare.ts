import { appendFile, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitApart } from './apart.ts';
import { gitEnvironment, type Identity, runGit, tryGit } from './run.ts';

export const zero = '0'.repeat(40);

/** Refuses what the branch protection forbids; the lab writes `protected` beside it. */
const updateHook = `#!/bin/sh
# update <ref> <old> <new>
[ -n "$LAB_BYPASS" ] && exit 0
grep -qxF "$1 closed" "$GIT_DIR/protected" 2>/dev/null && {
  echo "error: GH006: Protected branch update failed for $1." >&2
  echo "error: Changes must be made through a pull request." >&2
  exit 1
}
grep -qxF "$1 forward" "$GIT_DIR/protected" 2>/dev/null || exit 0
case "$2" in *[!0]*) ;; *) exit 0 ;; esac
case "$3" in *[!0]*) ;; *) echo "error: GH006: Cannot delete this protected branch" >&2; exit 1 ;; esac
git merge-base --is-ancestor "$2" "$3" && exit 0
echo "error: GH006: Cannot force-push to this protected branch" >&2
exit 1
`;

const settings = `[http]
	receivepack = true
[receive]
	hideRefs = refs/pull
	denyDeleteCurrent = ignore
	autogc = false
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[gc]
	auto = 0
`;

/** A bare repository, as a copy of another (every branch and tag) or empty with the branch `main` to come. */
export async function createBare(path: string, from: string | undefined, branch: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await runGit(path, ['init', '--quiet', '--bare', `--initial-branch=${branch}`, '.']);
  if (from !== undefined) {
    await runGit(path, ['fetch', '--quiet', from, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']);
  }
  await appendFile(join(path, 'config'), settings);
  const hook = join(path, 'hooks', 'update');
  await writeFile(hook, updateHook);
  await chmod(hook, 0o755);
}

/** Branches and tags with what they point to: `refs/heads/main` → commit. */
export async function readRefs(
  path: string,
  below: readonly string[] = ['refs/heads', 'refs/tags'],
): Promise<Map<string, string>> {
  const out = await runGit(path, ['for-each-ref', '--format=%(objectname) %(refname)', ...below]);
  const lines = out.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(41), line.slice(0, 40)]));
}

export interface CommitFacts {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string; readonly date: string };
  readonly committer: { readonly name: string; readonly email: string; readonly date: string };
}

const format = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00');

/** Commits of a range or the ones named, newest first, at most so many. */
export async function readCommits(path: string, range: readonly string[], most: number): Promise<CommitFacts[]> {
  const out = await runGit(path, ['log', `--max-count=${most}`, `--format=${format}%x01`, ...range, '--']);
  const records = out.split('\x01').map((record) => record.replace(/^\n/, ''));
  return records.filter((record) => record !== '').map(parseCommit);
}

function parseCommit(record: string): CommitFacts {
  const [sha = '', tree = '', parents = '', an = '', ae = '', ad = '', cn = '', ce = '', cd = '', message = ''] =
    record.split('\0');
  return {
    sha,
    tree,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    message: message.trimEnd(),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
  };
}

/** Undefined where there is no such commit. */
export async function findCommit(path: string, revision: string): Promise<CommitFacts | undefined> {
  if (revision === '' || revision.startsWith('-')) return undefined;
  const args = ['log', '--no-walk', '--max-count=1', `--format=${format}`, `${revision}^{commit}`, '--'];
  const { code, out } = await tryGit(path, args);
  return code === 0 ? parseCommit(out) : undefined;
}

export async function isAncestor(path: string, older: string, newer: string): Promise<boolean> {
  return (await tryGit(path, ['merge-base', '--is-ancestor', older, newer])).code === 0;
}

/**
 * A merge commit of two commits, not yet on any branch; undefined on a conflict. First parent is the base, as for
 * `refs/pull/N/merge`.
 */
export async function mergeCommit(
  path: string,
  base: string,
  head: string,
  message: string,
  who: Identity,
): Promise<string | undefined> {
  const { code, out, err } = await tryGit(path, [
    'merge-tree',
    '--write-tree',
    '--no-messages',
    '--allow-unrelated-histories',
    base,
    head,
  ]);
  if (code === 1) return undefined;
  if (code !== 0) throw new Error(`git merge-tree: ${err.trim()}`);
  const tree = out.split('\n', 1)[0] ?? '';
  const args = ['commit-tree', tree, '-p', base, '-p', head, '-m', message];
  return (await runGit(path, args, { who })).trim();
}

/** A file's bytes; undefined where the commit has no such file. */
export async function readBlob(path: string, object: string): Promise<Buffer | undefined> {
  const { code, out } = await gitApart({ args: ['cat-file', 'blob', object], folder: path, env: gitEnvironment() });
  return code === 0 ? out : undefined;
}

export interface ChangedFile {
  readonly path: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed';
  readonly previous: string | undefined;
  readonly additions: number;
  readonly deletions: number;
  readonly sha: string;
}

/** What a head changes against where it left the base. */
export async function changedFiles(path: string, base: string, head: string): Promise<ChangedFile[]> {
  const range = `${base}...${head}`;
  const out = await runGit(path, ['diff', '--raw', '--numstat', '-z', '--no-abbrev', '-M', range, '--']);
  const fields = out.split('\0');
  const found: ChangedFile[] = [];
  let at = 0;
  while (fields[at]?.startsWith(':') === true) {
    const [, , , sha = '', letter = ''] = (fields[at] ?? '').split(' ');
    const renamed = letter.startsWith('R') || letter.startsWith('C');
    const previous = renamed ? fields[at + 1] : undefined;
    const name = fields[at + (renamed ? 2 : 1)] ?? '';
    found.push({ path: name, status: statusOf(letter), previous, additions: 0, deletions: 0, sha });
    at += renamed ? 3 : 2;
  }
  const counts = parseNumbers(fields.slice(at));
  return found.map((file) => ({ ...file, ...counts.get(file.path) }));
}

function statusOf(letter: string): ChangedFile['status'] {
  const known = { A: 'added', D: 'removed', R: 'renamed' } as const;
  return known[letter.charAt(0) as keyof typeof known] ?? 'modified';
}

function parseNumbers(fields: readonly string[]): Map<string, { additions: number; deletions: number }> {
  const found = new Map<string, { additions: number; deletions: number }>();
  for (let at = 0; at + 1 < fields.length; ) {
    const [additions = '', deletions = '', name = ''] = (fields[at] ?? '').split('\t');
    const renamed = name === '';
    found.set(renamed ? (fields[at + 2] ?? '') : name, {
      additions: Number(additions) || 0,
      deletions: Number(deletions) || 0,
    });
    at += renamed ? 3 : 1;
  }
  return found;
}
