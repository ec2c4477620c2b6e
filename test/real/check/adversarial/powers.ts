// Group A: rights, hosts, stores and Flux documents that reach further than their tenant (011–014, 032, 041–047).
import { yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { deniedEach, type Fields, named, object, rbac } from './fixtures.ts';

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
  deniedEach(
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
  deniedEach(
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
  deniedEach(
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
  deniedEach(
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
  deniedEach(
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
  deniedEach(
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
  deniedEach(
    '032',
    'quotas and limits of the namespace',
    [
      object('v1', 'ResourceQuota', { spec: { hard: { pods: '1000' } } }),
      object('v1', 'LimitRange', { spec: { limits: [] } }),
    ],
    'tenant/escalation',
  ),
  deniedEach(
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
  deniedEach(
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
  deniedEach(
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
      object('networking.gke.io/v1', 'ManagedCertificate', { spec: { domains: ['b.example.com'] } }),
      object('serving.knative.dev/v1beta1', 'DomainMapping', { spec: {} }, 'x.b.example.com'),
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
  deniedEach(
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
  deniedEach(
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
  deniedEach(
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
  deniedEach(
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

export const powerRows: readonly Row[] = [...rights, ...reach];
