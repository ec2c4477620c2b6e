// Lists, watches and starts over, whatever happens, until the signal says stop. A watch is a hint; a list is the truth.
import { asSluiceError, SluiceError } from '../../errors.ts';
import { mapping } from '../../object/json.ts';
import type { Follower, FollowOptions, ServedKind } from '../../ports/kube.ts';
import type { Caller } from './caller.ts';
import { isExpired, listObjects } from './lists.ts';
import { type Reading } from './objects.ts';
import { listPath, selectorOf } from './path.ts';
import { backOffMs, type Clock } from './patience.ts';
import { watchObjects } from './watch.ts';
import { WireFailure } from './wire-failure.ts';

export interface FollowTimes {
  /** Between two full lists, give or take a fifth. @defaultValue 30 minutes */
  readonly relistMs?: number;
  /** A watch that says nothing for this long is dead; a healthy one has a bookmark each minute. @defaultValue 150_000 */
  readonly silenceMs?: number;
  /** The first pause after a failure; doubled up to 30 s. @defaultValue 250 */
  readonly pauseMs?: number;
}

export interface FollowParts {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly times: FollowTimes;
}

const longestPauseMs = 30_000;
/** A watch that lived this long was a good one: the next failure is the first again. */
const goodMs = 10_000;
const shortMs = 1_000;
/** After so many failures in a row the version that a watch goes on from is given up. */
const maxGoingOn = 5;
/** The server is asked to end a watch after 5 to 10 minutes, as client-go does. */
const watchMs = 5 * 60_000;

/** The function behind `KubeCluster.follow`. Resolves after the first list; rejects with the signal's reason before it. */
export function follow<Item>(
  parts: FollowParts,
  kind: ServedKind,
  follower: Follower<Item>,
  options: FollowOptions,
  reading: Reading<Item>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal, namespace, labels } = options;
    // What can never be asked for is told at once, and not tried for ever.
    listPath(kind, namespace);
    selectorOf(labels);
    const loop = new Loop(parts, { kind, follower, options, reading, onListed: resolve });
    // It ends with the signal alone.
    loop.run().then(() => reject(asSluiceError(signal.reason)), reject);
  });
}

interface Followed<Item> {
  readonly kind: ServedKind;
  readonly follower: Follower<Item>;
  readonly options: FollowOptions;
  readonly reading: Reading<Item>;
  readonly onListed: () => void;
}

class Loop<Item> {
  readonly #parts: FollowParts;
  readonly #followed: Followed<Item>;
  /** Where a watch goes on; undefined where everything must be listed first. */
  #version: string | undefined;
  #relistAt = 0;
  /** In a row. */
  #failures = 0;

  constructor(parts: FollowParts, followed: Followed<Item>) {
    this.#parts = parts;
    this.#followed = followed;
  }

  async run(): Promise<void> {
    const { signal } = this.#followed.options;
    const { clock, times } = this.#parts;
    while (!signal.aborted) {
      const startedAt = clock.now();
      let askedMs = 0;
      try {
        if (this.#version === undefined || startedAt >= this.#relistAt) await this.#list();
        await this.#watch(this.#version ?? '');
        // Ended in order. One that ends at once, time after time, is no watch but a loop.
        this.#failures = clock.now() - startedAt < shortMs ? this.#failures + 1 : 0;
        if (this.#failures > maxGoingOn) this.#version = undefined;
      } catch (error) {
        if (signal.aborted) return;
        askedMs = this.#failed(error, clock.now() - startedAt);
      }
      const { pauseMs = 250 } = times;
      const pause = this.#failures === 0 ? 0 : backOffMs(this.#failures - 1, clock.random(), pauseMs, longestPauseMs);
      await clock.sleep(Math.max(pause, askedMs), signal);
    }
  }

  async #list(): Promise<void> {
    const { kind, follower, options, reading, onListed } = this.#followed;
    const { caller, clock, times } = this.#parts;
    const list = await listObjects(caller, kind, options, reading);
    if (options.signal.aborted) return;
    follower.listed(list.items);
    this.#version = list.resourceVersion;
    this.#relistAt = clock.now() + (times.relistMs ?? 30 * 60_000) * (0.8 + 0.4 * clock.random());
    onListed();
  }

  async #watch(from: string): Promise<void> {
    const { kind, follower, options, reading } = this.#followed;
    const { caller, clock, times } = this.#parts;
    const { silenceMs = 150_000 } = times;
    const lastsMs = Math.min(watchMs * (1 + clock.random()), Math.max(1_000, this.#relistAt - clock.now()));
    for await (const event of watchObjects(caller, kind, { ...options, from, lastsMs, silenceMs }, reading)) {
      if (options.signal.aborted) return;
      if (event.type === 'changed') follower.changed(event.item);
      else if (event.type === 'deleted') follower.deleted(event.item);
      this.#version = event.version;
      if (clock.now() >= this.#relistAt) return;
    }
  }

  /** Returns in how many milliseconds the server wants to be asked again; 0 where it did not say. */
  #failed(error: unknown, livedMs: number): number {
    this.#failures = livedMs > goodMs ? 1 : this.#failures + 1;
    if (!canGoOn(error) || this.#failures > maxGoingOn) this.#version = undefined;
    try {
      this.#followed.follower.lost?.(error);
    } catch {
      // A follower that cannot even hear this is still better served by going on.
    }
    const retryAt = asSluiceError(error).retryAt?.getTime();
    return retryAt === undefined ? 0 : retryAt - this.#parts.clock.date();
  }
}

/** The connection was lost, or the server is busy: what was said so far stands. Anything else is read anew. */
function canGoOn(error: unknown): boolean {
  if (!(error instanceof SluiceError) || error.code !== 'kube.unavailable' || isExpired(error)) return false;
  return error.cause instanceof WireFailure || typeof mapping(error.cause)['status'] === 'number';
}
