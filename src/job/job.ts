// What a job may say, what it is about, and where it belongs. The store's content authorises nothing: a job names things
// by id, and whoever takes it reads them again.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SluiceError } from '../errors.ts';
import type { Job, QueueName } from '../ports/queue.ts';
import { parseRepositoryUrl, withoutCredentials } from '../source/url.ts';
import { isSearch } from './cause.ts';

const id = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const version = z.literal(1);
const fullName = z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/);
const sha1 = z.string().regex(/^[0-9a-f]{40}$/);
const commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const baseRef = z
  .string()
  .max(300)
  .regex(/^refs\/heads\/[^\s\p{Cc}]+$/u);
/** Printable ASCII, so that nothing in it can forge a log line. */
const cause = z.string().regex(/^[\x20-\x7e]{1,200}$/);
/** What a cluster may be called: `prod-eu`, `prod/eu`. */
export const clusterName = z.string().regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,253}$/u);
const namespace = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const name = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/);
const branch = z.string().regex(/^[^\s\p{Cc}\p{Cs}~^:?*[\\]{1,255}$/u);
const pushedRef = z.string().regex(/^refs\/(?:heads|tags)\/[^\s\p{Cc}\p{Cs}~^:?*[\\]{1,255}$/u);
const url = z.string().refine((text) => withoutCredentials(text) === text && keyOf(text) !== undefined);
const time = z.iso.datetime({ precision: 3 });
/** Postgres takes neither NUL nor half a character. */
const text = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\0\p{Cs}]*$/u);
const state = z.enum(['in_progress', 'success', 'failure']);

/** The most that a `deployed` job holds. */
export const deployedLimits = { kustomizations: 100, message: 2_000, reason: 128 } as const;

const jobSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('review'), version, installation: id, repository: id, fullName, pull: id, cause }),
  z.strictObject({
    kind: z.literal('mergeGroup'),
    version,
    installation: id,
    repository: id,
    fullName,
    head: commit,
    base: commit,
    baseRef,
    cause,
  }),
  z.strictObject({
    kind: z.literal('sweep'),
    version,
    installation: z.exactOptional(id),
    repository: z.exactOptional(id),
    cause,
  }),
  z.strictObject({ kind: z.literal('reconcile'), version, cluster: clusterName, namespace, name, cause }),
  z.strictObject({
    kind: z.literal('pushed'),
    version,
    cluster: clusterName,
    url,
    ref: pushedRef,
    commit: z.exactOptional(sha1),
    cause,
  }),
  z
    .strictObject({
      kind: z.literal('deployed'),
      version,
      cluster: clusterName,
      url,
      branch,
      commit,
      state,
      startedAt: time,
      endedAt: z.exactOptional(time),
      kustomizations: z
        .array(
          z.strictObject({
            key: z.string().regex(/^[a-z0-9-]{1,63}\/[a-z0-9.-]{1,253}$/),
            state: z.enum([...state.options, 'suspended']),
            reason: text(deployedLimits.reason),
            message: text(deployedLimits.message),
          }),
        )
        .max(deployedLimits.kustomizations),
      cause,
    })
    .refine((job) => (job.state === 'in_progress') === (job.endedAt === undefined)),
]);
const versionSchema = z.looseObject({ version: z.number().int() });

/** A job that can be worked on, or one of a newer version, which is left to newer workers. */
export type ReadJob =
  | { readonly type: 'job'; readonly job: Job }
  | { readonly type: 'newer'; readonly version: number };

/**
 * Returns what a store's data says, strictly: an unknown key is refused.
 *
 * @throws SluiceError `queue.malformed`, terminal; the message names the fields, never their values
 */
export function readJob(data: unknown): ReadJob {
  const read = jobSchema.safeParse(data);
  if (read.success) return { type: 'job', job: read.data };
  const versioned = versionSchema.safeParse(data);
  if (versioned.success && versioned.data.version > 1) return { type: 'newer', version: versioned.data.version };
  const wrong = read.error.issues.map((issue) => `${issue.path.join('.') || 'job'}: ${issue.code}`);
  throw new SluiceError('queue.malformed', `not a job: ${wrong.slice(0, 5).join(', ').slice(0, 200)}`, {
    remedy: 'the next sweep makes a new one where there is work',
  });
}

/** True for what `readJob` takes. */
export function isJob(data: unknown): boolean {
  return jobSchema.safeParse(data).success;
}

/**
 * Returns what a job is about: `review-<repository>-<pull>`, `mergeGroup-<repository>-<head>`,
 * `sweep-<installation or all>-<repository or all>-<search or renew>`, with GitHub's numeric ids, or
 * `reconcile-<namespace>/<name>`, `pushed-<digest>`, `deployed-<digest>`, with a digest of cluster, repository, and ref or
 * commit. Of each subject one job is active at most and one waits. Never holds a `:`, which BullMQ reserves.
 */
export function subjectOf(job: Job): string {
  switch (job.kind) {
    case 'review':
      return `review-${job.repository}-${job.pull}`;
    case 'mergeGroup':
      return `mergeGroup-${job.repository}-${job.head}`;
    case 'sweep':
      return `sweep-${job.installation ?? 'all'}-${job.repository ?? 'all'}-${isSearch(job.cause) ? 'search' : 'renew'}`;
    case 'reconcile':
      // A cluster has a queue of its own.
      return `reconcile-${job.namespace}/${job.name}`;
    case 'pushed':
      return `pushed-${digest(job.cluster, keyOf(job.url), job.ref)}`;
    case 'deployed':
      return `deployed-${digest(job.cluster, keyOf(job.url), job.commit)}`;
  }
}

/** Returns who a job's turn counts for: a repository, or a namespace of a cluster; `0` is all repositories. */
export function ownerOf(job: Job): string {
  switch (job.kind) {
    case 'review':
    case 'mergeGroup':
    case 'sweep':
      return String(job.repository ?? 0);
    case 'reconcile':
      return job.namespace;
    case 'pushed':
    case 'deployed':
      // No namespace holds a slash.
      return keyOf(job.url) ?? job.url;
  }
}

/** Returns the queue that a job belongs in. */
export function homeOf(job: Job): QueueName {
  switch (job.kind) {
    case 'review':
    case 'mergeGroup':
    case 'sweep':
      return 'review';
    case 'reconcile':
    case 'pushed':
      return `reconcile-${job.cluster}`;
    case 'deployed':
      return 'report';
  }
}

function keyOf(address: string): string | undefined {
  try {
    return parseRepositoryUrl(address).key;
  } catch {
    return undefined;
  }
}

function digest(...parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}
