// The Renderer of src/ports.ts around a pool of Go children and two caches.
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { asSluiceError, SluiceError } from '../../errors.ts';
import type {
  Build,
  BuildRequest,
  Closure,
  CompiledPolicy,
  Document,
  RegoModule,
  RenderCounters,
  Renderer,
  Tree,
} from '../../ports.ts';
import { buildAnswer, closureAnswer, documentsAnswer, linesAnswer, okOf, policyAnswer } from './answers.ts';
import { Lru } from './lru.ts';
import { Pool } from './pool.ts';
import { type Computed, ReadCache } from './read-cache.ts';
import { batchesOf, inputOf, requestText } from './requests.ts';
import { encodeFile, TreeAnswers } from './tree-answers.ts';
import { TreeView } from './tree-view.ts';

export interface RendererOptions {
  /** The program, or what finds it when it is first needed (`ensureBinary`). */
  readonly binary: string | (() => Promise<string>);
  /** Arguments for the program: `-frugal` for a small heap. */
  readonly args?: readonly string[];
  /** @defaultValue one per core */
  readonly children?: number;
  /** Start all children at once instead of when first needed. @defaultValue false */
  readonly prewarm?: boolean;
  /** Longest a child may work on one build, closure, parse or locate. @defaultValue 20_000 */
  readonly wallMs?: number;
  /** Longest a child may take to start, or to compile policies. @defaultValue 60_000 */
  readonly slowMs?: number;
  /** Resident memory at which a child is killed. @defaultValue 2 GiB */
  readonly maxResidentBytes?: number;
  /** Most paths that one build may ask for. @defaultValue 20_000 */
  readonly maxReads?: number;
  /** Memory for results, about; 0 keeps none. @defaultValue 128 MiB */
  readonly cacheBytes?: number;
}

const mebibyte = 1024 * 1024;
const keptPolicies = 16;

/** Returns a renderer whose children start when needed. The caller must `close` it. */
export function createRenderer(options: RendererOptions): Renderer & { readonly pids: readonly number[] } {
  const counters: RenderCounters = { builds: 0, cacheHits: 0, closures: 0, childrenStarted: 0 };
  const wallMs = options.wallMs ?? 20_000;
  const slowMs = options.slowMs ?? 60_000;
  const cacheBytes = options.cacheBytes ?? 128 * mebibyte;
  const children = options.children ?? availableParallelism();
  const { binary, args = [] } = options;
  const pool = new Pool({
    command: async () => ({ path: typeof binary === 'string' ? binary : await binary(), args }),
    children,
    startTimeoutMs: slowMs,
    maxResidentBytes: options.maxResidentBytes ?? 2048 * mebibyte,
    recycleBytes: 512 * mebibyte,
    onStart: () => {
      counters.childrenStarted += 1;
    },
  });
  const answers = new TreeAnswers(cacheBytes / 4);
  const builds = new ReadCache<Omit<Build, 'digest'>>(cacheBytes);
  const closures = new ReadCache<Omit<Closure, 'digest'>>(cacheBytes / 8);
  const views = new WeakMap<Tree, TreeView>();
  const policies = new Lru<Promise<CompiledPolicy>>(keptPolicies);
  if (options.prewarm === true) void pool.prewarm(children);

  function viewOf(tree: Tree): TreeView {
    const view = views.get(tree) ?? new TreeView(tree);
    views.set(tree, view);
    return view;
  }

  /** Runs one op over a tree; reads are all paths that were sent or asked for, unless the answer tells better. */
  async function overTree<T>(
    op: 'build' | 'closure',
    request: BuildRequest,
    known: readonly string[] | undefined,
    read: (ok: unknown) => { readonly value: T; readonly reads: readonly string[] },
  ): Promise<Computed<T>> {
    const view = viewOf(request.tree);
    const have = await answers.ahead(view, request.path, known);
    const asked: string[] = [];
    let failure: SluiceError | undefined;
    const answer = async (path: string): Promise<string> => {
      asked.push(path);
      try {
        return await answers.answer(view, path);
      } catch (error) {
        // The tree itself failed: the build must not go on to mean something else.
        failure = asSluiceError(error);
        throw error;
      }
    };
    const subject = `the ${op} of ${JSON.stringify(request.path === '' ? '.' : request.path)}`;
    const text = requestText(op, request, have);
    try {
      const answered = await pool.run({ subject, request: text, wallMs, maxNeeds: options.maxReads ?? 20_000, answer });
      const { value, reads } = read(okOf(answered));
      return { outcome: { value }, reads: [...reads, ...asked], bytes: answered.length * 4 };
    } catch (error) {
      if (failure !== undefined) throw failure;
      if (!(error instanceof SluiceError)) throw error;
      return { outcome: { error }, reads: [...have.keys(), ...asked], bytes: 1_024 };
    }
  }

  async function ask(subject: string, request: unknown, limitMs: number): Promise<unknown> {
    const answer = async (): Promise<string> => '{"kind":"missing"}';
    return okOf(await pool.run({ subject, request: JSON.stringify(request), wallMs: limitMs, maxNeeds: 0, answer }));
  }

  async function compile(modules: readonly RegoModule[], digest: string): Promise<CompiledPolicy> {
    return {
      ...policyAnswer(await ask('the compilation of the policies', { op: 'compile', modules }, slowMs)),
      digest,
    };
  }

  return {
    counters,
    get pids() {
      return pool.pids;
    },

    async build(request) {
      const kept = await builds.get(viewOf(request.tree), inputOf('build', request), request.path, (known) => {
        counters.builds += 1;
        // What a closure read, a build will read.
        const ahead = known ?? closures.known(inputOf('closure', request));
        return overTree('build', request, ahead, (ok) => {
          const { reads, ...value } = buildAnswer(ok);
          return { value, reads };
        });
      });
      if (!kept.fresh) counters.cacheHits += 1;
      return Object.freeze({ ...kept.value, digest: kept.digest });
    },

    async closure(request) {
      const kept = await closures.get(viewOf(request.tree), inputOf('closure', request), request.path, (known) => {
        counters.closures += 1;
        return overTree('closure', request, known, (ok) => {
          const { reads, mentionsFlux } = closureAnswer(ok);
          return { value: { files: reads, mentionsFlux }, reads };
        });
      });
      return Object.freeze({ ...kept.value, digest: kept.digest });
    },

    async parse(file, bytes): Promise<readonly Document[]> {
      const { kind: _, ...content } = JSON.parse(encodeFile(bytes)) as Record<string, string>;
      return documentsAnswer(
        await ask(`the parsing of ${JSON.stringify(file)}`, { op: 'parse', file, ...content }, wallMs),
      );
    },

    async locate(requests) {
      const batches = await Promise.all(
        batchesOf(requests).map(async (batch) => {
          const items = batch.map(({ file, bytes, document, paths }) => {
            return { file, text: Buffer.from(bytes).toString('utf8'), document, paths };
          });
          return linesAnswer(await ask('the search for lines', { op: 'locate', items }, wallMs));
        }),
      );
      return batches.flat();
    },

    async compile(modules) {
      const sorted = modules.toSorted((one, other) => (one.file < other.file ? -1 : 1));
      const digest = createHash('sha256')
        .update(JSON.stringify(sorted.map(({ file, text }) => [file, text])))
        .digest('hex');
      let compiled = policies.get(digest);
      if (compiled === undefined) {
        compiled = compile(sorted, digest);
        policies.set(digest, compiled);
        compiled.catch(() => policies.delete(digest));
      }
      return await compiled;
    },

    async close() {
      await pool.close();
    },
  };
}
