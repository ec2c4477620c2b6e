// The cluster's GitRepositories: each fetched when it is due, by a push, or when asked for; what was good last stays.
import { asSluiceError, factsOf, SluiceError } from '../errors.ts';
import { type CrossReference, keyOf } from '../flux/kustomization.ts';
import { stringAt } from '../flux/read.ts';
import type { ResolvedSource } from '../fleet/fleet.ts';
import type { KubeObject } from '../object/object.ts';
import type { KubeEvent } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import type { Mirrors, Remote } from '../ports/mirror.ts';
import type { Repository, SourceRef, Tree } from '../ports.ts';
import { sameRepository } from '../source/url.ts';
import { fetchSource } from './fetch.ts';
import { rewriting } from './rewritten.ts';
import { readSourceSpec, type SourceSpec } from './source-spec.ts';

/** A source at the commit that its server had last. */
export interface SourceState {
  readonly key: string;
  readonly url: string;
  readonly ref: SourceRef;
  readonly revision: string;
  readonly commit: string;
  /** The commit's tree, before ignore rules. */
  readonly tree: Tree;
}

export interface SourceTools {
  readonly mirrors: Mirrors;
  readonly log: Log;
  /** Where and with what a source is fetched. @throws SluiceError `deploy.source` for a Secret that cannot be used */
  remote(object: KubeObject, spec: SourceSpec): Promise<Remote>;
  /** Milliseconds since some start. */
  elapsed(): number;
  /** 0 to 1. */
  random(): number;
  /** After every attempt; `before` is what was good last. */
  onFetched(object: KubeObject, outcome: SourceOutcome, before: SourceState | undefined): void;
  /** Its branch went to a commit that does not contain the one before. */
  onRewritten(event: KubeEvent): void;
}

export type SourceOutcome =
  | { readonly type: 'fetched'; readonly state: SourceState }
  | { readonly type: 'failed'; readonly error: SluiceError; readonly state: SourceState | undefined };

interface Held {
  object: KubeObject;
  spec: SourceSpec;
  outcome: SourceOutcome | undefined;
  /** When the server was last asked, and when it is next. */
  askedMs: number;
  dueMs: number;
  failures: number;
  running: Promise<void> | undefined;
  again: boolean;
  /** The copy that its tree is read from. */
  repository: Repository | undefined;
  /** Where its branch was said to be, since the server was asked last. */
  perhaps: string | undefined;
}

const firstRetryMs = 750;
const longestRetryMs = 15 * 60_000;
const requestedAt = 'reconcile.fluxcd.io/requestedAt';

export class GitSources {
  readonly #held = new Map<string, Held>();
  readonly #tools: SourceTools;

  constructor(tools: SourceTools) {
    this.#tools = tools;
  }

  /** Takes a GitRepository as the cluster has it now. A changed spec, or a new `requestedAt`, makes it due at once. */
  update(object: KubeObject): void {
    const key = keyOf(object);
    const spec = readSourceSpec(object);
    const held = this.#held.get(key);
    if (held === undefined) {
      const fresh = { object, spec, outcome: undefined, askedMs: -Infinity, dueMs: -Infinity, failures: 0 };
      this.#held.set(key, { ...fresh, running: undefined, again: false, repository: undefined, perhaps: undefined });
      return;
    }
    const before = [held.spec, stringAt(held.object.metadata.annotations, requestedAt)];
    const after = [spec, stringAt(object.metadata.annotations, requestedAt)];
    held.object = object;
    held.spec = spec;
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    held.dueMs = -Infinity;
    held.again = held.running !== undefined;
  }

  remove(key: string): void {
    this.#held.delete(key);
  }

  /** Fetches what is due. Resolves at once; `settled` waits. */
  tick(): void {
    const now = this.#tools.elapsed();
    for (const [key, held] of this.#held) if (held.dueMs <= now && held.running === undefined) void this.refresh(key);
  }

  /** Keys of the sources of a repository that follow this branch or tag, by its full name. */
  following(url: string, ref: string): readonly string[] {
    return [...this.#held].flatMap(([key, { spec }]) =>
      sameRepository(spec.url, url) && follows(spec.ref, ref) ? [key] : [],
    );
  }

  /**
   * Asks the server now; a fetch under way is followed by another, since it may have asked before.
   *
   * @param perhaps the commit where its branch or tag was said to be, which only saves time
   */
  async refresh(key: string, perhaps?: string): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined || held.spec.suspended) return;
    held.perhaps = perhaps;
    if (held.running !== undefined) {
      held.again = true;
      await held.running;
      return;
    }
    held.running = this.#run(key, held);
    await held.running;
  }

  /** As `refresh`, unless the server was asked within the last `maxAgeMs`. */
  async refreshIfOlder(key: string, maxAgeMs: number): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined || this.#tools.elapsed() - held.askedMs <= maxAgeMs) return;
    await this.refresh(key);
  }

  /** What a source has; undefined where the cluster has no such source or it was not asked yet. */
  outcome(key: string): SourceOutcome | undefined {
    return this.#held.get(key)?.outcome;
  }

  object(key: string): KubeObject | undefined {
    return this.#held.get(key)?.object;
  }

  states(): readonly SourceState[] {
    return [...this.#held.values()].flatMap(({ outcome }) => outcome?.state ?? []);
  }

  async #run(key: string, held: Held): Promise<void> {
    do {
      held.again = false;
      await this.#fetch(key, held);
    } while (held.again && this.#held.get(key) === held);
    held.running = undefined;
  }

  async #fetch(key: string, held: Held): Promise<void> {
    const { object, spec, perhaps } = held;
    held.perhaps = undefined;
    const before = held.outcome?.state;
    const askedMs = this.#tools.elapsed();
    let repository: Repository | undefined;
    try {
      if (spec.refused !== undefined) throw new SluiceError('deploy.source', `GitRepository ${key}: ${spec.refused}`);
      const remote = await this.#tools.remote(object, spec);
      const fetched = await fetchSource(remote, spec.ref, this.#tools.mirrors, perhaps);
      const { revision, commit } = fetched;
      // Another copy than before, as after somebody deleted that one, has a tree of its own.
      const moved = before?.revision !== revision || before.url !== spec.url;
      const same = !moved && held.repository === fetched.repository;
      const tree = same ? before.tree : await fetched.repository.tree(commit);
      if (moved) ({ repository } = fetched);
      const state = { key, url: spec.url, ref: spec.ref, revision, commit, tree };
      held.outcome = { type: 'fetched', state };
      held.repository = fetched.repository;
      held.failures = 0;
      held.dueMs = askedMs + spec.intervalMs * (0.95 + this.#tools.random() * 0.1);
    } catch (thrown) {
      held.outcome = { type: 'failed', error: asSluiceError(thrown), state: before };
      held.failures += 1;
      const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(held.failures - 1, 20));
      held.dueMs = this.#tools.elapsed() + waitMs * (0.5 + this.#tools.random() / 2);
    }
    held.askedMs = askedMs;
    if (this.#held.get(key) !== held) return;
    this.#say(key, held.outcome, before);
    this.#tools.onFetched(object, held.outcome, before);
    // Nobody waits for this.
    const { state } = held.outcome;
    if (state !== undefined && repository !== undefined)
      void this.#tellRewritten(object, { state, before, repository });
  }

  async #tellRewritten(object: KubeObject, moved: Parameters<typeof rewriting>[1]): Promise<void> {
    try {
      const event = await rewriting(object, moved);
      if (event === undefined) return;
      this.#tools.log.warn('a branch was rewritten', { source: keyOf(object), reason: event.message });
      this.#tools.onRewritten(event);
    } catch (thrown) {
      this.#tools.log.warn('whether a branch was rewritten is not known', {
        source: keyOf(object),
        ...factsOf(thrown),
      });
    }
  }

  #say(key: string, outcome: SourceOutcome, before: SourceState | undefined): void {
    if (outcome.type === 'failed')
      this.#tools.log.warn('a source cannot be fetched', { source: key, ...factsOf(outcome.error) });
    else if (outcome.state.revision !== before?.revision)
      this.#tools.log.info('a source moved', { source: key, revision: outcome.state.revision });
  }
}

function follows({ commit, name, semver, tag, branch = 'master' }: SourceRef, moved: string): boolean {
  if (commit !== undefined) return false;
  if (name !== undefined) return name === moved;
  // Any tag may be the newest of a range, or be one no more.
  if (semver !== undefined) return moved.startsWith('refs/tags/');
  return moved === (tag === undefined ? `refs/heads/${branch}` : `refs/tags/${tag}`);
}

/** A sourceRef that cannot be followed now, in the form that the fleet's computation knows. */
export function unavailableSource(ref: CrossReference, error: SluiceError): ResolvedSource {
  return {
    type: 'unknown',
    url: undefined,
    what: `${ref.kind} ${ref.namespace}/${ref.name}`,
    reason: error.message,
    error,
  };
}
