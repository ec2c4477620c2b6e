import { describe, expect, test } from 'vitest';
import { compare } from '../../../src/apply/compare.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { annotated, configMap, deployment } from './manifests.ts';

function owning(object: KubeObject, fieldsV1: Json): KubeObject {
  const managedFields = [{ manager: 'kustomize-controller', operation: 'Apply', fieldsV1 }];
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

describe('what an apply would change', () => {
  test.each([
    ['nothing', configMap('x'), configMap('x'), []],
    ['a value', configMap('x', { key: 'old' }), configMap('x'), ['data.key']],
    ['a field that is missing', configMap('x', {}), configMap('x'), ['data.key']],
    ['a label', configMap('x'), configMap('x', undefined, { labels: { a: 'b' } }), ['metadata.labels.a']],
    [
      'an annotation',
      annotated(configMap('x'), { a: 'old' }),
      annotated(configMap('x'), { a: 'b' }),
      ['metadata.annotations.a'],
    ],
    [
      'the server’s own metadata',
      configMap('x', undefined, { uid: '1', generation: 1, finalizers: ['a'] }),
      configMap('x'),
      [],
    ],
    ['a status', { ...configMap('x'), status: { a: 1 } }, { ...configMap('x'), status: { a: 2 } }, []],
    ['the order of keys', configMap('x', { a: '1', b: '2' }), configMap('x', { b: '2', a: '1' }), []],
  ] as [string, KubeObject, KubeObject, string[]][])('%s', (_name, live, desired, paths) => {
    expect(compare(live, desired, desired)).toEqual(paths);
  });

  test('an item of a list, by its name', () => {
    const containers = (image: string): Json => [
      { name: 'proxy', image: 'p' },
      { name: 'web', image },
    ];
    const of = (list: Json): KubeObject => deployment({ template: { spec: { containers: list } } });
    const desired = of([{ name: 'web', image: 'web:2' }]);
    expect(compare(of(containers('web:1')), of(containers('web:2')), desired)).toEqual([
      'spec.template.spec.containers.web.image',
    ]);
  });

  test('numbers beyond 2^53 by all their digits', () => {
    const of = (text: string): KubeObject => ({ ...configMap('x'), spec: { big: JSON.rawJSON(text) as Json } });
    expect(compare(of('12345678901234567890'), of('12345678901234567891'), of('12345678901234567891'))).toEqual([
      'spec.big',
    ]);
    expect(compare(of('12345678901234567890'), of('12345678901234567890'), of('12345678901234567890'))).toEqual([]);
  });
});

describe('what differs and is nobody’s business of ours', () => {
  const stamp = 'webhook.example/at';

  test('what a webhook writes anew at each request', () => {
    const live = owning(annotated(configMap('x'), { [stamp]: '1' }), { 'f:data': { 'f:key': {} } });
    expect(compare(live, annotated(configMap('x'), { [stamp]: '2' }), configMap('x'))).toEqual([]);
  });

  test('but not where Git sets it, or has set it', () => {
    const dryRun = annotated(configMap('x'), { [stamp]: '2' });
    const live = annotated(configMap('x'), { [stamp]: '1' });
    expect(compare(live, dryRun, annotated(configMap('x'), { [stamp]: '0' }))).toEqual([
      `metadata.annotations.${stamp}`,
    ]);
    const known = owning(live, { 'f:metadata': { 'f:annotations': { [`f:${stamp}`]: {} } } });
    expect(compare(known, dryRun, configMap('x'))).toEqual([`metadata.annotations.${stamp}`]);
  });

  test('a field that left Git is ours until it is gone', () => {
    const live = owning(configMap('x', { key: 'value', old: '1' }), { 'f:data': { 'f:key': {}, 'f:old': {} } });
    expect(compare(live, configMap('x'), configMap('x'))).toEqual(['data.old']);
  });

  test('a container that another manager adds', () => {
    const of = (...names: string[]): KubeObject =>
      deployment({ template: { spec: { containers: names.map((name) => ({ name })) } } });
    expect(compare(of('web'), of('web', 'sidecar'), of('web'))).toEqual([]);
    expect(compare(of('web', 'sidecar'), of('web'), of('web'))).toEqual([]);
  });

  test('a list without names counts whole', () => {
    const of = (args: string[]): KubeObject => deployment({ args });
    expect(compare(of(['a', 'b']), of(['a', 'c']), of(['a', 'c']))).toEqual(['spec.args.1']);
  });
});

test('values never leave: only paths do (CVE-2026-42880)', () => {
  const secret = (data: Json): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'a' },
    data,
  });
  const paths = compare(
    secret({ password: 'aHVudGVyMg==', other: 'dGhlaXJz' }),
    secret({ password: 'bmV3', other: 'dGhlaXJz' }),
    secret({ password: 'bmV3' }),
  );
  expect(paths).toEqual(['data.password']);
});
