// What server-side apply does on a real API server when it is driven by a stage.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileIgnore } from '../../../src/apply/ignore.ts';
import { asList, stringAt, valueAt } from '../../../src/flux/read.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { freshNamespace, sharedCluster } from '../cluster/shared.ts';
import { account, startTimeoutMs } from '../cluster/stage.ts';
import { container, Ground, managersOf } from './ground.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await Ground.prepare(await sharedCluster(), 'apply');
}, startTimeoutMs);

afterAll(() => ground?.kube.close());

const key = 'kustomize.toolkit.fluxcd.io/';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function dataOf(object: KubeObject | undefined): unknown {
  return object?.['data'];
}

function specOf(object: KubeObject | undefined): Record<string, Json> {
  return object?.['spec'] as Record<string, Json>;
}

/** Manifests as they are found in repositories: with leftovers, defaults left out, quantities in odd spellings. */
function everyday(namespace: string): KubeObject[] {
  const metadata = (name: string): KubeObject['metadata'] => ({ name, namespace, creationTimestamp: null });
  const labels = { app: 'shop' };
  const template = {
    metadata: { creationTimestamp: null, labels },
    spec: {
      containers: [
        container('web', {
          ports: [{ containerPort: 8080 }, { containerPort: 8080, protocol: 'UDP' }],
          resources: { requests: { cpu: '1000m', memory: '0.5Gi' }, limits: { cpu: 1.5, memory: '1073741824' } },
          env: [
            { name: 'A', value: '' },
            { name: 'B', valueFrom: { secretKeyRef: { name: 'shop', key: 'b' } } },
          ],
          readinessProbe: { httpGet: { path: '/', port: 'http' } },
        }),
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('shop') },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: metadata('shop:reader'),
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: metadata('shop:reader'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'shop:reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'shop' }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('shop'),
      data: { a: '', b: 'x\n' },
      binaryData: { c: 'AAE=' },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('shop'),
      type: 'Opaque',
      data: { a: 'MQ==' },
      stringData: { b: 'ü' },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('shop'),
      spec: {
        selector: labels,
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80, protocol: 'UDP', targetPort: 'b' },
        ],
      },
      status: { loadBalancer: {} },
    },
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: metadata('shop'), spec: { hard: { 'limits.cpu': 4000 } } },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: metadata('shop'),
      spec: { limits: [{ type: 'Container', default: { memory: '1024Mi' } }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata('shop'),
      spec: { selector: { matchLabels: labels }, strategy: {}, template },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: metadata('shop'),
      spec: {
        serviceName: 'shop',
        selector: { matchLabels: labels },
        template,
        volumeClaimTemplates: [
          {
            metadata: { name: 'data', creationTimestamp: null },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
          },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: metadata('shop'),
      spec: { selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: metadata('shop'),
      spec: {
        schedule: '@daily',
        jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [container('job')] } } } },
      },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: metadata('shop'),
      spec: { template: { spec: { restartPolicy: 'Never', containers: [container('job')] } } },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata('shop'),
      spec: { minAvailable: '50%', selector: { matchLabels: labels } },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadata('shop'),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
        maxReplicas: 3,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: metadata('shop'),
      spec: {
        rules: [
          {
            host: 'shop.example',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'shop', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('shop'),
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 80 }] }] },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata('shop'),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '0.5Gi' } } },
    },
  ];
}

test('what is applied twice is not written twice, whatever the API makes of it', async () => {
  const place = await Ground.prepare(ground.cluster, 'noop');
  const objects = everyday(place.namespace);
  const first = await place.apply(objects);
  expect([first.failure?.message, first.changes.map(({ action }) => action)]).toEqual([
    undefined,
    objects.map(() => 'created'),
  ]);
  expect(first.requests).toBe(`dryRun ${objects.length}, apply ${objects.length}`);
  const second = await place.apply(objects);
  expect(
    second.changes.filter(({ action }) => action !== 'unchanged').map(({ object, fields }) => [object, fields]),
  ).toEqual([]);
  expect(second.requests).toBe(`dryRun ${objects.length}, get ${objects.length}`);
  for (const change of second.changes) {
    const before = first.changes.find(({ id }) => id === change.id)?.there;
    expect(change.there).toEqual(before);
  }
  place.kube.close();
});

test('what left Git is taken away, what others added stays', async () => {
  const web = ground.deployment('leaves', { paused: true }, [
    container('web', { env: [{ name: 'A', value: '1' }] }),
    container('old'),
  ]);
  await ground.settle(web);
  await ground.edit(web, 'other', { metadata: { annotations: { theirs: 'yes' } } });
  const [change] = await ground.settle(ground.deployment('leaves', {}, [container('web')]));
  const live = await ground.live(web);
  const { containers } = (specOf(live)['template'] as { spec: { containers: Record<string, Json>[] } }).spec;
  expect(containers.map(({ name, env }) => [name, env])).toEqual([['web', undefined]]);
  expect([specOf(live)['paused'], stringAt(live?.metadata.annotations, 'theirs')]).toEqual([undefined, 'yes']);
  expect(change?.fields).toEqual(expect.arrayContaining(['spec.paused', 'spec.template.spec.containers.old']));
});

test('drift is put right, and said whose it was', async () => {
  const map = ground.configMap('drift');
  await ground.settle(map);
  await ground.edit(map, 'k9s', { data: { key: 'edited' } });
  const [change] = await ground.settle(map);
  expect(change).toMatchObject({
    action: 'configured',
    fields: ['data.key'],
    taken: [{ manager: 'k9s', field: '.data.key' }],
  });
  expect(dataOf(await ground.live(map))).toEqual({ key: 'value' });
});

describe('taken over', () => {
  test('what Flux applied, without a write', async () => {
    const web = ground.deployment('flux', { replicas: 2 });
    const labels = ground.ownerLabels;
    await ground.cluster.admin.apply({ ...web, metadata: { ...web.metadata, labels } } as never, {
      manager: 'kustomize-controller',
    });
    const before = (await ground.live(web))?.metadata['resourceVersion'];
    const [change] = await ground.settle(web);
    expect([change?.action, change?.there?.resourceVersion]).toEqual(['unchanged', before]);
  });

  test('what kubectl created, with what it set beside Git and its annotation', async () => {
    const map = ground.configMap(
      'kubectl',
      { key: 'old', extra: 'x' },
      { annotations: { [lastApplied]: '{}' }, labels: { by: 'hand' } },
    );
    await ground.create(map, 'kubectl-client-side-apply');
    const [change] = await ground.settle(ground.configMap('kubectl'));
    const live = await ground.live(map);
    expect(change?.action).toBe('configured');
    expect([dataOf(live), live?.metadata.annotations, live?.metadata.labels]).toEqual([
      { key: 'value' },
      undefined,
      ground.ownerLabels,
    ]);
    expect(managersOf(live)).toEqual(['kustomize-controller Apply']);
    expect((await ground.settle(ground.configMap('kubectl')))[0]?.action).toBe('unchanged');
  });

  test('what kubectl edited on an object of ours, and what it applied', async () => {
    const map = ground.configMap('edited');
    await ground.settle(map);
    await ground.edit(map, 'kubectl-edit', { data: { extra: 'x' } });
    await ground.cluster.admin.apply(ground.configMap('edited', { more: 'y' }) as never, { manager: 'kubectl' });
    const { changes, requests } = await ground.apply([map]);
    expect([changes[0]?.action, requests]).toEqual(['configured', 'dryRun 1, get 1, patch 1, apply 1']);
    expect(dataOf(await ground.live(map))).toEqual({ key: 'value' });
    expect(managersOf(await ground.live(map))).toEqual(['kustomize-controller Apply']);
  });

  test('but not with ssa: Merge, nor by the manager that Flux leaves alone', async () => {
    const merge = ground.configMap('merge', undefined, { annotations: { [`${key}ssa`]: 'Merge' } });
    const plain = ground.configMap('hatch');
    await ground.settle(merge, plain);
    await ground.edit(merge, 'kubectl-edit', { data: { extra: 'x', key: 'edited' } });
    await ground.edit(plain, 'flux-client-side-apply', { data: { extra: 'x' } });
    await ground.settle(merge, plain);
    for (const one of [merge, plain]) expect(dataOf(await ground.live(one))).toEqual({ key: 'value', extra: 'x' });
  });

  test('an item of which a hand-made change holds one half, that would make every dry run fail', async () => {
    const of = (...names: string[]): KubeObject =>
      ground.deployment(
        'wedge',
        {},
        names.map((name) => container(name)),
      );
    await ground.settle(of('web', 'old'));
    const list = (...names: string[]): object => ({
      spec: { template: { spec: { containers: names.map((name) => ({ name, image: 'by:hand' })) } } },
    });
    await ground.edit(of(), 'kubectl-replace', list('web'));
    await ground.edit(of(), 'kubectl-replace', list('web', 'old'));
    // As ssa: Merge, so that the half stays with kubectl.
    const kept = of('web', 'old');
    await ground.settle({ ...kept, metadata: { ...kept.metadata, annotations: { [`${key}ssa`]: 'Merge' } } });
    const { failure, requests } = await ground.apply([of('web')]);
    expect(failure?.message).toBeUndefined();
    expect(requests).toBe('dryRun 2, get 2, patch 1, apply 1');
    const { containers } = (specOf(await ground.live(of()))['template'] as { spec: { containers: { name: string }[] } })
      .spec;
    expect(containers.map(({ name }) => name)).toEqual(['web']);
  });
});

describe('refused', () => {
  test('what another Kustomization owns', async () => {
    const map = ground.configMap('owned', { key: 'theirs' });
    const labels = { [`${key}name`]: 'other', [`${key}namespace`]: 'elsewhere' };
    await ground.cluster.admin.apply({ ...map, metadata: { ...map.metadata, labels } } as never, {
      manager: 'kustomize-controller',
    });
    const { failure } = await ground.apply([ground.configMap('owned')]);
    expect(failure?.message).toContain('deploy.owned: the object belongs to Kustomization elsewhere/other');
    expect(dataOf(await ground.live(map))).toEqual({ key: 'theirs' });
    await ground.apply([ground.configMap('owned')], { ownerStands: async () => false });
    expect((await ground.live(map))?.metadata.labels).toEqual(ground.ownerLabels);
  });

  test('fields that another manager applied, on first contact', async () => {
    const web = ground.deployment('contested', { replicas: 3 });
    await ground.cluster.admin.apply(web as never, { manager: 'helm' });
    const desired = ground.deployment('contested', { replicas: 2 });
    const { failure } = await ground.apply([desired]);
    expect(failure).toMatchObject({ code: 'deploy.apply', kind: 'terminal' });
    expect(failure?.message).toContain(
      'kube.conflict: others have applied fields of it: .spec.replicas (owned by "helm")',
    );
    const override = { ...desired, metadata: { ...desired.metadata, annotations: { [`${key}ssa`]: 'Override' } } };
    const { changes } = await ground.apply([override]);
    expect(changes[0]?.taken).toEqual([{ manager: 'helm', field: '.spec.replicas' }]);
  });

  test('every object that cannot be applied, at once, and nothing is written', async () => {
    const typo = ground.deployment('typo', { replica: 2 });
    const type = ground.deployment('type', { replicas: 'two' });
    const missing = ground.deployment('missing', {}, [{ name: 'web' }]);
    const port: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'port', namespace: ground.namespace },
      spec: { ports: [{ port: 70_000 }] },
    };
    const nowhere = { ...ground.configMap('x'), metadata: { name: 'x', namespace: 'not-there' } };
    const good = ground.configMap('untouched');
    const widget: KubeObject = {
      apiVersion: 'acme.example/v1',
      kind: 'Widget',
      metadata: { name: 'w', namespace: ground.namespace },
    };
    const old = { ...ground.deployment('old'), apiVersion: 'apps/v1beta2' };
    const { failure } = await ground.apply([good, typo, type, missing, port, widget, old, nowhere]);
    const lines = failure?.message.split('\n') ?? [];
    const n = ground.namespace;
    expect(lines[0]).toBe('7 of 8 objects cannot be applied, so nothing of this stage was written');
    for (const words of [
      `Deployment/${n}/typo (apps/all.yaml:2): kube.invalid: `,
      '.spec.replica (unknown field)',
      `Deployment/${n}/type (apps/all.yaml:3): kube.invalid: `,
      '.spec.replicas (expected numeric',
      `Deployment/${n}/missing (apps/all.yaml:4): kube.invalid: `,
      'spec.template.spec.containers[0].image (Required value',
      `Service/${n}/port (apps/all.yaml:5): kube.invalid: `,
      'spec.ports[0].port (must be between 1 and 65535',
      `Widget/${n}/w (apps/all.yaml:6): kube.gone: the cluster does not serve acme.example/v1 Widget`,
      `Deployment/${n}/old (apps/all.yaml:7): kube.gone: the cluster does not serve Deployment in apps/v1beta2, but in apps/v1`,
      'ConfigMap/not-there/x (apps/all.yaml:8): ',
    ]) {
      expect(failure?.message).toContain(words);
    }
    expect(await ground.live(good)).toBeUndefined();
  });

  test('what the service account may not do, named by verb and resource', async () => {
    const place = await Ground.prepare(ground.cluster, 'denied', 'view');
    const { failure } = await place.apply([place.configMap('x')]);
    expect(failure?.message).toMatch(
      new RegExp(
        `kube.denied: system:serviceaccount:${place.namespace}:flux may not \\w+ configmaps in namespace ${place.namespace}`,
      ),
    );
    place.kube.close();
  });

  test('a Secret, without a word of what it holds or what is there', async () => {
    const secret = (more: Record<string, Json>): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'quiet', namespace: ground.namespace },
      ...more,
    });
    await ground.cluster.admin.apply(secret({ stringData: { theirs: 'live-hunter2-live' } }) as never, {
      manager: 'other',
    });
    const bad = secret({ stringData: { 'not a key!': 'git-hunter2-git' } });
    const { failure } = await ground.apply([bad]);
    expect(failure?.message).toContain('kube.invalid');
    const [change] = await ground.settle(secret({ stringData: { mine: 'git-hunter2-git' } }));
    for (const text of [failure?.message, failure?.stack, JSON.stringify(failure), JSON.stringify(change)]) {
      for (const value of ['live-hunter2-live', 'git-hunter2-git']) {
        expect(text).not.toContain(value);
        expect(text).not.toContain(Buffer.from(value).toString('base64'));
      }
    }
    expect(change?.fields).toContain('data.mine');
  });
});

describe('replicas that an autoscaler owns', () => {
  const ignore = compileIgnore([{ paths: ['/spec/replicas'], target: { kind: 'Deployment' } }]);

  async function scale(web: KubeObject, replicas: number): Promise<void> {
    await ground.edit(web, 'kube-controller-manager', { spec: { replicas } }, '/scale');
  }

  test('are never touched where Git does not name them', async () => {
    const web = ground.deployment('free');
    await ground.settle(web);
    await scale(web, 7);
    expect((await ground.settle(web))[0]?.action).toBe('unchanged');
    expect(specOf(await ground.live(web))['replicas']).toBe(7);
  });

  test('are put back where Git does', async () => {
    const web = ground.deployment('fixed', { replicas: 2 });
    await ground.settle(web);
    await scale(web, 7);
    const [change] = await ground.settle(web);
    expect(change?.taken).toEqual([{ manager: 'kube-controller-manager', field: '.spec.replicas' }]);
    expect(specOf(await ground.live(web))['replicas']).toBe(2);
  });

  test('are left alone by a rule, while the rest is put right, and when they leave Git', async () => {
    const web = ground.deployment('ruled', { replicas: 2 });
    await ground.settle(web);
    await scale(web, 7);
    expect((await ground.apply([web], { ignore })).changes[0]?.action).toBe('unchanged');
    await ground.apply([ground.deployment('ruled', { replicas: 2, minReadySeconds: 5 })], { ignore });
    expect(specOf(await ground.live(web))).toMatchObject({ replicas: 7, minReadySeconds: 5 });
    await ground.apply([ground.deployment('ruled', { minReadySeconds: 6 })], { ignore });
    expect(specOf(await ground.live(web))).toMatchObject({ replicas: 7, minReadySeconds: 6 });
  });

  test('are given up to a manager that applies them', async () => {
    const web = ground.deployment('given', { replicas: 2 });
    await ground.settle(web);
    const { spec: _spec, ...head } = web;
    const claim = { ...head, spec: { replicas: 5 } };
    await ground.cluster.admin.apply(claim as never, { manager: 'keda' });
    await ground.apply([ground.deployment('given', { replicas: 2, minReadySeconds: 5 })], { ignore });
    const live = await ground.live(web);
    expect(specOf(live)).toMatchObject({ replicas: 5, minReadySeconds: 5 });
    const own = asList(live?.metadata['managedFields']).find(
      (entry) => stringAt(entry, 'manager') === 'kustomize-controller',
    );
    expect(valueAt(own, 'fieldsV1', 'f:spec', 'f:minReadySeconds')).toBeDefined();
    expect(valueAt(own, 'fieldsV1', 'f:spec', 'f:replicas')).toBeUndefined();
  });
});

test('an older version of Flux is applied as the served one', async () => {
  const { ensureFluxCrds } = await import('../../../src/adapters/flux-crds.ts');
  const crds = (await ensureFluxCrds()).filter(
    ({ metadata }) => metadata.name === 'kustomizations.kustomize.toolkit.fluxcd.io',
  );
  await ground.cluster.admin.apply(crds as never);
  await ground.kube.kinds(true);
  const old: KubeObject = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1beta2',
    kind: 'Kustomization',
    metadata: { name: 'old', namespace: ground.namespace },
    spec: { interval: '1h', prune: true, path: './', sourceRef: { kind: 'GitRepository', name: 'x' }, suspend: true },
  };
  const [change] = await ground.settle(old);
  expect(change).toMatchObject({ action: 'created', v: 'v1', note: expect.stringContaining('no longer served') });
  expect((await ground.settle(old))[0]?.action).toBe('unchanged');
  const gone = { ...old, spec: { ...(old['spec'] as object), patchesStrategicMerge: [] } };
  const { failure } = await ground.apply([gone]);
  expect(failure?.message).toContain('.spec.patchesStrategicMerge (unknown field)');
}, 600_000);

test('an object in a namespace that has just been made', async () => {
  const name = await freshNamespace(ground.cluster, 'young');
  await ground.cluster.admin.apply(account(name, 'other'));
  const { failure } = await ground.apply([{ ...ground.configMap('x'), metadata: { name: 'x', namespace: name } }]);
  expect(failure?.message).toContain(`may not patch configmaps in namespace ${name}`);
});
