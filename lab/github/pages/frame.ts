import type { Account } from '../account.ts';
import { atLeast } from '../account.ts';
import type { Pull } from '../issue.ts';
import { fullName, type Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { html, Markup } from './html.ts';
import { style } from './style.ts';

export interface Frame {
  readonly title: string;
  readonly repository?: Repository;
  readonly here?: 'pulls' | 'code';
}

/** A whole page. */
export function page(frame: Frame, content: Markup): string {
  const { repository, here } = frame;
  const name = repository === undefined ? undefined : fullName(repository);
  const owner = repository?.owner.login;
  const top = html`<header><a href="/">⬤</a>${
    repository === undefined
      ? html`<b>Repositories</b>`
      : html`<a href="/">${owner}</a> / <a href="/${name}/pulls"><b>${repository.name}</b></a>`
  }<span class="lab">a lab's GitHub: nothing here leaves this machine</span></header>`;
  const open = [...(repository?.issues.values() ?? [])].filter(
    ({ state, pull }) => state === 'open' && pull !== undefined,
  );
  const nav =
    repository === undefined
      ? ''
      : html`<nav><a class="${here === 'code' ? 'here' : ''}" href="/${name}/tree/${repository.defaultBranch}">Code</a>
        <a class="${here === 'pulls' ? 'here' : ''}" href="/${name}/pulls">Pull requests <span class="count">${open.length}</span></a></nav>`;
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>${frame.title}</title><style>${new Markup(style)}</style></head><body>${top}${nav}<main>${content}</main></body></html>`
    .text;
}

export function avatar(account: Account, size = ''): Markup {
  return html`<img class="avatar ${size} ${account.type === 'User' ? '' : 'bot'}" src="/avatars/${account.id}" alt="">`;
}

/** `5 minutes ago` */
export function ago(world: World, stamp: string): string {
  const seconds = Math.max(0, Math.round((world.clock.now() - Date.parse(stamp)) / 1000));
  const steps = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const;
  for (const [length, unit] of steps) {
    const count = Math.floor(seconds / length);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return seconds < 5 ? 'now' : `${seconds} seconds ago`;
}

export function stateOfPull({ state, pull }: Pull): 'open' | 'draft' | 'merged' | 'closed' {
  if (pull.mergedAt !== null) return 'merged';
  if (state === 'closed') return 'closed';
  return pull.draft ? 'draft' : 'open';
}

/** In whose name a form is sent: everybody who may write, those with most rights first. */
export function actingAs(world: World, repository: Repository): Markup {
  const people = [...world.accounts.values()]
    .filter((account) => account.type === 'User')
    .map((account) => ({ account, level: world.levelOf(account, repository) }))
    .filter(({ level }) => atLeast(level, 'read'))
    .toSorted((a, b) => Number(atLeast(b.level, 'admin')) - Number(atLeast(a.level, 'admin')));
  const options = people.map(
    ({ account, level }) => html`<option value="${account.login}">${account.login} (${level})</option>`,
  );
  return html`<label class="small muted">as <select name="as">${options}</select></label>`;
}
