import { describe, expect, it } from 'vitest';
import { dependencyProblems } from '../../../src/fleet/depends.ts';
import type { FleetKustomization } from '../../../src/fleet/fleet.ts';
import {
  configMap,
  documents,
  type Files,
  fleetOf,
  from,
  gitRepository,
  kustomization,
  platformUrl,
  urlOf,
} from './documents.ts';

const bind = (namespace: string, kind: 'RoleBinding' | 'ClusterRoleBinding', role: string): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name: `${kind}-${namespace}`, ...(kind === 'RoleBinding' && { namespace }) },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'a' }],
});
const account = { serviceAccountName: 'deployer' };
const root = (...objects: object[]): Files => ({ 'clusters/prod/all.yaml': documents(...objects) });

describe('whose a Kustomization is', () => {
  const rows: { title: string; objects: object[]; owner: unknown; config?: string }[] = [
    { title: 'the platform’s own repository', objects: [kustomization('a/k')], owner: { type: 'platform' } },
    {
      title: 'with an account, the account’s',
      objects: [kustomization('a/k', account), bind('b', 'RoleBinding', 'edit')],
      owner: { type: 'tenant', tenant: { namespaces: ['b'], rbacKnown: true, clusterBound: false } },
    },
    {
      title: 'with an account that the fleet binds nowhere',
      objects: [kustomization('a/k', account)],
      owner: { type: 'tenant', tenant: { namespaces: ['a'], rbacKnown: false } },
    },
    {
      title: 'with an account that holds the whole cluster',
      objects: [kustomization('a/k', account), bind('a', 'ClusterRoleBinding', 'cluster-admin')],
      owner: { type: 'platform' },
    },
    {
      title: 'with an account that holds a little everywhere',
      objects: [kustomization('a/k', account), bind('a', 'ClusterRoleBinding', 'view')],
      owner: { type: 'tenant', tenant: { clusterBound: true } },
    },
    {
      title: 'of another repository, with an account that holds the whole cluster',
      objects: [
        gitRepository('a/a', urlOf('a')),
        kustomization('a/k', { ...account, ...from('a') }),
        bind('a', 'ClusterRoleBinding', 'cluster-admin'),
      ],
      owner: { type: 'tenant', tenant: { clusterBound: true } },
    },
    {
      title: 'of another repository',
      objects: [gitRepository('a/a', urlOf('a')), kustomization('a/k', from('a'))],
      owner: { type: 'unbound' },
    },
    {
      title: 'of a source that nobody defines',
      objects: [kustomization('a/k', from('nothing'))],
      owner: { type: 'unbound' },
    },
    {
      title: 'of a trusted repository',
      objects: [gitRepository('a/a', urlOf('a')), kustomization('a/k', from('a'))],
      owner: { type: 'platform' },
      config: JSON.stringify({ trustedSources: ['ssh://git@github.com/acme/a.git'] }),
    },
    {
      title: 'of a trusted OCI repository, which is not read',
      objects: [
        {
          apiVersion: 'source.toolkit.fluxcd.io/v1',
          kind: 'OCIRepository',
          metadata: { name: 'a', namespace: 'a' },
          spec: { url: 'oci://ghcr.io/acme/a' },
        },
        kustomization('a/k', { sourceRef: { kind: 'OCIRepository', name: 'a' } }),
      ],
      owner: { type: 'platform' },
      config: JSON.stringify({ trustedSources: ['oci://ghcr.io/acme/a'] }),
    },
    {
      title: 'with sluice.yaml’s account',
      objects: [gitRepository('a/a', urlOf('a')), kustomization('a/k', from('a'))],
      owner: { type: 'tenant', tenant: { serviceAccount: { namespace: 'a', name: 'anybody' } } },
      config: JSON.stringify({ defaultServiceAccount: 'anybody' }),
    },
  ];
  it.each(rows)('$title', async ({ objects, owner, config }) => {
    const files = { ...root(...objects), ...(config !== undefined && { 'sluice.yaml': config }) };
    const { cluster } = await fleetOf(files, { a: { 'app.yaml': documents(configMap('a/app')) } });
    expect(cluster.kustomizations.get('a/k')?.owner).toMatchObject(owner as object);
  });
});

describe('what a tenant’s own build', () => {
  const platform = root(
    gitRepository('a/a', urlOf('a')),
    kustomization('a/a', { ...account, ...from('a'), path: 'deploy' }),
    bind('a', 'RoleBinding', 'edit'),
  );
  const build = (...objects: object[]): Record<string, Files> => ({
    a: { 'deploy/all.yaml': documents(...objects), 'child/app.yaml': documents(configMap('a/child')) },
    b: { 'app.yaml': documents(configMap('b/app')) },
  });

  it('grants, defines and binds counts for nothing', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.acme.io' },
      spec: { group: 'acme.io', names: { kind: 'Widget', plural: 'widgets' }, scope: 'Namespaced', versions: [] },
    };
    const own = [bind('b', 'RoleBinding', 'edit'), bind('a', 'ClusterRoleBinding', 'cluster-admin'), crd];
    const { cluster } = await fleetOf(platform, build(...own, kustomization('a/x', { ...from('a'), ...account })));
    expect(cluster.kustomizations.get('a/a')?.owner).toMatchObject({
      tenant: { namespaces: ['a'], clusterBound: false },
    });
    expect(cluster.kinds.find('acme.io', 'Widget')).toBeUndefined();
    expect(cluster.objects.map(({ kustomization: key }) => key)).not.toContain('a/a');
  });

  it('defines is followed in its namespaces alone', async () => {
    const own = [
      kustomization('a/child', { ...from('a'), ...account, path: 'child' }),
      kustomization('flux-system/child', { ...account, path: 'child' }),
    ];
    const { cluster } = await fleetOf(platform, build(...own));
    expect([...cluster.kustomizations.keys()]).toEqual(['flux-system/flux-system', 'a/a', 'a/child']);
    expect(cluster.kustomizations.get('a/child')?.owner).toMatchObject({ type: 'tenant' });
  });

  it.each([
    { title: 'the platform’s repository', source: gitRepository('a/mine', platformUrl) },
    { title: 'another tenant’s repository', source: gitRepository('a/mine', urlOf('b')) },
    {
      title: 'another one, included in its own',
      source: gitRepository('a/mine', urlOf('a'), { include: [{ repository: { name: 'theirs' } }] }),
    },
  ])('reads is never $title', async ({ source }) => {
    const theirs = gitRepository('a/theirs', urlOf('b'));
    const child = kustomization('a/child', { ...from('mine'), ...account });
    const { cluster, opened } = await fleetOf(platform, build(source, theirs, child));
    expect(cluster.kustomizations.get('a/child')?.source.type).toBe('unknown');
    expect(opened.filter((url) => url !== urlOf('a'))).toEqual([]);
  });

  it('defines without an account is nobody’s, even in the platform’s repository', async () => {
    const files = {
      ...root(kustomization('a/a', { ...account, path: 'deploy' }), bind('a', 'RoleBinding', 'edit')),
      'deploy/child.yaml': documents(kustomization('a/child', { path: 'child' })),
      'child/app.yaml': documents(configMap('a/child')),
    };
    const { cluster } = await fleetOf(files);
    expect(cluster.kustomizations.get('a/child')?.owner).toEqual({ type: 'unbound' });
  });

  it('calls as the platform does changes nothing of what that says', async () => {
    const two = root(
      gitRepository('a/a', urlOf('a')),
      kustomization('a/a', { ...account, ...from('a'), path: 'deploy' }),
      kustomization('a/second', { ...account, ...from('a'), path: 'child' }),
    );
    const { cluster } = await fleetOf(
      two,
      build(kustomization('a/second', { ...from('a'), ...account, path: 'deploy' })),
    );
    expect(cluster.kustomizations.get('a/second')).toMatchObject({ path: 'child', parent: 'flux-system/flux-system' });
  });
});

describe('variables', () => {
  it('come from ConfigMaps of later builds, in order, the inline ones last', async () => {
    const refs = ['one', 'two', 'three'].map((name) => ({ kind: 'ConfigMap', name }));
    const files = {
      ...root(
        kustomization('a/reader', { path: 'app', postBuild: { substitute: { c: 'inline' }, substituteFrom: refs } }),
        kustomization('a/maps', { path: 'maps' }),
      ),
      'maps/maps.yaml': documents(
        configMap('a/one', { a: '1', b: '1', c: '1' }),
        configMap('a/two', { b: '2\n', c: '2' }),
        configMap('b/three', { a: 'of another namespace' }),
      ),
      'app/app.yaml': documents(configMap('a/app')),
    };
    const { cluster } = await fleetOf(files);
    expect(cluster.kustomizations.get('a/reader')?.substitution).toEqual({
      variables: { a: '1', b: '2', c: 'inline' },
      undetermined: ['ConfigMap a/three'],
      always: false,
    });
  });
});

describe('what is wrong with a fleet', () => {
  const codes = async (...objects: object[]): Promise<string[]> => {
    const files = { ...root(...objects), 'app/app.yaml': documents(configMap('a/app')) };
    return (await fleetOf(files)).fleet.problems.map(({ error, severity }) => `${severity} ${error.code}`);
  };
  const app = { path: 'app' };

  it.each<{ title: string; objects: object[]; said: string[] }>([
    { title: 'nothing', objects: [kustomization('a/k', app)], said: [] },
    {
      title: 'a circle of two',
      objects: [
        kustomization('a/x', { path: 'clusters/none', dependsOn: [{ name: 'y' }] }),
        kustomization('a/y', { path: 'clusters/none', dependsOn: [{ name: 'x', namespace: 'a' }] }),
      ],
      said: ['error fleet.cycle'],
    },
    {
      title: 'a dependency on itself',
      objects: [kustomization('a/x', { ...app, dependsOn: [{ name: 'x' }] })],
      said: ['error fleet.cycle'],
    },
    {
      title: 'a dependency that is nowhere',
      objects: [kustomization('a/x', { ...app, dependsOn: [{ name: 'y', namespace: 'b' }] })],
      said: ['warning fleet.invalid'],
    },
    {
      title: 'one object of two',
      objects: [kustomization('a/x', app), kustomization('a/y', app)],
      said: ['error fleet.duplicate'],
    },
    {
      title: 'one object on this cluster and on another',
      objects: [kustomization('a/x', app), kustomization('a/y', { ...app, kubeConfig: { secretRef: { name: 'y' } } })],
      said: [],
    },
  ])('is $title', async ({ objects, said }) => {
    expect(await codes(...objects)).toEqual(said);
  });

  it('is told where a document holds what nothing can be applied with, or what is no field', async () => {
    const wrong = { ...app, interval: '10 minutes', wait: 'yes', prune: undefined };
    const unknown = { ...app, pruen: true, decryption: { provider: 'sops' } };
    const objects = [kustomization('a/wrong', wrong), kustomization('b/typo', { ...unknown, path: './clusters/none' })];
    const { problems } = (await fleetOf({ ...root(...objects), 'app/app.yaml': documents(configMap('a/app')) })).fleet;
    expect(problems.map(({ severity, rule, error }) => [severity, rule, error.message])).toEqual([
      ['error', undefined, 'Kustomization a/wrong: spec.prune is missing'],
      ['error', undefined, 'Kustomization a/wrong: spec.wait must be a boolean'],
      ['error', undefined, expect.stringContaining('a/wrong: spec.interval must be a duration such as 10m')],
      ['warning', 'fleet/spec-field', 'Kustomization b/typo: spec.pruen is no field'],
    ]);
    for (const { error } of problems) expect(error.place?.file).toBeDefined();
  });

  it('is told where the fleet makes an account and gives it no role', async () => {
    const of = (kind: string, rest: object = {}): object => ({
      apiVersion: kind === 'ServiceAccount' ? 'v1' : 'rbac.authorization.k8s.io/v1',
      kind,
      metadata: { name: 'deployer', namespace: 'a' },
      ...rest,
    });
    const mine = kustomization('a/k', { ...account, ...app });
    const second = kustomization('a/l', { ...account, path: 'clusters/none' });
    const bound = of('RoleBinding', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'a' }],
    });
    const warnings = async (...objects: object[]): Promise<unknown[]> => {
      const { fleet } = await fleetOf({ ...root(...objects), 'app/app.yaml': documents(configMap('a/app')) });
      return fleet.problems.map(({ severity, rule, error }) => [severity, rule, error.message, error.place?.file]);
    };
    expect(await warnings(of('ServiceAccount'), mine, second)).toEqual([
      ['warning', 'fleet/service-account', expect.stringContaining('a/deployer'), expect.any(String)],
    ]);
    expect(await warnings(of('ServiceAccount'), bound, mine, second)).toEqual([]);
    // Whoever makes the account may bind it as well.
    expect(await warnings(mine, second)).toEqual([]);
  });

  it('is found in chains that are longer than any stack', async () => {
    const { cluster } = await fleetOf(root(kustomization('a/k', app)));
    const [some] = cluster.kustomizations.values();
    if (some === undefined) throw new Error('no Kustomization');
    const count = 20_000;
    const chain = Array.from({ length: count }, (_, index): [string, FleetKustomization] => {
      const dependsOn = [{ namespace: 'a', name: `k${(index + 1) % count}` }];
      return [`a/k${index}`, { ...some, key: `a/k${index}`, spec: { ...some.spec, dependsOn } }];
    });
    const problems = dependencyProblems({ ...cluster, kustomizations: new Map(chain) });
    expect(problems.map(({ error }) => error.code)).toEqual(['fleet.cycle']);
    expect(problems[0]?.error.message.length).toBeLessThan(1000);
  });
});
