// What is deployed: Kustomizations with four small objects each, as flux-benchmark has them, of one tenant.
import type { KubeObject } from '../../lab/cluster/object.ts';
import { gitRepository, kustomization, namespace, yaml } from '../../test/real/agent/stand.ts';

export const tenantName = 'shop';
/** Another one, with one Kustomization. */
export const smallTenant = 'cart';
/** Objects of one Kustomization. */
export const objectsEach = 4;
/** Services with an address of their own: the cluster has 254 in all. */
const mostAddresses = 200;

type Files = Record<string, string>;

/** `app-0007` */
export function appName(index: number): string {
  return `app-${String(index).padStart(4, '0')}`;
}

/** The files of one Kustomization's folder. `colour` is what a change changes. */
export function appFiles(index: number, colour: string, tenant = tenantName): Files {
  const name = appName(index);
  const labels = { 'app.kubernetes.io/name': name };
  const metadata = { namespace: tenant, name, labels };
  const container = {
    name: 'app',
    image: 'ghcr.io/acme/shop:1.0.0',
    ports: [{ name: 'http', containerPort: 8080 }],
    env: [{ name: 'COLOUR', valueFrom: { configMapKeyRef: { name, key: 'colour' } } }],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            { ...container, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
          ],
        },
      },
    },
  };
  const folder = `apps/${name}`;
  return {
    [`${folder}/kustomization.yaml`]:
      'resources:\n  - account.yaml\n  - config.yaml\n  - deployment.yaml\n  - service.yaml\n',
    [`${folder}/account.yaml`]: yaml({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
    [`${folder}/config.yaml`]: yaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { colour } }),
    [`${folder}/deployment.yaml`]: yaml(deployment),
    [`${folder}/service.yaml`]: yaml({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        ...(index < mostAddresses ? {} : { clusterIP: 'None' }),
        selector: labels,
        ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      },
    }),
  };
}

/** The objects of a folder, as references. */
export function appObjects(index: number): { apiVersion: string; kind: string; namespace: string; name: string }[] {
  const place = { namespace: tenantName, name: appName(index) };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', ...place },
    { apiVersion: 'v1', kind: 'ConfigMap', ...place },
    { apiVersion: 'apps/v1', kind: 'Deployment', ...place },
    { apiVersion: 'v1', kind: 'Service', ...place },
  ];
}

/** A Kustomization of the tenant, as the cluster has it. */
export function appKustomization(index: number, tenant = tenantName): KubeObject {
  return kustomization(tenant, appName(index), {
    path: `./apps/${appName(index)}`,
    serviceAccountName: 'deployer',
    interval: '60m',
    sourceRef: { kind: 'GitRepository', name: tenant },
  });
}

/** What the platform gives the tenant: namespace, account with rights, source. */
export function platformFiles(cluster: string, tenant: string, url: string): Files {
  const place = { namespace: tenant, name: 'deployer' };
  const group = 'rbac.authorization.k8s.io';
  const objects = [
    namespace(tenant),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: place },
    {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata: place,
      rules: [{ apiGroups: ['', 'apps'], resources: ['*'], verbs: ['*'] }],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: place,
      roleRef: { apiGroup: group, kind: 'Role', name: 'deployer' },
      subjects: [{ kind: 'ServiceAccount', ...place }],
    },
    gitRepository(tenant, tenant, url, { interval: '60m' }),
  ];
  return { [`clusters/${cluster}/${tenant}.yaml`]: yaml(...objects) };
}
