// Manifests of a small shop, and the changes that the real diff makes of them.
import type { ObjectChange } from '../../../src/diff/change.ts';
import { diffObjects } from '../../../src/diff/objects.ts';
import type { BuiltObject, Json, KubeObject } from '../../../src/object/object.ts';

export type Built = BuiltObject;

export function built(object: KubeObject, file: string, line = 1): BuiltObject {
  return { object, sources: [{ file, line, document: 0, by: 'declared' }] };
}

/** Changes as the flow hands them to the report: without what only the flow needs. */
export function changes(base: readonly BuiltObject[], head: readonly BuiltObject[]): ObjectChange[] {
  const found = diffObjects({ base, head, copiesSecrets: false, changedFiles: new Set() });
  return found.changes.map(({ locate: _locate, ...change }) => change);
}

export function deployment(name: string, { image = '1.8.2', replicas = 2, level = 'info' } = {}): BuiltObject {
  const labels = { app: name };
  const container = {
    name: 'app',
    image: `ghcr.io/acme/${name}:${image}`,
    ports: [{ containerPort: 8080 }],
    env: [
      { name: 'LOG_LEVEL', value: level },
      { name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: `${name}-db`, key: 'password' } } },
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  };
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
  return built(object, `apps/${name}/deployment.yaml`, 1);
}

export function secret(name: string, values: Readonly<Record<string, string>>): BuiltObject {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const metadata = { name: `${name}-db`, namespace: 'shop' };
  return built({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data }, `apps/${name}/secret.yaml`);
}

export function configMap(name: string, data: Json): BuiltObject {
  const metadata = { name, namespace: 'shop' };
  return built({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, `apps/config/${name}.yaml`);
}

export function service(name: string, type: string): BuiltObject {
  const spec = { type, selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] };
  const metadata = { name, namespace: 'shop' };
  return built({ apiVersion: 'v1', kind: 'Service', metadata, spec }, `apps/${name}/service.yaml`);
}

export function clusterRole(name: string, resources: readonly string[], verbs: readonly string[]): BuiltObject {
  const rules = [{ apiGroups: [''], resources, verbs }];
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return built({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules }, `apps/metrics/${name}.yaml`, 3);
}

export function roleBinding(name: string, namespace: string, role: string): BuiltObject {
  const subjects = [{ kind: 'ServiceAccount', name: 'flux', namespace }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name, namespace };
  return built({ apiVersion, kind: 'RoleBinding', metadata, subjects, roleRef }, `tenants/${namespace}/rbac.yaml`, 12);
}

export function namespace(name: string, level: string): BuiltObject {
  const labels = { 'pod-security.kubernetes.io/enforce': level };
  return built({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }, `tenants/${name}/namespace.yaml`);
}
