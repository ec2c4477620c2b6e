// Fleets and overlays of any size, for scale tests and the bench. Everything is made in memory and is the same each time.
import { stringify } from 'yaml';

/** Text files by path, in the order they were made. */
export type Files = ReadonlyMap<string, string>;

export interface LargeFleet {
  readonly url: string;
  readonly files: Files;
  /** Builds of tenants that differ in path, spec or variables; what a review that builds each input once counts. */
  readonly distinctInputs: number;
  /** The one file that every tenant's build reads. */
  readonly sharedFile: string;
}

export const largeFleetUrl = 'https://github.com/acme/fleet';

/**
 * A fleet in one repository: `clusters` clusters that each run `tenants` tenants, whose overlays share one base.
 * With `variablesPerCluster` each cluster substitutes its own region, so that every tenant × cluster is another input;
 * without, all clusters build the same.
 */
export function largeFleet({ tenants = 80, clusters = 12, variablesPerCluster = false } = {}): LargeFleet {
  const files = new Map<string, string>();
  const names = numbers(tenants).map((number) => `team-${pad(number)}`);
  files.set('apps/base/app.yaml', workload('app', 'ghcr.io/acme/app:1.0.0'));
  files.set('apps/base/kustomization.yaml', kustomization({ resources: ['app.yaml'] }));
  for (const name of names) {
    files.set(
      `apps/${name}/kustomization.yaml`,
      kustomization({ namespace: name, resources: ['../base'], patches: [{ path: 'replicas.yaml' }] }),
    );
    files.set(`apps/${name}/replicas.yaml`, replicasPatch('app', 2));
    files.set(`tenants/${name}.yaml`, tenant(name, variablesPerCluster));
  }
  files.set('tenants/kustomization.yaml', kustomization({ resources: names.map((name) => `${name}.yaml`) }));
  for (const number of numbers(clusters)) {
    const cluster = `cluster-${pad(number)}`;
    files.set(`clusters/${cluster}/flux-system/gotk-sync.yaml`, sync(`./clusters/${cluster}`));
    files.set(
      `clusters/${cluster}/tenants.yaml`,
      yaml([
        configMap('flux-system', 'cluster-vars', { region: `region-${number}` }),
        fluxKustomization({ namespace: 'flux-system', name: 'tenants' }, { path: './tenants', ...fromClusterVars }),
      ]),
    );
  }
  const distinctInputs = variablesPerCluster ? tenants * clusters : tenants;
  return { url: largeFleetUrl, files, distinctInputs, sharedFile: 'apps/base/app.yaml' };
}

/**
 * A fleet as people keep at home and in small firms: one cluster whose root is not below `clusters/`, `releases`
 * HelmReleases each behind its own Kustomization, and next to them objects of kinds that nothing in Git defines.
 */
export function helmFleet({ releases = 300, customKinds = 40 } = {}): LargeFleet {
  const files = new Map<string, string>();
  files.set('kubernetes/flux/flux-system/gotk-sync.yaml', sync('./kubernetes/flux'));
  files.set(
    'kubernetes/flux/apps.yaml',
    yaml([fluxKustomization({ namespace: 'flux-system', name: 'apps' }, { path: './kubernetes/apps' })]),
  );
  for (const number of numbers(releases)) {
    const name = `release-${pad(number)}`;
    const folder = `kubernetes/apps/${name}`;
    files.set(`${folder}/kustomization.yaml`, kustomization({ resources: ['sync.yaml'] }));
    files.set(
      `${folder}/sync.yaml`,
      yaml([
        fluxKustomization(
          { namespace: 'flux-system', name },
          { path: `./${folder}/app`, targetNamespace: `space-${pad(number % 20)}` },
        ),
      ]),
    );
    files.set(`${folder}/app/kustomization.yaml`, kustomization({ resources: ['release.yaml', 'custom.yaml'] }));
    files.set(`${folder}/app/release.yaml`, yaml([helmRelease(name)]));
    files.set(
      `${folder}/app/custom.yaml`,
      yaml([
        {
          apiVersion: `group-${number % customKinds}.vendor.example/v1`,
          kind: `Thing${number % customKinds}`,
          metadata: { name },
          spec: { size: number },
        },
      ]),
    );
  }
  return {
    url: largeFleetUrl,
    files,
    distinctInputs: releases,
    sharedFile: 'kubernetes/apps/release-001/app/release.yaml',
  };
}

/**
 * A base of `objects` / 5 applications (Deployment, Service, ServiceAccount, ConfigMap, Ingress) at `base/`, and an
 * overlay at `overlay/` with namespace, labels, images, a ConfigMap generator and one strategic merge patch.
 */
export function overlayOf(objects: number): Files {
  const files = new Map<string, string>();
  const names = numbers(Math.max(1, Math.round(objects / 5))).map((number) => `app-${pad(number)}`);
  for (const name of names) files.set(`base/${name}.yaml`, application(name));
  files.set('base/kustomization.yaml', kustomization({ resources: names.map((name) => `${name}.yaml`) }));
  files.set('overlay/patch.yaml', replicasPatch(names[0] ?? '', 4));
  files.set('overlay/settings.properties', 'mode=production\n');
  files.set(
    'overlay/kustomization.yaml',
    kustomization({
      namespace: 'team',
      resources: ['../base'],
      labels: [{ pairs: { 'acme.example/team': 'team' } }],
      images: [{ name: 'ghcr.io/acme/app', newTag: '2.0.0' }],
      configMapGenerator: [{ name: 'settings', files: ['settings.properties'] }],
      patches: [{ path: 'patch.yaml' }],
    }),
  );
  return files;
}

const fromClusterVars = { postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'cluster-vars' }] } };

function tenant(name: string, variables: boolean): string {
  const account = { kind: 'ServiceAccount', name: 'deployer', namespace: name };
  return yaml([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace: name } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'deployer', namespace: name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [account],
    },
    fluxKustomization(
      { namespace: name, name: 'apps' },
      {
        path: `./apps/${name}`,
        serviceAccountName: 'deployer',
        sourceRef: { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' },
        ...(variables ? { postBuild: { substitute: { region: '${region}' } } } : {}),
      },
    ),
  ]);
}

function sync(path: string): string {
  return yaml([
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name: 'flux-system', namespace: 'flux-system' },
      spec: { interval: '1m0s', ref: { branch: 'main' }, secretRef: { name: 'flux-system' }, url: largeFleetUrl },
    },
    fluxKustomization({ namespace: 'flux-system', name: 'flux-system' }, { path }),
  ]);
}

function fluxKustomization(metadata: object, spec: object): object {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata,
    spec: { interval: '10m0s', prune: true, sourceRef: { kind: 'GitRepository', name: 'flux-system' }, ...spec },
  };
}

function helmRelease(name: string): object {
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name },
    spec: {
      interval: '30m',
      chartRef: { kind: 'OCIRepository', name: 'app-template' },
      values: { controllers: { main: { containers: { main: { image: { repository: `ghcr.io/acme/${name}` } } } } } },
    },
  };
}

function configMap(namespace: string, name: string, data: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function application(name: string): string {
  const metadata = { name };
  const port = { port: 80, targetPort: 8080 };
  const backend = { service: { name, port: { number: 80 } } };
  const rule = { host: `${name}.acme.example`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
  return [
    workload(name, 'ghcr.io/acme/app:1.0.0'),
    yaml([
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: name }, ports: [port] } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { LOG_LEVEL: 'info', NAME: name } },
      { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { rules: [rule] } },
    ]),
  ].join('---\n');
}

function workload(name: string, image: string): string {
  const resources = { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '500m', memory: '128Mi' } };
  const probe = { httpGet: { path: '/healthz', port: 8080 } };
  const securityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
    capabilities: { drop: ['ALL'] },
  };
  const container = { name: 'app', image, resources, readinessProbe: probe, livenessProbe: probe, securityContext };
  return yaml([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels: { app: name } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
      },
    },
  ]);
}

function replicasPatch(name: string, replicas: number): string {
  return yaml([{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas } }]);
}

function kustomization(fields: object): string {
  return yaml([{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', ...fields }]);
}

function yaml(documents: readonly object[]): string {
  return documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n');
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function pad(number: number): string {
  return String(number).padStart(3, '0');
}
