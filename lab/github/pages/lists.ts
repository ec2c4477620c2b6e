import { isPull, type Pull } from '../issue.ts';
import { fullName, type Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { markOf, newestRuns } from './checks.ts';
import { ago, stateOfPull } from './frame.ts';
import { html, type Markup } from './html.ts';

export function repositoriesPage(world: World): Markup {
  const rows = [...world.repositories.values()]
    .toSorted((a, b) => fullName(a).localeCompare(fullName(b)))
    .map((repository) => {
      const pulls = [...repository.issues.values()].filter(isPull);
      const open = pulls.filter(({ state }) => state === 'open').length;
      return html`<div class="row"><span class="grow"><a class="title" href="/${fullName(repository)}/pulls">${fullName(repository)}</a>
        <span class="label">${repository.private ? 'Private' : 'Public'}</span> ${repository.archived && html`<span class="label">Archived</span>`}</span>
        <span class="muted">${open} open of ${pulls.length} pull requests</span></div>`;
    });
  return html`<div class="box">${rows.length > 0 ? rows : html`<div class="row muted">No repositories yet</div>`}</div>`;
}

export function pullsPage(world: World, repository: Repository, state: string): Markup {
  const pulls = [...repository.issues.values()].filter(isPull);
  const open = pulls.filter((pull) => pull.state === 'open').length;
  const chosen = pulls.filter((pull) => pull.state === state).toReversed();
  const name = fullName(repository);
  return html`<div class="box"><div class="head"><a href="/${name}/pulls">${open} Open</a> &nbsp; <a href="/${name}/pulls?state=closed">${pulls.length - open} Closed</a></div>
    ${chosen.map((pull) => row(world, name, pull))}${chosen.length === 0 && html`<div class="row muted">None</div>`}</div>`;
}

function row(world: World, name: string, pull: Pull): Markup {
  const runs = newestRuns(pull.repository, pull.pull.head.sha).map(markOf);
  const order = ['failure', 'pending', 'success', 'neutral'] as const;
  const worst = order.map((kind) => runs.find((mark) => mark.name === kind)).find((mark) => mark !== undefined);
  const state = stateOfPull(pull);
  return html`<div class="row"><span class="grow"><a class="title" href="/${name}/pull/${pull.number}">${pull.title}</a>
    ${worst !== undefined && html`<span class="icon ${worst.name}">${worst.sign}</span>`}<br>
    <span class="muted small">#${pull.number} opened ${ago(world, pull.createdAt)} by ${pull.user.login}${state === 'open' ? '' : ` · ${state}`}</span></span>
    <span class="muted small">${pull.comments.size} comments</span></div>`;
}
