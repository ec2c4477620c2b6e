import { findCommit, readBlob } from '../git/bare.ts';
import { runGit } from '../git/run.ts';
import type { Pull } from '../issue.ts';
import { fullName, type Repository } from '../repository.ts';
import { annotation, newestRuns } from './checks.ts';
import { escaped, html, Markup } from './html.ts';
import { colouredDiff } from './markdown.ts';

/** A file with numbered lines, each to be linked to as `#L3`; undefined where there is none. */
export async function filePage(repository: Repository, ref: string, path: string): Promise<Markup | undefined> {
  const commit = await findCommit(repository.path, ref);
  const bytes = commit === undefined ? undefined : await readBlob(repository.path, `${commit.sha}:${path}`);
  if (bytes === undefined) return undefined;
  const lines = bytes.includes(0) ? ['(binary)'] : bytes.toString().replace(/\n$/, '').split('\n');
  const rows = lines.map((line, at) => html`<tr id="L${at + 1}"><td>${at + 1}</td><td>${line}</td></tr>`);
  return html`<p><b>${path}</b> <span class="muted">at</span> <span class="branch">${ref.slice(0, 40)}</span></p>
    <div class="box"><table class="code">${rows}</table></div>`;
}

/** The files of a commit. */
export async function treePage(repository: Repository, ref: string): Promise<Markup | undefined> {
  const commit = await findCommit(repository.path, ref);
  if (commit === undefined) return undefined;
  const files = (await runGit(repository.path, ['ls-tree', '-r', '-z', '--name-only', commit.sha])).split('\0');
  const name = fullName(repository);
  const rows = files
    .filter((file) => file !== '')
    .map((file) => html`<div class="row"><a href="/${name}/blob/${ref}/${file}">${file}</a></div>`);
  return html`<p><span class="branch">${ref}</span> <span class="muted">${commit.sha.slice(0, 7)} ${commit.message.split('\n', 1)[0]}</span></p>
    <div class="box">${rows}</div>`;
}

/** What a pull request changes, with the annotations of its checks. */
export async function filesPage(pull: Pull): Promise<Markup> {
  const { repository } = pull;
  const { base, head } = pull.pull;
  const runs = newestRuns(repository, head.sha);
  const notes = runs.flatMap((run) => run.annotations.map((one) => ({ run, one })));
  return diffBoxes(await runGit(repository.path, ['diff', '-M', `${base.sha}...${head.sha}`, '--']), (path) =>
    notes.filter(({ one }) => one.path === path).map(({ run, one }) => annotation(fullName(repository), run, one)),
  );
}

export async function commitPage(repository: Repository, sha: string): Promise<Markup | undefined> {
  const commit = await findCommit(repository.path, sha);
  if (commit === undefined) return undefined;
  const diff = await runGit(repository.path, [
    'diff-tree',
    '--root',
    '-p',
    '--no-commit-id',
    '-m',
    '--first-parent',
    commit.sha,
  ]);
  return html`<h1>${commit.message.split('\n', 1)[0]}</h1><p class="muted">${commit.author.name} · <span class="mono">${commit.sha}</span></p>
    ${diffBoxes(diff, () => [])}`;
}

function diffBoxes(diff: string, notes: (path: string) => readonly Markup[]): Markup {
  const files = diff.split(/^(?=diff --git )/m).filter((part) => part !== '');
  return html`${files.map((file) => {
    const path = /^\+\+\+ b\/(.*)$/m.exec(file)?.[1] ?? /^diff --git a\/(.*?) b\//.exec(file)?.[1] ?? '';
    const hunks = file.slice(Math.max(0, file.search(/^@@/m)));
    return html`<div class="box"><div class="head mono">${path}</div><pre class="diff">${new Markup(colouredDiff(escaped(hunks)))}</pre>${notes(path)}</div>`;
  })}`;
}
