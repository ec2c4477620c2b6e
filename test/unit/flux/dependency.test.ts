import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { dependenciesReady, dependencyCycle, dependencyKeys } from '../../../src/flux/dependency.ts';
import { keyOf } from '../../../src/flux/kustomization.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const revision = `main@sha1:${'a'.repeat(40)}`;
const older = `main@sha1:${'b'.repeat(40)}`;

interface Given {
  dependsOn?: object[];
  source?: object;
  status?: object;
  generation?: number;
}

function kustomization(
  key: string,
  { dependsOn = [], source = {}, status = {}, generation = 2 }: Given = {},
): KubeObject {
  const [namespace = '', name = ''] = key.split('/');
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { namespace, name, generation },
    spec: { interval: '10m', prune: true, sourceRef: { kind: 'GitRepository', name: 'repo', ...source }, dependsOn },
    status,
  } as unknown as KubeObject;
}

const well = {
  observedGeneration: 2,
  lastAppliedRevision: revision,
  conditions: [{ type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded' }],
};
const byKey = (...all: KubeObject[]): Map<string, KubeObject> => new Map(all.map((one) => [keyOf(one), one]));

describe('dependenciesReady', () => {
  const self = kustomization('apps/web', { dependsOn: [{ name: 'db' }] });
  type Row = { title: string; dependency: Given | undefined; why: RegExp | undefined };
  it.each<Row>([
    { title: 'ready at this revision', dependency: { status: well }, why: undefined },
    { title: 'not there', dependency: undefined, why: /^not found$/ },
    { title: 'never reconciled', dependency: {}, why: /^not reconciled yet$/ },
    {
      title: 'not ready',
      dependency: { status: { ...well, conditions: [{ type: 'Ready', status: 'False', reason: 'BuildFailed' }] } },
      why: /^not ready: BuildFailed$/,
    },
    {
      title: 'in progress',
      dependency: { status: { ...well, conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Progressing' }] } },
      why: /^not ready: Progressing$/,
    },
    {
      title: 'ready with a spec that is not reconciled yet',
      dependency: { status: well, generation: 3 },
      why: /^its newest spec is not reconciled yet$/,
    },
    {
      title: 'ready at another revision of the same source',
      dependency: { status: { ...well, lastAppliedRevision: older } },
      why: new RegExp(`^${revision} is not applied yet \\(at ${older}\\)$`),
    },
    {
      title: 'ready with nothing applied',
      dependency: { status: { ...well, lastAppliedRevision: undefined } },
      why: /nothing applied so far/,
    },
    {
      title: 'the same source, named with its namespace',
      dependency: { source: { namespace: 'apps' }, status: { ...well, lastAppliedRevision: older } },
      why: /is not applied yet/,
    },
    {
      title: 'another source of the same name',
      dependency: { source: { namespace: 'other' }, status: { ...well, lastAppliedRevision: older } },
      why: undefined,
    },
    {
      title: 'another kind of source',
      dependency: { source: { kind: 'OCIRepository' }, status: { ...well, lastAppliedRevision: older } },
      why: undefined,
    },
    {
      title: 'a reason that hides',
      dependency: { status: { ...well, conditions: [{ type: 'Ready', status: 'False', reason: 'a\u202eb' }] } },
      why: /^not ready: a\\u\{202e\}b$/,
    },
  ])('$title', ({ dependency, why }) => {
    const live = dependency === undefined ? byKey() : byKey(kustomization('apps/db', dependency));
    const answer = dependenciesReady(self, live, revision);
    expect(answer.ready).toBe(why === undefined);
    if (!answer.ready)
      expect(answer.waiting).toEqual([{ namespace: 'apps', name: 'db', why: expect.stringMatching(why as RegExp) }]);
  });

  it('has nothing to wait for without dependencies', () => {
    expect(dependenciesReady(kustomization('apps/web'), byKey(), revision)).toEqual({ ready: true });
  });

  it('names all, in order, and not too many', () => {
    const two = kustomization('apps/web', { dependsOn: [{ name: 'db' }, { name: 'ca', namespace: 'pki' }] });
    expect(dependenciesReady(two, byKey(), revision)).toMatchObject({
      message: 'waiting for apps/db (not found), pki/ca (not found)',
    });
    const twenty = kustomization('apps/web', {
      dependsOn: Array.from({ length: 20 }, (_one, at) => ({ name: `d${at}` })),
    });
    expect(dependenciesReady(twenty, byKey(), revision)).toMatchObject({ message: expect.stringMatching(/found\)$/) });
    const many = kustomization('apps/web', {
      dependsOn: Array.from({ length: 50 }, (_one, at) => ({ name: `d${at}` })),
    });
    expect(dependenciesReady(many, byKey(), revision)).toMatchObject({
      waiting: { length: 50 },
      message: expect.stringMatching(/ apps\/d19 \(not found\), and 30 more$/),
    });
  });

  describe('readyExpr', () => {
    const asking = (readyExpr: string): KubeObject =>
      kustomization('apps/web', { dependsOn: [{ name: 'db', readyExpr }], source: { name: 'mine' } });
    const db = kustomization('apps/db', { status: { ...well, lastAppliedRevision: older }, generation: 9 });

    it.each<{ text: string; why: RegExp | undefined }>([
      { text: "dep.status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')", why: undefined },
      { text: "dep.spec.sourceRef.name == 'repo' && self.spec.sourceRef.name == 'mine'", why: undefined },
      { text: 'dep.metadata.generation == 9', why: undefined },
      {
        text: "dep.metadata.labels['app/version'] == self.metadata.labels['app/version']",
        why: /^its readyExpr fails: /,
      },
      { text: "dep.status['lastAppliedRevision'].endsWith('b')", why: undefined },
      { text: 'dep.metadata.generation == dep.status.observedGeneration', why: /^its readyExpr is false$/ },
      { text: 'dep.metadata.labels.version == self.metadata.labels.version', why: /^its readyExpr fails: / },
      { text: 'dep.metadata.name', why: /^its readyExpr fails: / },
    ])('$text', ({ text, why }) => {
      const answer = dependenciesReady(asking(text), byKey(db), revision);
      if (why === undefined) expect(answer).toEqual({ ready: true });
      else expect(answer).toMatchObject({ waiting: [{ why: expect.stringMatching(why) }] });
    });

    it('still asks that the dependency is there', () => {
      expect(dependenciesReady(asking('true'), byKey(), revision)).toMatchObject({ waiting: [{ why: 'not found' }] });
    });

    it.each(['dep.', 'other.status.x', "dep.status == 'x' &&"])('%s is for good', (text) => {
      let error: unknown;
      try {
        dependenciesReady(asking(text), byKey(db), revision);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(SluiceError);
      expect(error).toMatchObject({ code: 'deploy.expression', kind: 'terminal' });
    });
  });
});

describe('dependencyCycle', () => {
  const graph = (edges: Record<string, string[]>): Map<string, KubeObject> =>
    byKey(
      ...Object.entries(edges).map(([name, names]) =>
        kustomization(`a/${name}`, { dependsOn: names.map((one) => ({ name: one })) }),
      ),
    );
  type Row = { title: string; edges: Record<string, string[]>; cycle: string[] | undefined };
  it.each<Row>([
    { title: 'no dependencies', edges: { x: [] }, cycle: undefined },
    { title: 'a diamond', edges: { x: ['l', 'r'], l: ['b'], r: ['b'], b: [] }, cycle: undefined },
    { title: 'one that is not there', edges: { x: ['gone'] }, cycle: undefined },
    { title: 'itself', edges: { x: ['x'] }, cycle: ['a/x', 'a/x'] },
    { title: 'two', edges: { x: ['y'], y: ['x'] }, cycle: ['a/x', 'a/y', 'a/x'] },
    { title: 'a circle further on', edges: { x: ['y'], y: ['z'], z: ['y'] }, cycle: ['a/y', 'a/z', 'a/y'] },
    {
      title: 'a circle beside',
      edges: { x: ['l', 'r'], l: [], r: ['s'], s: ['x'] },
      cycle: ['a/x', 'a/r', 'a/s', 'a/x'],
    },
    { title: 'a circle elsewhere', edges: { x: [], y: ['z'], z: ['y'] }, cycle: undefined },
  ])('$title', ({ edges, cycle }) => {
    const all = graph(edges);
    expect(dependencyCycle(all.get('a/x') as KubeObject, all)).toEqual(cycle);
  });

  it('follows a chain that no call stack could', () => {
    const edges = Object.fromEntries(Array.from({ length: 5_000 }, (_one, at) => [`k${at}`, [`k${at + 1}`]]));
    const all = graph({ ...edges, k5000: ['k4999'] });
    expect(dependencyCycle(all.get('a/k0') as KubeObject, all)).toEqual(['a/k4999', 'a/k5000', 'a/k4999']);
  });
});

it('dependencyKeys are unique and whole', () => {
  const self = kustomization('apps/web', {
    dependsOn: [{ name: 'x' }, { name: 'x', namespace: 'apps' }, { name: 'x', namespace: 'b' }],
  });
  expect(dependencyKeys(self)).toEqual(['apps/x', 'b/x']);
});
