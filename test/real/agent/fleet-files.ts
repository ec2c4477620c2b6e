// A fleet as platform teams write it: infrastructure in bases and overlays, tenants in the same repository, in their own, and in both.
import { configMap, gitRepository, kustomization, namespace, type Stand, yaml } from './stand.ts';

const rbac = 'rbac.authorization.k8s.io';
const ownSource = (name: string): object => ({ kind: 'GitRepository', name });
const platformSource = { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' };

/** Namespace, account, and Kubernetes' own role `edit` in it and nothing else. */
export function onboarded(name: string): object[] {
  const metadata = { namespace: name, name: 'deployer' };
  return [
    namespace(name),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', namespace: name, name: 'deployer' }],
    },
  ];
}

export function workload(name: string, tag: string, more: object = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'web', image: `ghcr.io/acme/web:${tag}` }],
        },
      },
      ...more,
    },
  };
}

export function definition(kind: string, group: string): object {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

const custom = (kind: string, group: string, name: string): object => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { namespace: 'flux-system', name },
  spec: { cluster: '${cluster_name}' },
});

export const clusterVars = (domain: string): string =>
  yaml(configMap('flux-system', 'cluster-vars', { cluster_name: 'eu', cluster_domain: domain }));

/** The platform repository. */
export function platformFiles(stand: Stand): Record<string, string> {
  const infrastructure = (name: string, path: string, more: object = {}): object =>
    kustomization('flux-system', name, {
      path,
      wait: true,
      interval: '1h',
      sourceRef: ownSource('flux-system'),
      ...more,
    });
  const substituteFrom = [
    { kind: 'ConfigMap', name: 'cluster-vars' },
    { kind: 'Secret', name: 'cluster-secrets' },
  ];
  return {
    'clusters/eu/flux-system/gotk-sync.yaml': yaml(
      gitRepository('flux-system', 'flux-system', stand.url('platform')),
      kustomization('flux-system', 'flux-system', { path: 'clusters/eu' }),
    ),
    'clusters/eu/cluster-vars.yaml': clusterVars('eu.acme.example'),
    'clusters/eu/infrastructure.yaml': yaml(
      infrastructure('infrastructure', './infrastructure/overlays/eu', {
        dependsOn: [{ name: 'infrastructure-crds' }],
        postBuild: { substitute: { tier: 'gold' }, substituteFrom },
      }),
      infrastructure('infrastructure-crds', './infrastructure/base/crds'),
      infrastructure('together', './infrastructure/base/together', { postBuild: { substituteFrom } }),
    ),
    'clusters/eu/tenants.yaml': yaml(
      // Not waiting: two of the tenants' Kustomizations are never to be ready.
      infrastructure('tenants', './tenants', { dependsOn: [{ name: 'infrastructure' }], wait: false }),
    ),
    'infrastructure/base/crds/widgets.yaml': yaml(definition('Widget', 'acme.example')),
    'infrastructure/base/together/all.yaml': yaml(
      custom('Gadget', 'tools.acme.example', 'first'),
      definition('Gadget', 'tools.acme.example'),
    ),
    'infrastructure/base/common/kustomization.yaml': 'resources: [vars.yaml, widget.yaml]\n',
    'infrastructure/base/common/vars.yaml': yaml(
      configMap('flux-system', 'facts', { domain: '${cluster_domain}', tier: '${tier}', region: '${region}' }),
    ),
    'infrastructure/base/common/widget.yaml': yaml(custom('Widget', 'acme.example', 'first')),
    'infrastructure/overlays/eu/kustomization.yaml': `resources: [../../base/common]
patches:
  - patch: '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "flux-system", "name": "facts"}, "data": {"overlay": "eu"}}'
`,
    // The whole tenant in this repository.
    'tenants/mono.yaml': yaml(
      ...onboarded('mono'),
      kustomization('mono', 'mono', {
        path: './apps/mono',
        sourceRef: platformSource,
        serviceAccountName: 'deployer',
        targetNamespace: 'mono',
      }),
    ),
    'apps/mono/app.yaml': yaml(workload('web', '1.0.0', { replicas: 1 })),
    // In a repository of its own.
    'tenants/shop.yaml': yaml(
      ...onboarded('shop'),
      gitRepository('shop', 'shop', stand.url('shop')),
      kustomization('shop', 'shop', {
        path: './deploy',
        sourceRef: ownSource('shop'),
        serviceAccountName: 'deployer',
        targetNamespace: 'shop',
        wait: true,
        namePrefix: 'eu-',
        commonMetadata: { annotations: { 'acme.example/owner': 'shop' } },
        images: [{ name: 'ghcr.io/acme/web', newTag: '2.0.0' }],
        components: ['../components/extra'],
        patches: [
          { target: { kind: 'Deployment' }, patch: '[{"op": "add", "path": "/spec/minReadySeconds", "value": 1}]' },
        ],
      }),
      ...['crash', 'late', 'job'].map((name) =>
        kustomization('shop', name, {
          path: `./${name}`,
          sourceRef: ownSource('shop'),
          serviceAccountName: 'deployer',
          targetNamespace: 'shop',
          wait: true,
          timeout: '30s',
          retryInterval: '1h',
        }),
      ),
    ),
    // Half and half: its workloads are its own, its settings the platform's.
    'tenants/hybrid.yaml': yaml(
      ...onboarded('hybrid'),
      gitRepository('hybrid', 'hybrid', stand.url('hybrid')),
      kustomization('hybrid', 'settings', {
        path: './apps/hybrid',
        sourceRef: platformSource,
        serviceAccountName: 'deployer',
        targetNamespace: 'hybrid',
      }),
      kustomization('hybrid', 'hybrid', {
        path: './',
        sourceRef: ownSource('hybrid'),
        serviceAccountName: 'deployer',
        targetNamespace: 'hybrid',
        dependsOn: [{ name: 'settings' }],
        postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'settings' }] },
      }),
    ),
    'apps/hybrid/settings.yaml': yaml(configMap(undefined, 'settings', { greeting: 'hello' })),
  };
}

export function shopFiles(): Record<string, string> {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'migrate' },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'ghcr.io/acme/web:1.0.0' }] } },
    },
  };
  return {
    'deploy/kustomization.yaml': 'resources: [app.yaml]\n',
    'deploy/app.yaml': yaml(workload('web', '1.0.0')),
    'components/extra/kustomization.yaml':
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [extra.yaml]\n',
    'components/extra/extra.yaml': yaml(configMap(undefined, 'extra', { from: 'component' })),
    // By then its Pods have crashed, on a busy machine, too.
    'crash/app.yaml': yaml(workload('crash', '1.0.0-crash', { progressDeadlineSeconds: 10 })),
    'late/app.yaml': yaml(workload('late', '1.0.0-never-ready')),
    'job/app.yaml': yaml(job),
  };
}
