import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Repository } from '../repository.ts';
import { exclusive } from '../turn.ts';
import { type Identity, runGit } from './run.ts';

export interface Change {
  readonly branch: string;
  /** Path → text; null takes the file away. */
  readonly files: Readonly<Record<string, string | Uint8Array | null>>;
  readonly message?: string;
  /** What the commit is built on, when not the branch's tip: a branch or commit. */
  readonly from?: string;
  /** Overwrites the branch. */
  readonly force?: boolean;
}

/** Commits a change in a repository beside the bare one, from which it can be pushed. */
export function commitChange(
  repository: Repository,
  change: Change,
  who: Identity,
): Promise<{ readonly dir: string; readonly commit: string }> {
  const dir = join(dirname(repository.path), `${repository.id}.work`);
  return exclusive(repository, async () => {
    await mkdir(dir, { recursive: true });
    await runGit(dir, ['init', '--quiet', '--bare', '.']);
    await runGit(dir, ['fetch', '--quiet', repository.path, '+refs/heads/*:refs/heads/*', '+refs/pull/*:refs/pull/*']);
    const parent = startOf(repository, change);
    const base = parent === undefined ? undefined : (await runGit(dir, ['rev-parse', `${parent}^{commit}`])).trim();
    const entries = base === undefined ? new Map<string, string>() : await readEntries(dir, base);
    for (const [path, text] of Object.entries(change.files)) {
      if (text === null) entries.delete(path);
      else
        entries.set(
          path,
          `100644 blob ${(await runGit(dir, ['hash-object', '-w', '--stdin'], { input: text })).trim()}`,
        );
    }
    const tree = await writeTree(dir, entries);
    const parents = base === undefined ? [] : ['-p', base];
    const message = change.message ?? 'Change';
    return { dir, commit: (await runGit(dir, ['commit-tree', tree, ...parents, '-m', message], { who })).trim() };
  });
}

function startOf(repository: Repository, change: Change): string | undefined {
  if (change.from !== undefined) return change.from;
  const tip = repository.refs.get(`refs/heads/${change.branch}`);
  return tip ?? repository.refs.get(`refs/heads/${repository.defaultBranch}`);
}

async function readEntries(dir: string, commit: string): Promise<Map<string, string>> {
  const out = await runGit(dir, ['ls-tree', '-r', '-z', commit]);
  const lines = out.split('\0').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), line.slice(0, line.indexOf('\t'))]));
}

/** Trees from the leaves up, since `mktree` makes one level. */
async function writeTree(dir: string, entries: ReadonlyMap<string, string>): Promise<string> {
  const here = new Map<string, string>();
  const below = new Map<string, Map<string, string>>();
  for (const [path, entry] of entries) {
    const slash = path.indexOf('/');
    if (slash < 0) here.set(path, entry);
    else {
      const name = path.slice(0, slash);
      below.set(name, (below.get(name) ?? new Map<string, string>()).set(path.slice(slash + 1), entry));
    }
  }
  for (const [name, inner] of below) here.set(name, `040000 tree ${await writeTree(dir, inner)}`);
  const input = [...here].map(([name, entry]) => `${entry}\t${name}\0`).join('');
  return (await runGit(dir, ['mktree', '-z'], { input })).trim();
}
