// A Pod: how it is doing (as kstatus), and what ails the Pods behind a workload that is not ready.
import { asList, asObject, stringAt, stringMap, valueAt } from '../flux/read.ts';
import { groupOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';
import type { ObjectStatus } from './kstatus.ts';
import { conditionAt, liveConditions, textAt } from './live.ts';
import { brief } from './words.ts';

/** How long a Pod may be without a node before that is a failure. */
const scheduleWindowMs = 15_000;

export function podStatus(object: KubeObject, now: Date): ObjectStatus {
  const phase = textAt(object, 'status', 'phase');
  switch (phase) {
    case 'Succeeded':
      return { status: 'Current', message: 'completed' };
    case 'Failed':
      return { status: 'Current', message: 'completed, but not successfully' };
    case 'Running':
      return runningStatus(object);
    case 'Pending':
      return pendingStatus(object, now);
    case '':
      return { status: 'InProgress', message: 'not seen by a kubelet yet' };
    default:
      return { status: 'Unknown', message: `its phase is ${brief(phase)}` };
  }
}

function runningStatus(object: KubeObject): ObjectStatus {
  if (conditionAt(object, 'Ready')?.status === 'True') return { status: 'Current', message: '' };
  const looping = waitingContainers(object).filter(({ reason }) => reason === 'CrashLoopBackOff');
  if (looping.length === 0) return { status: 'InProgress', message: podTrouble(object) ?? 'running but not ready' };
  return {
    status: 'Failed',
    message: `container ${looping.map(({ name }) => brief(name)).join(', ')} crashes again and again`,
  };
}

function pendingStatus(object: KubeObject, now: Date): ObjectStatus {
  const unschedulable = liveConditions(object).some(
    ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
  );
  if (!unschedulable) return { status: 'InProgress', message: podTrouble(object) ?? 'pending' };
  const created = Date.parse(textAt(object, 'metadata', 'creationTimestamp'));
  const young = !Number.isNaN(created) && now.getTime() - created < scheduleWindowMs;
  return { status: young ? 'InProgress' : 'Failed', message: podTrouble(object) ?? 'no node takes it' };
}

/**
 * What keeps a Pod from being ready, in words: `image "registry.example/web:v2" cannot be pulled (ImagePullBackOff)`,
 * `container web crashes (CrashLoopBackOff, exit code 1)`, `no node takes it: 0/3 nodes are available`. Undefined for
 * a Pod that is ready, or of which nothing can be said.
 */
export function podTrouble(pod: KubeObject): string | undefined {
  if (conditionAt(pod, 'Ready')?.status === 'True') return undefined;
  for (const container of waitingContainers(pod)) {
    const words = containerTrouble(container);
    if (words !== undefined) return words;
  }
  const scheduled = conditionAt(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  return scheduled.message === '' ? 'no node takes it' : `no node takes it: ${brief(scheduled.message)}`;
}

interface WaitingContainer {
  readonly name: string;
  readonly image: string;
  readonly reason: string;
  readonly message: string;
  readonly exitCode: number | undefined;
}

const pullReasons = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
const configReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

function containerTrouble({ name, image, reason, message, exitCode }: WaitingContainer): string | undefined {
  if (pullReasons.has(reason)) return `image "${brief(image, 160)}" cannot be pulled (${reason})`;
  if (reason === 'CrashLoopBackOff')
    return `container ${brief(name)} crashes (${reason}${exitCode === undefined ? '' : `, exit code ${exitCode}`})`;
  if (configReasons.has(reason)) return `container ${brief(name)} cannot start: ${brief(message || reason)}`;
  return undefined;
}

function waitingContainers(pod: KubeObject): WaitingContainer[] {
  const all = ['initContainerStatuses', 'containerStatuses'].flatMap((key) => asList(valueAt(pod['status'], key)));
  return all.flatMap((entry) => {
    const reason = stringAt(entry, 'state', 'waiting', 'reason');
    if (reason === undefined) return [];
    const text = (...path: string[]): string => stringAt(entry, ...path) ?? '';
    return [
      {
        name: text('name'),
        image: text('image'),
        reason,
        message: text('state', 'waiting', 'message'),
        exitCode: exitCode(entry),
      },
    ];
  });
}

function exitCode(status: Json): number | undefined {
  const code = asObject(valueAt(status, 'lastState', 'terminated'))?.['exitCode'];
  return typeof code === 'number' ? code : undefined;
}

const podOwners = new Set(['apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet', 'apps/ReplicaSet', 'batch/Job']);
const labelValue = /^[A-Za-z0-9]?[A-Za-z0-9._-]*$/;
const labelKey = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

/**
 * The label selector (`app=web,tier=front`) that lists the Pods of a workload, so that their troubles can be told;
 * undefined for other kinds and for a selector without `matchLabels`.
 */
export function podSelector(object: KubeObject): string | undefined {
  if (!podOwners.has(`${groupOf(object.apiVersion)}/${object.kind}`)) return undefined;
  const labels = Object.entries(stringMap(valueAt(object['spec'], 'selector', 'matchLabels')));
  if (labels.length === 0 || !labels.every(([key, value]) => labelKey.test(key) && labelValue.test(value)))
    return undefined;
  return labels.map(([key, value]) => `${key}=${value}`).join(',');
}
