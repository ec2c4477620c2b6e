import type { Account } from '../account.ts';
import type { Deployment, DeploymentState } from '../deployment.ts';
import type { Comment, Pull, Review } from '../issue.ts';
import { stateOf, unmet } from '../protect.ts';
import { fullName } from '../repository.ts';
import type { World } from '../world.ts';
import { checkRow, type Mark, markOf, newestRuns } from './checks.ts';
import { actingAs, ago, avatar, stateOfPull } from './frame.ts';
import { html, type Markup } from './html.ts';
import { renderMarkdown } from './markdown.ts';

/** Title, state and tabs of a pull request. */
export function pullHead(pull: Pull, tab: 'conversation' | 'checks' | 'files'): Markup {
  const { repository, number, pull: part } = pull;
  const at = `/${fullName(repository)}/pull/${number}`;
  const state = stateOfPull(pull);
  const from = part.crossRepository ? `${part.head.owner.login}:${part.head.ref}` : part.head.ref;
  const did = state === 'merged' ? 'merged' : 'wants to merge';
  const here = (name: string): string => (tab === name ? 'here' : '');
  const runs = newestRuns(repository, part.head.sha);
  return html`<h1>${pull.title} <span class="number">#${number}</span></h1>
    <p class="muted"><span class="state ${state}">${state[0]?.toUpperCase()}${state.slice(1)}</span>
      <b>${pull.user.login}</b> ${did} ${part.size.commits} commit${part.size.commits === 1 ? '' : 's'} into
      <span class="branch">${part.base.ref}</span> from <span class="branch">${from}</span></p>
    <div class="tabs"><a class="${here('conversation')}" href="${at}">Conversation <span class="count">${pull.comments.size}</span></a>
      <a class="${here('checks')}" href="${at}/checks">Checks <span class="count">${runs.length}</span></a>
      <a class="${here('files')}" href="${at}/files">Files changed <span class="count">${part.size.files}</span></a>
      <span class="muted small" style="margin-left:auto;padding:8px"><span class="success">+${part.size.additions}</span> <span class="failure">−${part.size.deletions}</span></span></div>`;
}

export async function conversation(world: World, pull: Pull): Promise<Markup> {
  const { repository, number } = pull;
  const opening = entry(world, pull.user, pull.createdAt, renderMarkdown(pull.body ?? '_No description provided._'));
  const said: { readonly at: string; readonly id: number; readonly markup: Markup }[] = [
    ...[...pull.comments.values()].map((one) => ({ at: one.createdAt, id: one.id, markup: commentBox(world, one) })),
    ...pull.pull.reviews.map((one) => ({ at: one.submittedAt, id: one.id, markup: reviewLine(world, one) })),
    ...deploymentsOf(pull).map((one) => ({ at: one.createdAt, id: one.id, markup: deploymentLine(world, one) })),
  ];
  said.sort((a, b) => a.at.localeCompare(b.at) || a.id - b.id);
  const action = `/${fullName(repository)}/pull/${number}`;
  const open = pull.state === 'open';
  return html`<div class="timeline">${opening}${said.map(({ markup }) => markup)}${await mergeBox(world, pull)}
    <form method="post" action="${action}"><textarea name="body" placeholder="Add a comment"></textarea>
      <p>${actingAs(world, repository)} <button class="primary" name="do" value="comment">Comment</button>
        <button name="do" value="${open ? 'close' : 'reopen'}">${open ? 'Close pull request' : 'Reopen pull request'}</button>
        ${open && html`<button name="do" value="${pull.pull.draft ? 'ready' : 'draft'}">${pull.pull.draft ? 'Ready for review' : 'Convert to draft'}</button>`}</p></form></div>`;
}

function commentBox(world: World, comment: Comment): Markup {
  const edited = comment.updatedAt !== comment.createdAt;
  return html`<div id="issuecomment-${comment.id}">${entry(world, comment.user, comment.createdAt, renderMarkdown(comment.body), edited)}</div>`;
}

function entry(world: World, author: Account, at: string, body: Markup, edited = false): Markup {
  return html`<div class="entry">${avatar(author)}<div class="box"><div class="head"><span class="author">${author.login.replace(/\[bot\]$/, '')}</span>
    ${author.type === 'Bot' && html`<span class="label">bot</span>`} commented ${ago(world, at)}${edited && html`<span class="edited">edited</span>`}</div>
    <div class="body">${body}</div></div></div>`;
}

function reviewLine(world: World, review: Review): Markup {
  const words: Readonly<Record<Review['state'], string>> = {
    APPROVED: 'approved these changes',
    CHANGES_REQUESTED: 'requested changes',
    COMMENTED: 'reviewed',
    DISMISSED: 'reviewed (dismissed)',
    PENDING: 'started a review',
  };
  return html`<p class="event"><b class="author">${review.user.login}</b> ${words[review.state]} ${ago(world, review.submittedAt)}
    on <span class="mono">${review.commit.slice(0, 7)}</span>${review.body !== '' && html`: ${review.body}`}</p>`;
}

/** Of the head or of what it was merged as. */
function deploymentsOf({ repository, pull }: Pull): readonly Deployment[] {
  return [...repository.deployments.values()].filter(({ sha }) => sha === pull.mergeCommit || sha === pull.head.sha);
}

function deploymentLine(world: World, deployment: Deployment): Markup {
  const { creator, environment, statuses } = deployment;
  const last = statuses.at(-1);
  const words: Readonly<Record<DeploymentState, string>> = {
    error: 'Error',
    failure: 'Failure',
    inactive: 'Inactive',
    pending: 'Pending',
    success: 'Active',
    queued: 'Queued',
    in_progress: 'In progress',
  };
  const state = last?.state ?? 'pending';
  const kind =
    { success: 'success', failure: 'failure', error: 'failure', inactive: 'neutral' }[state as string] ?? 'pending';
  const told = last === undefined || last.description === '' ? '' : html` — ${last.description}`;
  const details = /^https?:\/\//.test(last?.logUrl ?? '') && html` · <a href="${last?.logUrl}">View details</a>`;
  return html`<p class="event"><b class="author">${creator.login.replace(/\[bot\]$/, '')}</b> deployed to <b>${environment}</b>
    ${ago(world, last?.createdAt ?? deployment.createdAt)} <span class="label ${kind}">${words[state]}</span>${told}${details}</p>`;
}

/** Checks, what is still required, and the button that merges. */
async function mergeBox(world: World, pull: Pull): Promise<Markup> {
  if (pull.state === 'closed') {
    const { mergedBy, mergeCommit } = pull.pull;
    if (pull.pull.mergedAt === null) return html`<p class="event">Closed without merging</p>`;
    return html`<p class="event"><b class="author">${mergedBy?.login}</b> merged commit <span class="mono">${mergeCommit?.slice(0, 7)}</span> into <span class="branch">${pull.pull.base.ref}</span></p>`;
  }
  const { repository, number } = pull;
  const { head, base } = pull.pull;
  const protection = repository.protection.get(base.ref);
  const required = protection?.checks ?? [];
  const runs = newestRuns(repository, head.sha);
  const waiting = required.filter((one) => stateOf(repository, head.sha, one) === 'expected');
  const reasons = (await unmet(pull)).filter(() => protection?.mergeQueue !== true);
  const ready = pull.pull.mergeable === true && reasons.length === 0 && !pull.pull.draft;
  const isRequired = (run: (typeof runs)[number]): boolean =>
    required.some(({ context, app }) => context === run.name && (app === undefined || app.id === run.app.id));
  const queued = protection?.mergeQueue === true;
  return html`<div class="entry"><div class="avatar"></div><div class="box merge ${ready ? 'ready' : ''}">
    ${headline(runs.map(markOf), waiting.length)}${waiting.map(({ context, app }) => html`<div class="row"><span class="icon pending">●</span><span class="grow"><b>${context}</b> <span class="muted">Expected — waiting for ${app?.name ?? 'it'} to be reported</span></span><span class="label">Required</span></div>`)}
    ${runs.map((run) => checkRow(world, repository, run, isRequired(run)))}
    ${mergeability(pull)}${reasons.map((reason) => html`<div class="row"><span class="icon failure">✕</span><span>${reason}</span></div>`)}
    <div class="row"><form method="post" action="/${fullName(repository)}/pull/${number}">${actingAs(world, repository)}
      <button class="primary" name="do" value="${queued ? 'enqueue' : 'merge'}" ${ready ? '' : html`disabled`}>${queued ? 'Merge when ready' : 'Merge pull request'}</button></form></div></div></div>`;
}

function headline(marks: readonly Mark[], waiting: number): Markup | undefined {
  if (marks.some(({ name }) => name === 'failure')) return row('failure', '✕', 'Some checks were not successful');
  if (waiting > 0 || marks.some(({ name }) => name === 'pending')) {
    return row('pending', '●', "Some checks haven't completed yet");
  }
  return marks.length === 0 ? undefined : row('success', '✓', 'All checks have passed');
}

function mergeability({ pull }: Pull): Markup {
  if (pull.draft) return row('neutral', '■', 'This pull request is still a work in progress');
  if (pull.mergeable === null) return row('pending', '●', 'Checking for the ability to merge automatically…');
  if (!pull.mergeable) return row('failure', '✕', 'This branch has conflicts that must be resolved');
  return row('success', '✓', 'No conflicts with base branch');
}

function row(kind: string, sign: string, text: string): Markup {
  return html`<div class="row"><span class="icon ${kind}">${sign}</span><b>${text}</b></div>`;
}
