// Fleets of other shapes than the one beside: where roots stand, who reads what, and at which revision.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Checkout,
  configMap,
  type Files,
  gitRepository,
  kustomization,
  TestFleet,
  urlOf,
  yaml,
} from './fleet.ts';

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
