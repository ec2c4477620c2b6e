// Objects by which a tenant would leave its own ground, and objects that stay on it.
import type { FieldPath } from '../../../src/object/object.ts';

type Plain = { readonly [key: string]: unknown };

const metadata = { name: 'x', namespace: 'a-dev' };
const ingress = (host: unknown, annotations: Plain = {}): Plain => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { ...metadata, annotations },
  spec: { rules: [{ host }] },
});
const pod = (spec: Plain): Plain => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
const inContainer = (context: Plain, list = 'containers'): Plain =>
  pod({ [list]: [{ name: 'c', image: 'r.example/x:1', securityContext: context }] });
const external = (spec: Plain): Plain => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata,
  spec,
});
const cluster = { kind: 'ClusterSecretStore', name: 'vault' };

interface Denied {
  readonly name: string;
  readonly object: Plain;
  readonly rule: string;
  readonly path: FieldPath;
}

const context = (field: string, list = 'containers'): FieldPath => ['spec', list, 0, 'securityContext', field];
const route = (kind: string, apiVersion: string): Plain => ({
  apiVersion,
  kind,
  metadata,
  spec: { hostnames: ['b.example.com'] },
});

export const denied: readonly Denied[] = [
  {
    name: '036 hostNetwork',
    object: pod({ hostNetwork: true }),
    rule: 'pod/host-namespace',
    path: ['spec', 'hostNetwork'],
  },
  { name: '036 hostPID', object: pod({ hostPID: true }), rule: 'pod/host-namespace', path: ['spec', 'hostPID'] },
  { name: '036 hostIPC', object: pod({ hostIPC: true }), rule: 'pod/host-namespace', path: ['spec', 'hostIPC'] },
  {
    name: '036 privileged',
    object: inContainer({ privileged: true }),
    rule: 'pod/privileged',
    path: context('privileged'),
  },
  {
    name: '036 privileged init container',
    object: inContainer({ privileged: true }, 'initContainers'),
    rule: 'pod/privileged',
    path: context('privileged', 'initContainers'),
  },
  {
    name: '036 privileged ephemeral container',
    object: inContainer({ privileged: true }, 'ephemeralContainers'),
    rule: 'pod/privileged',
    path: context('privileged', 'ephemeralContainers'),
  },
  {
    name: '036 allowPrivilegeEscalation',
    object: inContainer({ allowPrivilegeEscalation: true }),
    rule: 'pod/privileged',
    path: context('allowPrivilegeEscalation'),
  },
  {
    name: '036 capability',
    object: inContainer({ capabilities: { add: ['SYS_ADMIN'] } }),
    rule: 'pod/capability',
    path: [...context('capabilities'), 'add', 0],
  },
  {
    name: '036 procMount',
    object: inContainer({ procMount: 'Unmasked' }),
    rule: 'pod/proc-mount',
    path: context('procMount'),
  },
  {
    name: '036 seccomp',
    object: inContainer({ seccompProfile: { type: 'Unconfined' } }),
    rule: 'pod/profile',
    path: [...context('seccompProfile'), 'type'],
  },
  {
    name: '036 sysctl',
    object: pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
    rule: 'pod/sysctl',
    path: ['spec', 'securityContext', 'sysctls', 0, 'name'],
  },
  {
    name: '037 Tekton step',
    object: {
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      metadata,
      spec: { taskSpec: { steps: [{ image: 'r.example/x:1', securityContext: { privileged: true } }] } },
    },
    rule: 'pod/privileged',
    path: ['spec', 'taskSpec', 'steps', 0, 'securityContext', 'privileged'],
  },
  {
    name: '037 Argo workflow template',
    object: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata,
      spec: { templates: [{ container: { image: 'nginx' }, volumes: [{ hostPath: { path: '/' } }] }] },
    },
    rule: 'pod/host-path',
    path: ['spec', 'templates', 0, 'volumes', 0, 'hostPath'],
  },
  {
    name: '032 quota',
    object: { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: {} },
    rule: 'namespace/quota',
    path: ['kind'],
  },
  {
    name: '032 network policy',
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: { podSelector: {}, ingress: [{}] },
    },
    rule: 'namespace/network',
    path: ['spec', 'ingress', 0],
  },
  {
    name: '039 token of the deployer',
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, annotations: { 'kubernetes.io/service-account.name': 'a-flux' } },
      type: 'kubernetes.io/service-account-token',
    },
    rule: 'secret/token',
    path: ['type'],
  },
  ...['b.example.com', '*', '*.a.example.com', '', 'a.example.com.evil.io', 'web.а.example.com'].map((host) => ({
    name: `041 host ${JSON.stringify(host)}`,
    object: ingress(host),
    rule: 'ingress/host',
    path: ['spec', 'rules', 0, 'host'],
  })),
  ...[
    route('HTTPRoute', 'gateway.networking.k8s.io/v1'),
    route('GRPCRoute', 'gateway.networking.k8s.io/v1'),
    route('TLSRoute', 'gateway.networking.k8s.io/v1alpha2'),
  ].map((object) => ({
    name: `041 ${String(object['kind'])}`,
    object,
    rule: 'ingress/host',
    path: ['spec', 'hostnames', 0],
  })),
  {
    name: '042 snippet',
    object: ingress('web.a.example.com', { 'nginx.ingress.kubernetes.io/server-snippet': 'return 200;' }),
    rule: 'ingress/annotation',
    path: ['metadata', 'annotations', 'nginx.ingress.kubernetes.io/server-snippet'],
  },
  {
    name: '042 auth-url',
    object: ingress('web.a.example.com', { 'nginx.ingress.kubernetes.io/auth-url': 'https://evil.example' }),
    rule: 'ingress/annotation',
    path: ['metadata', 'annotations', 'nginx.ingress.kubernetes.io/auth-url'],
  },
  {
    name: "044 another tenant's key",
    object: external({ secretStoreRef: cluster, data: [{ secretKey: 'x', remoteRef: { key: 'b/db' } }] }),
    rule: 'secret/store',
    path: ['spec', 'data', 0, 'remoteRef', 'key'],
  },
  {
    name: '044 everything in the store',
    object: external({ secretStoreRef: cluster, dataFrom: [{ find: { name: { regexp: '.*' } } }] }),
    rule: 'secret/store',
    path: ['spec', 'dataFrom', 0, 'find'],
  },
  {
    name: '224 plain Secret',
    object: { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: 'hunter2' } },
    rule: 'secret/plaintext',
    path: ['stringData'],
  },
];

const hostile = {
  hostNetwork: true,
  securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }], seccompProfile: { type: 'Unconfined' } },
  volumes: [{ name: 'v', hostPath: { path: '/' } }],
  containers: [
    {
      name: 'c',
      image: 'nginx',
      ports: [{ hostPort: 80 }],
      securityContext: { privileged: true, procMount: 'Unmasked', capabilities: { add: ['ALL'] } },
    },
  ],
};

const at = (
  apiVersion: string,
  kind: string,
  ...path: string[]
): { apiVersion: string; kind: string; object: Plain } => {
  const nested = path.reduceRight<Plain>((inner, key) => ({ [key]: inner }), hostile);
  return { apiVersion, kind, object: { apiVersion, kind, metadata, ...nested } };
};

export const workloads = [
  at('v1', 'Pod', 'spec'),
  at('v1', 'PodTemplate', 'template', 'spec'),
  at('v1', 'ReplicationController', 'spec', 'template', 'spec'),
  at('apps/v1', 'Deployment', 'spec', 'template', 'spec'),
  at('apps/v1', 'StatefulSet', 'spec', 'template', 'spec'),
  at('apps/v1', 'DaemonSet', 'spec', 'template', 'spec'),
  at('apps/v1', 'ReplicaSet', 'spec', 'template', 'spec'),
  at('batch/v1', 'Job', 'spec', 'template', 'spec'),
  at('batch/v1', 'CronJob', 'spec', 'jobTemplate', 'spec', 'template', 'spec'),
  at('extensions/v1beta1', 'Deployment', 'spec', 'template', 'spec'),
  at('argoproj.io/v1alpha1', 'Rollout', 'spec', 'template', 'spec'),
  at('keda.sh/v1alpha1', 'ScaledJob', 'spec', 'jobTargetRef', 'template', 'spec'),
  at('serving.knative.dev/v1', 'Service', 'spec', 'template', 'spec'),
  at('example.com/v1', 'Anything', 'spec', 'a', 'b', 'podTemplate'),
];

export const harmless: readonly (Plain & { readonly kind: string })[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      template: {
        spec: {
          hostNetwork: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'c',
              image: 'ghcr.io/a/web:1.2.3',
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
              },
            },
          ],
        },
      },
    },
  },
  { ...ingress('web.a.example.com', { 'cert-manager.io/cluster-issuer': 'x' }), kind: 'Ingress' },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { privileged: 'true', hostPath: '/etc', image: 'nginx:latest' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: { password: 'ENC[AES256_GCM,data:p2E=,iv:AAAA,tag:BBBB,type:str]' },
    sops: { mac: 'ENC[AES256_GCM,data:p2E=,iv:AAAA,tag:BBBB,type:str]' },
  },
  { apiVersion: 'bitnami.com/v1alpha1', kind: 'SealedSecret', metadata, spec: { encryptedData: { a: 'b' } } },
  { ...external({ secretStoreRef: { name: 'own' }, data: [{ remoteRef: { key: 'any' } }] }), kind: 'ExternalSecret' },
  {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata,
    spec: { url: 'https://git.example/a', interval: '1m' },
  },
];
