import { describe, expect, test } from 'vitest';
import { refuseInGit, refuseRunning, runs } from '../../../src/bootstrap/flux.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

interface Given {
  readonly kind?: string;
  readonly name?: string;
  readonly labels?: Json;
  readonly podLabels?: Json;
  readonly image?: Json;
  readonly replicas?: Json;
  readonly status?: Json;
}

function deployment(given: Given): KubeObject {
  const { kind = 'Deployment', name = 'x', labels = {}, podLabels = {}, image = 'x:1', replicas, status } = given;
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'flux-system', labels },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      template: { metadata: { labels: podLabels }, spec: { containers: [{ name: 'manager', image }] } },
    },
    ...(status === undefined ? {} : { status }),
  };
}

describe('a kustomize-controller', () => {
  test.each<[string, Given]>([
    ['its name', { name: 'kustomize-controller' }],
    ['the label of flux install', { labels: { 'app.kubernetes.io/component': 'kustomize-controller' } }],
    ['the name label of a chart', { labels: { 'app.kubernetes.io/name': 'kustomize-controller' } }],
    ['its pods', { podLabels: { app: 'kustomize-controller' } }],
    ['its image', { image: 'ghcr.io/fluxcd/kustomize-controller:v1.9.6' }],
    ['its image by digest', { image: 'registry.acme.example:5000/mirror/kustomize-controller@sha256:00' }],
    ['its image alone', { image: 'kustomize-controller' }],
    ['pods that are left', { name: 'kustomize-controller', replicas: 0, status: { replicas: 1 } }],
    ['three replicas', { name: 'kustomize-controller', replicas: 3 }],
  ])('is known by %s', (_, given) => {
    expect(runs('kustomize-controller', deployment(given))).toBe(true);
  });

  test.each<[string, Given]>([
    ['scaled to nothing', { name: 'kustomize-controller', replicas: 0, status: { replicas: 0 } }],
    ['of another kind', { kind: 'Service', name: 'kustomize-controller' }],
    ['another controller', { name: 'helm-controller', image: 'ghcr.io/fluxcd/helm-controller:v1' }],
    ['like it by name only in part', { name: 'my-kustomize-controller', image: 'x/kustomize-controller-exporter:1' }],
    ['a hostile one', { image: { a: 1 }, labels: 'kustomize-controller' }],
  ])('is not what is %s', (_, given) => {
    expect(runs('kustomize-controller', deployment(given))).toBe(false);
  });
});

describe('the refusal', () => {
  test('names the Deployment and the command', () => {
    const found = deployment({ name: 'kustomize-controller', replicas: 2 });
    expect(() => refuseRunning([deployment({}), found])).toThrow(
      expect.objectContaining({
        code: 'deploy.fluxRunning',
        message: expect.stringContaining('Deployment/flux-system/kustomize-controller'),
        remedy: expect.stringContaining('kubectl -n flux-system scale deployment kustomize-controller --replicas=0'),
      }),
    );
    expect(() => refuseRunning([deployment({})])).not.toThrow();
  });

  test('names the file and the line in Git', () => {
    const object = deployment({ name: 'kustomize-controller' });
    const sources = [{ file: 'clusters/a/gotk-components.yaml', line: 7, document: 0, by: 'declared' as const }];
    expect(() => refuseInGit([{ object, sources }])).toThrow(
      expect.objectContaining({
        code: 'deploy.fluxRunning',
        place: { file: 'clusters/a/gotk-components.yaml', line: 7 },
      }),
    );
  });
});
