// Waits for health that hold no place in the queue: one at most for each Kustomization, ended by whatever is newer.

interface Wait {
  readonly controller: AbortController;
  wake: () => void;
}

export class HealthWaits {
  readonly #waits = new Map<string, Wait>();

  /** Starts a wait in the background; one that was going on is cancelled. `run` must not reject. */
  start(
    key: string,
    run: (wait: { readonly signal: AbortSignal; readonly pause: (ms: number) => Promise<void> }) => Promise<void>,
  ): void {
    this.cancel(key);
    const controller = new AbortController();
    const wait: Wait = { controller, wake: () => {} };
    this.#waits.set(key, wait);
    const pause = (ms: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      wait.wake = resolve;
      controller.signal.addEventListener('abort', () => resolve(), { once: true });
      return promise.finally(() => clearTimeout(timer));
    };
    void run({ signal: controller.signal, pause }).finally(() => {
      if (this.#waits.get(key) === wait) this.#waits.delete(key);
    });
  }

  /** Something of this Kustomization moved: it looks at once. */
  poke(key: string): void {
    this.#waits.get(key)?.wake();
  }

  cancel(key: string): void {
    const wait = this.#waits.get(key);
    if (wait === undefined) return;
    this.#waits.delete(key);
    wait.controller.abort();
  }

  cancelAll(): void {
    for (const key of this.#waits.keys()) this.cancel(key);
  }

  isWaiting(key: string): boolean {
    return this.#waits.has(key);
  }
}
