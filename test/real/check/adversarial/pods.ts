// Group A: pods that reach the node, and tokens (036–039).
import { yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { deniedEach, type Fields, object } from './fixtures.ts';

const container = (fields: Fields): Fields => ({
  name: 'c',
  image: 'ghcr.io/acme/x@sha256:'.padEnd(85, '0'),
  ...fields,
});

/** Every built-in kind that holds a pod, around one pod spec. */
function workloads(spec: Fields): Fields[] {
  const template = { metadata: { labels: { app: 'x' } }, spec };
  return [
    object('v1', 'Pod', { spec }),
    object('v1', 'PodTemplate', { template }),
    object('v1', 'ReplicationController', { spec: { template } }),
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) =>
      object('apps/v1', kind, { spec: { template } }),
    ),
    object('batch/v1', 'Job', { spec: { template } }),
    object('batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template } } } }),
  ];
}

const inPod = (spec: Fields): Fields[] => workloads({ containers: [container({})], ...spec });
const inContainers = (fields: Fields): Fields[] => [
  ...workloads({ containers: [container({}), container(fields)] }),
  ...workloads({ containers: [container({})], initContainers: [container(fields)] }),
  ...workloads({ containers: [container({})], ephemeralContainers: [container(fields)] }),
];

export const podRows: readonly Row[] = [
  deniedEach('036', 'hostPath', inPod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'pod/host-path'),
  deniedEach('036', 'hostNetwork', inPod({ hostNetwork: true }), 'pod/host-namespace'),
  deniedEach('036', 'hostPID', inPod({ hostPID: true }), 'pod/host-namespace'),
  deniedEach('036', 'hostIPC', inPod({ hostIPC: true }), 'pod/host-namespace'),
  deniedEach(
    '036',
    'sysctls',
    inPod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
    'pod/sysctl',
  ),
  deniedEach(
    '036',
    'seccomp of the pod',
    inPod({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    'pod/profile',
  ),
  deniedEach(
    '036',
    'host process',
    inPod({ securityContext: { windowsOptions: { hostProcess: true } } }),
    'pod/privileged',
  ),
  deniedEach('036', 'privileged', inContainers({ securityContext: { privileged: true } }), 'pod/privileged'),
  deniedEach(
    '036',
    'privilege escalation',
    inContainers({ securityContext: { allowPrivilegeEscalation: true } }),
    'pod/privileged',
  ),
  deniedEach(
    '036',
    'capabilities',
    inContainers({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }),
    'pod/capability',
  ),
  deniedEach('036', 'procMount', inContainers({ securityContext: { procMount: 'Unmasked' } }), 'pod/proc-mount'),
  deniedEach('036', 'hostPort', inContainers({ ports: [{ containerPort: 80, hostPort: 80 }] }), 'pod/host-port'),
  deniedEach(
    '036',
    'seccomp of a container',
    inContainers({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    'pod/profile',
  ),
  deniedEach(
    '036',
    'AppArmor of a container',
    inContainers({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
    'pod/profile',
  ),
  {
    id: '036',
    title: 'a field that a patch in a component adds',
    files: {
      'deploy/kustomization.yaml': yaml({ resources: ['app.yaml', 'case.yaml'], components: ['part'] }),
      'deploy/part/kustomization.yaml': yaml({
        apiVersion: 'kustomize.config.k8s.io/v1alpha1',
        kind: 'Component',
        patches: [{ path: 'patch.yaml' }],
      }),
      'deploy/part/patch.yaml': yaml({
        ...object('apps/v1', 'Deployment', { spec: { template: { spec: { hostPID: true } } } }),
      }),
      'deploy/case.yaml': yaml(
        object('apps/v1', 'Deployment', { spec: { template: { spec: { containers: [container({})] } } } }),
      ),
    },
    expect: { exit: 1, rules: ['pod/host-namespace'], at: 'deploy/part/patch.yaml:1' },
  },
  {
    id: '036',
    title: 'a field that a replacement fills',
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml', 'case.yaml'],
        replacements: [
          {
            source: { kind: 'Widget', fieldPath: 'spec.on' },
            targets: [
              {
                select: { kind: 'Pod' },
                fieldPaths: ['spec.hostNetwork'],
                options: { create: true },
              },
            ],
          },
        ],
      }),
      'deploy/case.yaml': yaml(
        object('example.com/v1', 'Widget', { spec: { on: true } }),
        object('v1', 'Pod', { spec: { containers: [container({})] } }),
      ),
    },
    expect: { exit: 1, rules: ['pod/host-namespace'] },
  },
  deniedEach(
    '037',
    'a pod inside kinds that no rule names',
    [
      object('example.com/v1', 'Widget', { spec: { podTemplate: { spec: { hostNetwork: true } } } }),
      object('argoproj.io/v1alpha1', 'Workflow', { spec: { templates: [{ container: {} }], hostNetwork: true } }),
      object('tekton.dev/v1', 'TaskRun', { spec: { podTemplate: { hostNetwork: true } } }),
      object('keda.sh/v1alpha1', 'ScaledJob', {
        spec: { jobTargetRef: { template: { spec: { hostNetwork: true } } } },
      }),
      object('argoproj.io/v1alpha1', 'Rollout', { spec: { template: { spec: { hostNetwork: true } } } }),
      object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', {
        spec: { serviceAccountName: 'deployer', values: { deep: [{ hostNetwork: 'true' }] } },
      }),
    ],
    'pod/host-namespace',
  ),
  deniedEach(
    '037',
    'a privileged container inside kinds that no rule names',
    [
      object('example.com/v1', 'Widget', { spec: { a: { b: [{ securityContext: { privileged: true } }] } } }),
      object('serving.knative.dev/v1', 'Service', {
        spec: { template: { spec: { containers: [container({ securityContext: { privileged: true } })] } } },
      }),
      object('kubevirt.io/v1', 'VirtualMachine', {
        spec: { template: { spec: { containers: [{ securityContext: { privileged: true } }] } } },
      }),
    ],
    'pod/privileged',
  ),
  deniedEach(
    '037',
    'a kind whose definition the fleet does not have',
    [object('workloads.example.net/v1', 'Runner', { spec: { podTemplate: { spec: { hostNetwork: true } } } })],
    'tenant/kind-unknown',
  ),
  deniedEach(
    '039',
    'tokens of service accounts',
    [
      {
        ...object('v1', 'Secret', { type: 'kubernetes.io/service-account-token' }),
        metadata: {
          name: 'x',
          namespace: 'a-dev',
          annotations: { 'kubernetes.io/service-account.name': 'deployer' },
        },
      },
      object('v1', 'Secret', { type: 'kubernetes.io/service-account-token', data: {} }),
    ],
    'tenant/escalation',
    /never expires/,
  ),
  {
    id: '039',
    title: 'a token by a secretGenerator',
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml'],
        secretGenerator: [
          {
            name: 'x',
            namespace: 'a-dev',
            type: 'kubernetes.io/service-account-token',
            options: { annotations: { 'kubernetes.io/service-account.name': 'deployer' } },
          },
        ],
      }),
    },
    expect: { exit: 1, rules: ['tenant/escalation'], says: /never expires/ },
  },
];
