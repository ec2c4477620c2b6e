import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createRenderer } from '../../../src/adapters/renderer/renderer.ts';
import * as configuration from '../../../src/configuration.ts';
import { type JsonMapping, list, mapping } from '../../../src/object/json.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import { memoryTree } from '../../unit/renderer/memory-tree.ts';
import { buildOverlay, deployFiles, overlays, type Workload, workloadsOf } from './overlays.ts';

const renderer = createRenderer({ binary: inject('renderer'), children: 1 });
afterAll(() => renderer.close());

const expected = {
  single: ['StatefulSet/sluice'],
  redis: [
    'Deployment/sluice-agent',
    'Deployment/sluice-server',
    'Deployment/sluice-worker',
    'StatefulSet/sluice-redis',
  ],
  agent: ['Deployment/sluice-agent'],
};

describe.each(overlays)('the overlay %s', (overlay) => {
  let objects: readonly KubeObject[];
  let workloads: readonly Workload[];
  beforeAll(async () => {
    objects = await buildOverlay(renderer, overlay);
    workloads = workloadsOf(objects);
  });
  const ofKind = (kind: string): readonly KubeObject[] => objects.filter((object) => object.kind === kind);
  const named = (kind: string): readonly unknown[] => ofKind(kind).map((object) => object.metadata.name);

  test('runs what it says', () => {
    expect(workloads.map(({ id }) => id).toSorted()).toEqual(expected[overlay]);
  });

  test('keeps everything in sluice-system, under the restricted profile', () => {
    const namespaced = objects.filter(({ kind }) => kind !== 'Namespace' && !kind.startsWith('Cluster'));
    expect(new Set(namespaced.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['sluice-system']));
    expect(ofKind('Namespace')[0]).toMatchObject({
      metadata: { name: 'sluice-system', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
  });

  test('holds every container to the least', () => {
    for (const { id, pod, containers } of workloads) {
      expect(pod['securityContext'], id).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(mapping(pod['securityContext'])['runAsUser'], id).toBeGreaterThan(0);
      for (const container of containers) {
        expect(container, id).toMatchObject({
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { requests: { cpu: expect.any(String), memory: expect.any(String) } },
        });
        expect(mapping(mapping(container['resources'])['limits'])['memory'], id).toEqual(expect.any(String));
        expect(container['image'], id).toMatch(/^[a-z.]+(?:\/[a-z-]+)+:\d+\.\d+\.\d+[a-z-]*$/);
        expect(container['readinessProbe'], id).toBeDefined();
        expect(container['livenessProbe'], id).toBeDefined();
      }
    }
  });

  test('gives a token to those alone that speak to the API server, and an account to each', () => {
    for (const { id, pod, labels } of workloads) {
      const speaks = labels['sluice.dev/api-server-out'] === 'true';
      expect(pod['automountServiceAccountToken'], id).toBe(speaks);
      expect(pod['serviceAccountName'] === 'sluice-agent', id).toBe(speaks);
      expect(named('ServiceAccount'), id).toContain(pod['serviceAccountName']);
    }
  });

  test('denies the network, then opens what a label asks for, and every label opens something', () => {
    const policies = ofKind('NetworkPolicy').map((object) => mapping(object['spec']));
    const all = policies.filter((spec) => Object.keys(mapping(spec['podSelector'])).length === 0);
    expect(all[0]).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
    expect(all[0]?.['ingress'] ?? all[0]?.['egress']).toBeUndefined();
    const opened = policies.flatMap((spec) => Object.keys(mapping(mapping(spec['podSelector'])['matchLabels'])));
    const asked = workloads.flatMap(({ labels }) => Object.keys(labels).filter((key) => key.startsWith('sluice.dev/')));
    for (const key of asked) expect(opened).toContain(key);
    for (const spec of policies) {
      for (const rule of [...list(spec['ingress']), ...list(spec['egress'])]) {
        expect(list(mapping(rule)['ports']).length).toBeGreaterThan(0);
        expect([...list(mapping(rule)['from']), ...list(mapping(rule)['to'])].length).toBeGreaterThan(0);
      }
    }
  });

  test('lets a drain proceed and leaves one of two running', () => {
    for (const { id, name, object } of workloads) {
      const replicas = mapping(object['spec'])['replicas'];
      const budgets = ofKind('PodDisruptionBudget').filter(({ metadata }) => metadata.name === name);
      expect(budgets, id).toHaveLength(replicas === 1 ? 0 : 1);
      if (budgets[0] !== undefined) expect(budgets[0], id).toMatchObject({ spec: { minAvailable: 1 } });
      if (replicas !== 1) expect(object, id).toMatchObject({ spec: { template: { spec: spreadOver(name) } } });
    }
  });

  test('selects its own pods, with Services, budgets and policies', () => {
    const matches = (selector: unknown, { labels }: Workload): boolean =>
      Object.entries(mapping(selector)).every(([key, value]) => labels[key] === value);
    for (const workload of workloads) {
      const spec = mapping(workload.object['spec']);
      expect(matches(mapping(spec['selector'])['matchLabels'], workload), workload.id).toBe(true);
    }
    for (const service of ofKind('Service')) {
      const spec = mapping(service['spec']);
      const behind = workloads.filter((workload) => matches(spec['selector'], workload));
      expect(behind, String(service.metadata.name as string)).toHaveLength(1);
      const ports = behind.flatMap(({ containers }) => containers.flatMap((one) => list(one['ports'])));
      const names = ports.map((port) => mapping(port)['name']);
      for (const port of list(spec['ports'])) expect(names).toContain(mapping(port)['targetPort']);
      expect(list(spec['ports']).map((port) => mapping(port)['targetPort'])).not.toContain('admin');
    }
  });

  test('says to each role what its configuration asks for, with the ConfigMap and Secrets that the page names', () => {
    for (const { id, pod, containers, name } of workloads.filter((one) => one.name !== 'sluice-redis')) {
      const [container = {}] = containers;
      expect(mapping(mapping(list(container['envFrom'])[0])['configMapRef'])['name'], id).toBe('sluice');
      const environment: Record<string, string> = { ...settings, ...variables(container) };
      const readFile = (path: string): string => secretAt(path, pod, container);
      const role = list(container['args'])[0] as 'serve' | 'worker' | 'agent' | 'start';
      expect(role, id).toBe(roles[name]);
      expect(() => readers[role]({ environment, readFile }), id).not.toThrow();
    }
  });

  test('allows more time to stop than stopping takes', () => {
    // 5 s for deliveries, 20 s for what is under way (src/roles.ts), and the pause before the signal.
    for (const { id, pod, containers } of workloads.filter((one) => one.name !== 'sluice-redis')) {
      const before = mapping(mapping(mapping(containers[0]?.['lifecycle'])['preStop'])['sleep'])['seconds'] ?? 0;
      expect(pod['terminationGracePeriodSeconds'], id).toBeGreaterThanOrEqual(25 + Number(before));
    }
  });
});

test("the page's own example builds, and its settings reach every pod of Sluice", async () => {
  const files = await deployFiles();
  const example =
    /^# infrastructure\/sluice\/kustomization\.yaml$.*?(?=^```$)/ms.exec(files['README.md'] ?? '')?.[0] ?? '';
  const copy = Object.fromEntries(Object.entries(files).map(([path, text]) => [`deploy/${path}`, text]));
  const tree = memoryTree({ ...copy, 'kustomization.yaml': example });
  const objects = (await renderer.build({ tree, path: '', spec: {} })).objects.map(({ object }) => object);
  const settingsName = objects.find(({ kind }) => kind === 'ConfigMap')?.metadata.name;
  expect(settingsName).toMatch(/^sluice-[a-z0-9]{10}$/);
  const own = workloadsOf(objects).filter(({ name }) => name !== 'sluice-redis');
  expect(own).toHaveLength(3);
  for (const { containers } of own) {
    expect(containers[0]).toMatchObject({
      image: 'registry.acme.example/sluice:0.1.0',
      envFrom: [{ configMapRef: { name: settingsName } }],
    });
  }
});

function spreadOver(name: string): object {
  const labelSelector = { matchLabels: { 'app.kubernetes.io/name': name } };
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } },
        ],
      },
    },
    topologySpreadConstraints: [{ topologyKey: 'topology.kubernetes.io/zone', labelSelector }],
  };
}

const roles: Readonly<Record<string, string>> = {
  sluice: 'start',
  'sluice-server': 'serve',
  'sluice-worker': 'worker',
  'sluice-agent': 'agent',
};

const readers = {
  serve: configuration.readServeConfiguration,
  worker: configuration.readWorkerConfiguration,
  agent: configuration.readAgentConfiguration,
  start: configuration.readStartConfiguration,
};

const settings = {
  SLUICE_APP_ID: '1234',
  SLUICE_PLATFORM: 'acme/platform',
  SLUICE_CLUSTER: 'prod-eu',
  SLUICE_CLUSTERS: 'prod-eu',
};

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secrets: Readonly<Record<string, string>> = {
  'sluice-app/private-key.pem': privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  'sluice-webhook/secret': 'x'.repeat(32),
  'sluice-queue/url': 'redis://:password@sluice-redis:6379',
};

function variables(container: JsonMapping): Record<string, string> {
  const pairs = list(container['env']).map(mapping);
  return Object.fromEntries(pairs.map((one) => [one['name'] as string, one['value'] as string]));
}

/** What the mounts of a pod have at a path. */
function secretAt(path: string, pod: JsonMapping, container: JsonMapping): string {
  const mounts = list(container['volumeMounts']).map(mapping);
  const mount = mounts.find((one) => path.startsWith(`${String(one['mountPath'] as string)}/`));
  const volumes = list(pod['volumes']).map(mapping);
  const secret = mapping(volumes.find((one) => one['name'] === mount?.['name'])?.['secret']);
  const items = list(secret['items']).map(mapping);
  const item = items.find(
    (one) => path === `${String(mount?.['mountPath'] as string)}/${String(one['path'] as string)}`,
  );
  const found = secrets[`${String(secret['secretName'] as string)}/${String(item?.['key'] as string)}`];
  if (found === undefined) throw new Error(`there is nothing at ${path}`);
  return found;
}
