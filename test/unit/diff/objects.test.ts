import { describe, expect, it } from 'vitest';
import type { BuiltObject, Json } from '../../../src/object/object.ts';
import { built, compare, manifest, source } from './manifests.ts';

function workload(fields: { readonly [key: string]: Json }): BuiltObject {
  return manifest('Deployment', { name: 'web', spec: fields }, 'apps/v1');
}

function pods(container: { readonly [key: string]: Json }, more: { readonly [key: string]: Json } = {}): BuiltObject {
  return workload({ template: { spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...more } } });
}

describe('noise', () => {
  it.each<[string, BuiltObject, BuiltObject]>([
    ['status', manifest('Pod', { status: { phase: 'Running' } }), manifest('Pod', {})],
    [
      'managed fields',
      built({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'app', namespace: 'a-dev', managedFields: [{ a: 1 }] },
      }),
      manifest('Pod', {}),
    ],
    [
      'null timestamps, also in templates',
      workload({ template: { metadata: { creationTimestamp: null, labels: { a: 'b' } } } }),
      workload({ template: { metadata: { labels: { a: 'b' } } } }),
    ],
  ])('%s', (_name, one, other) => {
    expect(compare([one], [other])).toEqual({ changes: [], unchanged: 1 });
  });

  it.each<[string, BuiltObject, BuiltObject]>([
    ['an empty map', workload({ strategy: {} }), workload({})],
    ['a status below', workload({ status: 1 }), workload({ status: 2 })],
    [
      'a number beyond 2^53',
      workload({ n: JSON.rawJSON('9007199254740993') as unknown as Json }),
      workload({ n: 2 ** 53 }),
    ],
    [
      'a prototype',
      manifest('ConfigMap', { data: JSON.parse('{"__proto__":"x"}') as Json }),
      manifest('ConfigMap', { data: {} }),
    ],
    [
      'what one character hides',
      manifest('ConfigMap', { data: { a: 'x\u200b' } }),
      manifest('ConfigMap', { data: { a: 'x' } }),
    ],
  ])('%s is none', (_name, one, other) => {
    const { changes } = compare([one], [other]);
    expect(changes).toHaveLength(1);
    expect(changes[0]?.diff).toMatch(/^-.*$/m);
  });
});

describe('pairs', () => {
  it('is by namespace, name, group and kind, whatever the version', () => {
    const { changes } = compare(
      [manifest('Ingress', {}, 'networking.k8s.io/v1beta1')],
      [manifest('Ingress', {}, 'networking.k8s.io/v1')],
    );
    expect(changes.map(({ action }) => action)).toEqual(['configured']);
  });

  it('counts what is equal and lists deletions last', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => manifest('ConfigMap', { name }));
    const result = compare([a!, b!], [c!, b!]);
    expect(result.unchanged).toBe(1);
    expect(result.changes.map(({ action, object }) => `${action} ${object}`)).toEqual([
      'created ConfigMap/a-dev/c',
      'deleted ConfigMap/a-dev/a',
    ]);
  });

  const old = 'app-config-6ct58987ht';
  const fresh = 'app-config-2k2m9mb96k';
  const map = (name: string, value: string): BuiltObject => manifest('ConfigMap', { name, data: { key: value } });
  const user = (name: string, image = 'web:1'): BuiltObject => pods({ image, envFrom: [{ configMapRef: { name } }] });

  it('sees one change in a generated name', () => {
    const { changes } = compare([map(old, 'one')], [map(fresh, 'two')]);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ action: 'configured', object: `ConfigMap/a-dev/${fresh}`, summary: 'key key' });
    expect(changes[0]?.diff).not.toMatch(/^[-+].*name/m);
  });

  it('mutes references to it beside a real change, and still says that pods restart', () => {
    const { changes } = compare([map(old, 'one'), user(old)], [map(fresh, 'two'), user(fresh, 'web:2')]);
    const workloadChange = changes[1];
    expect(workloadChange?.summary).toBe('image 1 → 2; restarts pods');
    expect(workloadChange?.diff).not.toMatch(/^[-+].*app-config/m);
  });

  it('says what restarts the pods where the name is all that changed', () => {
    const { changes } = compare([map(old, 'one'), user(old)], [map(fresh, 'two'), user(fresh)]);
    expect(changes[1]).toMatchObject({ risk: 'restart', summary: 'app-config-(hash) changed; restarts pods' });
    expect(changes[1]?.diff).toContain(`-            name: ${old}\n+            name: ${fresh}`);
  });

  it.each([
    ['other names', 'app-config-one', 'app-config-two'],
    ['letters that no hash has', 'app-config-aaaaaaaaaa', 'app-config-eeeeeeeeee'],
    ['another stem', old, 'other-config-2k2m9mb96k'],
  ])('does not pair %s', (_name, before, after) => {
    expect(compare([map(before, 'x')], [map(after, 'x')]).changes.map(({ action }) => action)).toEqual([
      'created',
      'deleted',
    ]);
  });

  it('does not guess between several of one stem', () => {
    const { changes } = compare([map(old, 'x'), map('app-config-bbbbbbbbbb', 'y')], [map(fresh, 'z')]);
    expect(changes.map(({ action }) => action).toSorted()).toEqual(['created', 'deleted', 'deleted']);
  });
});

describe('the place of a change', () => {
  const base = source('base/web.yaml', { line: 10 });
  const patch = source('overlay/patch.yaml', { line: 2, by: 'patch' });
  const image = source('overlay/kustomization.yaml', { line: 5, by: 'transform' });
  const one = { ...pods({}), sources: [base, patch, image] };
  const other = { ...pods({ image: 'web:2' }), sources: [base, patch, image] };

  it.each([
    ['nothing touched', [], 'base/web.yaml', 10],
    ['the patch', ['overlay/patch.yaml', 'base/web.yaml'], 'overlay/patch.yaml', 2],
    ['the last of several', ['overlay/patch.yaml', 'overlay/kustomization.yaml'], 'overlay/kustomization.yaml', 5],
    ['a file far away', ['README.md'], 'base/web.yaml', 10],
  ])('%s', (_name, files, file, line) => {
    const [change] = compare([one], [other], { changedFiles: new Set(files) }).changes;
    expect(change).toMatchObject({
      file,
      line,
      locate: { side: 'head', source: { file }, path: ['spec', 'template', 'spec', 'containers', 0, 'image'] },
    });
  });

  it('is the base side’s declaration for a deletion, without a field', () => {
    const [change] = compare([one], [], { changedFiles: new Set(['overlay/patch.yaml']) }).changes;
    expect(change).toMatchObject({ action: 'deleted', file: 'base/web.yaml', line: 10 });
    expect(change?.locate).toBeUndefined();
  });

  it('is the parent of a field that went away', () => {
    const [change] = compare([pods({ tty: true })], [pods({})]).changes;
    expect(change?.locate?.path).toEqual(['spec', 'template', 'spec', 'containers', 0]);
  });
});

describe('risk and summary', () => {
  const rbac = 'rbac.authorization.k8s.io/v1';
  const role = (verbs: string[], resources = ['nodes'], more: { [key: string]: Json } = {}): BuiltObject =>
    manifest('ClusterRole', { rules: [{ apiGroups: [''], resources, verbs, ...more }] }, rbac);
  const binding = (name: string, subject: string, ref = 'edit'): BuiltObject =>
    manifest(
      'RoleBinding',
      {
        name,
        subjects: [{ kind: 'ServiceAccount', name: subject, namespace: 'b' }],
        roleRef: { kind: 'ClusterRole', name: ref },
      },
      rbac,
    );
  const set = (spec: { [key: string]: Json }): BuiltObject => manifest('StatefulSet', { spec }, 'apps/v1');
  const forced = ({ object, sources }: BuiltObject): BuiltObject => ({
    object: {
      ...object,
      metadata: { ...object.metadata, annotations: { 'kustomize.toolkit.fluxcd.io/force': 'enabled' } },
    },
    sources,
  });
  const labelled = (labels: Json): BuiltObject =>
    built({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x', labels } });
  const annotated = (annotations: Json): BuiltObject =>
    built({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'x', namespace: 'y', annotations } });

  it.each<[string, BuiltObject | undefined, BuiltObject | undefined, string, string]>([
    ['verbs added', role(['get']), role(['get', 'list', 'watch']), 'grant', 'adds list, watch on nodes'],
    ['everything', undefined, role(['*'], ['*'], { apiGroups: ['*'] }), 'grant', 'adds every verb on every resource'],
    [
      'covered by a wildcard',
      role(['*'], ['*']),
      role(['get'], ['nodes', 'pods']),
      'config',
      'resources[0], resources[1], verbs[0]',
    ],
    ['verbs taken', role(['get', 'list']), role(['get']), 'config', 'verbs[1]'],
    ['one name', undefined, role(['get'], ['secrets'], { resourceNames: ['tls'] }), 'grant', 'adds get on secrets tls'],
    ['a path', undefined, role(['get'], [], { nonResourceURLs: ['/metrics'] }), 'grant', 'adds get on /metrics'],
    ['a role deleted', role(['get']), undefined, 'delete', ''],
    ['a binding', undefined, binding('x', 'bot'), 'grant', 'binds ServiceAccount b/bot to ClusterRole/edit'],
    [
      'a subject added',
      binding('x', 'bot'),
      binding('x', 'eve'),
      'grant',
      'binds ServiceAccount b/eve to ClusterRole/edit',
    ],
    [
      'another role',
      binding('x', 'bot'),
      binding('x', 'bot', 'admin'),
      'grant',
      'binds ServiceAccount b/bot to ClusterRole/admin',
    ],
    ['labels of a namespace', labelled({ a: 'x' }), labelled({ a: 'y' }), 'grant', 'changes label a'],
    [
      'a cloud identity',
      annotated({}),
      annotated({ 'eks.amazonaws.com/role-arn': 'arn:x' }),
      'grant',
      'takes the cloud identity arn:x',
    ],
    [
      'a webhook',
      undefined,
      manifest('ValidatingWebhookConfiguration', {}, 'x/v1'),
      'grant',
      'changes what the API server takes',
    ],
    [
      'a webhook deleted',
      manifest('ValidatingWebhookConfiguration', {}, 'x/v1'),
      undefined,
      'grant',
      'a guard of the API server goes away',
    ],
    [
      'another service account',
      pods({}),
      pods({}, { serviceAccountName: 'root' }),
      'grant',
      'runs as ServiceAccount root',
    ],
    [
      'a selector',
      workload({ selector: { a: 'b' } }),
      workload({ selector: { a: 'c' } }),
      'replace',
      'a; spec.selector cannot be changed, so the deploy fails unless force recreates the object',
    ],
    [
      'a claim template',
      set({ volumeClaimTemplates: [] }),
      set({ volumeClaimTemplates: [{ a: 1 }] }),
      'replace',
      'volumeClaimTemplates[0]; spec.volumeClaimTemplates cannot be changed, so the deploy fails unless force recreates the object',
    ],
    [
      'an immutable map',
      manifest('ConfigMap', { immutable: true, data: { a: '1' } }),
      manifest('ConfigMap', { immutable: true, data: { a: '2' } }),
      'replace',
      'key a; the object is immutable, so the deploy fails unless force recreates the object',
    ],
    ['a service', undefined, manifest('Service', { spec: { type: 'NodePort' } }), 'exposure', 'NodePort'],
    ['an image', pods({}), pods({ image: 'web:2' }), 'restart', 'image 1 → 2; restarts pods'],
    ['another image', pods({}), pods({ image: 'evil:1' }), 'restart', 'image; restarts pods'],
    ['replicas', workload({ replicas: 2 }), workload({ replicas: 3 }), 'config', 'replicas 2 → 3'],
    ['a secret', undefined, manifest('Secret', { data: { a: 'eA==', b: 'eA==' } }), 'secret', '2 keys (values hidden)'],
    [
      'many fields',
      workload({ a: 1, b: 1, c: 1, d: 1, e: 1 }),
      workload({ a: 2, b: 2, c: 2, d: 2, e: 2 }),
      'config',
      'a, b, c, d and 1 more',
    ],
  ])('%s', (_name, before, after, risk, summary) => {
    const [change] = compare(before ? [before] : [], after ? [after] : []).changes;
    expect(change).toMatchObject({ risk, summary });
  });

  it.each<[string, BuiltObject, BuiltObject, boolean, string]>([
    [
      'the Kustomization recreates',
      workload({ selector: { a: 'b' } }),
      workload({ selector: { a: 'c' } }),
      true,
      'a; spec.selector cannot be changed, so force recreates the object',
    ],
    [
      'the object asks for it itself',
      forced(workload({ selector: { a: 'b' } })),
      forced(workload({ selector: { a: 'c' } })),
      false,
      'a; spec.selector cannot be changed, so force recreates the object',
    ],
    [
      'it holds data',
      manifest('PersistentVolumeClaim', { spec: { volumeMode: 'Block' } }),
      manifest('PersistentVolumeClaim', { spec: { volumeMode: 'Filesystem' } }),
      true,
      'volumeMode; spec.volumeMode cannot be changed, so the deploy fails',
    ],
  ])('says what becomes of an immutable field where %s', (_name, before, after, force, summary) => {
    expect(compare([before], [after], { force }).changes[0]).toMatchObject({ risk: 'replace', summary });
  });

  it('never overlooks a grant behind very many rules', () => {
    const names = Array.from({ length: 400 }, (_item, index) => `r${index}`);
    const [change] = compare([role(['get'], names)], [role(['get'], [...names, 'secrets'])]).changes;
    expect(change).toMatchObject({ risk: 'grant' });
    expect(change?.summary).toContain('more than 300 permissions');
  });
});
