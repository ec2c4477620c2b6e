import { describe, expect, test } from 'vitest';
import { compileIgnore } from '../../../src/apply/ignore.ts';
import { parseSelector } from '../../../src/apply/label-selector.ts';
import { reshape } from '../../../src/apply/reshape.ts';
import type { IgnoreRule } from '../../../src/flux/deploy-spec.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { configMap, deployment } from './manifests.ts';

const invalid = expect.objectContaining({ code: 'deploy.spec', kind: 'terminal' });
const web = deployment({}, { labels: { app: 'web', tier: 'front' }, annotations: { note: 'x' } });

describe('which objects', () => {
  test.each([
    [undefined, true],
    [{}, true],
    [{ kind: 'Deployment' }, true],
    [{ kind: 'Deploy' }, false],
    [{ kind: 'deployment' }, false],
    [{ kind: 'Deploy.*|Stateful.*' }, true],
    [{ group: 'apps', version: 'v1', kind: 'Deployment', name: 'web', namespace: 'a' }, true],
    [{ group: '' }, true],
    [{ group: 'app' }, false],
    [{ version: 'v1beta1' }, false],
    [{ name: 'we' }, false],
    [{ name: 'w[a-z]+' }, true],
    [{ namespace: 'b' }, false],
    [{ labelSelector: 'app=web' }, true],
    [{ labelSelector: 'app=web', annotationSelector: 'other' }, false],
    [{ annotationSelector: 'note in (x, y)' }, true],
  ] as [IgnoreRule['target'], boolean][])('%j: %s', (target, matches) => {
    expect(compileIgnore([{ paths: ['/spec/replicas'], target }])(web)).toEqual(matches ? [['spec', 'replicas']] : []);
  });

  test('a pattern that takes other engines minutes takes no time', () => {
    const rules = compileIgnore([{ paths: ['/spec'], target: { name: '(a+)+b' } }]);
    const started = performance.now();
    expect(rules(configMap('a'.repeat(253)))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test.each(['(', '(?=a)', '(a)\\1', 'a'.repeat(1001)])('the pattern %j is an error, never nothing', (name) => {
    expect(() => compileIgnore([{ paths: ['/spec'], target: { name } }])).toThrow(invalid);
  });

  test.each(['', 'spec', 'spec/replicas', '/', '/spec/', '/spec//x', '/spec/~2'])(
    'the pointer %j is an error',
    (path) => {
      expect(() => compileIgnore([{ paths: [path], target: undefined }])).toThrow(invalid);
    },
  );

  test('pointers are unescaped, all rules that match count', () => {
    const rules = compileIgnore([
      { paths: ['/metadata/annotations/a~1b~0c', '/spec/x'], target: undefined },
      { paths: ['/spec/y'], target: { kind: 'Deployment' } },
      { paths: ['/spec/z'], target: { kind: 'Job' } },
    ]);
    expect(rules(web)).toEqual([
      ['metadata', 'annotations', 'a/b~c'],
      ['spec', 'x'],
      ['spec', 'y'],
    ]);
  });
});

describe('selectors', () => {
  const map = { app: 'web', empty: '', count: '7', 'example.com/x': 'y' };

  test.each([
    ['app', true],
    ['!app', false],
    ['! missing', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app!=web', false],
    ['missing!=web', true],
    ['missing=', false],
    ['empty=', true],
    ['app in (api,web)', true],
    ['app in ( api , web )', true],
    ['app notin (web)', false],
    ['missing notin (web)', true],
    ['empty in ()', true],
    ['count>6', true],
    ['count<7', false],
    ['app>6', false],
    ['example.com/x=y', true],
    ['app=web,count>6,!missing,app in (web,x)', true],
    ['app=web,missing', false],
  ])('%s: %s', (selector, selected) => {
    expect(parseSelector(selector)(map)).toBe(selected);
  });

  test.each([
    '',
    ',',
    'app=web,',
    'a b',
    'app in web',
    'app in (web',
    '=web',
    'app=we b',
    '-app',
    'app===web',
    'app=(web)',
  ])('%j is an error', (selector) => {
    expect(() => parseSelector(selector)).toThrow(invalid);
  });
});

describe('what is sent of ignored fields', () => {
  const manager = (name: string, operation: string, fieldsV1: Json, more: object = {}): Json => ({
    manager: name,
    operation,
    fieldsV1,
    ...more,
  });
  const ownReplicas = manager('kustomize-controller', 'Apply', { 'f:spec': { 'f:replicas': {} } });
  const hpaReplicas = manager('hpa', 'Apply', { 'f:spec': { 'f:replicas': {} } });
  const scaled = manager(
    'kube-controller-manager',
    'Update',
    { 'f:spec': { 'f:replicas': {} } },
    { subresource: 'scale' },
  );
  const replicas = [['spec', 'replicas']];
  const live = (spec: Record<string, Json>, ...managedFields: Json[]): KubeObject =>
    deployment(spec, { managedFields });

  test.each([
    ['ours alone: the live value', { replicas: 2 }, live({ replicas: 5 }, ownReplicas), { replicas: 5 }],
    ['scaled by the autoscaler: the live value', { replicas: 2 }, live({ replicas: 5 }, scaled), { replicas: 5 }],
    ['applied by another: nothing', { replicas: 2 }, live({ replicas: 5 }, ownReplicas, hpaReplicas), {}],
    ['no drift: what Git has, whoever owns it', { replicas: 5 }, live({ replicas: 5 }, hpaReplicas), { replicas: 5 }],
    ['not there: what Git has', { replicas: 2 }, live({}, hpaReplicas), { replicas: 2 }],
    ['left Git and ours: it stays', {}, live({ replicas: 5 }, ownReplicas), { replicas: 5 }],
    ['left Git and another’s: nothing', {}, live({ replicas: 5 }, ownReplicas, hpaReplicas), {}],
    ['never in Git: nothing', {}, live({ replicas: 5 }, scaled), {}],
  ] as [string, Record<string, Json>, KubeObject, Record<string, Json>][])('%s', (_name, spec, there, sent) => {
    expect(reshape(deployment(spec), there, replicas)).toEqual(deployment(sent));
  });

  test('of a map, key by key', () => {
    const there = configMap(
      'x',
      { mine: 'live', theirs: 'live', same: '1', extra: 'live' },
      {
        managedFields: [
          manager('other', 'Apply', { 'f:data': { 'f:theirs': {}, 'f:extra': {} } }),
          manager('kustomize-controller', 'Apply', { 'f:data': { 'f:mine': {} } }),
        ],
      },
    );
    const desired = configMap('x', { mine: 'git', theirs: 'git', same: '1', new: 'git' });
    expect(reshape(desired, there, [['data']])).toEqual(configMap('x', { mine: 'live', same: '1', new: 'git' }));
  });

  test('a map of which nothing is left goes whole', () => {
    const there = configMap(
      'x',
      { a: 'live' },
      { managedFields: [manager('other', 'Apply', { 'f:data': { 'f:a': {} } })] },
    );
    expect(reshape(configMap('x', { a: 'git' }), there, [['data']])).not.toHaveProperty('data');
  });

  test('items of lists belong together by name', () => {
    const containers = (...items: Json[]): Record<string, Json> => ({ template: { spec: { containers: items } } });
    const there = deployment(
      containers({ name: 'proxy', image: 'p' }, { name: 'web', image: 'web:live', resources: { cpu: 1 } }),
    );
    const desired = deployment(containers({ name: 'web', image: 'web:git' }));
    const pointer = [['spec', 'template', 'spec', 'containers', '0', 'image']];
    expect(reshape(desired, there, pointer)).toEqual(deployment(containers({ name: 'web', image: 'web:live' })));
  });

  test.each([
    [['spec', 'template', 'spec', 'containers', '7', 'image']],
    [['spec', 'template', 'spec', 'containers', 'x', 'image']],
    [['spec', 'template', 'spec', 'containers', '-']],
    [['spec', 'missing', 'deep']],
    [['spec', 'replicas', 'deep']],
  ])('a pointer to nothing changes nothing: %j', (pointer) => {
    const there = live({ replicas: 2 }, ownReplicas);
    expect(reshape(deployment(), there, [pointer])).toEqual(deployment());
  });

  test('an object that was not touched is the same one', () => {
    const desired = deployment();
    expect(reshape(desired, live({ replicas: 2 }), replicas)).toBe(desired);
  });
});
