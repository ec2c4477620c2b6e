// When each Kustomization is due next. Due ones become jobs; whoever takes the job says when it is due again.

export interface ScheduleTools {
  /** Milliseconds since some start. */
  elapsed(): number;
  /** A job that nobody came back from for this long is made again. */
  readonly lostAfterMs: number;
  /** Makes a job of it; `cause` is for logs: `interval`, `source main@sha1:…`. */
  due(key: string, cause: string): void;
}

interface Entry {
  atMs: number;
  cause: string;
}

export class Schedule {
  readonly #tools: ScheduleTools;
  readonly #entries = new Map<string, Entry>();

  constructor(tools: ScheduleTools) {
    this.#tools = tools;
  }

  /** Due now, whatever was planned; and again a while later, in case its job is lost. */
  now(key: string, cause: string): void {
    this.within(key, this.#tools.lostAfterMs, 'again');
    this.#tools.due(key, cause);
  }

  /** Due after this time, unless an earlier one is planned already. */
  within(key: string, waitMs: number, cause: string): void {
    const atMs = this.#tools.elapsed() + waitMs;
    const known = this.#entries.get(key);
    if (known === undefined || atMs < known.atMs) this.#entries.set(key, { atMs, cause });
  }

  /** Due after this time, whatever was planned: what a finished run says. */
  next(key: string, waitMs: number, cause: string): void {
    this.#entries.set(key, { atMs: this.#tools.elapsed() + waitMs, cause });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Makes jobs of all that is due. Each is planned again a while later, in case its job is lost. */
  tick(): void {
    const now = this.#tools.elapsed();
    for (const [key, entry] of this.#entries) {
      if (entry.atMs > now) continue;
      const { cause } = entry;
      entry.atMs = now + this.#tools.lostAfterMs;
      entry.cause = 'again';
      this.#tools.due(key, cause);
    }
  }

  /** Milliseconds until the first is due; undefined where nothing is planned. */
  untilNext(): number | undefined {
    let first: number | undefined;
    for (const { atMs } of this.#entries.values()) if (first === undefined || atMs < first) first = atMs;
    return first === undefined ? undefined : Math.max(0, first - this.#tools.elapsed());
  }
}
