// The events of a Kustomization, as kustomize-controller writes them: reasons, words, and the annotations that
// notification tools read. Fewer where Flux repeats itself: waiting is said once, not every 30 s.
import type { KubeObject } from '../object/object.ts';
import type { KubeEvent } from '../ports/kube.ts';
import { findCondition, type Reason, shortened } from './condition.ts';
import { formatDuration } from './duration.ts';
import { kustomizeGroup } from './kustomization.ts';
import { stringMap } from './read.ts';

/** An object that was written or deleted: `Deployment/apps/web`, as `objectLabel` shows it. */
export interface ChangedObject {
  readonly object: string;
  readonly action: 'created' | 'configured' | 'deleted' | 'unchanged' | 'skipped';
  /** For the author: it was written in a version that is no longer served, fields were taken from others. */
  readonly note?: string | undefined;
}

export type Happening =
  /** Objects were applied, or pruned; unchanged and skipped ones are not mentioned. */
  | { readonly type: 'changed'; readonly changes: readonly ChangedObject[] }
  /** All are healthy. Said where they were not before, or where a new revision changed something. */
  | { readonly type: 'healthy'; readonly message: string; readonly isNews: boolean }
  /** It waits, or cannot go on for now; said once for each message. */
  | { readonly type: 'waiting'; readonly reason: Reason; readonly message: string }
  | { readonly type: 'finished'; readonly durationMs: number; readonly nextMs: number }
  | { readonly type: 'failed'; readonly reason: Reason; readonly message: string }
  /** A new revision ended a health check; `by` is what brought it: `GitRepository/apps/web`. */
  | { readonly type: 'canceled'; readonly by: string };

export interface EventContext {
  /** `main@sha1:<40 hex>`; absent where no source was found. */
  readonly revision?: string;
  readonly originRevision?: string;
}

const longestEvent = 1_024;
const commitStatus = `${kustomizeGroup}/commit_status`;

/**
 * Events for what happened to a Kustomization since it was last read (`kustomization` is from before: repetitions are
 * told from its conditions), in the order they happened. Messages have at most 1,024 characters, the cut said; the
 * annotations are `kustomize.toolkit.fluxcd.io/revision`, `/originRevision`, `/commit_status` of a success, and those of
 * the document under `event.toolkit.fluxcd.io/`.
 */
export function eventsOf(
  kustomization: KubeObject,
  happenings: readonly Happening[],
  context: EventContext,
): readonly KubeEvent[] {
  const before = findCondition(kustomization, 'Ready');
  return happenings.flatMap((happening) => {
    const said = wordsOf(happening);
    if (said === undefined) return [];
    const repeated = before?.reason === said.reason && before.message === shortened(said.message);
    if (happening.type === 'waiting' && repeated) return [];
    const annotations = annotationsOf(kustomization, context, happening.type === 'finished');
    const type = happening.type === 'failed' ? 'Warning' : 'Normal';
    return [
      { about: kustomization, type, reason: said.reason, message: shortened(said.message, longestEvent), annotations },
    ];
  });
}

function wordsOf(happening: Happening): { readonly reason: Reason; readonly message: string } | undefined {
  switch (happening.type) {
    case 'changed': {
      const lines = happening.changes
        .filter(({ action }) => action !== 'unchanged' && action !== 'skipped')
        .map(({ object, action, note }) => `${object} ${action}${note === undefined ? '' : ` (${note})`}`);
      return lines.length === 0 ? undefined : { reason: 'Progressing', message: lines.join('\n') };
    }
    case 'healthy':
      return happening.isNews ? { reason: 'Progressing', message: happening.message } : undefined;
    case 'finished': {
      const { durationMs, nextMs } = happening;
      const message = `Reconciliation finished in ${formatDuration(durationMs)}, next run in ${formatDuration(nextMs)}`;
      return { reason: 'ReconciliationSucceeded', message };
    }
    case 'canceled':
      return {
        reason: 'HealthCheckCanceled',
        message: `Health checks canceled due to new reconciliation triggered by ${happening.by}`,
      };
    case 'waiting':
    case 'failed':
      return { reason: happening.reason, message: happening.message };
  }
}

const ownPrefix = 'event.toolkit.fluxcd.io/';
const mostOwn = 20;

function annotationsOf(
  kustomization: KubeObject,
  { revision, originRevision }: EventContext,
  isSuccess: boolean,
): Readonly<Record<string, string>> {
  const own = Object.entries(stringMap(kustomization.metadata.annotations))
    .filter(([key, value]) => key.startsWith(ownPrefix) && value.length <= longestEvent)
    .slice(0, mostOwn);
  return {
    ...Object.fromEntries(own),
    ...(revision === undefined ? {} : { [`${kustomizeGroup}/revision`]: revision }),
    ...(originRevision === undefined ? {} : { [`${kustomizeGroup}/originRevision`]: originRevision }),
    ...(isSuccess ? { [commitStatus]: 'update' } : {}),
  };
}
