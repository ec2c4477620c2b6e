// Deployments, StatefulSets, DaemonSets and ReplicaSets: how far a rollout is. Rules as kstatus.
import type { KubeObject } from '../object/object.ts';
import type { ObjectStatus } from './kstatus.ts';
import { conditionAt, integerAt, textAt } from './live.ts';
import { brief, progress } from './words.ts';

const noDeadline = 2_147_483_647;
const current: ObjectStatus = { status: 'Current', message: '' };

/** `Failed` once the progress deadline is exceeded; quota and admission errors of its ReplicaSet are in the message. */
export function deploymentStatus(object: KubeObject): ObjectStatus {
  const progressing = conditionAt(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return { status: 'Failed', message: withTrouble(object, 'progress deadline exceeded') };
  const replicas = counts(object);
  const { want, total, updated, available, ready } = replicas;
  let message: string | undefined;
  if (want > total) message = progress(total, want, 'created');
  else if (want > updated) message = progress(updated, want, 'updated');
  else if (total > want) message = leftOver(total - want);
  else if (updated > available) message = progress(available, updated, 'available');
  else if (want > ready) message = progress(ready, want, 'ready');
  else if (!hasRolledOut(object)) message = 'its new ReplicaSet is not available yet';
  else if (conditionAt(object, 'Available')?.status !== 'True') message = 'not available yet';
  return message === undefined ? current : { status: 'InProgress', message: withTrouble(object, message) };
}

// Without a deadline the controller never says that it is done.
function hasRolledOut(object: KubeObject): boolean {
  if (integerAt(object, noDeadline, 'spec', 'progressDeadlineSeconds') === noDeadline) return true;
  const progressing = conditionAt(object, 'Progressing');
  return progressing?.status === 'True' && progressing.reason === 'NewReplicaSetAvailable';
}

function withTrouble(object: KubeObject, message: string): string {
  const failure = conditionAt(object, 'ReplicaFailure');
  return failure?.status === 'True' ? `${message}; ${brief(failure.message)}` : message;
}

export function statefulSetStatus(object: KubeObject): ObjectStatus {
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return current;
  const { want, total, ready, updated } = counts(object);
  const partition = integerAt(object, -1, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  let message: string | undefined;
  if (want > total) message = progress(total, want, 'created');
  else if (want > ready) message = progress(ready, want, 'ready');
  else if (total > want) message = leftOver(total - want);
  else message = partition === -1 ? rolloutLeft(object, want) : partitionLeft(updated, want - partition);
  return message === undefined ? current : { status: 'InProgress', message };
}

function partitionLeft(updated: number, want: number): string | undefined {
  return updated < want ? progress(updated, want, 'updated') : undefined;
}

function rolloutLeft(object: KubeObject, want: number): string | undefined {
  const now = integerAt(object, 0, 'status', 'currentReplicas');
  if (want > now) return progress(now, want, 'current');
  const same = textAt(object, 'status', 'currentRevision') === textAt(object, 'status', 'updateRevision');
  return same ? undefined : 'its new revision is not everywhere yet';
}

export function daemonSetStatus(object: KubeObject): ObjectStatus {
  const seen = integerAt(object, -1, 'metadata', 'generation') !== -1;
  const observed = integerAt(object, -1, 'status', 'observedGeneration') !== -1;
  const want = integerAt(object, -1, 'status', 'desiredNumberScheduled');
  if (!seen || !observed || want === -1) return { status: 'InProgress', message: 'its controller has not seen it yet' };
  const steps = [
    ['currentNumberScheduled', 'scheduled'],
    ['updatedNumberScheduled', 'updated'],
    ['numberAvailable', 'available'],
    ['numberReady', 'ready'],
  ] as const;
  for (const [field, what] of steps) {
    const have = integerAt(object, 0, 'status', field);
    if (want > have) return { status: 'InProgress', message: progress(have, want, what) };
  }
  return current;
}

export function replicaSetStatus(object: KubeObject): ObjectStatus {
  const failure = conditionAt(object, 'ReplicaFailure');
  if (failure?.status === 'True')
    return { status: 'InProgress', message: `cannot make Pods: ${brief(failure.message)}` };
  const { want, total, available, ready } = counts(object);
  const labelled = integerAt(object, 0, 'status', 'fullyLabeledReplicas');
  let message: string | undefined;
  if (want > labelled) message = progress(labelled, want, 'created');
  else if (want > available) message = progress(available, want, 'available');
  else if (want > ready) message = progress(ready, want, 'ready');
  else if (total > want) message = leftOver(total - want);
  return message === undefined ? current : { status: 'InProgress', message };
}

function leftOver(count: number): string {
  return `${count} ${count === 1 ? 'replica' : 'replicas'} still to be removed`;
}

interface Counts {
  readonly want: number;
  readonly total: number;
  readonly updated: number;
  readonly available: number;
  readonly ready: number;
}

function counts(object: KubeObject): Counts {
  const count = (field: string): number => integerAt(object, 0, 'status', field);
  return {
    want: integerAt(object, 1, 'spec', 'replicas'),
    total: count('replicas'),
    updated: count('updatedReplicas'),
    available: count('availableReplicas'),
    ready: count('readyReplicas'),
  };
}
