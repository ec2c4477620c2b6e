// What is deleted, and what only leaves Git.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Checkout,
  type Checked,
  configMap,
  type Files,
  gitRepository,
  kustomization,
  platformFiles,
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
const deleted = ({ report }: Checked): string[] =>
  report?.changes.filter(({ action }) => action === 'deleted').map(({ object }) => object) ?? [];
const maps = (...names: string[]): string => yaml(...names.map((name) => configMap(name, 'kube-system')));
const infra = (spec: Record<string, unknown> = {}): string =>
  yaml(kustomization('flux-system', 'infra', { path: './infra', ...spec }));
const marked = (name: string, annotations: Record<string, string>): object => ({
  ...configMap(name, 'kube-system'),
  metadata: { name, namespace: 'kube-system', annotations },
});

async function change(before: Files, after: Files, gone: readonly string[] = []): Promise<Checked> {
  const platform = await platformOf(before);
  await platform.remove(gone);
  await platform.write(after);
  return fleet.report(platform);
}

describe('an object that leaves a Kustomization', () => {
  const rows: { title: string; spec: Record<string, unknown>; gone: string[]; note?: string }[] = [
    { title: 'is deleted where it prunes', spec: {}, gone: ['ConfigMap/kube-system/b'] },
    { title: 'stays where it does not prune', spec: { prune: false }, gone: [], note: 'spec.prune is not true' },
    {
      title: 'is deleted later where it is suspended',
      spec: { suspend: true },
      gone: ['ConfigMap/kube-system/b'],
      note: 'infra is suspended',
    },
  ];
  it.each(rows)('$title', async ({ spec, gone, note }) => {
    const files = { 'clusters/prod/infra.yaml': infra(spec), 'infra/maps.yaml': maps('a', 'b') };
    const checked = await change(files, { 'infra/maps.yaml': maps('a') });
    expect(checked.exit).toBe(0);
    expect(deleted(checked)).toEqual(gone);
    expect(checked.report?.notes.join()).toContain(note ?? '');
    expect(checked.report?.clusters[0]?.kustomizations[0]?.counts.deleted).toBe(gone.length);
  });

  it.each(['prune', 'reconcile'])('stays where it is marked %s: disabled', async (name) => {
    const kept = marked('b', { [`kustomize.toolkit.fluxcd.io/${name}`]: 'Disabled' });
    const files = {
      'clusters/prod/infra.yaml': infra(),
      'infra/maps.yaml': yaml(configMap('a', 'kube-system'), kept, configMap('c', 'kube-system')),
    };
    const checked = await change(files, { 'infra/maps.yaml': maps('a') });
    expect(deleted(checked)).toEqual(['ConfigMap/kube-system/c']);
    expect(checked.report?.notes.join()).toContain(`${name}: disabled: ConfigMap/kube-system/b`);
  });

  it('for another one is a move', async () => {
    const two = yaml(
      kustomization('flux-system', 'infra', { path: './infra' }),
      kustomization('flux-system', 'other', { path: './other' }),
    );
    const files = { 'clusters/prod/all.yaml': two, 'infra/maps.yaml': maps('a', 'b'), 'other/maps.yaml': maps('c') };
    const checked = await change(files, { 'infra/maps.yaml': maps('a'), 'other/maps.yaml': maps('b', 'c') });
    expect(checked.exit).toBe(0);
    expect(deleted(checked)).toEqual([]);
    expect(checked.report?.notes.join()).toContain('Kustomization flux-system/other applies the same');
  });

  it('all at once are counted only where they are deleted', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const files = { 'clusters/prod/infra.yaml': infra(), 'infra/maps.yaml': maps('a', ...names) };
    const gone = await change(files, { 'infra/maps.yaml': maps('a') });
    expect(gone.report?.violations.map(({ rule }) => rule)).toEqual(['deploy/deletions']);
    const renamed = yaml(kustomization('flux-system', 'renamed', { path: './infra' }));
    const moved = await change(files, { 'clusters/prod/infra.yaml': renamed });
    expect(moved.report?.violations).toEqual([]);
    expect(deleted(moved)).toEqual(['Kustomization/flux-system/infra']);
  });
});

describe('a Kustomization that goes', () => {
  const rows: { title: string; spec: Record<string, unknown>; gone: boolean; note?: string }[] = [
    { title: 'takes its objects along', spec: {}, gone: true },
    { title: 'leaves them where it does not prune', spec: { prune: false }, gone: false, note: 'spec.prune' },
    { title: 'takes them where its policy is Delete', spec: { prune: false, deletionPolicy: 'Delete' }, gone: true },
    {
      title: 'leaves them where its policy is Orphan',
      spec: { deletionPolicy: 'Orphan' },
      gone: false,
      note: 'Orphan',
    },
    { title: 'leaves them where it is suspended', spec: { suspend: true }, gone: false, note: 'suspended' },
  ];
  it.each(rows)('$title', async ({ spec, gone, note }) => {
    const files = {
      'clusters/prod/infra.yaml': infra(spec),
      'clusters/prod/more.yaml': maps('more'),
      'infra/maps.yaml': maps('a'),
    };
    const checked = await change(files, {}, ['clusters/prod/infra.yaml']);
    expect(deleted(checked)).toContain('Kustomization/flux-system/infra');
    expect(deleted(checked).includes('ConfigMap/kube-system/a')).toBe(gone);
    expect(checked.report?.notes.join()).toContain(note ?? '');
  });

  it('says that what goes with it is not known where its source is not at hand', async () => {
    const other = gitRepository('flux-system', 'other', urlOf('other'));
    const reader = kustomization('flux-system', 'other', { sourceRef: { kind: 'GitRepository', name: 'other' } });
    const files = { 'clusters/prod/other.yaml': yaml(other, reader), 'clusters/prod/more.yaml': maps('more') };
    const { report } = await change(files, {}, ['clusters/prod/other.yaml']);
    expect(report?.unknowns.map(({ effect }) => effect).join()).toContain(
      'deleted together with Kustomization flux-system/other',
    );
  });

  it('stays with its objects where its parent does not prune', async () => {
    const parent = yaml(kustomization('flux-system', 'parent', { path: './parent', prune: false }));
    const files = {
      'clusters/prod/parent.yaml': parent,
      'parent/infra.yaml': infra(),
      'parent/more.yaml': maps('more'),
      'infra/maps.yaml': maps('a'),
    };
    const checked = await change(files, {}, ['parent/infra.yaml']);
    expect(deleted(checked)).toEqual([]);
    expect(checked.report?.notes.join()).toContain('flux-system/parent does not prune it');
  });
});

describe('a cluster', () => {
  const files = {
    'clusters/old/app.yaml': maps('a'),
    'clusters/prod/app.yaml': maps('a'),
  };

  it('that goes from Git keeps what runs there', async () => {
    const checked = await change(files, {}, ['clusters/old']);
    expect(checked.exit).toBe(0);
    expect(deleted(checked)).toEqual([]);
    expect(checked.report?.notes.join()).toContain('old: 1 object leaves');
  });

  it('that is new shows everything that it will get', async () => {
    const checked = await change(files, { 'clusters/new/app.yaml': maps('a', 'b') });
    expect(checked.exit).toBe(0);
    expect(checked.report?.changes.map(({ action, object, clusters }) => [action, object, clusters])).toEqual([
      ['created', 'ConfigMap/kube-system/a', ['new']],
      ['created', 'ConfigMap/kube-system/b', ['new']],
    ]);
  });
});

describe('a change that reaches nothing', () => {
  it('says so, and deletes nothing', async () => {
    const platform = await platformOf({
      ...platformFiles,
      'clusters/prod/none.yaml': yaml(gitRepository('a-dev', 'unused', urlOf('unused'))),
    });
    const { exit, report } = await fleet.report(platform);
    expect(exit).toBe(0);
    expect(report?.changes).toEqual([]);
    expect(report?.clusters).toEqual([]);
    expect(report?.errors).toEqual([]);
  });
});
