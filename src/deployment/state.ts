// What a comment's last section knows, hidden in it, so that the next report adds to it.
import { z } from 'zod';
import { clip } from '../report/words.ts';
import type { Deploy } from './deploy.ts';

export interface Known {
  readonly deploy: Deploy;
  /** `updatedAt` of the cluster's deployment on GitHub when it was read, in epoch milliseconds; 0 where it is to be read again. */
  readonly updatedAt: number;
}

/** By cluster. */
export type KnownDeploys = ReadonlyMap<string, Known>;

const opening = '\n\n<!-- sluice:deploy ';
const closing = ' -->';

const commit = z.string().regex(/^[0-9a-f]{40,64}$/);
const time = z.number().int().min(0).max(8.64e15);
const failure = z.object({ key: z.string().max(400), reason: z.string().max(200), message: z.string().max(2_100) });
const entry = z.object({
  cluster: z.string().min(1).max(300),
  state: z.enum(['in_progress', 'success', 'failure']),
  began: time,
  ended: time.optional(),
  by: commit,
  failures: z.array(failure).max(3).default([]),
  more: z.number().int().min(0).default(0),
  suspended: z.array(z.string().max(400)).max(3).default([]),
  paused: z.boolean().default(false),
  updated: time,
});
const stateSchema = z.object({ commit, clusters: z.array(entry).max(2_000) });

/**
 * Returns the line by which a section is found again, for the merge `of`: base64url of JSON, so that no name in it can mean
 * anything to Markdown. Messages are cut to `most` characters.
 */
export function printKnown(known: KnownDeploys, of: string, most: number): string {
  const clusters = [...known].map(([cluster, { deploy, updatedAt }]) => {
    const { state, startedAt, endedAt, commit: by, failures, moreFailures, suspended, paused } = deploy;
    return {
      cluster,
      state,
      began: Date.parse(startedAt),
      ...(endedAt === undefined ? {} : { ended: Date.parse(endedAt) }),
      by,
      ...(failures.length === 0
        ? {}
        : { failures: failures.map((one) => ({ ...one, message: clip(one.message, most) })), more: moreFailures }),
      ...(suspended.length === 0 ? {} : { suspended, paused }),
      updated: updatedAt,
    };
  });
  const json = JSON.stringify({ commit: of, clusters });
  return `${opening.trimStart()}${Buffer.from(json).toString('base64url')}${closing}`;
}

/**
 * Takes a comment apart: what the review said, and what the section below it knows. Only a section about the merge `of`
 * counts: what a tenant's diff quotes cannot name the commit that it becomes.
 */
export function splitBody(body: string, of: string): { readonly review: string; readonly known: KnownDeploys } {
  for (let at = body.indexOf(opening); at >= 0; at = body.indexOf(opening, at + 1)) {
    const from = at + opening.length;
    const known = readKnown(body.slice(from, body.indexOf(closing, from)), of);
    if (known !== undefined) return { review: body.slice(0, at), known };
  }
  return { review: body, known: new Map() };
}

function readKnown(encoded: string, of: string): KnownDeploys | undefined {
  const read = stateSchema.safeParse(parsed(encoded));
  if (!read.success || read.data.commit !== of) return undefined;
  return new Map(
    read.data.clusters.map((one) => {
      const { cluster, state, began, ended, by, failures, more, suspended, paused, updated } = one;
      const deploy: Deploy = {
        state,
        startedAt: new Date(began).toISOString(),
        ...(ended === undefined ? {} : { endedAt: new Date(ended).toISOString() }),
        commit: by,
        failures,
        moreFailures: more,
        suspended,
        paused,
      };
      return [cluster, { deploy, updatedAt: updated }];
    }),
  );
}

function parsed(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString());
  } catch {
    return undefined;
  }
}
