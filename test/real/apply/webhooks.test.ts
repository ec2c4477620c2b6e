// Admission webhooks that hang, are down, change what they are shown, or forbid deletions; and the net of Pod Security.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../lab/cluster/port.ts';
import { objectId } from '../../../src/object/id.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import { sharedCluster } from '../cluster/shared.ts';
import { startTimeoutMs } from '../cluster/stage.ts';
import { container, Ground } from './ground.ts';

interface Review {
  readonly request: { readonly uid: string; readonly operation: string; readonly object: KubeObject };
}
interface Answer {
  readonly allowed: boolean;
  readonly status?: { readonly message: string };
  readonly patch?: readonly object[];
}

let ground: Ground;
let server: Server;
let port: number;
/** What the webhook says; undefined never answers. */
let answer: (review: Review) => Answer | undefined;
/** By the address that was asked. */
const reviews = new Map<string, number>();
let registered = 0;

beforeAll(async () => {
  ground = await Ground.prepare(await sharedCluster(), 'hooks');
  // Of those that no client is given, so that it is still free when it is listened on again.
  await listen(await freePort());
}, startTimeoutMs);

afterEach(async () => {
  for (const kind of ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'])
    await ground.cluster.admin
      .delete({ apiVersion: registration, kind, name: ground.namespace })
      .catch(() => undefined);
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  ground?.kube.close();
});

async function listen(at: number): Promise<void> {
  server = createServer(ground.cluster.facts.serving, (request, response) => void take(request, response));
  server.listen(at, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const review = JSON.parse(Buffer.concat(parts).toString()) as Review;
  // With how long the API server waits behind it.
  const [path = ''] = (request.url ?? '').split('?');
  reviews.set(path, (reviews.get(path) ?? 0) + 1);
  const said = answer(review);
  if (said === undefined) return;
  const { patch, ...more } = said;
  const json =
    patch === undefined ? {} : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
  response.writeHead(200, { 'content-type': 'application/json' });
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: review.request.uid, ...more, ...json },
  };
  response.end(JSON.stringify(body));
}

const registration = 'admissionregistration.k8s.io/v1';

/** Registers the webhook for ConfigMaps of this namespace, and waits until the API server asks it. */
async function register(kind: 'Validating' | 'Mutating', operations: readonly string[]): Promise<void> {
  const { cluster, namespace } = ground;
  // Of its own, since the API server may ask the one before for a moment longer.
  registered += 1;
  const path = `/${registered}`;
  const caBundle = Buffer.from(cluster.facts.caData).toString('base64');
  await cluster.admin.apply({
    apiVersion: registration,
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: namespace },
    webhooks: [
      {
        name: 'hook.acme.example',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 1,
        clientConfig: { url: `https://127.0.0.1:${port}${path}`, caBundle },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: [...operations, 'CREATE'] },
        ],
      },
    ],
  } as never);
  answer = () => ({ allowed: true });
  const probe = ground.configMap('probe');
  await expect
    .poll(async () => {
      await ground.cluster.admin.apply(probe as never, { dryRun: true }).catch(() => undefined);
      return reviews.get(path) ?? 0;
    })
    .toBeGreaterThan(0);
}

describe('289: a webhook', () => {
  test('that hangs or is down is told as a passing failure, nothing is written, and all goes on once it answers', async () => {
    await register('Validating', ['UPDATE']);
    const one = ground.configMap('hangs');
    answer = () => undefined;
    const begun = performance.now();
    const hung = await ground.apply([one]);
    expect(hung.failure).toMatchObject({ code: 'deploy.apply', kind: 'transient' });
    expect(hung.failure?.message).toContain('hook.acme.example');
    expect(performance.now() - begun).toBeLessThan(60_000);
    server.closeAllConnections();
    server.close();
    const down = await ground.apply([one]);
    expect(down.failure).toMatchObject({ code: 'deploy.apply', kind: 'transient' });
    expect(down.failure?.message).not.toContain(String(port));
    expect(await ground.live(one)).toBeUndefined();
    await listen(port);
    answer = () => ({ allowed: true });
    await ground.settle(one);
  });

  test('that changes the object at every request is no drift', async () => {
    await register('Mutating', ['UPDATE']);
    let count = 0;
    answer = ({ request }) => {
      count += 1;
      const annotations = request.object.metadata.annotations;
      const path = '/metadata/annotations';
      const patch = annotations === undefined ? [{ op: 'add', path, value: {} }] : [];
      return { allowed: true, patch: [...patch, { op: 'add', path: `${path}/stamp`, value: String(count) }] };
    };
    const one = ground.configMap('stamped');
    await ground.settle(one);
    const stamp = (await ground.live(one))?.metadata.annotations;
    expect(stamp).toEqual({ stamp: expect.any(String) });
    for (let round = 0; round < 3; round += 1) {
      const [change] = await ground.settle(one);
      expect(change?.action).toBe('unchanged');
    }
    expect((await ground.live(one))?.metadata.annotations).toEqual(stamp);
    // What Git does say is put right all the same.
    await ground.edit(one, 'somebody', { data: { key: 'other' } });
    expect((await ground.settle(one))[0]).toMatchObject({ action: 'configured', fields: ['data.key'] });
  });

  test('that forbids a deletion leaves the object in the inventory, and is told', async () => {
    const [kept, other] = [ground.configMap('kept-by-hook'), ground.configMap('not-kept')];
    await ground.settle(kept, other);
    await register('Validating', ['DELETE']);
    answer = ({ request }) => {
      const denied = request.operation === 'DELETE' && JSON.stringify(request).includes('kept-by-hook');
      return denied ? { allowed: false, status: { message: 'ask Ada first' } } : { allowed: true };
    };
    const ids = [objectId(kept), objectId(other)];
    const first = await ground.prune(ids);
    expect(first.survivors).toEqual([{ id: objectId(kept), v: 'v1' }]);
    expect(first.failure?.message).toContain('ask Ada first');
    expect(first.deleted.map(({ object }) => object)).toEqual([`ConfigMap/${ground.namespace}/not-kept`]);
    expect(await ground.live(kept)).toBeDefined();
    answer = () => ({ allowed: true });
    expect((await ground.prune(ids)).survivors).toEqual([]);
    expect(await ground.live(kept)).toBeUndefined();
  });
});

// With no policy in between.
test('037: the Pod Security of a namespace refuses what a policy has let through, in words', async () => {
  const place = await Ground.prepare(ground.cluster, 'restricted');
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const ref = { apiVersion: 'v1', kind: 'Namespace', name: place.namespace };
  await place.cluster.admin.patch(ref, { metadata: { labels } });
  await place.cluster.admin.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace: place.namespace, name: 'default' },
  });
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'root', namespace: place.namespace },
    spec: { hostPID: true, containers: [container('main', { securityContext: { privileged: true } })] },
  };
  // The API server hears of the label by a watch of its own; a Pod that it let in before would be there.
  const tried = (): Promise<string> =>
    place.cluster.admin.apply(pod as never, { dryRun: true }).then(
      () => 'let in',
      (error: unknown) => String(error),
    );
  await expect.poll(tried).toContain('violates PodSecurity');
  const { failure } = await place.apply([pod]);
  expect(failure?.message).toMatch(/kube\.denied.*violates PodSecurity "restricted/);
  expect(await place.live(pod)).toBeUndefined();
  place.kube.close();
});

// Whoever may write RoleBindings, and whatever policy says: the API server lets nobody hand on what they have not.
test('011: a RoleBinding to more than its account has is refused by the API server itself', async () => {
  const place = await Ground.prepare(ground.cluster, 'binding', 'admin');
  const roles = [
    { apiGroups: ['', 'rbac.authorization.k8s.io'], resources: ['configmaps', 'rolebindings'], verbs: ['*'] },
  ];
  const metadata = { name: 'binder', namespace: place.namespace };
  const rbac = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', name: 'flux', namespace: place.namespace }];
  await place.cluster.admin.apply([
    { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules: roles },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'binder' },
      subjects,
    },
  ] as never);
  const binding: KubeObject = {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'all', namespace: place.namespace },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects,
  };
  const refused = async (): Promise<string> => (await place.apply([binding])).failure?.message ?? '';
  await expect.poll(refused).toMatch(/kube\.denied.*is attempting to grant RBAC permissions not currently held/);
  expect(await place.live(binding)).toBeUndefined();
  place.kube.close();
});
