// Adversarial cases 011–014, 032, 039, 046 and 047: reaching further through rights, identities and references.
import { describe, expect, test } from 'vitest';
import { type Case, expectDenied, meta, rbac } from './case.ts';
import { bound, check } from './tenant.ts';

const admin = { rbac: bound('admin') };
const own = '{kind: ServiceAccount, name: x, namespace: a-dev}';

function binding(role: string, subject: string): string {
  return `apiVersion: ${rbac}/v1\nkind: RoleBinding\n${meta}\nroleRef: {apiGroup: ${rbac}, kind: ClusterRole, name: ${role}}\nsubjects: [${subject}]\n`;
}

function role(rule: string): string {
  return `apiVersion: ${rbac}/v1\nkind: Role\n${meta}\nrules: [${rule}]\n`;
}

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `n${index}`).join(', ');
}

function kustomization(spec: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${meta}\nspec: {serviceAccountName: flux, ${spec}}\n`;
}

const cases: readonly Case[] = [
  {
    name: '011 a RoleBinding to cluster-admin',
    input: binding('cluster-admin', own),
    rule: 'tenant/escalation',
    words: /does not have itself: \* everything/,
    setting: admin,
  },
  {
    name: '011 a RoleBinding to a role that grants more than the own',
    input: binding('admin', own),
    rule: 'tenant/escalation',
    words: /grants what the service account a-dev\/flux does not have/,
  },
  {
    name: '011 a RoleBinding to a role that nobody knows',
    input: binding('surprise', own),
    rule: 'tenant/escalation',
    words: /cannot be known/,
    setting: admin,
  },
  ...[
    '{kind: ServiceAccount, name: default, namespace: b-dev}',
    `{kind: Group, apiGroup: ${rbac}, name: "system:authenticated"}`,
    `{kind: Group, apiGroup: ${rbac}, name: "system:serviceaccounts:b-dev"}`,
    `{kind: User, apiGroup: ${rbac}, name: "system:serviceaccount:b-dev:default"}`,
  ].map((subject) => ({
    name: `012 a RoleBinding for ${subject}`,
    input: binding('edit', subject),
    rule: 'tenant/escalation',
    words: /not of this tenant/,
    setting: admin,
  })),
  ...[
    ['{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}', /does not have itself/],
    ['{apiGroups: [apps], resources: [deployments], verbs: ["*"]}', /does not have itself/],
    [`{apiGroups: [${rbac}], resources: [roles], verbs: [escalate]}`, /escalate/],
    [`{apiGroups: [${rbac}], resources: [roles], verbs: [bind]}`, /bind/],
    ['{apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate]}', /impersonate/],
    ['{apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}', /become any service account/],
    ['{apiGroups: [""], resources: ["*/token"], verbs: [create]}', /become any service account/],
    ['{apiGroups: [""], resources: [resourcequotas], verbs: [update]}', /does not have itself/],
    ['{apiGroups: [""], resources: [pods], verbs: []}', /no verbs/],
  ].map(([rule, words]) => ({
    name: `014 a Role with ${String(rule)}`,
    input: role(String(rule)),
    rule: 'tenant/escalation',
    words: words as RegExp,
    setting: admin,
  })),
  {
    name: '014 a Role of too many rules to check',
    input: role(Array.from({ length: 201 }, () => '{apiGroups: [""], resources: [pods], verbs: [get]}').join(', ')),
    rule: 'tenant/escalation',
    words: /has 201 rules/,
    setting: admin,
  },
  {
    name: '014 a rule of too many parts to check',
    input: role(`{apiGroups: [""], resources: [pods], verbs: [get], resourceNames: [${names(2001)}]}`),
    rule: 'tenant/escalation',
    words: /does not have itself/,
    setting: admin,
  },
  {
    name: '014 pods/exec and secrets for an account that may not write roles at all',
    input: role('{apiGroups: [""], resources: [pods/exec, secrets], verbs: [create, list]}'),
    rule: 'tenant/rbac',
    words: /may not get, create, patch and delete roles/,
  },
  ...['ResourceQuota', 'LimitRange'].map((kind) => ({
    name: `032 a ${kind}`,
    input: `apiVersion: v1\nkind: ${kind}\n${meta}`,
    rule: 'tenant/escalation',
    words: /limits of the namespace/,
    setting: { rbac: bound('cluster-admin') },
  })),
  {
    name: "032 the platform's NetworkPolicy",
    input: `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: default-deny, namespace: a-dev}\nspec: {podSelector: {}}`,
    rule: 'tenant/duplicate',
    words: /already applied/,
    setting: { owner: (id) => (id.endsWith('_NetworkPolicy') ? 'the platform' : undefined) },
  },
  {
    name: '039 a token of the deployer',
    input: `apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: a-dev, annotations: {kubernetes.io/service-account.name: flux}}\ntype: kubernetes.io/service-account-token`,
    rule: 'tenant/escalation',
    words: /never expires/,
  },
  {
    name: '039 a TokenRequest',
    input: `apiVersion: authentication.k8s.io/v1\nkind: TokenRequest\n${meta}`,
    rule: 'tenant/escalation',
    words: /mints a token/,
  },
  {
    name: '039 the deployer itself',
    input: 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: flux, namespace: a-dev}',
    rule: 'tenant/escalation',
    words: /only the platform writes it/,
  },
  ...[
    'kustomize.toolkit.fluxcd.io/v1 Kustomization',
    'kustomize.toolkit.fluxcd.io/v1beta2 Kustomization',
    'kustomize.toolkit.fluxcd.io/v1alpha1 Kustomization',
    'helm.toolkit.fluxcd.io/v2 HelmRelease',
    'helm.toolkit.fluxcd.io/v2beta1 HelmRelease',
    'fluxcd.controlplane.io/v1 ResourceSet',
  ].flatMap((gvk) => {
    const [apiVersion, kind] = gvk.split(' ');
    const document = (spec: string): string => `apiVersion: ${apiVersion}\nkind: ${kind}\n${meta}\nspec: ${spec}`;
    return [
      {
        name: `046 ${gvk} without an account`,
        input: document('{}'),
        rule: 'tenant/identity',
        words: /full|own rights to the whole cluster/,
      },
      {
        name: `046 ${gvk} with an empty account`,
        input: document('{serviceAccountName: ""}'),
        rule: 'tenant/identity',
        words: /own rights/,
      },
      {
        name: `046 ${gvk} with an unknown account`,
        input: document('{serviceAccountName: "${SA}"}'),
        rule: 'tenant/identity',
        words: /not known who/,
      },
      {
        name: `046 ${gvk} with a number`,
        input: document('{serviceAccountName: 1}'),
        rule: 'tenant/identity',
        words: /a number/,
      },
    ];
  }),
  {
    name: '046 an account that the platform trusts more',
    input: `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${meta}\nspec: {serviceAccountName: strong}`,
    rule: 'tenant/identity',
    words: /"strong" may do more/,
    setting: {
      rbac: `${bound('edit')}---\n${binding('cluster-admin', '{kind: ServiceAccount, name: strong, namespace: a-dev}')}`,
    },
  },
  {
    name: '046 a default account that may do more',
    input: `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${meta}\nspec: {}`,
    rule: 'tenant/identity',
    words: /"default" may do more/,
    setting: {
      defaultServiceAccount: 'default',
      rbac: `${bound('edit')}---\n${binding('admin', '{kind: ServiceAccount, name: default, namespace: a-dev}')}`,
    },
  },
  ...[
    ['fluxcd.controlplane.io/v1', 'FluxInstance'],
    ['helm.cattle.io/v1', 'HelmChart'],
    ['upgrade.cattle.io/v1', 'Plan'],
  ].map(([apiVersion, kind]) => ({
    name: `046 a ${kind}`,
    input: `apiVersion: ${apiVersion}\nkind: ${kind}\n${meta}\nspec: {serviceAccountName: flux}`,
    rule: 'tenant/identity',
    words: /full rights/,
  })),
  ...[
    'sourceRef: {kind: GitRepository, name: x, namespace: b-dev}',
    'targetNamespace: kube-system',
    'kubeConfig: {secretRef: {name: x}}',
    'kubeConfig: {}',
    'dependsOn: [{name: x, namespace: b-dev}]',
    'dependsOn: [{name: x, namespace: "a-dev "}]',
    'healthChecks: [{kind: Deployment, name: x, namespace: b-dev}]',
    'sourceRef: {kind: GitRepository, name: x, namespace: [a-dev]}',
    'sourceRef: {kind: GitRepository, name: x, namespace: "${NS}"}',
  ].map((spec) => ({
    name: `047 a Kustomization with ${spec}`,
    input: kustomization(spec),
    rule: 'tenant/reference',
    words: /not a namespace of this tenant|another cluster/,
  })),
  ...[
    'helm.toolkit.fluxcd.io/v2 HelmRelease {chart: {spec: {sourceRef: {kind: HelmRepository, name: x, namespace: b-dev}}}}',
    'helm.toolkit.fluxcd.io/v2 HelmRelease {chartRef: {kind: OCIRepository, name: x, namespace: b-dev}}',
    'helm.toolkit.fluxcd.io/v2 HelmRelease {storageNamespace: b-dev}',
    'helm.toolkit.fluxcd.io/v2 HelmRelease {targetNamespace: b-dev}',
    'helm.toolkit.fluxcd.io/v2 HelmRelease {valuesFrom: [{kind: Secret, name: x, namespace: b-dev}]}',
    'image.toolkit.fluxcd.io/v1 ImagePolicy {imageRepositoryRef: {name: x, namespace: b-dev}}',
    'image.toolkit.fluxcd.io/v1 ImageUpdateAutomation {sourceRef: {kind: GitRepository, name: x, namespace: b-dev}}',
    'notification.toolkit.fluxcd.io/v1beta3 Alert {eventSources: [{kind: Kustomization, name: "*", namespace: b-dev}]}',
    'notification.toolkit.fluxcd.io/v1 Receiver {resources: [{kind: GitRepository, name: "*", namespace: b-dev}]}',
    'source.toolkit.fluxcd.io/v1 GitRepository {include: [{repository: {name: x, namespace: b-dev}}]}',
    'source.extensions.fluxcd.io/v1beta1 ArtifactGenerator {sources: [{kind: GitRepository, name: x, namespace: b-dev}]}',
    'gateway.networking.k8s.io/v1 HTTPRoute {rules: [{backendRefs: [{name: x, namespace: b-dev}]}]}',
    'gateway.networking.k8s.io/v1 HTTPRoute {rules: [{filters: [{requestMirror: {backendRef: {name: x, namespace: b-dev}}}]}]}',
    'gateway.networking.k8s.io/v1 Gateway {listeners: [{tls: {certificateRefs: [{name: x, namespace: b-dev}]}}]}',
    'gateway.networking.k8s.io/v1beta1 ReferenceGrant {from: [{group: x, kind: HTTPRoute, namespace: b-dev}]}',
    'v1 PersistentVolumeClaim {dataSourceRef: {kind: PersistentVolumeClaim, name: x, namespace: b-dev}}',
  ].map((text) => {
    const [apiVersion, kind, ...spec] = text.split(' ');
    return {
      name: `047 ${text}`,
      input: `apiVersion: ${apiVersion}\nkind: ${kind}\n${meta}\nspec: ${spec.join(' ')}`,
      rule: 'tenant/reference',
      words: /not a namespace of this tenant|not this tenant's use/,
    };
  }),
];

describe('a tenant cannot', () => {
  test.each(cases)('$name', expectDenied);

  test('go unnamed: the finding says which field is at fault', () => {
    const found = check(kustomization('dependsOn: [{name: y}, {name: x, namespace: b-dev}]'));
    expect(found.map(({ path }) => path)).toEqual([['spec', 'dependsOn', 1, 'namespace']]);
  });
});
