// Fleets of other shapes than the one beside: where roots stand, who reads what, and at which revision.
import fs from 'node:fs';
import git from 'isomorphic-git';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkout, configMap, type Files, gitRepository, kustomization, TestFleet, urlOf, yaml } from './fleet.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await TestFleet.create();
});
afterAll(() => fleet.close());

const platformOf = (files: Files): Promise<Checkout> => fleet.checkout(urlOf('platform'), files);
const before = configMap('app', 'kube-system');
const after = configMap('app', 'kube-system', { key: 'other' });

const sync = (namespace: string, name: string, path: string, spec: object = {}): string =>
  yaml(
    gitRepository(namespace, name, urlOf('platform')),
    kustomization(namespace, name, { path, sourceRef: { kind: 'GitRepository', name }, ...spec }),
  );
const instance = (spec: object, metadata: object = { name: 'flux', namespace: 'flux-system' }): string =>
  yaml({
    apiVersion: 'fluxcd.controlplane.io/v1',
    kind: 'FluxInstance',
    metadata,
    spec: { sync: { kind: 'GitRepository', url: urlOf('platform'), ref: 'refs/heads/main', ...spec } },
  });

describe('the root of a cluster', () => {
  const own = (namespace: string, name: string): string =>
    yaml(kustomization(namespace, 'infra', { path: './infra', sourceRef: { kind: 'GitRepository', name } }));
  const rows: { title: string; files: Files; clusters: string[] }[] = [
    {
      title: 'is a plain folder of clusters/',
      files: { 'clusters/prod/infra.yaml': own('flux-system', 'flux-system') },
      clusters: ['prod'],
    },
    {
      title: 'is what flux bootstrap wrote, at any depth',
      files: {
        'clusters/prod/eu/infra.yaml': own('flux-system', 'flux-system'),
        'clusters/prod/eu/flux-system/gotk-sync.yaml': sync('flux-system', 'flux-system', './clusters/prod/eu'),
      },
      clusters: ['prod/eu'],
    },
    {
      title: 'may stand outside clusters/',
      files: {
        'envs/live/infra.yaml': own('flux-system', 'flux-system'),
        'envs/live/flux-system/gotk-sync.yaml': sync('flux-system', 'flux-system', './envs/live'),
      },
      clusters: ['live'],
    },
    {
      title: 'may have another name and namespace',
      files: {
        'clusters/prod/infra.yaml': own('gitops', 'gitops'),
        'clusters/prod/gitops/gotk-sync.yaml': sync('gitops', 'gitops', './clusters/prod'),
      },
      clusters: ['prod'],
    },
    {
      title: 'is what a FluxInstance syncs',
      files: {
        'clusters/prod/infra.yaml': own('flux-system', 'flux-system'),
        'clusters/prod/flux-system/flux-instance.yaml': instance({ path: 'clusters/prod' }),
      },
      clusters: ['prod'],
    },
    {
      title: 'is what a FluxInstance syncs under a name of its own',
      files: {
        'live/infra.yaml': own('flux-system', 'fleet'),
        'live/flux-system/instance.yaml': instance({ path: './live', name: 'fleet' }),
      },
      clusters: ['live'],
    },
    {
      title: 'is what sluice.yaml says',
      files: {
        'sluice.yaml': 'clusters:\n  - {name: one, path: stages/one}\n',
        'stages/one/infra.yaml': own('flux-system', 'flux-system'),
        'stages/two/infra.yaml': own('flux-system', 'flux-system'),
      },
      clusters: ['one'],
    },
  ];
  it.each(rows)('$title', async ({ files, clusters }) => {
    const platform = await platformOf({ ...files, 'infra/app.yaml': yaml(before) });
    await platform.write({ 'infra/app.yaml': yaml(after) });
    const { exit, report, output } = await fleet.report(platform);
    expect({ exit, errors: report?.errors ?? output }).toEqual({ exit: 0, errors: [] });
    expect(report?.changes).toEqual([
      expect.objectContaining({ object: 'ConfigMap/kube-system/app', clusters, file: 'infra/app.yaml' }),
    ]);
    expect(report?.clusters[0]?.kustomizations.map(({ name }) => name)).toEqual(['infra']);
  });

  it('is not what a sync file in somebody else’s folder says of it', async () => {
    const patch = { patch: '- {op: replace, path: /data/key, value: patched}', target: { kind: 'ConfigMap' } };
    const platform = await platformOf({
      'clusters/prod/infra.yaml': own('flux-system', 'flux-system'),
      'infra/app.yaml': yaml(before),
    });
    await platform.write({
      'tenants/gotk-sync.yaml': sync('flux-system', 'flux-system', './clusters/prod', { patches: [patch] }),
      'clusters/prod/more.yaml': yaml(configMap('more', 'kube-system')),
    });
    const { report } = await fleet.report(platform);
    expect(report?.changes.map(({ object }) => object)).toEqual(['ConfigMap/kube-system/more']);
    expect(report?.changes[0]?.diff).toContain('key: value');
  });

  it('that leaves the repository fails alone, whoever wrote it', async () => {
    const platform = await platformOf({
      'clusters/prod/infra.yaml': own('flux-system', 'flux-system'),
      'infra/app.yaml': yaml(before),
      'tenants/x/gotk-sync.yaml': sync('flux-system', 'flux-system', '../../..'),
    });
    await platform.write({ 'infra/app.yaml': yaml(after) });
    const { report } = await fleet.report(platform);
    expect(report?.changes).toContainEqual(expect.objectContaining({ object: 'ConfigMap/kube-system/app' }));
  });

  it('whose sync file no longer parses is an error at its line, not a deletion of everything', async () => {
    const platform = await platformOf({
      'clusters/prod/apps/infra.yaml': own('flux-system', 'flux-system'),
      'clusters/prod/flux-system/gotk-sync.yaml': sync('flux-system', 'flux-system', './clusters/prod'),
      'clusters/other/app.yaml': yaml(before),
      'infra/app.yaml': yaml(before),
    });
    await platform.write({ 'clusters/prod/flux-system/gotk-sync.yaml': 'a: 1\nb: [\n' });
    const { exit, report } = await fleet.report(platform);
    expect(exit).toBe(2);
    expect(report?.errors).toContainEqual(
      expect.objectContaining({ cluster: 'prod', file: 'clusters/prod/flux-system/gotk-sync.yaml' }),
    );
    expect(report?.changes.filter(({ action }) => action === 'deleted')).toEqual([]);
  });
});

describe('a source', () => {
  /** A repository with version 1 on tag and branch `old`, and version 2 on main; both on disk and as a change. */
  async function library(): Promise<{ checkout: Checkout; first: string }> {
    const checkout = await fleet.checkout(urlOf('library'), { 'deploy/map.yaml': yaml(map('1')) });
    const first = await git.resolveRef({ fs, dir: checkout.directory, ref: 'HEAD' });
    for (const tag of ['v1.0.0', 'v1.1.0', 'v2.0.0-rc.1']) await git.tag({ fs, dir: checkout.directory, ref: tag });
    await git.branch({ fs, dir: checkout.directory, ref: 'old' });
    await checkout.write({ 'deploy/map.yaml': yaml(map('2')) });
    await checkout.commit('version 2');
    return { checkout, first };
  }
  const map = (version: string): object => configMap('library', 'kube-system', { version: `v${version}` });

  const rows: { ref: object | undefined; found: string | undefined; follows: boolean }[] = [
    { ref: { branch: 'main' }, found: 'v2', follows: true },
    { ref: { name: 'refs/heads/main' }, found: 'v2', follows: true },
    // A checkout is compared with the branch that the fleet follows, whatever is checked out.
    { ref: { branch: 'old' }, found: 'v1', follows: true },
    { ref: { tag: 'v1.0.0' }, found: 'v1', follows: false },
    { ref: { tag: 'v1.0.0', branch: 'main' }, found: 'v1', follows: false },
    { ref: { semver: '>=1.0.0 <2.0.0', tag: 'none' }, found: 'v1', follows: false },
    { ref: { semver: '3.x' }, found: undefined, follows: false },
    { ref: { commit: 'first', branch: 'main' }, found: 'v1', follows: false },
    { ref: { name: 'refs/tags/v1.0.0', semver: '3.x' }, found: 'v1', follows: false },
  ];
  it.each(rows)('at $ref is read there, and moves with its branch alone', async ({ ref, found, follows }) => {
    const { checkout, first } = await library();
    const at = ref !== undefined && 'commit' in ref ? { ...ref, commit: first } : ref;
    const source = gitRepository('flux-system', 'library', checkout.url, at === undefined ? {} : { ref: at });
    const { ref: _, ...spec } = (source as { spec: { ref?: object } }).spec;
    const written = at === undefined ? { ...source, spec } : source;
    const sourceRef = { kind: 'GitRepository', name: 'library' };
    const reader = yaml(written, kustomization('flux-system', 'library', { path: './deploy', sourceRef }));
    const trusted = { 'sluice.yaml': `trustedSources: [${checkout.url}]\n` };

    // A platform that starts to read it shows what is there.
    const platform = await platformOf({ ...trusted, 'clusters/prod/other.yaml': yaml(before) });
    await platform.write({ 'clusters/prod/library.yaml': reader });
    const repo = `${checkout.url}=${checkout.directory}`;
    const { report } = await fleet.report(platform, '--repo', repo);
    const change = report?.changes.find(({ object }) => object === 'ConfigMap/kube-system/library');
    expect(change === undefined ? undefined : /version: (v\d)/.exec(change.diff)?.[1]).toBe(found);
    if (found === undefined) expect(JSON.stringify(report?.unknowns)).toContain(checkout.url);

    // A change of its main branch reaches the cluster only where that follows it.
    await checkout.write({ 'deploy/map.yaml': yaml(map('3')) });
    const own = await fleet.report(checkout, '--platform', platform.directory);
    expect(own.exit).toBe(0);
    expect(own.report?.changes.map(({ object }) => object)).toEqual(follows ? ['ConfigMap/kube-system/library'] : []);
    if (!follows)
      expect(own.report?.notes.join()).toMatch(/prod (is pinned to|follows)|no cluster follows|not reached/);
  });

  it('without a ref is the branch master', async () => {
    const { checkout } = await library();
    const spec = { url: checkout.url, interval: '1m' };
    const reader = yaml(
      { ...gitRepository('flux-system', 'library', checkout.url), spec },
      kustomization('flux-system', 'library', { sourceRef: { kind: 'GitRepository', name: 'library' } }),
    );
    const platform = await platformOf({ 'clusters/prod/library.yaml': reader });
    const checked = await fleet.report(checkout, '--platform', platform.directory);
    expect(checked.exit).toBe(2);
    expect(checked.output).toContain('the tracked branch master is not here [source.refMissing]');
  });

  it.each([
    { as: 'ssh://git@github.com/acme/library.git', same: true },
    { as: 'https://github.com/acme/library/', same: true },
    { as: 'https://github.com/Acme/Library', same: true },
    { as: 'https://github.com/acme/library-2', same: false },
    { as: 'https://gitlab.com/acme/library', same: false },
  ])('is known by its address, however that is written: $as', async ({ as, same }) => {
    const { checkout } = await library();
    await checkout.write({ 'deploy/map.yaml': yaml(map('3')) });
    const reader = yaml(
      gitRepository('flux-system', 'library', checkout.url),
      kustomization('flux-system', 'library', {
        path: 'deploy',
        sourceRef: { kind: 'GitRepository', name: 'library' },
      }),
    );
    const platform = await platformOf({
      'sluice.yaml': `trustedSources: [${as}]\n`,
      'clusters/prod/library.yaml': reader,
    });
    const { exit, report } = await fleet.report(checkout, '--platform', platform.directory, '--as', as);
    expect(report?.changes).toHaveLength(same ? 1 : 0);
    expect(exit).toBe(0);
  });
});

describe('a fleet', () => {
  const account = (name: string): object => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'deployer', namespace: name },
  });
  const binding = (name: string): object => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'deployer', namespace: name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: name }],
  });
  const tenant = (name: string, spec: object): string =>
    yaml(account(name), binding(name), kustomization(name, name, { serviceAccountName: 'deployer', ...spec }));

  it('of one repository holds the teams in it to their namespaces, and lets no RBAC of theirs count', async () => {
    const platform = await platformOf({
      'clusters/prod/red.yaml': tenant('red', { path: './teams/red' }),
      'clusters/prod/blue.yaml': tenant('blue', { path: './teams/blue' }),
      'teams/red/app.yaml': yaml(configMap('app', 'red')),
      'teams/blue/app.yaml': yaml(configMap('app', 'blue')),
    });
    await platform.write({
      'teams/red/app.yaml': yaml(configMap('app', 'blue'), binding('blue')),
      'teams/red/own.yaml': yaml({
        ...binding('blue'),
        subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'red' }],
      }),
    });
    const duplicate = await fleet.report(platform);
    expect(duplicate.exit).toBe(2);
    await platform.write({ 'teams/red/app.yaml': yaml(configMap('app', 'blue')) });
    const { exit, report } = await fleet.report(platform);
    expect(exit).toBe(1);
    expect(new Set(report?.violations.map(({ kustomization: key }) => key))).toEqual(new Set(['red/red']));
    const rules = report?.violations.map(({ rule, object }) => `${rule} ${object}`);
    expect(rules).toContain('tenant/namespace ConfigMap/blue/app');
    expect(rules).toContain('tenant/namespace RoleBinding/blue/deployer');
  });

  it('of a platform, a repository of a tenant and folders of others shows each in its place', async () => {
    const platform = await platformOf({
      'clusters/prod/red.yaml': tenant('red', { path: './teams/red' }),
      'clusters/prod/a.yaml': [
        yaml(gitRepository('a-dev', 'a', urlOf('a'))),
        tenant('a-dev', { path: './deploy', sourceRef: { kind: 'GitRepository', name: 'a' } }),
      ].join('\n---\n'),
      'teams/red/app.yaml': yaml(configMap('app', 'red')),
    });
    await platform.write({ 'teams/red/app.yaml': yaml(configMap('app', 'red', { key: 'other' })) });
    const { exit, report } = await fleet.report(platform);
    expect(exit).toBe(0);
    expect(report?.changes).toEqual([
      expect.objectContaining({ object: 'ConfigMap/red/app', kustomization: 'red/red', file: 'teams/red/app.yaml' }),
    ]);
    const tenants = await fleet.report(fleet.a, '--platform', platform.directory);
    expect(tenants.exit).toBe(0);
    expect(tenants.report?.changes).toEqual([]);
    expect(tenants.report?.followers).toBe(1);
  });

  it('builds children as their parent has patched them', async () => {
    const platform = await platformOf({
      'clusters/prod/all.yaml': yaml(
        kustomization('flux-system', 'all', {
          path: './all',
          patches: [
            {
              patch: '- {op: replace, path: /spec/path, value: ./second}',
              target: { kind: 'Kustomization', name: 'child' },
            },
          ],
        }),
      ),
      'all/child.yaml': yaml(kustomization('flux-system', 'child', { path: './first' })),
      'first/app.yaml': yaml(before),
      'second/app.yaml': yaml(before),
    });
    await platform.write({ 'first/app.yaml': yaml(configMap('never', 'kube-system')), 'second/app.yaml': yaml(after) });
    const { report } = await fleet.report(platform);
    expect(report?.changes).toEqual([
      expect.objectContaining({
        object: 'ConfigMap/kube-system/app',
        kustomization: 'flux-system/child',
        file: 'second/app.yaml',
      }),
    ]);
  });

  it('bounds the Kustomizations that a tenant defines', async () => {
    const many = (count: number, prefix: string, path: string): string =>
      yaml(
        ...Array.from({ length: count }, (_, index) =>
          kustomization('a-dev', `${prefix}${index}`, {
            path,
            serviceAccountName: 'deployer',
            sourceRef: { kind: 'GitRepository', name: 'a' },
          }),
        ),
      );
    const a = await fleet.checkout(urlOf('a'), { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) });
    await a.write({
      'deploy/many.yaml': many(600, 'many-', './nothing'),
      'nothing/app.yaml': yaml(configMap('x', 'a-dev')),
    });
    const { exit, report } = await fleet.report(a, '--platform', fleet.platform.directory);
    expect(exit).toBe(2);
    expect(report?.errors.map(({ code }) => code)).toContain('fleet.tooMany');
  });
});
