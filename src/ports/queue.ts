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

/** A Kustomization of a cluster is due, or may be: whoever takes it looks. */
export interface ReconcileJob {
  readonly kind: 'reconcile';
  readonly version: 1;
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  /** Why now: `interval`, `push <delivery>`, `dependency apps/web`, … */
  readonly cause: string;
}

/** A repository's branch or tag moved: whoever follows it on that cluster looks now, and whoever follows it not does nothing. */
export interface PushedJob {
  readonly kind: 'pushed';
  readonly version: 1;
  readonly cluster: string;
  /** `https://github.com/acme/shop`; without credentials. Compare with `sameRepository`. */
  readonly url: string;
  /** Full name: `refs/heads/main`, `refs/tags/v1.2.0`. */
  readonly ref: string;
  /** Where it was said to stand: a hint what to ask the Git server for, which alone says where it stands. */
  readonly commit?: string;
  readonly cause: string;
}

export type DeployState = 'in_progress' | 'success' | 'failure';

/** What one Kustomization has come to. */
export interface DeployedKustomization {
  /** `<namespace>/<name>` */
  readonly key: string;
  readonly state: DeployState | 'suspended';
  /** The Ready condition's reason: `ReconciliationSucceeded`, `HealthCheckFailed`. */
  readonly reason: string;
  /** The Ready condition's message; a tenant's text, at most 2,000 characters. */
  readonly message: string;
}

/**
 * What a commit has come to on a cluster, all Kustomizations that follow its repository and branch taken together. Unlike
 * other jobs it carries what it says, since whoever takes it cannot see the cluster; so of two for one commit one
 * stands, whatever order they came in (`compareOutcomes`).
 */
export interface DeployedJob {
  readonly kind: 'deployed';
  readonly version: 1;
  readonly cluster: string;
  /** As in `PushedJob`. */
  readonly url: string;
  /** The branch that is followed, short. */
  readonly branch: string;
  /** 40 or 64 lower-case hex characters. */
  readonly commit: string;
  readonly state: DeployState;
  /** ISO 8601, UTC: when the cluster began with this commit. A new attempt after a failure begins anew. */
  readonly startedAt: string;
  /** ISO 8601, UTC: when it came to `state`, which then is an end state. */
  readonly endedAt?: string;
  /** At most 100, failed ones first. */
  readonly kustomizations: readonly DeployedKustomization[];
  readonly cause: string;
}

export type Job = ReviewJob | MergeGroupJob | SweepJob | ReconcileJob | PushedJob | DeployedJob;

/** `review` for workers, `report` for what agents saw, `reconcile-<cluster>` for a cluster's agents. */
export type QueueName = 'review' | 'report' | `reconcile-${string}`;

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
   * active and one waits, the newest. A repository (in a cluster's queue: a namespace) that floods does not delay the
   * others: its jobs yield to those with fewer waiting.
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

/** Several queues over one store, which is opened once. */
export interface Queues {
  /**
   * The same queue each time it is asked for. It takes only jobs that belong there.
   *
   * @throws SluiceError `queue.unavailable`, transient
   */
  open(name: QueueName): Promise<Queue>;
  /**
   * Says that a cluster has an agent, now and every 30 seconds until `close`, so that a store that lost everything hears it
   * again.
   *
   * @throws SluiceError `queue.unavailable`, transient, where the first word does not arrive; `queue.malformed` for a name
   * that is longer than 253 characters or not printable
   */
  announce(cluster: string): Promise<void>;
  /**
   * Names of the clusters whose agents were heard of within a day, sorted; may be a few seconds old.
   *
   * @throws SluiceError `queue.unavailable`, transient
   */
  clusters(): Promise<readonly string[]>;
  healthy(): Promise<boolean>;
  /** Closes every queue as `Queue.close` does, then the store. */
  close(graceMs: number): Promise<void>;
}
