import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type HealthStatus, statusOf } from '../../../src/health/kstatus.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const now = new Date('2026-11-25T15:00:00Z');

interface Row {
  readonly title: string;
  /** A manifest as YAML, as the API server would have it. */
  readonly yaml: string;
  readonly is: HealthStatus;
  readonly message?: string | RegExp;
}

function table(rows: readonly Row[]): void {
  it.each(rows)('$title', ({ yaml, is, message }) => {
    const status = statusOf({ metadata: {}, ...(parse(yaml) as object) } as KubeObject, now);
    expect(status.status).toBe(is);
    if (typeof message === 'string') expect(status.message).toBe(message);
    else if (message !== undefined) expect(status.message).toMatch(message);
    if (is !== 'Current') expect(status.message).not.toBe('');
  });
}

it('is NotFound where nothing is', () => {
  expect(statusOf(null, now)).toEqual({ status: 'NotFound', message: 'not found' });
});

describe('any kind', () => {
  const custom = 'apiVersion: x.io/v1\nkind: Thing\n';
  table([
    { title: 'says nothing of itself', yaml: custom, is: 'Current' },
    {
      title: 'is being deleted, and who holds it',
      yaml: `${custom}metadata: {deletionTimestamp: "2026-11-25T14:00:00Z", finalizers: [x.io/cleanup, y]}`,
      is: 'Terminating',
      message: 'being deleted, held by x.io/cleanup, y',
    },
    {
      title: 'has a generation nobody observed',
      yaml: `${custom}metadata: {generation: 2}\nstatus: {observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}`,
      is: 'InProgress',
    },
    {
      // The default that Flux's own definitions give a status before any controller wrote it.
      title: 'was not looked at since it was made',
      yaml: `${custom}metadata: {generation: 1}\nstatus: {observedGeneration: -1}`,
      is: 'InProgress',
    },
    { title: 'has no generation', yaml: `${custom}status: {observedGeneration: 1}`, is: 'Current' },
    { title: 'observes none', yaml: `${custom}metadata: {generation: 2}`, is: 'Current' },
    {
      title: 'reconciles',
      yaml: `${custom}status: {conditions: [{type: Reconciling, status: "True", reason: Progressing, message: "step 2"}]}`,
      is: 'InProgress',
      message: 'Progressing: step 2',
    },
    {
      title: 'is stalled',
      yaml: `${custom}status: {conditions: [{type: Stalled, status: "True", reason: Bad, message: no}]}`,
      is: 'Failed',
      message: 'Bad: no',
    },
    {
      title: 'is stalled no more',
      yaml: `${custom}status: {conditions: [{type: Stalled, status: "False"}]}`,
      is: 'Current',
    },
    { title: 'is Ready', yaml: `${custom}status: {conditions: [{type: Ready, status: "True"}]}`, is: 'Current' },
    {
      title: 'is not Ready',
      yaml: `${custom}status: {conditions: [{type: Ready, status: "False", reason: Pending, message: "no disk"}]}`,
      is: 'InProgress',
      message: 'Pending: no disk',
    },
    {
      title: 'may be Ready',
      yaml: `${custom}status: {conditions: [{type: Ready, status: Unknown}]}`,
      is: 'InProgress',
    },
    {
      title: 'has another condition',
      yaml: `${custom}status: {conditions: [{type: Failed, status: "True"}]}`,
      is: 'Current',
    },
    { title: 'has conditions of another form', yaml: `${custom}status: {conditions: {a: 1}}`, is: 'Current' },
    {
      title: 'speaks in ways that hide',
      yaml: `${custom}status: {conditions: [{type: Stalled, status: "True", message: "a\\u202Eb\\nc"}]}`,
      is: 'Failed',
      message: 'a\\u{202e}b c',
    },
  ]);
});

describe('Deployment', () => {
  const deployment = (spec: string, status: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {generation: 1}\nspec: {${spec}}\nstatus: {observedGeneration: 1, ${status}}`;
  const available = '{type: Available, status: "True"}';
  const rolledOut = '{type: Progressing, status: "True", reason: NewReplicaSetAvailable}';
  const all = 'replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3';
  const three = 'replicas: 3, progressDeadlineSeconds: 600';
  table([
    { title: 'rolled out', yaml: deployment(three, `${all}, conditions: [${available}, ${rolledOut}]`), is: 'Current' },
    {
      title: 'of one replica where none is said',
      yaml: deployment(
        '',
        `replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [${available}]`,
      ),
      is: 'Current',
    },
    {
      title: 'of no replicas',
      yaml: deployment('replicas: 0', `conditions: [${available}]`),
      is: 'Current',
    },
    { title: 'without a status', yaml: deployment(three, ''), is: 'InProgress', message: '0 of 3 replicas created' },
    {
      title: 'half updated',
      yaml: deployment(three, 'replicas: 3, updatedReplicas: 1'),
      is: 'InProgress',
      message: '1 of 3 replicas updated',
    },
    {
      title: 'with old replicas left',
      yaml: deployment(three, 'replicas: 4, updatedReplicas: 3, readyReplicas: 4, availableReplicas: 4'),
      is: 'InProgress',
      message: '1 replica still to be removed',
    },
    {
      title: 'not all available',
      yaml: deployment(three, 'replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 2'),
      is: 'InProgress',
      message: '2 of 3 replicas available',
    },
    {
      title: 'not all ready',
      yaml: deployment(three, 'replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 2'),
      is: 'InProgress',
      message: '2 of 3 replicas ready',
    },
    {
      title: 'whose new ReplicaSet is not said to be available',
      yaml: deployment(three, `${all}, conditions: [${available}]`),
      is: 'InProgress',
    },
    {
      title: 'without a deadline, which never says so',
      yaml: deployment('replicas: 3', `${all}, conditions: [${available}]`),
      is: 'Current',
    },
    { title: 'not Available', yaml: deployment('replicas: 3', all), is: 'InProgress', message: 'not available yet' },
    {
      title: 'over its deadline',
      yaml: deployment(
        three,
        `${all}, conditions: [${available}, {type: Progressing, status: "False", reason: ProgressDeadlineExceeded}]`,
      ),
      is: 'Failed',
      message: 'progress deadline exceeded',
    },
    {
      title: 'whose Pods the quota refuses',
      yaml: deployment(three, 'conditions: [{type: ReplicaFailure, status: "True", message: "exceeded quota: cpu"}]'),
      is: 'InProgress',
      message: '0 of 3 replicas created; exceeded quota: cpu',
    },
  ]);
});

describe('StatefulSet', () => {
  const set = (spec: string, status: string): string =>
    `apiVersion: apps/v1\nkind: StatefulSet\nspec: {${spec}}\nstatus: {${status}}`;
  const all = 'replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2';
  table([
    { title: 'rolled out', yaml: set('replicas: 2', `${all}, currentRevision: a, updateRevision: a`), is: 'Current' },
    { title: 'not created', yaml: set('replicas: 2', ''), is: 'InProgress', message: '0 of 2 replicas created' },
    {
      title: 'not ready',
      yaml: set('replicas: 2', 'replicas: 2, readyReplicas: 1'),
      is: 'InProgress',
      message: '1 of 2 replicas ready',
    },
    { title: 'too many', yaml: set('replicas: 1', all), is: 'InProgress', message: '1 replica still to be removed' },
    { title: 'not current', yaml: set('replicas: 2', 'replicas: 2, readyReplicas: 2'), is: 'InProgress' },
    {
      title: 'at two revisions',
      yaml: set('replicas: 2', `${all}, currentRevision: a, updateRevision: b`),
      is: 'InProgress',
      message: /new revision/,
    },
    { title: 'that people update', yaml: set('replicas: 2, updateStrategy: {type: OnDelete}', ''), is: 'Current' },
    {
      title: 'updated down to its partition',
      yaml: set(
        'replicas: 2, updateStrategy: {rollingUpdate: {partition: 1}}',
        'replicas: 2, readyReplicas: 2, updatedReplicas: 1',
      ),
      is: 'Current',
    },
    {
      title: 'not updated down to its partition',
      yaml: set('replicas: 2, updateStrategy: {rollingUpdate: {partition: 1}}', 'replicas: 2, readyReplicas: 2'),
      is: 'InProgress',
      message: '0 of 1 replicas updated',
    },
  ]);
});

describe('DaemonSet', () => {
  const set = (status: string): string =>
    `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {generation: 1}\nstatus: {${status}}`;
  const seen = 'observedGeneration: 1, desiredNumberScheduled: 2';
  table([
    {
      title: 'everywhere',
      yaml: set(`${seen}, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2`),
      is: 'Current',
    },
    { title: 'nowhere wanted', yaml: set('observedGeneration: 1, desiredNumberScheduled: 0'), is: 'Current' },
    { title: 'not seen', yaml: set(''), is: 'InProgress' },
    { title: 'not counted', yaml: set('observedGeneration: 1'), is: 'InProgress' },
    { title: 'not scheduled', yaml: set(seen), is: 'InProgress', message: '0 of 2 replicas scheduled' },
    { title: 'not updated', yaml: set(`${seen}, currentNumberScheduled: 2`), is: 'InProgress', message: /updated/ },
    {
      title: 'not available',
      yaml: set(`${seen}, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1`),
      is: 'InProgress',
      message: '1 of 2 replicas available',
    },
  ]);
});

describe('ReplicaSet', () => {
  const set = (status: string): string =>
    `apiVersion: apps/v1\nkind: ReplicaSet\nspec: {replicas: 2}\nstatus: {${status}}`;
  const all = 'replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 2';
  table([
    { title: 'complete', yaml: set(all), is: 'Current' },
    { title: 'not labelled', yaml: set('replicas: 2'), is: 'InProgress' },
    {
      title: 'too many',
      yaml: set(`${all.replace('replicas: 2', 'replicas: 3')}`),
      is: 'InProgress',
      message: /removed/,
    },
    {
      title: 'that cannot make Pods',
      yaml: set(`${all}, conditions: [{type: ReplicaFailure, status: "True", message: "forbidden"}]`),
      is: 'InProgress',
      message: 'cannot make Pods: forbidden',
    },
  ]);
});

describe('Pod', () => {
  const pod = (status: string, created = '2026-11-25T14:00:00Z'): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {creationTimestamp: "${created}"}\nstatus: {${status}}`;
  const waiting = (reason: string): string =>
    `containerStatuses: [{name: web, image: "reg/web:v2", state: {waiting: {reason: ${reason}}}, lastState: {terminated: {exitCode: 3}}}]`;
  const unscheduled =
    'phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/3 nodes"}]';
  table([
    { title: 'ready', yaml: pod('phase: Running, conditions: [{type: Ready, status: "True"}]'), is: 'Current' },
    { title: 'done', yaml: pod('phase: Succeeded'), is: 'Current' },
    { title: 'done, badly', yaml: pod('phase: Failed'), is: 'Current', message: /not successfully/ },
    { title: 'running', yaml: pod('phase: Running'), is: 'InProgress', message: 'running but not ready' },
    {
      title: 'crashing',
      yaml: pod(`phase: Running, ${waiting('CrashLoopBackOff')}`),
      is: 'Failed',
      message: 'container web crashes again and again',
    },
    {
      title: 'without its image',
      yaml: pod(`phase: Pending, ${waiting('ImagePullBackOff')}`),
      is: 'InProgress',
      message: 'image "reg/web:v2" cannot be pulled (ImagePullBackOff)',
    },
    { title: 'that no node takes', yaml: pod(unscheduled), is: 'Failed', message: 'no node takes it: 0/3 nodes' },
    { title: 'that no node takes yet', yaml: pod(unscheduled, '2026-11-25T14:59:50Z'), is: 'InProgress' },
    { title: 'that no node takes since nobody knows when', yaml: pod(unscheduled, 'x'), is: 'Failed' },
    {
      title: 'that is unschedulable no more',
      yaml: pod(unscheduled.replace('"False"', '"True"')),
      is: 'InProgress',
      message: 'pending',
    },
    {
      title: 'that somebody else calls unschedulable',
      yaml: pod(unscheduled.replace('PodScheduled', 'Other')),
      is: 'InProgress',
      message: 'pending',
    },
    { title: 'that no node takes after 15 s', yaml: pod(unscheduled, '2026-11-25T14:59:45Z'), is: 'Failed' },
    { title: 'that nobody saw', yaml: pod(''), is: 'InProgress' },
    { title: 'in no phase of Kubernetes', yaml: pod('phase: Dancing'), is: 'Unknown' },
  ]);
});

describe('Job', () => {
  const job = (status: string): string =>
    `apiVersion: batch/v1\nkind: Job\nspec: {completions: 2}\nstatus: {${status}}`;
  table([
    {
      title: 'complete',
      yaml: job('conditions: [{type: SuccessCriteriaMet, status: "True"}, {type: Complete, status: "True"}]'),
      is: 'Current',
    },
    {
      title: 'failed',
      yaml: job('conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded}]'),
      is: 'Failed',
      message: 'the Job failed: BackoffLimitExceeded',
    },
    {
      title: 'suspended',
      yaml: job('conditions: [{type: Suspended, status: "True"}]'),
      is: 'Current',
      message: 'suspended',
    },
    {
      title: 'running',
      yaml: job('startTime: x, active: 1, succeeded: 1'),
      is: 'InProgress',
      message: '1 of 2 completed',
    },
    { title: 'trying again', yaml: job('failed: 3'), is: 'InProgress', message: '0 of 2 completed, 3 failed' },
    { title: 'not started', yaml: 'apiVersion: batch/v1\nkind: Job', is: 'InProgress', message: '0 of 1 completed' },
  ]);
});

describe('other kinds', () => {
  const definition = (conditions: string): string =>
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nstatus: {conditions: [${conditions}]}`;
  const not = '{type: NotReady, status: "True"}';
  table([
    { title: 'a Service', yaml: 'apiVersion: v1\nkind: Service\nspec: {type: ClusterIP}', is: 'Current' },
    {
      title: 'a LoadBalancer without an IP',
      yaml: 'apiVersion: v1\nkind: Service\nspec: {type: LoadBalancer}',
      is: 'InProgress',
    },
    {
      title: 'a LoadBalancer',
      yaml: 'apiVersion: v1\nkind: Service\nspec: {type: LoadBalancer, clusterIP: 10.0.0.1}',
      is: 'Current',
    },
    { title: 'a claim', yaml: 'apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Bound}', is: 'Current' },
    {
      title: 'a pending claim',
      yaml: 'apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Pending}',
      is: 'InProgress',
      message: 'not bound (Pending)',
    },
    { title: 'a new claim', yaml: 'apiVersion: v1\nkind: PersistentVolumeClaim', is: 'InProgress' },
    { title: 'a ConfigMap', yaml: 'apiVersion: v1\nkind: ConfigMap', is: 'Current' },
    { title: 'a Secret', yaml: `apiVersion: v1\nkind: Secret\nstatus: {conditions: [${not}]}`, is: 'Current' },
    { title: 'a CronJob', yaml: 'apiVersion: batch/v1\nkind: CronJob', is: 'Current' },
    {
      title: 'a disruption budget',
      yaml: 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nstatus: {conditions: [{type: DisruptionAllowed, status: "False"}]}',
      is: 'Current',
    },
    {
      title: 'a disruption budget not looked at',
      yaml: 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {generation: 2}\nstatus: {observedGeneration: 1}',
      is: 'InProgress',
    },
    {
      title: 'a definition',
      yaml: definition('{type: NamesAccepted, status: "True"}, {type: Established, status: "True"}'),
      is: 'Current',
    },
    { title: 'a new definition', yaml: definition(''), is: 'InProgress', message: 'not established yet' },
    {
      title: 'a definition being installed',
      yaml: definition('{type: Established, status: "False", reason: Installing}'),
      is: 'InProgress',
    },
    {
      title: 'a definition whose names are taken',
      yaml: definition(
        '{type: NamesAccepted, status: "False", reason: Conflict, message: taken}, {type: Established, status: "True"}',
      ),
      is: 'Failed',
      message: 'names not accepted: Conflict: taken',
    },
    {
      title: 'a definition that is not established',
      yaml: definition('{type: Established, status: "False", reason: NotAccepted}'),
      is: 'Failed',
    },
    { title: 'a Deployment of another group', yaml: 'apiVersion: x.io/v1\nkind: Deployment', is: 'Current' },
  ]);
});

it('never throws, whatever an object holds', () => {
  const kinds = ['v1/Pod', 'v1/Service', 'apps/v1/Deployment', 'apps/v1/StatefulSet', 'batch/v1/Job', 'x.io/v1/Thing'];
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.array(
        fc.record({ type: fc.constantFrom('Ready', 'Stalled', 'Failed', 'Progressing'), status: fc.jsonValue() }),
      ),
      (kind, spec, status, conditions) => {
        const at = kind.lastIndexOf('/');
        const object = { apiVersion: kind.slice(0, at), kind: kind.slice(at + 1), metadata: { generation: 1 }, spec };
        for (const one of [status, { conditions }])
          expect(statusOf({ ...object, status: one } as unknown as KubeObject, now).message.length).toBeLessThan(1_000);
      },
    ),
  );
});
