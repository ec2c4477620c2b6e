import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { normalised } from '../../../src/apply/normalise.ts';
import { entriesOf, prepare } from '../../../src/apply/prepare.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { built, configMap, deployment, labelled, ours, owner, prepared } from './manifests.ts';

const certificate = `-----BEGIN CERTIFICATE-----
MIIBODCB66ADAgECAhQH01XVgzGUydS+p7QhmpiA+yRl5jAFBgMrZXAwETEPMA0G
A1UEAwwGc2x1aWNlMCAXDTI2MTEyNTE3MTUyNloYDzIxMjYxMTAxMTcxNTI2WjAR
MQ8wDQYDVQQDDAZzbHVpY2UwKjAFBgMrZXADIQBxSKmT0zbiKt/r/jBnqOLieHgk
56B2ktCGNS/LB93KUaNTMFEwHQYDVR0OBBYEFG98ES55tT4etvN56Sviv9F/RbuL
MB8GA1UdIwQYMBaAFG98ES55tT4etvN56Sviv9F/RbuLMA8GA1UdEwEB/wQFMAMB
Af8wBQYDK2VwA0EAU8/HNu5K4C03zwGYm8h9vaerls1kn1dp9WdV9KJpcVGrcVQg
ybCfMzX3eyTLh7aSUi2q4OndynUktN08av3lCg==
-----END CERTIFICATE-----`;

function secret(more: Record<string, Json>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'a' }, ...more };
}

function failing(...objects: KubeObject[]): unknown {
  try {
    prepared(...objects);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('normalised', () => {
  test('what only the server writes is left out, and the input is not touched', () => {
    const metadata = {
      name: 'x',
      namespace: 'a',
      labels: { a: 'b' },
      finalizers: ['example.com/f'],
      uid: 'u',
      resourceVersion: '1',
      generation: 2,
      creationTimestamp: null,
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
      selfLink: '/x',
      managedFields: [],
    };
    const object = Object.freeze({ ...configMap('x'), metadata: Object.freeze(metadata), status: { ready: true } });
    expect(normalised(object)).toEqual({
      ...configMap('x'),
      metadata: { name: 'x', namespace: 'a', labels: { a: 'b' }, finalizers: ['example.com/f'] },
    });
  });

  test('null timestamps in templates are left out, others stay', () => {
    const template = { metadata: { creationTimestamp: null, labels: {} }, spec: { creationTimestamp: null } };
    const claims = [{ metadata: { name: 'data', creationTimestamp: null } }, { metadata: { creationTimestamp: 'x' } }];
    const object: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'x' },
      spec: { template, volumeClaimTemplates: claims },
    };
    expect(normalised(object)['spec']).toEqual({
      template: { metadata: { labels: {} }, spec: { creationTimestamp: null } },
      volumeClaimTemplates: [{ metadata: { name: 'data' } }, { metadata: { creationTimestamp: 'x' } }],
    });
  });

  test('the status of a CustomResourceDefinition stays', () => {
    const crd: KubeObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'x' },
      status: { a: 1 },
    };
    expect(normalised(crd)['status']).toEqual({ a: 1 });
    expect(normalised({ ...crd, apiVersion: 'example.com/v1' })['status']).toBeUndefined();
  });

  test.each([
    [
      'laid over data',
      { data: { a: 'MQ==', b: 'Mg==' }, stringData: { b: 'x', c: 'ü\n' } },
      { data: { a: 'MQ==', b: 'eA==', c: 'w7wK' } },
    ],
    ['without data', { stringData: { a: '' } }, { data: { a: '' } }],
    ['null values are empty', { stringData: { a: null } }, { data: { a: '' } }],
    ['null', { stringData: null, data: { a: 'MQ==' } }, { data: { a: 'MQ==' } }],
    ['empty', { stringData: {}, type: 'Opaque' }, { type: 'Opaque' }],
    ['absent', { data: { a: 'MQ==' } }, { data: { a: 'MQ==' } }],
  ] as [string, Record<string, Json>, Record<string, Json>][])('stringData of a Secret: %s', (_name, given, sent) => {
    expect(normalised(secret(given))).toEqual(secret(sent));
  });

  test('stringData of what is called a Secret elsewhere stays', () => {
    const other = { ...secret({ stringData: { a: 'b' } }), apiVersion: 'example.com/v1' };
    expect(normalised(other)).toEqual(other);
  });

  const ports = [
    { containerPort: 80 },
    { containerPort: 53, protocol: 'UDP' },
    { containerPort: 81, protocol: '' },
    { containerPort: 82, protocol: null },
  ];
  const filled = [80, 53, 81, 82].map((containerPort) => ({
    containerPort,
    protocol: containerPort === 53 ? 'UDP' : 'TCP',
  }));
  const podSpec = { containers: [{ name: 'a', ports }, { name: 'b' }], initContainers: [{ name: 'c', ports }] };
  const filledSpec = {
    containers: [{ name: 'a', ports: filled }, { name: 'b' }],
    initContainers: [{ name: 'c', ports: filled }],
  };

  test.each([
    ['v1', 'Pod', (spec: Json): Json => spec],
    ['apps/v1', 'Deployment', (spec: Json): Json => ({ template: { spec } })],
    ['apps/v1', 'StatefulSet', (spec: Json): Json => ({ template: { spec } })],
    ['apps/v1', 'DaemonSet', (spec: Json): Json => ({ template: { spec } })],
    ['apps/v1', 'ReplicaSet', (spec: Json): Json => ({ template: { spec } })],
    ['batch/v1', 'Job', (spec: Json): Json => ({ template: { spec } })],
    ['batch/v1', 'CronJob', (spec: Json): Json => ({ jobTemplate: { spec: { template: { spec } } } })],
  ])('ports of a %s %s get their protocol', (apiVersion, kind, wrap) => {
    const object = (spec: Json): KubeObject => ({ apiVersion, kind, metadata: { name: 'x' }, spec: wrap(spec) });
    expect(normalised(object(podSpec))).toEqual(object(filledSpec));
  });

  test('ports of a Service get their protocol; a Deployment of another group is left alone', () => {
    const service: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x' },
      spec: { ports: [{ port: 80 }, 'odd'] },
    };
    expect(normalised(service)['spec']).toEqual({ ports: [{ port: 80, protocol: 'TCP' }, 'odd'] });
    const other = { ...deployment({ template: { spec: podSpec } }), apiVersion: 'example.com/v1' };
    expect(normalised(other)).toEqual(other);
  });

  test.each([null, 1, 'x', [], [1], { containers: 'x' }, { containers: [null, { ports: {} }] }] as Json[])(
    'a hostile pod spec stays as it is: %j',
    (spec) => {
      const object = deployment({ template: { spec } });
      expect(normalised(object)).toEqual(object);
    },
  );

  describe('the CA bundle of a conversion webhook', () => {
    const crd = (clientConfig: Json): KubeObject => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'x' },
      spec: { conversion: { webhook: { clientConfig } } },
    });
    const base64 = (text: string): string => Buffer.from(text).toString('base64');

    test.each(['Cg==', '', '!', base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'), 7])(
      '%j is no bundle and goes',
      (caBundle) => {
        const kept = normalised(crd({ caBundle, service: { name: 'x' } }));
        expect(kept).toEqual(crd({ service: { name: 'x' } }));
      },
    );

    test('a certificate stays', () => {
      expect(new X509Certificate(certificate).subject).toContain('sluice');
      const object = crd({ caBundle: base64(certificate) });
      expect(normalised(object)).toEqual(object);
    });
  });

  test('numbers beyond 2^53 are sent as they were written', () => {
    const object = configMap('x', { big: JSON.rawJSON('12345678901234567890') as Json });
    expect(JSON.stringify(normalised(labelled(object)))).toContain('"big":12345678901234567890');
  });
});

describe('prepare', () => {
  test('lays owner labels over what Git says', () => {
    const theirs = { 'kustomize.toolkit.fluxcd.io/name': 'other', app: 'web' };
    const [one] = prepared(configMap('x', {}, { labels: theirs }));
    expect(one?.object.metadata.labels).toEqual({ app: 'web', ...ours });
  });

  test('gives id, label, switches and a digest of the bytes', () => {
    const [one, same] = [prepared(deployment())[0], prepared(deployment())[0]];
    expect(one).toMatchObject({ id: 'a_web_apps_Deployment', label: 'Deployment/a/web', switches: { force: false } });
    expect(one?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(one?.digest).toBe(same?.digest);
    expect(prepared(deployment({ replicas: 3 }))[0]?.digest).not.toBe(one?.digest);
    expect(entriesOf(one === undefined ? [] : [one])).toEqual([{ id: 'a_web_apps_Deployment', v: 'v1' }]);
  });

  test.each([
    ['an encrypted Secret', secret({ sops: { mac: 'ENC[…]' }, data: {} }), 'deploy.unsupported'],
    ['a Secret with any trace of SOPS', secret({ sops: {} }), 'deploy.unsupported'],
    ['anything encrypted', { ...configMap('x'), sops: { mac: 'ENC[…]' } }, 'deploy.unsupported'],
    ['labels that are no mapping', configMap('x', {}, { labels: ['a'] }), 'kube.invalid'],
    ['annotations that are no mapping', configMap('x', {}, { annotations: 'a' }), 'kube.invalid'],
    ['a number in stringData', secret({ stringData: { port: 8080 } }), 'kube.invalid'],
    ['stringData that is a list', secret({ stringData: [] }), 'kube.invalid'],
  ] as [string, KubeObject, string][])('%s cannot be applied', (_name, object, code) => {
    expect(failing(object)).toMatchObject({
      code: 'deploy.apply',
      kind: 'terminal',
      place: { file: 'apps/all.yaml', line: 1 },
      cause: { code },
    });
  });

  test('a field called sops in a custom resource is its own business', () => {
    expect(
      failing({ apiVersion: 'example.com/v1', kind: 'Config', metadata: { name: 'x' }, sops: { keys: [] } }),
    ).toBeUndefined();
  });

  test('names the key of stringData and not its value', () => {
    const error = failing(secret({ stringData: { port: 8080, flag: true } })) as Error;
    expect(error.message).toContain('stringData.port, stringData.flag are not a text');
    expect(error.message).not.toMatch(/8080|true/);
  });

  test('the same object in two versions is one object twice; every error is told', () => {
    const older = { ...deployment(), apiVersion: 'apps/v1beta2' };
    const error = failing(deployment(), older, configMap('x', {}, { labels: 1 })) as Error;
    expect(error.message.split('\n')).toEqual([
      '2 of 3 objects cannot be applied',
      'Deployment/a/web (apps/all.yaml:2): kube.invalid: the object is twice in this build; keep one of them',
      'ConfigMap/a/x (apps/all.yaml:3): kube.invalid: metadata.labels is no mapping; write it as key: value lines',
    ]);
  });

  test('a place that the caller knows better is preferred', () => {
    const placeOf = (): { file: string; line: number } => ({ file: 'overlay.yaml', line: 9 });
    const broken = built(configMap('x', {}, { labels: 1 }));
    expect(() => prepare([broken], { owner, placeOf })).toThrow(
      expect.objectContaining({ place: { file: 'overlay.yaml', line: 9 } }),
    );
  });
});
