import type { Annotation, CheckRun } from '../check.ts';
import { fullName, type Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { actingAs, ago } from './frame.ts';
import { html, type Markup } from './html.ts';
import { renderMarkdown } from './markdown.ts';

export interface Mark {
  readonly name: 'success' | 'failure' | 'pending' | 'neutral';
  readonly sign: string;
}

export function markOf(run: Pick<CheckRun, 'status' | 'conclusion'>): Mark {
  if (run.status !== 'completed') return { name: 'pending', sign: '●' };
  if (run.conclusion === 'success') return { name: 'success', sign: '✓' };
  if (run.conclusion === 'neutral' || run.conclusion === 'skipped') return { name: 'neutral', sign: '■' };
  return { name: 'failure', sign: '✕' };
}

/** The newest run of each name and App on a commit. */
export function newestRuns(repository: Repository, head: string): CheckRun[] {
  const newest = new Map<string, CheckRun>();
  for (const run of repository.checkRuns.values()) {
    if (run.head === head) newest.set(`${run.app.id}/${run.name}`, run);
  }
  return [...newest.values()];
}

export function checkRow(world: World, repository: Repository, run: CheckRun, required: boolean): Markup {
  const mark = markOf(run);
  const said = run.title ?? run.conclusion ?? run.status;
  return html`<div class="row"><span class="icon ${mark.name}">${mark.sign}</span>
    <span class="grow"><b>${run.name}</b> <span class="muted">by ${run.app.name} — ${said}, ${ago(world, run.completedAt ?? run.startedAt ?? run.suite.createdAt)}</span></span>
    ${required && html`<span class="label">Required</span>`}<a href="/${fullName(repository)}/runs/${run.id}">Details</a></div>`;
}

/** One check run with what it says. */
export function checkPage(world: World, repository: Repository, run: CheckRun): Markup {
  const mark = markOf(run);
  const name = fullName(repository);
  const actions = run.actions.map(
    ({ label, description, identifier }) =>
      html`<button name="action" value="${identifier}" title="${description}">${label}</button> `,
  );
  return html`<h1><span class="icon ${mark.name}">${mark.sign}</span> ${run.name} <span class="number">${run.conclusion ?? run.status}</span></h1>
    <p class="muted">${run.app.name} on <a class="branch" href="/${name}/commit/${run.head}">${run.head.slice(0, 7)}</a></p>
    <form method="post" action="/${name}/runs/${run.id}">${actingAs(world, repository)}
      <button name="action" value="">Re-run</button> ${actions}</form>
    <div class="box" style="margin-top:16px"><div class="head"><b>${run.title ?? run.name}</b></div>
      <div class="body">${renderMarkdown(run.summary ?? '_No summary_')}${run.text !== null && renderMarkdown(run.text)}</div></div>
    ${run.annotations.length > 0 && html`<h2>Annotations <span class="count">${run.annotations.length}</span></h2>`}
    ${run.annotations.map((one) => annotation(name, run, one))}`;
}

export function annotation(name: string, run: CheckRun, one: Annotation): Markup {
  const lines =
    one.start_line === one.end_line ? `line ${one.start_line}` : `lines ${one.start_line} to ${one.end_line}`;
  return html`<div class="annotation ${one.annotation_level}"><b>${one.title ?? one.annotation_level}</b>
    <span class="muted">${one.annotation_level} · <a href="/${name}/blob/${run.head}/${one.path}#L${one.start_line}">${one.path}</a> ${lines} · ${run.name}</span>
    <pre>${one.message}</pre></div>`;
}
