// Kills at points that a seed chooses, and what people do meanwhile.
import { expect } from 'vitest';
import { configMap, yaml } from '../check/fleet.ts';
import type { Child, Children } from './children.ts';

/** Mulberry32 (public domain, Tommy Ettinger): numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** When to kill: as soon as GitHub has done (and not yet answered) a call, or has begun a fetch, or `ms` after that. */
export interface Point {
  /** Part of a route; `git` is a fetch, `webhook` a delivery, `any` whatever comes. */
  readonly at: string;
  /** The how-manieth. */
  readonly count: number;
  readonly ms: number;
}

/** Every call of a review, both sides of each, and the renderings in between. */
export const enumerated: readonly Point[] = [
  'webhook',
  'GET /repositories/{repository_id}/pulls/{pull_number}',
  'GET /repositories/{repository_id}/commits/{ref}/check-runs',
  'POST /repositories/{repository_id}/check-runs',
  'git',
  'GET /repositories/{repository_id}/issues/{issue_number}/comments',
  'POST /repositories/{repository_id}/issues/{issue_number}/comments',
  'PATCH /repositories/{repository_id}/issues/comments/{comment_id}',
  'PATCH /repositories/{repository_id}/check-runs/{check_run_id}',
  'access_tokens',
].flatMap((at) => [0, 15, 80].map((ms) => ({ at, count: 1, ms })));

export function anyPoint(random: () => number): Point {
  const at = random() < 0.3 ? 'git' : 'any';
  return { at, count: 1 + Math.floor(random() * 8), ms: Math.floor(random() ** 2 * 300) };
}

/** Two open pull requests in each of two repositories, and what happens to them. */
export class People {
  readonly #app: Children;
  readonly #random: () => number;
  readonly pulls: { readonly repository: string; readonly number: number; readonly branch: string }[] = [];
  #change = 0;

  constructor(app: Children, random: () => number) {
    this.#app = app;
    this.#random = random;
  }

  async begin(): Promise<void> {
    for (const repository of ['acme/a', 'acme/b'])
      for (const branch of ['one', 'two']) await this.#open(repository, branch);
  }

  /** One or two changes: pushes (half of them refused ones), force pushes, closing and opening again, new ones. */
  async act(): Promise<string> {
    const said: string[] = [];
    for (let left = 1 + Math.floor(this.#random() * 2); left > 0; left -= 1) said.push(await this.#one());
    return said.join(', then ');
  }

  async #one(): Promise<string> {
    const { github } = this.#app;
    const pull = this.pulls[Math.floor(this.#random() * this.pulls.length)];
    if (pull === undefined) throw new Error('there are no pull requests');
    const { repository, number, branch } = pull;
    const kind = this.#random();
    if (kind < 0.1 && this.pulls.length < 8) return this.#open(repository, `more-${this.pulls.length}`);
    if (kind < 0.2) {
      await github.close(repository, number, 'ada');
      await github.reopen(repository, number, 'ada');
      return `${repository}#${number} was closed and opened`;
    }
    const force = kind < 0.55;
    await github.pushFiles(repository, 'ada', { branch, force, files: this.#files(repository) });
    return `${repository}#${number} was ${force ? 'force-pushed' : 'pushed'}`;
  }

  async #open(repository: string, branch: string): Promise<string> {
    const { github } = this.#app;
    await github.pushFiles(repository, 'ada', { branch, files: this.#files(repository) });
    const { number } = await github.openPullRequest(repository, 'ada', { head: branch, base: 'main' });
    this.pulls.push({ repository, number, branch });
    return `${repository}#${number} was opened`;
  }

  #files(repository: string): Readonly<Record<string, string>> {
    this.#change += 1;
    const own = `${repository.slice(-1)}-dev`;
    const namespace = this.#random() < 0.7 ? own : 'kube-system';
    return { 'deploy/more.yaml': yaml(configMap(`more-${this.#change}`, namespace)) };
  }
}

/** Resolves at the point, or after `patienceMs` where it never comes. @returns a promise that is armed already */
export function reached(app: Children, point: Point, patienceMs: number): Promise<void> {
  const { counters } = app.github.world;
  const { length } = counters.log;
  const { fetches, deliveries } = counters;
  const seen = (): number => {
    if (point.at === 'git') return counters.fetches - fetches;
    if (point.at === 'webhook') return counters.deliveries - deliveries;
    const calls = counters.log.slice(length);
    if (point.at === 'any') return calls.length + counters.fetches - fetches;
    return calls.filter(({ route }) => route.includes(point.at)).length;
  };
  const there = Promise.withResolvers<void>();
  const off = app.github.world.onChange(() => {
    if (seen() < point.count) return;
    off();
    if (point.ms === 0) there.resolve();
    else setTimeout(there.resolve, point.ms);
  });
  const timer = setTimeout(there.resolve, patienceMs);
  return there.promise.finally(() => {
    off();
    clearTimeout(timer);
  });
}

/** Kills at the point while people act, and starts what was killed again. */
export async function round(app: Children, people: People, point: Point, victims: readonly Child[]): Promise<string> {
  const there = reached(app, point, 2_500);
  // The signal is sent in the same turn in which the lab says so.
  const killed = there.then(() => Promise.all(victims.map((child) => child.kill())));
  const did = await people.act();
  await killed;
  await Promise.all(victims.map((child) => child.start()));
  return `${did}; ${victims.map(({ role }) => role.name).join(' and ')} killed ${point.ms} ms after ${point.count} × ${point.at}`;
}

/** Resolves when every pull request is as it must end, and stays so through two more sweeps. */
export async function expectPeace(app: Children, story: readonly string[], ms = 120_000): Promise<void> {
  const sweeps = (): number => app.github.counters.calls['GET /app/hook/deliveries'] ?? 0;
  try {
    await app.github.waitFor('peace', () => app.wrong().length === 0, ms);
    const before = sweeps();
    await app.github.waitFor('two more sweeps', () => sweeps() >= before + 2, ms);
    await app.github.waitFor('peace after two more sweeps', () => app.wrong().length === 0, ms);
  } catch (error) {
    const said = app.children.map(({ role, said: words }) => `--- ${role.name}\n${words.slice(-6_000)}`).join('\n');
    const calls = app.github.counters.log.slice(-30).map(({ route, status }) => `${status} ${route}`);
    throw new Error([String(error), ...story.slice(-6), ...app.wrong(), ...calls, said].join('\n'));
  }
  expect(app.wrong()).toEqual([]);
}
