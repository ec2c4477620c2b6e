// Results kept by what was read for them. In memory only: a result may hold a Secret's plain value (docs/adr/0001).
import { createHash, hash } from 'node:crypto';
import { asSluiceError, SluiceError } from '../../errors.ts';
import { Lru } from './lru.ts';
import type { Identity, TreeView } from './tree-view.ts';

/** What a computation gave and every path it asked for, present or missing; `bytes` is about what it weighs. */
export interface Computed<T> {
  readonly outcome: { readonly value: T } | { readonly error: SluiceError };
  readonly reads: Iterable<string>;
  readonly bytes: number;
}

export interface Kept<T> {
  readonly value: T;
  /** SHA-256 over the input and the identity of all that was read: equal digests, equal values. */
  readonly digest: string;
  readonly fresh: boolean;
}

interface Entry<T> {
  readonly outcome: Computed<T>['outcome'];
  readonly digest: string;
  readonly reads: ReadonlyMap<string, Identity>;
}

interface Flight<T> {
  readonly view: TreeView;
  readonly folder: Identity;
  readonly done: Promise<Kept<T>>;
}

const maxInputs = 20_000;
const maxCandidates = 8;
/** What an entry weighs beside its value, per path read, in bytes. */
const readWeight = 200;
/** Failures that say something about the moment, not about the input. */
const passing = new Set(['build.timeout', 'build.memory', 'build.crash', 'renderer.protocol', 'renderer.unavailable']);

/**
 * Keeps results of one kind of computation over trees. `input` names all that the result depends on beside the tree;
 * `folder` is where the computation starts.
 */
export class ReadCache<T> {
  readonly #entries: Lru<Entry<T>>;
  readonly #candidates = new Lru<readonly string[]>(maxInputs);
  readonly #exact = new Lru<string>(maxInputs);
  readonly #known = new Lru<readonly string[]>(maxInputs);
  readonly #flights = new Map<string, Set<Flight<T>>>();

  constructor(maxBytes: number) {
    this.#entries = new Lru(maxBytes);
  }

  /**
   * Returns the kept result where this tree holds all that it was made from, and computes it otherwise; equal requests
   * at the same time compute once. `compute` is given the paths that were read for this input last time.
   * @throws SluiceError the computation's error, remembered too where it will come again
   */
  async get(
    view: TreeView,
    input: string,
    folder: string,
    compute: (known: readonly string[] | undefined) => Promise<Computed<T>>,
  ): Promise<Kept<T>> {
    for (;;) {
      const running = this.#running(view, input);
      if (running !== undefined) return { ...(await running.done), fresh: false };
      const kept = await this.#kept(view, input);
      if (kept !== undefined) return unwrap(kept, false);
      const start = await startIdentity(view, folder);
      // From here to the flight's registration nothing awaits, so that no equal request slips through between.
      const again = this.#running(view, input);
      if (again !== undefined) return { ...(await again.done), fresh: false };
      const alike = this.#alike(input, start);
      if (alike === undefined) return await this.#compute(view, input, start, compute);
      // Another tree with the same folder is being computed: most likely its result will do for this one too.
      await alike.done.catch(() => {});
    }
  }

  /** The paths that were read for an input last time it was computed. */
  known(input: string): readonly string[] | undefined {
    return this.#known.get(input);
  }

  #running(view: TreeView, input: string): Flight<T> | undefined {
    for (const flight of this.#flights.get(input) ?? []) if (flight.view.tree.id === view.tree.id) return flight;
    return undefined;
  }

  #alike(input: string, folder: Identity): Flight<T> | undefined {
    for (const flight of this.#flights.get(input) ?? []) if (flight.folder === folder) return flight;
    return undefined;
  }

  async #kept(view: TreeView, input: string): Promise<Entry<T> | undefined> {
    const exactKey = exactly(view, input);
    const exact = this.#entries.get(this.#exact.get(exactKey) ?? '');
    if (exact !== undefined) return exact;
    for (const digest of this.#candidates.get(input) ?? []) {
      const entry = this.#entries.peek(digest);
      if (entry === undefined || !(await view.matches(entry.reads))) continue;
      this.#entries.get(digest);
      this.#exact.set(exactKey, digest);
      return entry;
    }
    return undefined;
  }

  #compute(
    view: TreeView,
    input: string,
    folder: Identity,
    compute: (known: readonly string[] | undefined) => Promise<Computed<T>>,
  ): Promise<Kept<T>> {
    const flights = this.#flights.get(input) ?? new Set();
    this.#flights.set(input, flights);
    const done = (async () => {
      const computed = await compute(this.#known.get(input));
      return unwrap(await this.#keep(view, input, computed), true);
    })();
    const flight: Flight<T> = { view, folder, done };
    flights.add(flight);
    const land = (): void => {
      flights.delete(flight);
      if (flights.size === 0) this.#flights.delete(input);
    };
    done.then(land, land);
    return done;
  }

  async #keep(view: TreeView, input: string, computed: Computed<T>): Promise<Entry<T>> {
    const paths = [...new Set(computed.reads)].sort();
    const reads = new Map<string, Identity>();
    for (const path of paths) reads.set(path, (await view.find(path)).identity);
    const sum = createHash('sha256').update(input);
    for (const [path, identity] of reads) sum.update(`\0${path}\0${identity}`);
    const entry: Entry<T> = { outcome: computed.outcome, digest: sum.digest('hex'), reads };
    if ('value' in computed.outcome) this.#known.set(input, paths);
    else if (!comesAgain(computed.outcome.error)) return entry;
    this.#entries.set(entry.digest, entry, computed.bytes + reads.size * readWeight);
    const others = (this.#candidates.get(input) ?? []).filter((digest) => digest !== entry.digest);
    this.#candidates.set(input, [entry.digest, ...others].slice(0, maxCandidates));
    this.#exact.set(exactly(view, input), entry.digest);
    return entry;
  }
}

/** One tree and one input, short: each revision brings as many as there are Kustomizations. */
function exactly(view: TreeView, input: string): string {
  return hash('sha256', `${view.tree.id}\0${input}`, 'base64');
}

async function startIdentity(view: TreeView, folder: string): Promise<Identity> {
  if (folder === '') return view.tree.id;
  const entry = await view.tree.entry(folder);
  return entry === undefined || entry.type === 'refused' ? '' : entry.oid;
}

function comesAgain(error: SluiceError): boolean {
  return error.kind === 'terminal' && error.code.startsWith('build.') && !passing.has(error.code);
}

function unwrap<T>(entry: Entry<T>, fresh: boolean): Kept<T> {
  if ('value' in entry.outcome) return { value: entry.outcome.value, digest: entry.digest, fresh };
  const { code, message, kind, place, remedy } = asSluiceError(entry.outcome.error);
  throw new SluiceError(code, message, { kind, place, remedy });
}
