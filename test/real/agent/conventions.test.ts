// A cluster that Flux has looked after: everything is taken over as it is, and what is written is what Flux's definitions take.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Faults, startFaults } from '../../../lab/cluster/faults.ts';
import { type KubeObject, refOf } from '../../../lab/cluster/object.ts';
import { configMap, kustomization, type Running, Stand, tenant, yaml } from './stand.ts';
import { hear, liveOf, uidOf, untilData, writesSince } from './acts.ts';

let stand: Stand;
let faults: Faults;
let running: Running;
let commit: { platform: string; shop: string };
let before: ReadonlyMap<string, KubeObject>;

interface Sent {
  readonly path: string;
  readonly body: unknown;
}
const sent: Sent[] = [];

const owned = (object: object, owner: string): KubeObject => {
  const { metadata, ...rest } = object as KubeObject;
  const labels = {
    ...(metadata['labels'] as object | undefined),
    'kustomize.toolkit.fluxcd.io/name': owner,
    'kustomize.toolkit.fluxcd.io/namespace': owner,
  };
  return { ...rest, metadata: { ...metadata, labels } } as KubeObject;
};

const shopObjects = [
  configMap('shop', 'web', { colour: 'blue', port: '8080' }),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'shop', name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'ghcr.io/acme/web:1.0.0', ports: [{ containerPort: 8080 }] }] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'shop', name: 'settings' },
    stringData: { mode: 'plain' },
  },
];

const idOf = ({ apiVersion, kind, metadata }: KubeObject): { id: string; v: string } => {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return { id: `${String(metadata['namespace'] ?? '')}_${metadata.name}_${group}_${kind}`, v: version ?? '' };
};

/** The status of a Kustomization as kustomize-controller 1.9 leaves it. */
function fluxStatus(revision: string, objects: readonly KubeObject[]): object {
  const at = '2026-11-01T10:00:00Z';
  const message = `Applied revision: ${revision}`;
  const digest = `sha256:${'ab'.repeat(32)}`;
  return {
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'ReconciliationSucceeded',
        message,
        observedGeneration: 1,
        lastTransitionTime: at,
      },
    ],
    history: [
      {
        digest,
        firstReconciled: at,
        lastReconciled: at,
        lastReconciledDuration: '1.2s',
        lastReconciledStatus: 'ReconciliationSucceeded',
        totalReconciliations: 41,
        metadata: { revision },
      },
    ],
    inventory: { entries: objects.map(idOf) },
    lastAppliedRevision: revision,
    lastAttemptedRevision: revision,
    lastHandledReconcileAt: '2026-10-01T00:00:00Z',
    observedGeneration: 1,
  };
}

async function writeStatus(object: KubeObject, status: object): Promise<void> {
  const { admin } = stand.cluster;
  const path = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${String(object.metadata['namespace'])}/kustomizations/${object.metadata.name}`;
  const contentType = 'application/merge-patch+json';
  const query = '?fieldManager=gotk-kustomize-controller';
  for (const [sub, body] of [
    ['', { metadata: { finalizers: ['finalizers.fluxcd.io'] } }],
    ['/status', { status }],
  ] as const) {
    const { status: code } = await admin.request('PATCH', `${path}${sub}${query}`, body, { contentType });
    expect(code).toBe(200);
  }
}

beforeAll(async () => {
  stand = await Stand.start();
  const { admin } = stand.cluster;
  faults = await startFaults(stand.cluster, { tls: true });
  for (const name of ['platform', 'shop']) await stand.repository(name);
  const documents = tenant('shop', stand.url('shop'));
  commit = {
    shop: await stand.push('shop', { 'deploy/all.yaml': yaml(...shopObjects) }),
    platform: await stand.push('platform', {
      'clusters/eu/shop.yaml': yaml(...documents),
      'sluice.yaml': 'policies:\n  off: [secret/plaintext]\n',
    }),
  };
  // As Flux wrote it all.
  const manager = 'kustomize-controller';
  const byRoot = documents.map((one) => owned(one, 'flux-system'));
  const byShop = shopObjects.map((one) => owned(one, 'shop'));
  await admin.apply(byRoot, { manager });
  await admin.apply(stand.credentials('shop'));
  await admin.apply(byShop, { manager });
  await stand.bootstrap();
  const root = kustomization('flux-system', 'flux-system', {});
  await writeStatus(root, fluxStatus(`main@sha1:${commit.platform}`, byRoot));
  await writeStatus(kustomization('shop', 'shop', {}), fluxStatus(`main@sha1:${commit.shop}`, byShop));
  // What somebody changed past Flux and marked as theirs.
  await admin.patch(refOf(byShop[2] as KubeObject), {
    metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' } },
    spec: { replicas: 5 },
  });
  const all = [...byRoot, ...byShop];
  before = new Map(
    await Promise.all(all.map(async (one) => [idOf(one).id, (await admin.get(refOf(one))) as KubeObject] as const)),
  );
  faults.onRequest(async ({ method, path, body, as }) => {
    if (method === 'PATCH' && as === undefined && path.includes('toolkit.fluxcd.io')) sent.push({ path, body });
  }, 'before');
  running = await stand.agent({ server: faults.url });
}, 900_000);

afterAll(async () => {
  await running?.stop();
  await faults?.stop();
  await stand?.close();
});

const doneBy = (key: string, runs: number): ReturnType<Stand['until']> =>
  stand.until(key, ({ object, ready }) => {
    const { history = [] } = object['status'] as { history?: { totalReconciliations: number }[] };
    const [newest] = history;
    return ready?.status === 'True' && newest !== undefined && newest.totalReconciliations !== runs;
  });

test('nothing is recreated, deleted or written that Flux had applied', async () => {
  const root = await doneBy('flux-system/flux-system', 41);
  const shop = await doneBy('shop/shop', 41);
  const { admin } = stand.cluster;
  for (const [id, was] of before) {
    const now = await admin.get(refOf(was));
    expect([id, now?.metadata['uid']]).toEqual([id, was.metadata['uid']]);
    if (id.includes('toolkit.fluxcd.io')) continue;
    expect([id, now?.metadata['resourceVersion']]).toEqual([id, was.metadata['resourceVersion']]);
  }
  const tenants = (await writesSince(stand)).filter(({ as }) => as !== undefined);
  expect(tenants.length).toBeGreaterThan(0);
  expect(tenants.filter(({ dry }) => !dry)).toEqual([]);
  const ids = (objects: Iterable<string>): string[] => [...objects].toSorted();
  expect(ids([...root.inventory, ...shop.inventory])).toEqual(ids(before.keys()));
  expect(shop.applied).toBe(`main@sha1:${commit.shop}`);
  expect(shop.object.metadata['finalizers']).toEqual(['finalizers.fluxcd.io']);
  // The deployment is somebody's own, as its annotation says.
  expect(await liveOf(stand, ['apps/v1', 'Deployment'], 'shop/web')).toMatchObject({ spec: { replicas: 5 } });
});

test('conditions and history go on where Flux stopped', async () => {
  const { object, ready } = await stand.ready('shop/shop');
  const { history, ...status } = object['status'] as { history: { totalReconciliations: number; digest: string }[] };
  expect(history.map(({ totalReconciliations }) => totalReconciliations)).toContain(41);
  expect(status).toMatchObject({ lastHandledReconcileAt: '2026-10-01T00:00:00Z', observedGeneration: 1 });
  // It was ready all the time.
  expect(ready).toMatchObject({
    reason: 'ReconciliationSucceeded',
    message: `Applied revision: main@sha1:${commit.shop}`,
  });
});

test('what changes next is written by the same field manager, and what goes is pruned by the same inventory', async () => {
  const uid = await uidOf(stand, 'shop/web');
  const next = await stand.push('shop', {
    'deploy/all.yaml': yaml(configMap('shop', 'web', { colour: 'green' }), ...shopObjects.slice(2)),
  });
  await hear(running, stand, 'shop');
  await stand.ready('shop/shop', next);
  // A key that Git has no more goes, since it was Flux's.
  await untilData(stand, 'shop/web', (data) => JSON.stringify(data) === '{"colour":"green"}');
  const web = await liveOf(stand, ['v1', 'ConfigMap'], 'shop/web');
  expect(web?.metadata['uid']).toBe(uid);
  const managers = web?.metadata['managedFields'] as { manager: string; operation: string }[];
  expect(managers.map(({ manager, operation }) => [manager, operation])).toEqual([['kustomize-controller', 'Apply']]);
  expect(await liveOf(stand, ['v1', 'Service'], 'shop/web')).toBeUndefined();
});

test('everything that is written to Flux’s documents is valid by their definitions, to the last field', async () => {
  // A failure, too, and a source that cannot be fetched.
  const { admin } = stand.cluster;
  const bad = { kind: 'GitRepository', name: 'missing' };
  await admin.apply([
    kustomization('shop', 'bad', { sourceRef: bad, serviceAccountName: 'deployer' }),
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { namespace: 'shop', name: 'missing' },
      spec: { url: stand.url('nowhere'), interval: '10m', secretRef: { name: 'git' } },
    } as KubeObject,
  ]);
  await stand.until('shop/bad', ({ ready }) => ready?.reason === 'ArtifactFailed');
  const patches = sent.splice(0).filter(({ body }) => body !== undefined);
  expect(patches.length).toBeGreaterThan(6);
  const kinds = new Set(
    patches.map(
      ({ path }) => /(kustomizations|gitrepositories)\/[^/]+(\/status)?/.exec(path)?.slice(1, 3).join('') ?? path,
    ),
  );
  expect([...kinds].toSorted()).toEqual(['gitrepositories/status', 'kustomizations', 'kustomizations/status']);
  const strictly = async (path: string, body: object): Promise<readonly [number, string]> => {
    const contentType = 'application/merge-patch+json';
    const answer = await admin.request('PATCH', `${path}?dryRun=All&fieldValidation=Strict`, body, { contentType });
    return [answer.status, answer.status === 200 ? '' : JSON.stringify(answer.body).slice(0, 300)];
  };
  for (const { path, body } of patches) {
    const [plain = ''] = path.split('?');
    const patch = JSON.parse(String(body)) as { metadata?: { resourceVersion?: string } };
    delete patch.metadata?.resourceVersion;
    expect([plain, ...(await strictly(plain, patch))]).toEqual([plain, 200, '']);
  }
  // The judge itself is strict.
  const documents = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/shop/kustomizations/shop/status';
  expect((await strictly(documents, { status: { made: 'up' } }))[0]).toBe(422);
});

test('a source over SSH, as Flux makes them, is fetched by the App where it sees the repository, and else says what to do', async () => {
  await stand.repository('keyed');
  const pushed = await stand.push('keyed', { 'deploy/a.yaml': yaml(configMap('keyed', 'keyed', { over: 'ssh' })) });
  const url = 'ssh://git@github.example/acme/keyed';
  await stand.push('platform', { 'clusters/eu/keyed.yaml': yaml(...tenant('keyed', url)) });
  await hear(running, stand, 'platform');
  // It may say first that its source has not been fetched yet.
  const { ready } = await stand.until(
    'keyed/keyed',
    (now) => now.ready?.message?.includes('spec.url: ssh://') === true,
  );
  expect(ready?.status).toBe('False');
  expect(ready?.message).toContain('spec.url: ssh:// is fetched only where the App sees the repository');
  expect(ready?.message).toContain('use https:// with a token in secretRef');
  await running.stop();
  const asked: string[] = [];
  running = await stand.agent({
    hosted: async (address) => {
      asked.push(address);
      const remote = { key: 'app-keyed', url: stand.url('keyed'), token: async () => stand.github.user('ada').token };
      return address === url ? remote : undefined;
    },
  });
  await stand.ready('keyed/keyed', pushed);
  expect(asked).toContain(url);
  await untilData(stand, 'keyed/keyed', (data) => data?.['over'] === 'ssh');
});
