/** Where a fault strikes: each applies `times` (1 unless said) and is then spent; `times: null` stays until cleared. */
interface Striking {
  readonly times?: number | null;
  /** `acme/web`; any without. */
  readonly repository?: string;
}

export interface ApiFault extends Striking {
  readonly on: 'api';
  /** A route, or part of one: `POST /repos/{owner}/{repo}/check-runs`, `comments`, `PATCH `. Any without. */
  readonly route?: string;
  readonly kind: 'secondary' | 'primary' | 'status' | 'slow' | 'reset' | 'expired';
  /** With `status`: 502, 503, 504, 429, 500, 404, …; with `secondary`: 403 (default) or 429. */
  readonly status?: number;
  /** `retry-after` in seconds. */
  readonly retryAfter?: number;
  /** How late a `slow` answer is; the call has its effect. */
  readonly ms?: number;
  /** The call has its effect, and only the answer is lost. With `reset` and `status`. */
  readonly afterEffect?: boolean;
}

/** Reads that GitHub's replicas answer late: the pull request as it was before its last push, or not yet knowing if it merges. */
export interface ReadFault extends Striking {
  readonly on: 'read';
  readonly kind: 'stale' | 'mergeableUnknown';
}

export interface WebhookFault extends Striking {
  readonly on: 'webhook';
  /** `pull_request` or `pull_request.synchronize`; any without. */
  readonly event?: string;
  /** `reorder`: held back until the next delivery to the same App has been sent. `drop`: never sent nor recorded. `lose`: recorded as failed. */
  readonly kind: 'delay' | 'duplicate' | 'reorder' | 'drop' | 'lose';
  readonly ms?: number;
  /** How many more copies `duplicate` sends. */
  readonly copies?: number;
}

export interface GitFault extends Striking {
  readonly on: 'git';
  /** Both without. */
  readonly service?: 'upload-pack' | 'receive-pack';
  readonly kind: 'refuse' | 'reset' | 'truncate' | 'corrupt' | 'hang' | 'drip' | 'chatter' | 'unauthorized';
  /** Only the pack itself and not the list of refs. */
  readonly packOnly?: boolean;
  readonly bytesPerSecond?: number;
}

/** `truncate` cuts the pack and ends cleanly, `corrupt` flips a byte of it, `hang` stops after the headers, `drip` sends slowly, `chatter` sends progress without end. */
export type Fault = ApiFault | ReadFault | WebhookFault | GitFault;

type Of<On extends Fault['on']> = Extract<Fault, { on: On }>;

/** Faults on demand. */
export class Faults {
  #waiting: { readonly fault: Fault; left: number }[] = [];

  /** @returns what takes this one away again */
  add(fault: Fault): () => void {
    const entry = { fault, left: fault.times === null ? Number.POSITIVE_INFINITY : (fault.times ?? 1) };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#waiting = [];
  }

  get waiting(): readonly Fault[] {
    return this.#waiting.map(({ fault }) => fault);
  }

  /** Takes one stroke of the oldest fault that fits. */
  take<On extends Fault['on']>(
    on: On,
    repository: string | undefined,
    fits: (fault: Of<On>) => boolean,
  ): Of<On> | undefined {
    const entry = this.#waiting.find(
      ({ fault }) =>
        fault.on === on &&
        (fault.repository === undefined || fault.repository.toLowerCase() === repository?.toLowerCase()) &&
        fits(fault as Of<On>),
    );
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#waiting = this.#waiting.filter((other) => other !== entry);
    return entry.fault as Of<On>;
  }
}
