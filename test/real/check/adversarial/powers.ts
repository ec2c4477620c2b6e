// Group A, second half: rights, pods, tokens, hosts, stores and Flux documents that reach further than their tenant.
import { yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { rbac } from './manifests.ts';

type Fields = Readonly<Record<string, unknown>>;

const object = (apiVersion: string, kind: string, fields: Fields, name = 'x'): Fields => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'a-dev' },
  ...fields,
});

const denied = (
  id: string,
  title: string,
  objects: readonly Fields[],
  rule: string,
  says?: RegExp,
  count: number | undefined = objects.length,
): Row => ({
  id,
  title,
  input: yaml(...objects.map((one, index) => named(one, index))),
  expect: { exit: 1, rules: [rule], objects: count, ...(says === undefined ? {} : { says }) },
});

function named(one: Fields, index: number): Fields {
  const metadata = one['metadata'] as Fields;
  return { ...one, metadata: { ...metadata, name: `${String(metadata['name'])}${index}` } };
}

const bind = (roleRef: Fields, ...subjects: readonly Fields[]): Fields =>
  object(`${rbac}/v1`, 'RoleBinding', { roleRef: { apiGroup: rbac, ...roleRef }, subjects });
const me = { kind: 'ServiceAccount', name: 'x', namespace: 'a-dev' };
const role = (...rules: readonly Fields[]): Fields => object(`${rbac}/v1`, 'Role', { rules });
const rule = (verbs: readonly string[], resources: readonly string[], apiGroups: readonly string[] = ['']): Fields => ({
  apiGroups,
  resources,
  verbs,
});

const rights: readonly Row[] = [
  denied(
    '011',
    'a binding to a role that grants everything',
    [
      bind({ kind: 'ClusterRole', name: 'cluster-admin' }, me),
      bind({ kind: 'ClusterRole', name: 'system:node' }, me),
      bind({ kind: 'ClusterRole', name: 'nobody-knows' }, me),
      bind({ kind: 'Role', name: 'nobody-knows' }, me),
      { ...bind({ kind: 'ClusterRole', name: 'cluster-admin' }, me), apiVersion: `${rbac}/v1beta1` },
    ],
    'tenant/escalation',
  ),
  denied(
    '011',
    'a binding to a role that the same commit makes',
    [
      bind({ kind: 'Role', name: 'own' }, me),
      { ...role(rule(['*'], ['*'], ['*'])), metadata: { name: 'own', namespace: 'a-dev' } },
    ],
    'tenant/escalation',
  ),
  {
    id: '011',
    title: 'a binding that a patch turns to cluster-admin',
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml', 'case.yaml'],
        patches: [
          {
            target: { kind: 'RoleBinding' },
            patch: yaml([{ op: 'replace', path: '/roleRef/name', value: 'cluster-admin' }]),
          },
        ],
      }),
      'deploy/case.yaml': yaml(bind({ kind: 'ClusterRole', name: 'view' }, me)),
    },
    expect: { exit: 1, rules: ['tenant/escalation'], says: /cluster-admin/ },
  },
  denied(
    '012',
    'a binding to somebody else',
    [
      bind({ kind: 'ClusterRole', name: 'edit' }, { kind: 'ServiceAccount', name: 'default', namespace: 'b-dev' }),
      bind({ kind: 'ClusterRole', name: 'view' }, { kind: 'Group', name: 'system:authenticated', apiGroup: rbac }),
      bind(
        { kind: 'ClusterRole', name: 'edit' },
        { kind: 'User', name: 'system:serviceaccount:b-dev:default', apiGroup: rbac },
      ),
      bind({ kind: 'ClusterRole', name: 'edit' }, me, { kind: 'ServiceAccount', name: 'default', namespace: 'a-dev ' }),
      bind({ kind: 'Role', name: 'custom' }, { kind: 'Group', name: 'system:serviceaccounts:b-dev', apiGroup: rbac }),
    ],
    'tenant/escalation',
    /not of this tenant/,
  ),
  denied(
    '014',
    'a role with verbs and resources that escalate',
    [
      role(rule(['*'], ['*'], ['*'])),
      role(rule(['escalate'], ['roles'], [rbac])),
      role(rule(['bind'], ['clusterroles'], [rbac])),
      role(rule(['impersonate'], ['serviceaccounts'])),
      role(rule(['create'], ['serviceaccounts/token'])),
      role(rule(['create'], ['*/token'])),
      role(rule(['get', 'list'], ['configmaps']), rule(['use'], ['podsecuritypolicies'], ['policy'])),
    ],
    'tenant/escalation',
  ),
  denied(
    '014',
    'a role that grants what the account lacks in that namespace',
    [
      role(rule(['patch'], ['pods/ephemeralcontainers'])),
      role(rule(['create'], ['roles', 'rolebindings'], [rbac])),
      role(rule(['get'], ['widgets'], ['example.com'])),
      role(rule(['*'], ['secrets'])),
      role(rule(['get'], ['configmaps', '*'])),
    ].map((one) => ({ ...one, metadata: { name: 'x', namespace: 'a-prod' } })),
    'tenant/escalation',
  ),
  denied(
    '014',
    'roles in shapes that a reader might pass over',
    [
      object(`${rbac}/v1`, 'Role', { rules: { verbs: ['*'] } }),
      object(`${rbac}/v1`, 'Role', { rules: [{ apiGroups: '*', resources: '*', verbs: '*' }] }),
      object(`${rbac}/v1`, 'Role', { aggregationRule: {}, rules: [rule(['*'], ['secrets'])] }),
      bind({ kind: 'clusterrole', name: 'cluster-admin' }, me),
    ],
    'tenant/escalation',
  ),
  denied(
    '032',
    'quotas and limits of the namespace',
    [
      object('v1', 'ResourceQuota', { spec: { hard: { pods: '1000' } } }),
      object('v1', 'LimitRange', { spec: { limits: [] } }),
    ],
    'tenant/escalation',
  ),
  denied(
    '032',
    'network policies that open',
    [
      object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ingress: [{}] } }),
      object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, egress: [{}] } }),
      object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ingress: [{ from: [] }] } }),
      object('networking.k8s.io/v1', 'NetworkPolicy', {
        spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] },
      }),
      object('networking.k8s.io/v1', 'NetworkPolicy', {
        spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
      }),
      object('networking.k8s.io/v1', 'NetworkPolicy', {
        spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '::/0' } }] }] },
      }),
      object('networking.k8s.io/v1', 'NetworkPolicy', {
        spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
      }),
      object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ingress: [{ from: null }] } }),
    ],
    'namespace/network',
  ),
];

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

const pods: readonly Row[] = [
  denied('036', 'hostPath', inPod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'pod/host-path'),
  denied('036', 'hostNetwork', inPod({ hostNetwork: true }), 'pod/host-namespace'),
  denied('036', 'hostPID', inPod({ hostPID: true }), 'pod/host-namespace'),
  denied('036', 'hostIPC', inPod({ hostIPC: true }), 'pod/host-namespace'),
  denied(
    '036',
    'sysctls',
    inPod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
    'pod/sysctl',
  ),
  denied(
    '036',
    'seccomp of the pod',
    inPod({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    'pod/profile',
  ),
  denied(
    '036',
    'host process',
    inPod({ securityContext: { windowsOptions: { hostProcess: true } } }),
    'pod/privileged',
  ),
  denied('036', 'privileged', inContainers({ securityContext: { privileged: true } }), 'pod/privileged'),
  denied(
    '036',
    'privilege escalation',
    inContainers({ securityContext: { allowPrivilegeEscalation: true } }),
    'pod/privileged',
  ),
  denied(
    '036',
    'capabilities',
    inContainers({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }),
    'pod/capability',
  ),
  denied('036', 'procMount', inContainers({ securityContext: { procMount: 'Unmasked' } }), 'pod/proc-mount'),
  denied('036', 'hostPort', inContainers({ ports: [{ containerPort: 80, hostPort: 80 }] }), 'pod/host-port'),
  denied(
    '036',
    'seccomp of a container',
    inContainers({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    'pod/profile',
  ),
  denied(
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
  denied(
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
  denied(
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
  denied(
    '037',
    'a kind whose definition the fleet does not have',
    [object('workloads.example.net/v1', 'Runner', { spec: { podTemplate: { spec: { hostNetwork: true } } } })],
    'tenant/kind-unknown',
  ),
  denied(
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

const ingress = (host: unknown): Fields => object('networking.k8s.io/v1', 'Ingress', { spec: { rules: [{ host }] } });
const route = (kind: string, hostnames?: readonly unknown[]): Fields =>
  object('gateway.networking.k8s.io/v1', kind, { spec: hostnames === undefined ? {} : { hostnames } });
const annotated = (key: string, value: string): Fields => ({
  ...ingress('a.example.com'),
  metadata: { name: 'x', namespace: 'a-dev', annotations: { [key]: value } },
});
const external = (spec: Fields): Fields => object('external-secrets.io/v1', 'ExternalSecret', { spec });
const shared = { kind: 'ClusterSecretStore', name: 'shared' };
const flux = (spec: Fields, kind = 'Kustomization'): Fields =>
  object(kind === 'Kustomization' ? 'kustomize.toolkit.fluxcd.io/v1' : 'helm.toolkit.fluxcd.io/v2', kind, {
    spec: {
      interval: '10m',
      sourceRef: { kind: 'GitRepository', name: 'other' },
      path: './other',
      prune: true,
      ...spec,
    },
  });

const reach: readonly Row[] = [
  denied(
    '041',
    'hosts of others, wildcards and no host',
    [
      ...[
        'b.example.com',
        '*.example.com',
        '',
        '*',
        'x.b.example.com',
        'B.EXAMPLE.COM',
        'b.example.com.',
        'evila.example.com',
        'a.example.com.evil.net',
        '\u0430.example.com',
        '*.a.example.com',
        7,
      ].map(ingress),
      object('networking.k8s.io/v1', 'Ingress', { spec: { rules: [{}] } }),
      object('networking.k8s.io/v1', 'Ingress', { spec: { defaultBackend: { service: { name: 'x' } } } }),
      object('networking.k8s.io/v1', 'Ingress', { spec: { tls: [{ hosts: ['b.example.com'] }] } }),
    ],
    'ingress/host',
  ),
  denied(
    '041',
    'hosts by other kinds',
    [
      route('HTTPRoute', ['b.example.com']),
      route('HTTPRoute'),
      object('gateway.networking.k8s.io/v1', 'HTTPRoute', { spec: { hostnames: null } }),
      route('GRPCRoute', ['a.example.com', 'b.example.com']),
      route('TLSRoute', ['*.example.com']),
      object('gateway.networking.k8s.io/v1', 'Gateway', {
        spec: { listeners: [{ name: 'l', protocol: 'HTTPS', hostname: 'b.example.com' }] },
      }),
      object('networking.istio.io/v1', 'VirtualService', {
        spec: { hosts: ['b.example.com'], gateways: ['platform/public'] },
      }),
      object('projectcontour.io/v1', 'HTTPProxy', { spec: { virtualhost: { fqdn: 'b.example.com' } } }),
      object('traefik.io/v1alpha1', 'IngressRoute', { spec: { routes: [{ match: 'Host(`b.example.com`)' }] } }),
      object('cert-manager.io/v1', 'Certificate', { spec: { dnsNames: ['b.example.com'] } }),
      object('externaldns.k8s.io/v1alpha1', 'DNSEndpoint', { spec: { endpoints: [{ dnsName: 'b.example.com' }] } }),
      {
        ...object('v1', 'Service', { spec: { type: 'LoadBalancer' } }),
        metadata: {
          name: 'x',
          namespace: 'a-dev',
          annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'b.example.com' },
        },
      },
    ],
    'ingress/host',
  ),
  denied(
    '042',
    'annotations that reach into the proxy',
    [
      annotated('nginx.ingress.kubernetes.io/configuration-snippet', 'return 200;'),
      annotated('nginx.ingress.kubernetes.io/server-snippet', 'x'),
      annotated('nginx.ingress.kubernetes.io/auth-url', 'http://@LISTENER@/'),
      annotated('nginx.org/location-snippets', 'proxy_pass http://b;'),
      annotated('haproxy.org/backend-config-snippet', 'x'),
      annotated('nginx.ingress.kubernetes.io/rewrite-target', '/;\nproxy_pass http://b'),
      annotated('traefik.ingress.kubernetes.io/router.middlewares', 'b-dev-x@kubernetescrd'),
    ],
    'ingress/annotation',
  ),
  denied(
    '044',
    'keys of another tenant in a shared store',
    [
      external({ secretStoreRef: shared, data: [{ secretKey: 'x', remoteRef: { key: 'b-dev/password' } }] }),
      external({ secretStoreRef: shared, data: [{ secretKey: 'x', remoteRef: { key: 'a-dev/../b-dev/password' } }] }),
      external({ secretStoreRef: shared, data: [{ secretKey: 'x', remoteRef: { key: 'a-dev-x/password' } }] }),
      external({ secretStoreRef: shared, dataFrom: [{ extract: { key: 'b-dev/password' } }] }),
      external({ secretStoreRef: shared, dataFrom: [{ find: { name: { regexp: '.*' } } }] }),
      external({ secretStoreRef: { kind: 'ClusterSecretStore', name: 'other' }, data: [] }),
      external({
        secretStoreRef: { kind: 'SecretStore', name: 'own' },
        data: [{ secretKey: 'x', remoteRef: { key: 'b-dev/x' }, sourceRef: { storeRef: shared } }],
      }),
      external({ secretStoreRef: shared, data: [{ secretKey: 'x', remoteRef: { key: 7 } }] }),
      object('external-secrets.io/v1alpha1', 'PushSecret', {
        spec: { secretStoreRefs: [shared], data: [{ match: { remoteRef: { remoteKey: 'b-dev/x' } } }] },
      }),
    ],
    'secret/store',
  ),
  denied(
    '046',
    'Flux documents without an account of the tenant',
    [
      flux({}),
      flux({ serviceAccountName: '' }),
      flux({ serviceAccountName: null }),
      flux({}, 'HelmRelease'),
      object('fluxcd.controlplane.io/v1', 'ResourceSet', { spec: {} }),
      object('helm.cattle.io/v1', 'HelmChart', { spec: { chart: 'x' } }),
    ],
    'tenant/identity',
  ),
  {
    id: '046',
    title: 'an account that is no name',
    input: yaml(
      named(flux({ serviceAccountName: 7 }), 0),
      named(flux({ serviceAccountName: ['deployer'] }), 1),
      named(flux({ serviceAccountName: 'no-such-account' }), 2),
    ),
    expect: { exit: 2, rules: ['tenant/identity'], codes: ['fleet.invalid'], says: /must be a string/ },
  },
  {
    id: '046',
    title: 'an account that a patch takes away',
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml', 'case.yaml'],
        patches: [
          { target: { kind: 'HelmRelease' }, patch: yaml([{ op: 'remove', path: '/spec/serviceAccountName' }]) },
        ],
      }),
      'deploy/case.yaml': yaml(flux({ serviceAccountName: 'deployer' }, 'HelmRelease')),
    },
    expect: { exit: 1, rules: ['tenant/identity'], says: /names no service account/ },
  },
  denied(
    '047',
    'Flux documents that point out of the tenant',
    [
      flux({ serviceAccountName: 'deployer', sourceRef: { kind: 'GitRepository', name: 'b', namespace: 'b-dev' } }),
      flux({ serviceAccountName: 'deployer', targetNamespace: 'kube-system' }),
      flux({ serviceAccountName: 'deployer', kubeConfig: { secretRef: { name: 'x' } } }),
      flux({ serviceAccountName: 'deployer', dependsOn: [{ name: 'b', namespace: 'b-dev' }] }),
      flux(
        {
          serviceAccountName: 'deployer',
          chart: { spec: { sourceRef: { kind: 'HelmRepository', name: 'b', namespace: 'b-dev' } } },
        },
        'HelmRelease',
      ),
      flux({ serviceAccountName: 'deployer', storageNamespace: 'kube-system' }, 'HelmRelease'),
      flux(
        { serviceAccountName: 'deployer', chartRef: { kind: 'OCIRepository', name: 'b', namespace: 'b-dev' } },
        'HelmRelease',
      ),
      object('notification.toolkit.fluxcd.io/v1beta3', 'Alert', {
        spec: { eventSources: [{ kind: 'Kustomization', name: '*', namespace: 'b-dev' }] },
      }),
      object('image.toolkit.fluxcd.io/v1', 'ImagePolicy', {
        spec: { imageRepositoryRef: { name: 'b', namespace: 'b-dev' } },
      }),
      object('gateway.networking.k8s.io/v1beta1', 'ReferenceGrant', {
        spec: { from: [{ group: '', kind: 'Service', namespace: 'b-dev' }], to: [] },
      }),
    ],
    'tenant/reference',
  ),
];

export const powerRows: readonly Row[] = [...rights, ...pods, ...reach];
