// Against a real API server, as the agent's own account and as tenants' accounts, with its audit log as the witness.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import { type Faults, startFaults } from '../../../lab/cluster/faults.ts';
import { connectCluster } from '../../../src/adapters/kube/cluster.ts';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import { asString } from '../../../src/flux/read.ts';
import { list, mapping } from '../../../src/object/json.ts';
import { metadataOf } from '../../../src/object/metadata.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { KubeCluster, KubeRefusal, KubeWriter, ObjectAddress, ServedKind } from '../../../src/ports/kube.ts';
import { installPlatform } from '../bootstrap/install.ts';
import { freshNamespace, sharedCluster } from '../cluster/shared.ts';
import { account, startTimeoutMs } from '../cluster/stage.ts';
import { unlogged } from './scripted.ts';

let cluster: ClusterAccess;
let kube: KubeCluster;
let token: string;
beforeAll(async () => {
  cluster = await sharedCluster();
  await installPlatform(cluster);
  token = await cluster.serviceAccountToken('sluice-system', 'sluice-agent');
  kube = connectCluster(readKubeconfig(cluster.kubeconfig(token)), { log: unlogged });
}, startTimeoutMs);
afterAll(() => kube.close());

const agent = 'system:serviceaccount:sluice-system:sluice-agent';
const now = { dryRun: false, force: true };

async function kindOf(group: string, kind: string): Promise<ServedKind> {
  const found = (await kube.kinds()).find(group, kind) ?? (await kube.kinds(true)).find(group, kind);
  if (found === undefined) throw new Error(`${kind} is not served`);
  return found;
}

async function addressOf(object: KubeObject): Promise<ObjectAddress> {
  const [version = '', group = ''] = object.apiVersion.split('/').toReversed();
  const served = await kube.kinds();
  const kind = served.exactly(group, version, object.kind) ?? (await kindOf(group, object.kind));
  return { kind, namespace: asString(object.metadata.namespace) ?? '', name: asString(object.metadata.name) ?? '' };
}

const uidOf = (object: KubeObject | undefined): string => asString(object?.metadata['uid']) ?? '';

/** A namespace with an account in it, which holds a cluster role there. */
async function tenant(role?: string): Promise<{ namespace: string; user: string; writer: KubeWriter }> {
  const namespace = await freshNamespace(cluster, 'tenant');
  await cluster.admin.apply(account(namespace, 'flux'));
  if (role !== undefined) {
    await cluster.admin.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'flux', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: 'flux', namespace }],
    });
    // The authorizer hears of a binding by a watch of its own.
    const probe = configMap(namespace, 'probe');
    const as = `system:serviceaccount:${namespace}:flux`;
    await expect
      .poll(() =>
        cluster.admin.apply(probe as never, { as, dryRun: true }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  }
  const user = `system:serviceaccount:${namespace}:flux`;
  return { namespace, user, writer: kube.as({ namespace, name: 'flux' }) };
}

function configMap(namespace: string, name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function deployment(namespace: string, spec: Record<string, unknown> = {}): KubeObject {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] },
  };
  const whole = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template, ...spec };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace }, spec: whole } as KubeObject;
}

async function refusalOf(run: Promise<unknown>): Promise<Error & { code: string; cause: KubeRefusal }> {
  return await run.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: Error & { code: string; cause: KubeRefusal }) => error,
  );
}

describe('who acts', () => {
  test('is the account for every request of a writer, and the agent for its own, by the audit log', async () => {
    const { namespace, user, writer } = await tenant('cluster-admin');
    const object = configMap(namespace, 'web', { a: '1' });
    const address = await addressOf(object);
    const from = await cluster.auditPosition();
    const { object: made } = await writer.apply(address, object, now);
    await writer.apply(address, object, { dryRun: true, force: false });
    await writer.get(address);
    await writer.list(address.kind, { namespace });
    await writer.patchManagedFields(
      address,
      made.metadata['managedFields'],
      asString(made.metadata['resourceVersion']) ?? '',
    );
    await kube.get(address);
    await kube.list(address.kind, { namespace });
    await writer.delete(address, uidOf(made));
    const events = (await cluster.audit(from)).filter(({ objectRef }) => objectRef?.namespace === namespace);
    const seen = events.map(({ verb, user: by, impersonatedUser }) => [verb, by?.username, impersonatedUser?.username]);
    expect(seen).toEqual([
      ...['patch', 'patch', 'get', 'list', 'patch'].map((verb) => [verb, agent, user]),
      ['get', agent, undefined],
      ['list', agent, undefined],
      ['delete', agent, user],
    ]);
  });

  test('is told, with verb and resource, where RBAC says no', async () => {
    const { namespace, user, writer } = await tenant();
    const object = configMap(namespace, 'web');
    const address = await addressOf(object);
    const refused = { code: 'kube.denied', kind: 'terminal', cause: { status: 403 } };
    const message = (verb: string): string => `${user} may not ${verb} configmaps in namespace ${namespace}`;
    for (const [verb, run] of [
      ['patch', () => writer.apply(address, object, now)],
      ['get', () => writer.get(address)],
      ['list', () => writer.list(address.kind, { namespace })],
      ['delete', () => writer.delete(address, 'some-uid')],
    ] as const) {
      const error = await refusalOf(run());
      expect(error).toMatchObject(refused);
      expect(error.message).toContain(message(verb));
    }
    expect(await cluster.admin.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'web', namespace })).toBeUndefined();
  });

  test('is a person’s matter where the agent may not impersonate, or is not known', async () => {
    const { namespace } = await tenant();
    const address = await addressOf(configMap(namespace, 'web'));
    const poor = await cluster.serviceAccountToken(namespace, 'flux');
    const other = connectCluster(readKubeconfig(cluster.kubeconfig(poor)), { log: unlogged });
    const error = await refusalOf(other.as({ namespace, name: 'flux' }).get(address));
    const flux = `system:serviceaccount:${namespace}:flux`;
    expect(error.message).toBe(`${flux} may not impersonate ${flux}`);
    other.close();
    const stranger = connectCluster(readKubeconfig(cluster.kubeconfig('nobody')), { log: unlogged });
    expect(await refusalOf(stranger.get(address))).toMatchObject({ code: 'kube.unauthorized', kind: 'transient' });
    expect(stranger.counters.get).toBe(1);
    stranger.close();
  });

  test('is named where a role would grant more than the account has', async () => {
    const { namespace, user, writer } = await tenant();
    const may = [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['get', 'create', 'patch'] }];
    const base = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'rbac', namespace } };
    await cluster.admin.apply({ ...base, kind: 'Role', rules: may });
    await cluster.admin.apply({
      ...base,
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'rbac' },
      subjects: [{ kind: 'ServiceAccount', name: 'flux', namespace }],
    });
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
    const role = { ...base, kind: 'Role', metadata: { name: 'more', namespace }, rules } as KubeObject;
    const address = await addressOf(role);
    const why = async (): Promise<string> => (await refusalOf(writer.apply(address, role, now))).message;
    await expect.poll(why).toContain('is attempting to grant RBAC permissions not currently held');
    expect(await why()).toContain(user);
    expect(await why()).toContain('Resources:["secrets"]');
  });

  test('reads its token from a file again when the server no longer takes it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-token-'));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, `${token}\n`);
    const { server, caData } = readKubeconfig(cluster.kubeconfig(token));
    let ms = 0;
    const clock = { now: () => (ms += 1), date: () => ms, random: () => 0, sleep: () => Promise.resolve() };
    const inside = connectCluster({ server, caData, login: { tokenFile } }, { log: unlogged, clock });
    const address = await addressOf(configMap('default', 'web'));
    expect(await inside.get(address)).toBeUndefined();
    await writeFile(tokenFile, 'expired');
    ms += 60_000;
    expect(await refusalOf(inside.get(address))).toMatchObject({ code: 'kube.unauthorized' });
    await writeFile(tokenFile, token);
    expect(await inside.get(address)).toBeUndefined();
    inside.close();
    await rm(folder, { recursive: true });
  });
});

describe('apply', () => {
  test('tells created from there before, and a dry run does nothing', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const object = configMap(namespace, 'web', { a: '1' });
    const address = await addressOf(object);
    expect(await writer.apply(address, object, { dryRun: true, force: true })).toMatchObject({ created: true });
    expect(await writer.get(address)).toBeUndefined();
    expect(await writer.apply(address, object, now)).toMatchObject({ created: true, object: { data: { a: '1' } } });
    expect(await writer.apply(address, object, { dryRun: true, force: true })).toMatchObject({ created: false });
    const again = await writer.apply(address, object, now);
    expect(again.created).toBe(false);
    const entries = list(again.object.metadata['managedFields']).map(mapping);
    expect(entries.map(({ manager, operation }) => [manager, operation])).toEqual([['kustomize-controller', 'Apply']]);
    expect((await kube.listMetadata(address.kind, { namespace })).find(({ name }) => name === 'web')).toEqual(
      metadataOf(again.object),
    );
  });

  test('in a namespace that is not there says so', async () => {
    const everything = kube.as({ namespace: 'sluice-system', name: 'sluice-platform' });
    const object = configMap('not-there', 'web');
    const address = await addressOf(object);
    expect(await everything.get(address)).toBeUndefined();
    expect(await refusalOf(everything.apply(address, object, now))).toMatchObject({
      code: 'kube.gone',
      message: expect.stringContaining('there is no namespace not-there'),
    });
  });

  test('names the field that a schema does not have, of built-in and custom kinds', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const metadata = { name: 'web', namespace };
    const kustomization: KubeObject = {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata,
      spec: { interval: '1h', prune: true, sourceRef: { kind: 'GitRepository', name: 'x' }, pathe: './x' },
    };
    const objects = [
      deployment(namespace, { replicaz: 1 }),
      kustomization,
      { ...configMap(namespace, 'web'), spek: 1 },
    ];
    for (const [index, field] of ['spec.replicaz', 'spec.pathe', '.spek'].entries()) {
      const object = objects[index] as KubeObject;
      const error = await refusalOf(writer.apply(await addressOf(object), object, now));
      expect(error).toMatchObject({ code: 'kube.invalid', kind: 'terminal' });
      expect(error.message).toContain(field);
    }
  });

  test('repeats no value of a Secret, whatever is wrong with it', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const secret = (more: Record<string, unknown>): KubeObject =>
      ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace }, ...more }) as KubeObject;
    const wrong = [
      { data: { password: 'hunter2!' } },
      { stringData: { password: { hunter2: 'hunter2' } } },
      { data: { password: 12345 } },
      { data: ['hunter2'] },
      { type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'hunter2' } },
      { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'hunter2' } },
      { type: 'kubernetes.io/basic-auth', immutable: 'hunter2' },
      { stringData: { 'hunter2 is no key': 'x' } },
    ];
    for (const more of wrong) {
      const object = secret(more);
      const error = await refusalOf(writer.apply(await addressOf(object), object, now));
      expect(error).toMatchObject({ code: 'kube.invalid', cause: { said: '' } });
      expect(`${error.message} ${JSON.stringify(error.cause)}`).not.toMatch(/hunter2|12345/);
    }
    const good = secret({ immutable: true, stringData: { password: 'hunter2' } });
    await writer.apply(await addressOf(good), good, now);
    const changed = secret({ immutable: true, stringData: { password: 'hunter3' } });
    const error = await refusalOf(writer.apply(await addressOf(changed), changed, now));
    expect(error.message).toContain('data');
    expect(error.message).not.toContain('hunter');
  });

  test('says what must not change, and what is not allowed, without the whole object', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const object = deployment(namespace);
    const address = await addressOf(object);
    await writer.apply(address, object, now);
    const template = {
      metadata: { labels: { app: 'other' } },
      spec: { containers: [{ name: 'web', image: 'x', env: [{ name: 'A', value: 'hunter2' }] }] },
    };
    const moved = deployment(namespace, { selector: { matchLabels: { app: 'other' } }, template });
    const immutable = await refusalOf(writer.apply(address, moved, now));
    expect(immutable).toMatchObject({ code: 'kube.invalid', cause: { reason: 'Invalid', status: 422 } });
    expect(immutable.message).toContain('spec.selector (field is immutable)');
    const negative = await refusalOf(writer.apply(address, deployment(namespace, { replicas: -1 }), now));
    expect(negative.message).toContain('spec.replicas (must be greater than or equal to 0)');
    expect(`${immutable.message}${negative.message}`).not.toContain('hunter2');
  });

  test('names the manager and the field that it would have to take', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    await cluster.admin.apply(deployment(namespace, { replicas: 5 }) as never, { manager: 'autoscaler' });
    const object = deployment(namespace, { replicas: 2 });
    const address = await addressOf(object);
    const error = await refusalOf(writer.apply(address, object, { dryRun: false, force: false }));
    expect(error).toMatchObject({ code: 'kube.conflict', kind: 'terminal' });
    expect(error.message).toContain('.spec.replicas (autoscaler)');
    expect(error.cause.causes).toContainEqual({
      reason: 'FieldManagerConflict',
      field: '.spec.replicas',
      manager: 'autoscaler',
    });
    expect(await writer.apply(address, object, now)).toMatchObject({
      created: false,
      object: { spec: { replicas: 2 } },
    });
  });

  test('keeps names of RBAC as they are written', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const made: KubeObject[] = [];
    for (const name of ['Foo:Admin', 'foo:admin']) {
      const base = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace } };
      const object = { ...base, rules: [] } as KubeObject;
      made.push((await writer.apply(await addressOf(object), object, now)).object);
    }
    const [upper, lower] = made as [KubeObject, KubeObject];
    expect(await writer.delete(await addressOf(upper), uidOf(upper))).toBe('deleted');
    expect(await writer.get(await addressOf(lower))).toMatchObject({ metadata: { name: 'foo:admin' } });
  });
});

describe('delete', () => {
  test('takes the object with this uid, and no other that has its name', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const object = configMap(namespace, 'web');
    const address = await addressOf(object);
    const first = uidOf((await writer.apply(address, object, now)).object);
    await cluster.admin.delete({ apiVersion: 'v1', kind: 'ConfigMap', name: 'web', namespace });
    await cluster.admin.apply(object as never);
    expect(await writer.delete(address, first)).toBe('gone');
    const second = uidOf(await writer.get(address));
    expect(second).not.toBe('');
    expect(await writer.delete(address, second)).toBe('deleted');
    expect(await writer.get(address)).toBeUndefined();
    expect(await writer.delete(address, second)).toBe('gone');
  });

  test('tells where finalizers hold the object, once and again', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const object = configMap(namespace, 'held');
    const metadata = { ...object.metadata, finalizers: ['sluice.dev/test'] };
    await cluster.admin.apply({ ...object, metadata } as never);
    const address = await addressOf(object);
    const uid = uidOf(await writer.get(address));
    expect(await writer.delete(address, uid)).toBe('deleting');
    expect(await writer.delete(address, uid)).toBe('deleting');
    await cluster.admin.patch(
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'held', namespace },
      { metadata: { finalizers: null } },
      { type: 'merge' },
    );
    expect(await writer.delete(address, uid)).toBe('gone');
  });

  test('of a namespace takes its time, of a pod that runs nowhere none', async () => {
    const everything = kube.as({ namespace: 'sluice-system', name: 'sluice-platform' });
    const name = await freshNamespace(cluster, 'going');
    const address = { kind: await kindOf('', 'Namespace'), namespace: '', name };
    const uid = uidOf(await everything.get(address));
    expect(await everything.delete(address, uid)).toBe('deleting');
    expect(await everything.delete(address, uid)).toBe('deleting');
    const { namespace, writer } = await tenant('cluster-admin');
    await cluster.admin.apply(account(namespace, 'default'));
    const spec = { containers: [{ name: 'web', image: 'registry.example/web:1' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace }, spec } as KubeObject;
    const there = await addressOf(pod);
    const made = await writer.apply(there, pod, now);
    expect(await writer.delete(there, uidOf(made.object))).toBe('deleted');
    expect(await writer.get(there)).toBeUndefined();
  });
});

describe('Flux documents', () => {
  const document = (namespace: string): KubeObject => ({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'web', namespace },
    spec: { interval: '1h', prune: true, sourceRef: { kind: 'GitRepository', name: 'x' } },
  });

  test('have their status and metadata written by the agent itself, by comparing and setting', async () => {
    const namespace = await freshNamespace(cluster, 'flux');
    await cluster.admin.apply(document(namespace) as never);
    const address = await addressOf(document(namespace));
    const before = await kube.get(address);
    const version = asString(before?.metadata['resourceVersion']) ?? '';
    const from = await cluster.auditPosition();
    const after = await kube.patchStatus(
      address,
      { observedGeneration: 1, lastAppliedRevision: 'main@sha1:x' },
      version,
    );
    expect(after).toMatchObject({ status: { lastAppliedRevision: 'main@sha1:x' }, spec: { interval: '1h' } });
    const stale = await refusalOf(kube.patchStatus(address, { lastAppliedRevision: 'other' }, version));
    expect(stale).toMatchObject({ code: 'kube.conflict', kind: 'transient' });
    const metadata = { finalizers: ['finalizers.fluxcd.io'], annotations: { a: 'b' } };
    expect(await kube.patchMetadata(address, metadata, asString(after.metadata['resourceVersion']))).toMatchObject({
      metadata,
    });
    const bare = await kube.patchMetadata(address, { finalizers: [], annotations: { a: null } });
    expect(bare.metadata).not.toHaveProperty('finalizers');
    expect(bare['status']).toMatchObject({ lastAppliedRevision: 'main@sha1:x' });
    const events = (await cluster.audit(from)).filter(({ objectRef }) => objectRef?.namespace === namespace);
    expect(events.map(({ user, impersonatedUser }) => [user?.username, impersonatedUser])).toEqual(
      Array.from({ length: 4 }, () => [agent, undefined]),
    );
    const managers = list(bare.metadata['managedFields']).map((entry) => mapping(entry)['manager']);
    expect(managers).toContain('gotk-kustomize-controller');
  });

  test('that are gone are gone for their status, too', async () => {
    const namespace = await freshNamespace(cluster, 'flux');
    const address = await addressOf(document(namespace));
    expect(await kube.get(address)).toBeUndefined();
    const error = await refusalOf(kube.patchStatus(address, { observedGeneration: 1 }));
    expect(error).toMatchObject({ code: 'kube.gone', message: expect.stringContaining('it is not there') });
  });

  test('get events that can be seen in their namespace', async () => {
    const namespace = await freshNamespace(cluster, 'flux');
    await cluster.admin.apply(document(namespace) as never);
    const about = await kube.get(await addressOf(document(namespace)));
    if (about === undefined) throw new Error('not there');
    await kube.record({
      about,
      type: 'Warning',
      reason: 'BuildFailed',
      message: 'why',
      annotations: { 'kustomize.toolkit.fluxcd.io/revision': 'main@sha1:x' },
    });
    const events = (await kube.list(await kindOf('', 'Event'), { namespace })) as readonly KubeObject[];
    expect(events).toMatchObject([
      {
        reason: 'BuildFailed',
        message: 'why',
        type: 'Warning',
        involvedObject: { kind: 'Kustomization', name: 'web', uid: uidOf(about) },
      },
    ]);
  });

  test('have managed fields that are written only where the object is still the same', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const object = configMap(namespace, 'web', { a: '1' });
    const made = await cluster.admin
      .apply(object as never, { manager: 'kubectl-client-side-apply' })
      .then(() => undefined);
    expect(made).toBeUndefined();
    const address = await addressOf(object);
    const before = await writer.get(address);
    const entries = list(before?.metadata['managedFields']).map((entry) => ({
      ...mapping(entry),
      manager: 'kustomize-controller',
    }));
    const version = asString(before?.metadata['resourceVersion']) ?? '';
    const after = await writer.patchManagedFields(address, entries, version);
    expect(list(after.metadata['managedFields']).map((entry) => mapping(entry)['manager'])).toEqual([
      'kustomize-controller',
    ]);
    expect(await refusalOf(writer.patchManagedFields(address, entries, version))).toMatchObject({
      code: 'kube.conflict',
    });
  });
});

describe('kinds', () => {
  const definition = (group: string): KubeObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  });

  test('come and go with their definitions, and numbers of any size stay what they are', async () => {
    const { namespace, writer } = await tenant('cluster-admin');
    const group = `${namespace}.example`;
    expect((await kube.kinds(true)).find(group, 'Thing')).toBeUndefined();
    await cluster.admin.apply(definition(group) as never);
    await expect.poll(async () => (await kube.kinds(true)).find(group, 'Thing')).toBeDefined();
    const kind = await kindOf(group, 'Thing');
    const address = { kind, namespace, name: 'big' };
    const object: KubeObject = {
      apiVersion: `${group}/v1`,
      kind: 'Thing',
      metadata: { name: 'big', namespace },
      spec: { big: JSON.rawJSON('9007199254740993'), deep: { newField: 1 } } as never,
    };
    const { object: made } = await writer.apply(address, object, now);
    expect(JSON.stringify(made['spec'])).toBe('{"big":9007199254740993,"deep":{"newField":1}}');
    expect((await kube.list(kind, { namespace })).map((one) => JSON.stringify(one['spec']))).toEqual([
      JSON.stringify(made['spec']),
    ]);
    await cluster.admin.patch(
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: `things.${group}` },
      { metadata: { finalizers: null } },
      { type: 'merge' },
    );
    await cluster.admin.delete({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: `things.${group}`,
    });
    await expect.poll(async () => (await kube.kinds(true)).find(group, 'Thing')).toBeUndefined();
    await expect.poll(() => writer.get(address).catch((error: { code: string }) => error.code)).toBe('kube.gone');
  });

  test('of a group whose server is down are not complete', async () => {
    const group = `down-${(await freshNamespace(cluster, 'down')).slice(-6)}.example`;
    const name = `v1.${group}`;
    const spec = {
      group,
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: 'none', namespace: 'default' },
    };
    const service = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name }, spec };
    await cluster.admin.apply(service as never);
    await expect.poll(async () => (await kube.kinds(true)).complete(group)).toBe(false);
    expect((await kube.kinds()).complete('apps')).toBe(true);
    await cluster.admin.delete({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name });
  });

  test('are asked for seldom, and by tag', async () => {
    const asked: string[][] = [];
    const ask = async (): Promise<string[]> => {
      const faults = await startFaults(cluster);
      const other = connectCluster(readKubeconfig(faults.kubeconfig(token)), { log: unlogged, kinds: { pauseMs: 50 } });
      const first = await Promise.all(Array.from({ length: 20 }, () => other.kinds()));
      expect(new Set(first).size).toBe(1);
      expect(first[0]?.find('apps', 'Deployment')).toMatchObject({ plural: 'deployments', namespaced: true });
      await Promise.all(Array.from({ length: 20 }, () => other.kinds(true)));
      asked.push(faults.requests.map(({ path }) => path).toSorted());
      const answers = faults.requests.map(({ path, status }) => `${path} ${status}`);
      expect(await other.version()).toMatch(/^v1\.\d+\.\d+/);
      other.close();
      await faults.stop();
      return answers.toSorted();
    };
    // Other tests bring definitions into this cluster, and with each of them the tag is another one.
    await expect.poll(ask).toEqual(['/api 200', '/api 304', '/apis 200', '/apis 304']);
    for (const paths of asked) expect(paths).toEqual(['/api', '/api', '/apis', '/apis']);
  });
});

describe('through what is broken', () => {
  let faults: Faults;
  let other: KubeCluster;
  beforeEach(async () => {
    faults = await startFaults(cluster);
    other = connectCluster(readKubeconfig(faults.kubeconfig(token)), {
      log: unlogged,
      deadlineMs: 30_000,
      pauseMs: 10,
    });
  });
  afterEach(async () => {
    other.close();
    await faults.stop();
  });

  test('an apply and a delete that were done, but not heard of, end as if nothing had been', async () => {
    const { namespace } = await tenant('cluster-admin');
    const writer = other.as({ namespace, name: 'flux' });
    const object = configMap(namespace, 'web', { a: '1' });
    const address = await addressOf(object);
    faults.add({ match: { verb: 'apply' }, fault: { kind: 'reset', when: 'after' } });
    const { object: made, created } = await writer.apply(address, object, now);
    expect(created).toBe(false);
    faults.add({ match: { verb: 'delete' }, fault: { kind: 'reset', when: 'after' } });
    expect(await writer.delete(address, uidOf(made))).toBe('gone');
    expect(faults.counts({ namespace })).toEqual({ apply: 2, delete: 2 });
    expect(new Set(faults.requests.map(({ as }) => as))).toEqual(new Set([`system:serviceaccount:${namespace}:flux`]));
  });

  test('half a list is no list', async () => {
    const namespace = await freshNamespace(cluster, 'half');
    await cluster.admin.apply(configMap(namespace, 'web') as never);
    const kind = await kindOf('', 'ConfigMap');
    for (const broken of [false, true]) {
      faults.add({ match: { verb: 'list' }, fault: { kind: 'truncate', broken } });
      expect((await other.list(kind, { namespace })).map(({ metadata }) => metadata.name)).toEqual(['web']);
    }
    expect(faults.counts({ verb: 'list' })).toEqual({ list: 4 });
  });

  test('a watch that is dropped, expired or late tells everything once it is back', async () => {
    const namespace = await freshNamespace(cluster, 'watched');
    const kind = await kindOf('', 'ConfigMap');
    const there = new Map<string, string>();
    const stop = new AbortController();
    const name = ({ metadata }: KubeObject): string => asString(metadata.name) ?? '';
    const version = ({ metadata }: KubeObject): string => asString(metadata['resourceVersion']) ?? '';
    const follower = {
      listed: (items: readonly KubeObject[]) => {
        there.clear();
        for (const item of items) there.set(name(item), version(item));
      },
      changed: (item: KubeObject) => void there.set(name(item), version(item)),
      deleted: (item: KubeObject) => void there.delete(name(item)),
    };
    await other.follow(kind, follower, { namespace, signal: stop.signal });
    await faults.seen({ verb: 'watch' });
    for (let round = 0; round < 12; round += 1) {
      const fault = [
        { kind: 'dropWatch', afterEvents: 1 },
        { kind: 'watchError' },
        { kind: 'html' },
        { kind: 'status', status: 503 },
      ][round % 4] as never;
      faults.add({ match: { verb: 'watch' }, fault });
      faults.dropWatches(round % 2 === 0);
      await cluster.admin.apply([
        configMap(namespace, `a${round}`),
        configMap(namespace, 'same', { round: `${round}` }),
      ] as never);
      if (round > 0)
        await cluster.admin.delete({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: `a${round - 1}` });
    }
    const truth = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await kube.list(kind, { namespace })).map((item) => [name(item), version(item)]));
    const expected = await truth();
    expect(Object.keys(expected).toSorted()).toEqual(['a11', 'same']);
    await expect.poll(() => Object.fromEntries(there)).toEqual(expected);
    stop.abort();
    await expect.poll(() => faults.watches).toBe(0);
  });
});
