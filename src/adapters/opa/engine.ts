// PolicyEngine over OPA's wasm SDK: batches in worker threads, each with a kill timer.
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { SluiceError } from '../../errors.ts';
import type { CompiledPolicy, PolicyEngine, PolicyFinding, PolicyInput } from '../../ports.ts';
import type { BatchFailure } from './protocol.ts';
import { EvaluationThread, ThreadEnd } from './thread.ts';

export interface PolicyEngineOptions {
  /** Threads at most; one less than the cores by default, at least one. */
  readonly threads?: number;
  /** Wall time of one batch in milliseconds; 10,000 by default. The thread is killed and replaced, that batch fails. */
  readonly batchTimeoutMs?: number;
  /** Wasm memory at most, in pages of 64 KiB; 4,096 (256 MiB) by default. */
  readonly maxPages?: number;
  /** An instance whose memory has grown beyond this many pages is replaced; 1,024 (64 MiB) by default. */
  readonly recyclePages?: number;
}

/** Nobody waits behind a batch that takes longer than this: another thread takes its place meanwhile. */
const slowMs = 1_000;
const mostSlow = 2;
const batchObjects = 128;
const batchCharacters = 2_000_000;
const maxObjectCharacters = 32_000_000;
const cheaper = 'make the object smaller, or the rule cheaper';

/** Evaluates compiled policies in threads of their own; the caller's event loop only writes JSON. */
export class OpaPolicyEngine implements PolicyEngine {
  readonly #options: Required<PolicyEngineOptions>;
  readonly #idle: EvaluationThread[] = [];
  readonly #all = new Set<EvaluationThread>();
  readonly #waiting: ((thread: EvaluationThread) => void)[] = [];
  /** How many threads have one in hand that takes long. */
  #slow = 0;
  readonly #keys = new WeakMap<CompiledPolicy, string>();
  #closed = false;

  constructor(options: PolicyEngineOptions = {}) {
    this.#options = {
      threads: options.threads ?? Math.max(1, availableParallelism() - 1),
      batchTimeoutMs: options.batchTimeoutMs ?? 10_000,
      maxPages: options.maxPages ?? 4_096,
      recyclePages: options.recyclePages ?? 1_024,
    };
  }

  /** Threads that are alive; tests look at it. */
  get threads(): number {
    return this.#all.size;
  }

  /** Starts a thread before the first batch needs it. */
  prewarm(): void {
    if (this.#all.size === 0 && !this.#closed) this.#idle.push(this.#start());
  }

  async evaluate(
    policy: CompiledPolicy,
    inputs: readonly PolicyInput[],
  ): Promise<readonly (readonly PolicyFinding[])[]> {
    if (inputs.length === 0) throw new SluiceError('policy.none', 'policy was given nothing to evaluate');
    if (policy.rules.length === 0)
      throw new SluiceError('policy.none', 'policy holds no rule', { remedy: 'compile at least one rule' });
    const key = this.#keyOf(policy);
    const remedies = new Map(policy.rules.map((rule) => [rule.id, rule.remedy]));
    const findings: (readonly PolicyFinding[])[] = [];
    for (const batch of batches(inputs)) {
      const evaluated = await this.#batch(policy, key, batch);
      if (evaluated.length !== batch.texts.length) {
        throw new SluiceError(
          'policy.undefined',
          `policy evaluated ${evaluated.length} of ${batch.texts.length} objects`,
        );
      }
      for (const found of evaluated) findings.push(found.map((finding) => described(finding, remedies)));
    }
    return findings;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#all, (thread) => thread.end()));
    this.#all.clear();
  }

  async #batch(policy: CompiledPolicy, key: string, batch: Batch): Promise<readonly (readonly PolicyFinding[])[]> {
    const thread = await this.#take();
    let sound = false;
    let isSlow = false;
    const slow = setTimeout(() => {
      isSlow = this.#overtake();
    }, slowMs);
    try {
      const answer = await thread.run(
        { key, wasm: policy.wasm, rules: policy.rules.length, inputs: batch.texts },
        this.#options.batchTimeoutMs,
      );
      sound = true;
      if (answer.type === 'failure') throw failureError(policy, answer.failure, batch.inputs[answer.failure.index]);
      return answer.findings;
    } catch (error) {
      if (!(error instanceof ThreadEnd)) throw error;
      const during = batch.inputs[error.index];
      const what = during === undefined ? '' : ` on ${subjectOf(during)}`;
      if (error.reason === 'timeout') {
        throw new SluiceError('policy.timeout', `policy took longer than ${this.#options.batchTimeoutMs} ms${what}`, {
          remedy: cheaper,
        });
      }
      throw new SluiceError('policy.crashed', `the policy engine ended${what}: ${error.message}`);
    } finally {
      clearTimeout(slow);
      if (isSlow) this.#slow -= 1;
      this.#give(thread, sound);
    }
  }

  /** Returns false where too many are slow already. */
  #overtake(): boolean {
    if (this.#slow >= mostSlow || this.#closed) return false;
    this.#slow += 1;
    this.#waiting.shift()?.(this.#start());
    return true;
  }

  #keyOf(policy: CompiledPolicy): string {
    let key = this.#keys.get(policy);
    if (key === undefined) {
      // The digest names the Rego; the module's own hash keeps a half-written or swapped module from passing for it.
      key = `${policy.digest}:${createHash('sha256').update(policy.wasm).digest('hex')}`;
      this.#keys.set(policy, key);
    }
    return key;
  }

  async #take(): Promise<EvaluationThread> {
    if (this.#closed) throw new SluiceError('internal', 'the policy engine is closed');
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.alive) return idle;
      this.#all.delete(idle);
    }
    if (this.#spare() > 0) return this.#start();
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  #start(): EvaluationThread {
    const thread = new EvaluationThread(this.#options.maxPages, this.#options.recyclePages);
    this.#all.add(thread);
    return thread;
  }

  /** How many threads may be started; less than none where one took the place of a slow one that is done now. */
  #spare(): number {
    return this.#options.threads + this.#slow - this.#all.size;
  }

  #give(thread: EvaluationThread, sound: boolean): void {
    const stays = sound && this.#spare() >= 0;
    if (!stays) {
      this.#all.delete(thread);
      void thread.end();
    }
    if (this.#waiting.length === 0 || this.#closed) {
      if (stays) this.#idle.push(thread);
    } else if (stays || this.#spare() > 0) this.#waiting.shift()?.(stays ? thread : this.#start());
  }
}

interface Batch {
  readonly inputs: readonly PolicyInput[];
  readonly texts: readonly string[];
}

function* batches(inputs: readonly PolicyInput[]): Generator<Batch> {
  let batch: { inputs: PolicyInput[]; texts: string[] } = { inputs: [], texts: [] };
  let characters = 0;
  for (const input of inputs) {
    const text = JSON.stringify(input);
    if (text === undefined) throw new SluiceError('policy.undefined', 'policy was given something that is no JSON');
    if (text.length > maxObjectCharacters) {
      throw new SluiceError('policy.crashed', `${subjectOf(input)} is too large for policy`, {
        remedy: 'make the object smaller',
      });
    }
    batch.inputs.push(input);
    batch.texts.push(text);
    characters += text.length;
    if (batch.texts.length >= batchObjects || characters >= batchCharacters) {
      yield batch;
      batch = { inputs: [], texts: [] };
      characters = 0;
    }
  }
  if (batch.texts.length > 0) yield batch;
}

function described(finding: PolicyFinding, remedies: ReadonlyMap<string, string | undefined>): PolicyFinding {
  const remedy = finding.remedy ?? remedies.get(finding.rule);
  return remedy === undefined ? finding : { ...finding, remedy };
}

function failureError(policy: CompiledPolicy, failure: BatchFailure, input: PolicyInput | undefined): SluiceError {
  const at = /^(?<file>\S+\.rego):(?<line>\d+):\d+: (?<words>.*)$/s.exec(failure.message)?.groups;
  const rule = policy.rules.find((candidate) => candidate.file === at?.['file']);
  const isHungry = failure.message.startsWith('opa_malloc: failed');
  const words = isHungry ? 'it needs more memory than policy may take' : oneLine(at?.['words'] ?? failure.message);
  const speaker = rule === undefined ? '' : `rule ${rule.id}: `;
  const subject = input === undefined ? '' : ` (evaluating ${subjectOf(input)})`;
  const crashed = isHungry ? cheaper : 'correct the rule';
  return new SluiceError(failure.code, `${speaker}${words}${subject}`, {
    remedy: failure.code === 'policy.crashed' ? crashed : 'compile the policy again',
    place: at === undefined ? undefined : { file: at['file'] ?? '', line: Number(at['line']) },
  });
}

/** `Kind/namespace/name`, escaped; the object may be hostile. */
function subjectOf(input: PolicyInput): string {
  const object = (input as PolicyInput | null)?.object as {
    kind?: unknown;
    metadata?: { namespace?: unknown; name?: unknown };
  } | null;
  const parts = [object?.kind, object?.metadata?.namespace, object?.metadata?.name].filter(
    (part) => typeof part === 'string',
  );
  return parts.length === 0 ? 'an object' : parts.map((part) => oneLine(part).slice(0, 80)).join('/');
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
