// What a stage of an apply waits for before the next one may start.
import { groupOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { type ObjectStatus, statusOf } from './kstatus.ts';
import { conditionAt, textAt } from './live.ts';

/** How long a stage waits for what it applied, as in Flux: fixed, whatever `spec.timeout` says. */
export const stageTimeoutMs = 60_000;

/** Tells whether a CustomResourceDefinition is served, so that objects of its kind can be applied. */
export function established(definition: KubeObject): boolean {
  const is = (type: string): string | undefined => conditionAt(definition, type)?.status;
  return is('Established') === 'True' && is('NamesAccepted') !== 'False';
}

/**
 * How far an object of an early stage is: a definition must be established, a Namespace `Active`, anything else there.
 * `Failed` and `Terminating` end the wait: they do not get better by waiting.
 */
export function stageStatus(object: KubeObject | null, now: Date): ObjectStatus {
  if (object === null) return { status: 'NotFound', message: 'not found' };
  if (object.kind === 'Namespace' && groupOf(object.apiVersion) === '') return namespaceStatus(object);
  return statusOf(object, now);
}

function namespaceStatus(object: KubeObject): ObjectStatus {
  const phase = textAt(object, 'status', 'phase');
  const deleting = phase === 'Terminating' || textAt(object, 'metadata', 'deletionTimestamp') !== '';
  if (deleting) return { status: 'Terminating', message: 'being deleted' };
  return phase === 'Active' ? { status: 'Current', message: '' } : { status: 'InProgress', message: 'not active yet' };
}
