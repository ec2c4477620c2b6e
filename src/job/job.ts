// What a job may say, and what it is about. The store's content authorises nothing: a job names things by id, and
// whoever takes it reads them again.
import { z } from 'zod';
import { SluiceError } from '../errors.ts';
import type { Job } from '../ports/queue.ts';
import { isSearch } from './cause.ts';

const id = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const version = z.literal(1);
const fullName = z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/);
const commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const baseRef = z
  .string()
  .max(300)
  .regex(/^refs\/heads\/[^\s\p{Cc}]+$/u);
/** Printable ASCII, so that nothing in it can forge a log line. */
const cause = z.string().regex(/^[\x20-\x7e]{1,200}$/);

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

/**
 * Returns what a job is about: `review-<repository>-<pull>`, `mergeGroup-<repository>-<head>` or
 * `sweep-<installation or all>-<repository or all>-<search or renew>`, with GitHub's numeric ids. Of each subject one job is active at most
 * and one waits. Never holds a `:`, which BullMQ reserves.
 */
export function subjectOf(job: Job): string {
  switch (job.kind) {
    case 'review':
      return `review-${job.repository}-${job.pull}`;
    case 'mergeGroup':
      return `mergeGroup-${job.repository}-${job.head}`;
    case 'sweep':
      return `sweep-${job.installation ?? 'all'}-${job.repository ?? 'all'}-${isSearch(job.cause) ? 'search' : 'renew'}`;
  }
}
