// What the engine and its worker threads say to each other.
import type { PolicyFinding } from '../../ports.ts';

/** One batch. `wasm` comes only when this thread has not been given the module yet. */
export interface BatchRequest {
  readonly key: string;
  readonly wasm: Uint8Array | undefined;
  readonly rules: number;
  /** JSON text per object: text keeps integers beyond 2^53 exact. */
  readonly inputs: readonly string[];
}

export interface BatchFailure {
  readonly code: 'policy.undefined' | 'policy.crashed';
  /** One line of the engine's own or OPA's words. */
  readonly message: string;
  /** Index of the input at fault; -1 where the module itself is. */
  readonly index: number;
}

export type BatchAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'findings'; readonly findings: readonly (readonly PolicyFinding[])[] }
  | { readonly type: 'failure'; readonly failure: BatchFailure };

/** Slot 0 of the shared progress array: the input that is being evaluated. */
export const progressSlots = 1;

export interface WorkerSettings {
  readonly progress: SharedArrayBuffer;
  readonly maxPages: number;
  readonly recyclePages: number;
}

/** Modules a thread holds; one more, and both sides forget them all. A failure makes both sides forget too. */
export const maxModules = 4;
