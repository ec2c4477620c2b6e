// Commits and how they follow each other.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../errors.ts';
import { type Commit, parseCommit } from '../../source/git-object.ts';
import type { SourceLimits } from '../../source/limits.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Objects } from './objects.ts';

const ours = 1;
const theirs = 2;
const stale = 4;

/** How far back along first parents the other one is looked for before anything is walked. */
const firstParents = 16;
/** Commits that are kept from one walk to the next. */
const keptCommits = 4_096;

export class History {
  readonly #objects: Objects;
  readonly #limits: SourceLimits;
  readonly #commits = new Map<string, Promise<Commit>>();
  readonly #shallowFile: string;
  #shallow: Promise<ReadonlySet<string>> | undefined;

  constructor(objects: Objects, shared: string, limits: SourceLimits) {
    this.#objects = objects;
    this.#limits = limits;
    this.#shallowFile = join(shared, 'shallow');
  }

  /** @throws SluiceError `source.corrupt` */
  commit(oid: string): Promise<Commit> {
    let commit = this.#commits.get(oid);
    if (commit === undefined) {
      commit = this.#objects.read(oid, 'commit').then((bytes) => parseCommit(oid, bytes));
      this.#commits.set(oid, commit);
      commit.catch(() => this.#commits.delete(oid));
    }
    return commit;
  }

  /** Parents that are here: a shallow clone's last commits have none. */
  async parents(oid: string): Promise<readonly string[]> {
    this.#shallow ??= readFile(this.#shallowFile, 'utf8').then(
      (text) => new Set(text.split('\n').filter((line) => line !== '')),
      () => new Set<string>(),
    );
    return (await this.#shallow).has(oid) ? [] : (await this.commit(oid)).parents;
  }

  /**
   * The best common ancestor: one that no other common ancestor descends from. Of several the newest by the committer's
   * clock, then the lowest id. Undefined where the two share no history here. The walk is Git's own
   * (`paint_down_to_common` in commit-reach.c): newest first, until only ancestors of what was found are left.
   *
   * @throws SluiceError `source.corrupt`, `source.tooMany`
   */
  async mergeBase(one: string, other: string): Promise<string | undefined> {
    if (await this.#follows(other, one)) return one;
    if (await this.#follows(one, other)) return other;
    const found = await this.#paint(one, other);
    const best = found.length > 1 ? await this.#withoutAncestors(found) : found;
    return best[0];
  }

  async isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    return (await this.#follows(descendant, ancestor)) || (await this.#paint(ancestor, descendant)).includes(ancestor);
  }

  /** Most branches only grew: what was there before is where they come from, and no old branch that was merged is walked. */
  async #follows(descendant: string, ancestor: string): Promise<boolean> {
    let at: string | undefined = descendant;
    for (let step = 0; at !== undefined && step <= firstParents; step++) {
      if (at === ancestor) return true;
      [at] = await this.parents(at);
    }
    return false;
  }

  async #paint(one: string, other: string): Promise<string[]> {
    if (this.#commits.size > keptCommits) this.#commits.clear();
    const flags = new Map([
      [one, ours],
      [other, one === other ? ours | theirs : theirs],
    ]);
    const queue = new CommitQueue();
    const results = new Set<string>();
    for (const oid of flags.keys()) queue.push(oid, (await this.commit(oid)).time);
    while (queue.some((oid) => ((flags.get(oid) ?? 0) & stale) === 0)) {
      const oid = queue.pop() ?? '';
      let flag = flags.get(oid) ?? 0;
      if ((flag & (ours | theirs | stale)) === (ours | theirs)) {
        results.add(oid);
        flag |= stale;
      }
      for (const parent of await this.parents(oid)) {
        const has = flags.get(parent) ?? 0;
        if ((has & flag) === flag) continue;
        flags.set(parent, has | flag);
        queue.push(parent, (await this.commit(parent)).time);
      }
      if (flags.size > this.#limits.commits) throw tooLong(this.#limits.commits);
    }
    const fresh = [...results].filter((oid) => ((flags.get(oid) ?? 0) & stale) === 0);
    return this.#newestFirst(fresh);
  }

  async #newestFirst(oids: readonly string[]): Promise<string[]> {
    const timed = await Promise.all(oids.map(async (oid) => ({ oid, time: (await this.commit(oid)).time })));
    timed.sort((a, b) => b.time - a.time || (a.oid < b.oid ? -1 : 1));
    return timed.map(({ oid }) => oid);
  }

  // Clocks that run backwards can leave an ancestor of another base among the results.
  async #withoutAncestors(oids: readonly string[]): Promise<string[]> {
    const kept: string[] = [];
    for (const oid of oids) {
      let redundant = false;
      for (const other of oids) redundant ||= other !== oid && (await this.isAncestor(oid, other));
      if (!redundant) kept.push(oid);
    }
    return kept;
  }
}

function tooLong(limit: number): SluiceError {
  return new SluiceError('source.tooMany', `the history holds more than ${limit} commits before a merge base`, {
    remedy: 'Name the base commit.',
  });
}
