// The status of a GitRepository as source-controller writes it, so that `kubectl get gitrepositories` and `flux get` read it.
import { readConditions, shortened, timestamp, withConditions } from '../flux/condition.ts';
import { asList, stringAt, valueAt } from '../flux/read.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';
import { withoutCredentials } from '../source/url.ts';
import type { SourceOutcome, SourceState } from './sources.ts';

const sourceController = 'source-controller';

/**
 * True where a source-controller looks after it: its status is then left alone. Told by who wrote the status last,
 * within three of the source's intervals.
 */
export function isKeptByFlux(object: KubeObject, now: Date, intervalMs: number): boolean {
  return asList(object.metadata['managedFields']).some((entry) => {
    const isIts = stringAt(entry, 'manager') === sourceController && stringAt(entry, 'subresource') === 'status';
    const at = Date.parse(stringAt(entry, 'time') ?? '');
    return isIts && now.getTime() - at < 3 * intervalMs;
  });
}

/** The merge patch, or undefined where the status says it all already. */
export function sourceStatus(object: KubeObject, outcome: SourceOutcome, now: Date): Json | undefined {
  const { generation } = object.metadata;
  const observed = typeof generation === 'number' ? generation : 0;
  const requested = stringAt(object.metadata.annotations, 'reconcile.fluxcd.io/requestedAt');
  const handled = requested === undefined ? {} : { lastHandledReconcileAt: requested };
  const patch =
    outcome.type === 'fetched'
      ? { ...succeeded(object, outcome.state, observed, now), observedGeneration: observed, ...handled }
      : { ...failed(object, outcome, observed, now), ...handled };
  return isSaid(object, patch) ? undefined : patch;
}

function succeeded(object: KubeObject, state: SourceState, generation: number, now: Date): { [key: string]: Json } {
  const message = `stored artifact for revision '${state.revision}'`;
  const set = [{ type: 'Ready', status: 'True', reason: 'Succeeded', message }] as const;
  const kept = stringAt(object['status'], 'artifact', 'revision') === state.revision;
  const artifact = {
    path: `gitrepository/${namespaceOf(object)}/${nameOf(object)}/${state.commit}.tar.gz`,
    // Nothing is stored: whoever wants the files finds them where they come from.
    url: withoutCredentials(state.url),
    revision: state.revision,
    digest: `sha1:${state.commit}`,
    lastUpdateTime: (kept ? stringAt(object['status'], 'artifact', 'lastUpdateTime') : undefined) ?? timestamp(now),
  };
  const conditions = withConditions(
    readConditions(object),
    { set, gone: ['Reconciling', 'Stalled'] },
    { generation, now },
  );
  return { conditions: conditions as unknown as Json, artifact };
}

function failed(
  object: KubeObject,
  { error }: Extract<SourceOutcome, { type: 'failed' }>,
  generation: number,
  now: Date,
): { [key: string]: Json } {
  const remedy = error.remedy === undefined ? '' : `; to mend it: ${error.remedy}`;
  const message = shortened(`${error.message}${remedy}`);
  const reason = 'GitOperationFailed' as const;
  const stalled = error.code === 'deploy.source' && error.kind === 'terminal';
  const conditions = withConditions(
    readConditions(object),
    {
      set: [
        { type: 'Ready', status: 'False', reason, message },
        ...(stalled ? [{ type: 'Stalled', status: 'True', reason, message } as const] : []),
      ],
      gone: stalled ? ['Reconciling'] : ['Reconciling', 'Stalled'],
    },
    { generation, now },
  );
  return { conditions: conditions as unknown as Json };
}

function isSaid(object: KubeObject, patch: { readonly [key: string]: Json }): boolean {
  return Object.entries(patch).every(
    ([key, value]) => JSON.stringify(valueAt(object['status'], key)) === JSON.stringify(value),
  );
}
