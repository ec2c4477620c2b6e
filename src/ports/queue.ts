// Work in flight: hints only. Emptied, a sweep rebuilds it; duplicated or reordered, nothing wrong happens.

/** A pull request, named so that a rename or transfer changes nothing. Whoever takes a job reads everything else again. */
export interface ReviewJob {
  readonly kind: 'review';
  /** Raised when the shape changes; a worker leaves jobs of a newer version to newer workers. */
  readonly version: 1;
  readonly installation: number;
  /** GitHub's numeric repository id. */
  readonly repository: number;
  /** `owner/name` at the time, for logs and as a first guess; never for decisions. */
  readonly fullName: string;
  readonly pull: number;
  /** What asked for it: a delivery id, or `sweep`. */
  readonly cause: string;
}

/** A merge group, re-evaluated like a pull request and never rubber-stamped. */
export interface MergeGroupJob {
  readonly kind: 'mergeGroup';
  readonly version: 1;
  readonly installation: number;
  readonly repository: number;
  readonly fullName: string;
  readonly head: string;
  readonly base: string;
  /** `refs/heads/main` */
  readonly baseRef: string;
  readonly cause: string;
}

/** Something moved that open pull requests depend on: look at all of a repository (or, without one, of everything). */
export interface SweepJob {
  readonly kind: 'sweep';
  readonly version: 1;
  readonly installation?: number;
  readonly repository?: number;
  readonly cause: string;
}

export type Job = ReviewJob | MergeGroupJob | SweepJob;

export interface TakenJob {
  readonly job: Job;
  /** True when an earlier attempt may have got anywhere: a retry, a stalled job, a sweep's second look. */
  readonly again: boolean;
  /** What an earlier attempt of this job left with `note`. */
  readonly left: string | undefined;
  /** Leaves a word for the next attempt, should this one be lost. A hint: a store that cannot keep it loses it silently. */
  note(word: string): Promise<void>;
  /** True as soon as a newer job for the same subject waits: what this one would say is old. */
  superseded(): Promise<boolean>;
  /** Aborted when the queue has given the job to somebody else, or the worker stops. */
  readonly signal: AbortSignal;
}

/** Jobs in, jobs out. The three backends (Redis, Postgres, embedded) pass one contract suite. */
export interface Queue {
  /**
   * Resolves when the store has the job. At most one job per subject (pull request, merge group head, sweep target) is
   * active and one waits, the newest. A repository that floods does not delay the others: its jobs yield to those of
   * repositories with fewer waiting.
   *
   * @throws SluiceError `queue.unavailable`, transient (the webhook then answers 503 and GitHub shows the failure)
   */
  add(job: Job): Promise<void>;
  /**
   * Starts taking jobs, `concurrency` at a time. A handler that throws a transient SluiceError is tried again with
   * back-off, at the time the error names where it names one; any other error ends the job.
   */
  work(handler: (taken: TakenJob) => Promise<void>, options: { readonly concurrency: number }): Promise<void>;
  /** Jobs waiting (delayed ones included) and active. */
  counts(): Promise<{ readonly waiting: number; readonly active: number }>;
  /** True while the store answers. */
  healthy(): Promise<boolean>;
  /** Stops taking jobs, aborts the active ones' signal after `graceMs`, and closes the connection. */
  close(graceMs: number): Promise<void>;
}
