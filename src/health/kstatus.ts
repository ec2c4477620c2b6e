// How an object is doing, by its own status alone. Rules as kstatus (cli-utils pkg/kstatus, as Flux uses it); the words
// are ours.
import { asList } from '../flux/read.ts';
import { groupOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { conditionAt, integerAt, type LiveCondition, liveConditions, textAt } from './live.ts';
import { podStatus } from './pod.ts';
import { brief } from './words.ts';
import { daemonSetStatus, deploymentStatus, replicaSetStatus, statefulSetStatus } from './workload.ts';

export type HealthStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'NotFound' | 'Unknown';

export interface ObjectStatus {
  readonly status: HealthStatus;
  /** Short, on one line, safe to show; `''` where a status says it all. */
  readonly message: string;
}

type Rule = (object: KubeObject, now: Date) => ObjectStatus;

const rules: Readonly<Record<string, Rule>> = {
  '/Pod': podStatus,
  '/Service': serviceStatus,
  '/PersistentVolumeClaim': claimStatus,
  '/ConfigMap': always,
  '/Secret': always,
  'apps/Deployment': deploymentStatus,
  'apps/StatefulSet': statefulSetStatus,
  'apps/DaemonSet': daemonSetStatus,
  'apps/ReplicaSet': replicaSetStatus,
  'batch/Job': jobStatus,
  'batch/CronJob': always,
  'policy/PodDisruptionBudget': always,
  'apiextensions.k8s.io/CustomResourceDefinition': definitionStatus,
};

/**
 * The status of an object as the API server has it; null is one that is not there. First what holds for every kind (being
 * deleted, a generation that is not observed, the conditions Reconciling and Stalled), then the rule of its kind, then a
 * condition Ready; a kind that says nothing of itself is `Current`. Takes the moment, for Pods that are not scheduled.
 */
export function statusOf(object: KubeObject | null, now: Date): ObjectStatus {
  if (object === null) return { status: 'NotFound', message: 'not found' };
  const general = generalStatus(object);
  if (general !== undefined) return general;
  const rule = rules[`${groupOf(object.apiVersion)}/${object.kind}`];
  return rule === undefined ? readyStatus(object) : rule(object, now);
}

/** Being deleted (the finalizers that hold it are named), or not looked at by its controller since the last change. */
export function unsettledStatus(object: KubeObject): ObjectStatus | undefined {
  if (textAt(object, 'metadata', 'deletionTimestamp') !== '') {
    const held = asList(object.metadata['finalizers']).filter((one): one is string => typeof one === 'string');
    const by =
      held.length === 0
        ? ''
        : `, held by ${held
            .slice(0, 3)
            .map((one) => brief(one))
            .join(', ')}`;
    return { status: 'Terminating', message: `being deleted${by}` };
  }
  const generation = integerAt(object, Number.NaN, 'metadata', 'generation');
  // An observed -1 is a number like any other: what Flux's definitions say of an object that was never looked at.
  const observed = integerAt(object, generation, 'status', 'observedGeneration');
  const seen = Number.isNaN(generation) || generation === observed;
  return seen ? undefined : { status: 'InProgress', message: 'its controller has not seen the last change yet' };
}

function generalStatus(object: KubeObject): ObjectStatus | undefined {
  const unsettled = unsettledStatus(object);
  if (unsettled !== undefined) return unsettled;
  for (const condition of liveConditions(object)) {
    if (condition.status !== 'True') continue;
    if (condition.type === 'Reconciling') return { status: 'InProgress', message: said(condition) };
    if (condition.type === 'Stalled') return { status: 'Failed', message: said(condition) };
  }
  return undefined;
}

function readyStatus(object: KubeObject): ObjectStatus {
  const ready = conditionAt(object, 'Ready');
  if (ready === undefined || ready.status === 'True') return { status: 'Current', message: '' };
  return { status: 'InProgress', message: said(ready) };
}

function said({ reason, message, type }: LiveCondition): string {
  const parts = [reason, message].filter((part) => part !== '');
  return brief(parts.length === 0 ? type : parts.join(': '));
}

function always(): ObjectStatus {
  return { status: 'Current', message: '' };
}

function serviceStatus(object: KubeObject): ObjectStatus {
  const balanced = textAt(object, 'spec', 'type') === 'LoadBalancer';
  if (balanced && textAt(object, 'spec', 'clusterIP') === '')
    return { status: 'InProgress', message: 'has no cluster IP yet' };
  return { status: 'Current', message: '' };
}

function claimStatus(object: KubeObject): ObjectStatus {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Bound') return { status: 'Current', message: '' };
  return { status: 'InProgress', message: `not bound (${phase === '' ? 'no phase yet' : brief(phase)})` };
}

// Like Flux, unlike plain kstatus: a Job that runs is not healthy yet.
function jobStatus(object: KubeObject): ObjectStatus {
  for (const condition of liveConditions(object)) {
    if (condition.status !== 'True') continue;
    if (condition.type === 'Complete') return { status: 'Current', message: 'completed' };
    if (condition.type === 'Failed') return { status: 'Failed', message: `the Job failed: ${said(condition)}` };
    if (condition.type === 'Suspended') return { status: 'Current', message: 'suspended' };
  }
  const completions = integerAt(object, integerAt(object, 1, 'spec', 'parallelism'), 'spec', 'completions');
  const failed = integerAt(object, 0, 'status', 'failed');
  const progress = `${integerAt(object, 0, 'status', 'succeeded')} of ${completions} completed`;
  return { status: 'InProgress', message: failed === 0 ? progress : `${progress}, ${failed} failed` };
}

function definitionStatus(object: KubeObject): ObjectStatus {
  const names = conditionAt(object, 'NamesAccepted');
  if (names?.status === 'False') return { status: 'Failed', message: `names not accepted: ${said(names)}` };
  const established = conditionAt(object, 'Established');
  if (established?.status === 'True') return { status: 'Current', message: 'established' };
  if (established?.status === 'False' && established.reason !== 'Installing')
    return { status: 'Failed', message: `not established: ${said(established)}` };
  return { status: 'InProgress', message: 'not established yet' };
}
