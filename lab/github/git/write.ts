import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Repository } from '../repository.ts';
import { exclusive } from '../turn.ts';
import { type Identity, runGit } from './run.ts';

export interface Change {
  readonly branch: string;
  /** Path → content; null takes the file away. */
  readonly files: Readonly<Record<string, string | Uint8Array | null>>;
  readonly message?: string;
  /** What the commit is built on, when not the branch's tip: a branch or commit. */
  readonly from?: string;
  /** Overwrites the branch. */
  readonly force?: boolean;
}

interface Work {
  readonly dir: string;
}

const prepared = new WeakMap<Repository, Promise<Work>>();

/** A repository beside the bare one that sees its objects and from which can be pushed. */
function workOf(repository: Repository): Promise<Work> {
  const known = prepared.get(repository) ?? prepare(repository);
  prepared.set(repository, known);
  return known;
}

async function prepare(repository: Repository): Promise<Work> {
  const dir = join(dirname(repository.path), `${repository.id}.work`);
  await mkdir(dir, { recursive: true });
  await runGit(dir, ['init', '--quiet', '--bare', '.']);
  await writeFile(join(dir, 'objects', 'info', 'alternates'), `${join(repository.path, 'objects')}\n`);
  return { dir };
}

/** Commits a change in a repository beside the bare one, from which it can be pushed. */
export async function commitChange(
  repository: Repository,
  change: Change,
  who: Identity,
): Promise<{ readonly dir: string; readonly commit: string }> {
  const work = await workOf(repository);
  const { dir } = work;
  return exclusive(work, async () => {
    const input = Buffer.concat(stream(startOf(repository, change), change, who));
    const out = await runGit(dir, ['fast-import', '--quiet', '--force'], { input });
    return { dir, commit: out.trim() };
  });
}

function startOf(repository: Repository, change: Change): string | undefined {
  const { from } = change;
  if (from !== undefined) return repository.refs.get(`refs/heads/${from}`) ?? from;
  const tip = repository.refs.get(`refs/heads/${change.branch}`);
  return tip ?? repository.refs.get(`refs/heads/${repository.defaultBranch}`);
}

/** https://git-scm.com/docs/git-fast-import, ending with a question for the new commit. */
function stream(parent: string | undefined, change: Change, who: Identity): Buffer[] {
  const data = (content: string | Uint8Array): Buffer[] => {
    const bytes = Buffer.from(content);
    return [Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')];
  };
  const parts = [
    Buffer.from(`commit refs/heads/work\nmark :1\ncommitter ${who.name} <${who.email}> ${who.at} +0000\n`),
    ...data(change.message ?? 'Change'),
  ];
  if (parent === undefined) parts.unshift(Buffer.from('reset refs/heads/work\n\n'));
  else parts.push(Buffer.from(`from ${parent}\n`));
  for (const [path, content] of Object.entries(change.files)) {
    const quoted = `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
    if (content === null) parts.push(Buffer.from(`D ${quoted}\n`));
    else parts.push(Buffer.from(`M 100644 inline ${quoted}\n`), ...data(content));
  }
  return [...parts, Buffer.from('\nget-mark :1\ndone\n')];
}
