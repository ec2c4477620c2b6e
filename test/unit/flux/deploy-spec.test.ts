import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeploySpec, readDeploySpec } from '../../../src/flux/deploy-spec.ts';
import { readKustomization } from '../../../src/flux/kustomization.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const least = { interval: '10m', prune: true, sourceRef: { kind: 'GitRepository', name: 's' } };
const object = (spec: unknown): KubeObject =>
  ({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'k', namespace: 'a' },
    spec,
  }) as unknown as KubeObject;
const read = (more: Record<string, unknown> = {}): DeploySpec => readDeploySpec(object({ ...least, ...more }));

it('has the defaults of Flux', () => {
  expect(read()).toEqual({
    intervalMs: 600_000,
    retryIntervalMs: 600_000,
    timeoutMs: 570_000,
    prune: true,
    deletionPolicy: 'MirrorPrune',
    force: false,
    wait: false,
    healthChecks: [],
    healthCheckExprs: [],
    ignore: [],
    suspend: false,
    dependsOn: [],
    refused: [],
    problems: [],
  });
});

// Every field of the CRD (kustomize-controller 1.9): what it becomes here or in the build, or why it is refused.
describe('every field of the spec', () => {
  type Row = { field: string; value: unknown; deploy?: object; build?: object; refused?: RegExp };
  const rows: Row[] = [
    { field: 'interval', value: '1h', deploy: { intervalMs: 3_600_000, retryIntervalMs: 3_600_000 } },
    { field: 'retryInterval', value: '2m', deploy: { retryIntervalMs: 120_000 } },
    { field: 'timeout', value: '3m', deploy: { timeoutMs: 180_000 } },
    { field: 'prune', value: false, deploy: { prune: false }, build: { prune: false } },
    { field: 'deletionPolicy', value: 'Orphan', deploy: { deletionPolicy: 'Orphan' } },
    { field: 'force', value: true, deploy: { force: true } },
    { field: 'wait', value: true, deploy: { wait: true } },
    { field: 'suspend', value: true, deploy: { suspend: true }, build: { suspended: true } },
    {
      field: 'healthChecks',
      value: [
        { kind: 'Deployment', name: 'web', namespace: 'b' },
        { apiVersion: 'v1', kind: 'Service', name: 'web' },
      ],
      deploy: {
        healthChecks: [
          { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'b', name: 'web' },
          { apiVersion: 'v1', kind: 'Service', namespace: '', name: 'web' },
        ],
      },
    },
    {
      field: 'healthCheckExprs',
      value: [{ apiVersion: 'x.io/v1', current: 'true', failed: '', inProgress: 'false' }],
      deploy: {
        healthCheckExprs: [
          { apiVersion: 'x.io/v1', kind: undefined, current: 'true', failed: undefined, inProgress: 'false' },
        ],
      },
    },
    {
      field: 'ignore',
      value: [{ paths: ['/spec/replicas', '/metadata/annotations/a~1b'], target: { kind: 'Deployment', name: '' } }],
      deploy: {
        ignore: [{ paths: ['/spec/replicas', '/metadata/annotations/a~1b'], target: { kind: 'Deployment' } }],
      },
    },
    {
      field: 'dependsOn',
      value: [{ name: 'd' }, { name: 'e', namespace: 'b', readyExpr: 'true' }],
      deploy: {
        dependsOn: [
          { namespace: 'a', name: 'd', readyExpr: undefined },
          { namespace: 'b', name: 'e', readyExpr: 'true' },
        ],
      },
    },
    { field: 'path', value: './x', build: { path: './x' } },
    {
      field: 'sourceRef',
      value: { kind: 'GitRepository', name: 't', namespace: 'b' },
      build: { sourceRef: { kind: 'GitRepository', name: 't', namespace: 'b' } },
    },
    { field: 'serviceAccountName', value: 'flux', build: { serviceAccountName: 'flux' } },
    { field: 'targetNamespace', value: 'b', build: { targetNamespace: 'b', build: { targetNamespace: 'b' } } },
    { field: 'namePrefix', value: 'p-', build: { build: { namePrefix: 'p-' } } },
    { field: 'nameSuffix', value: '-s', build: { build: { nameSuffix: '-s' } } },
    {
      field: 'commonMetadata',
      value: { labels: { l: 'x' } },
      build: { build: { commonMetadata: { labels: { l: 'x' } } } },
    },
    { field: 'patches', value: [{ patch: 'x' }], build: { build: { patches: [{ patch: 'x' }] } } },
    { field: 'images', value: [{ name: 'x' }], build: { build: { images: [{ name: 'x' }] } } },
    { field: 'components', value: ['c'], build: { build: { components: ['c'] } } },
    { field: 'ignoreMissingComponents', value: true, build: { build: { ignoreMissingComponents: true } } },
    {
      field: 'postBuild',
      value: { substituteStrategy: 'Always' },
      build: { hasPostBuild: true, substituteAlways: true },
    },
    { field: 'decryption', value: { provider: 'sops' }, refused: /SOPS/ },
    { field: 'kubeConfig', value: { secretRef: { name: 'x' } }, refused: /sluice agent/ },
    { field: 'buildMetadata', value: ['originAnnotations'], refused: /remove the field/ },
  ];

  it.each(rows)('$field', ({ field, value, deploy, build, refused }) => {
    const spec = read({ [field]: value });
    expect(spec.problems).toEqual([]);
    expect(spec).toMatchObject(deploy ?? {});
    expect(readKustomization(object({ ...least, [field]: value })).spec).toMatchObject(build ?? {});
    expect(spec.refused.length).toBe(refused === undefined ? 0 : 1);
    if (refused !== undefined) expect(spec.refused[0]).toMatch(refused);
    expect(deploy ?? build ?? refused).toBeDefined();
  });

  it.each(rows)('$field of a wrong type is a problem', ({ field, value }) => {
    const wrong = typeof value === 'string' ? 7 : 'text';
    expect(read({ [field]: wrong }).problems).toContainEqual(expect.stringMatching(new RegExp(`^spec\\.${field}\\b`)));
  });

  it('holds all that the definition has', () => {
    expect(rows.map(({ field }) => field).sort()).toEqual(
      [
        'buildMetadata commonMetadata components decryption deletionPolicy dependsOn force healthCheckExprs healthChecks',
        'ignore ignoreMissingComponents images interval kubeConfig namePrefix nameSuffix patches path postBuild prune',
        'retryInterval serviceAccountName sourceRef suspend targetNamespace timeout wait',
      ]
        .join(' ')
        .split(' '),
    );
  });

  it.each(['OCIRepository', 'Bucket'])('sources of kind %s are refused', (kind) => {
    expect(read({ sourceRef: { kind, name: 's' } })).toMatchObject({
      refused: [expect.stringContaining(`${kind} sources are not read yet`)],
      problems: [],
    });
  });

  it('fields that nobody knows are refused, by their names made safe, ten at most', () => {
    expect(read({ 'valid\u202eation': 'client' }).refused).toEqual([
      'spec.valid\\u{202e}ation: not a field that this version of Sluice knows; remove it',
    ]);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_one, index) => [`x${index}`, 1]));
    expect(read(many).refused).toHaveLength(11);
    expect(read(many).refused.at(-1)).toBe('spec: 20 more fields that this version of Sluice does not know');
    const ten = Object.fromEntries(Object.entries(many).slice(0, 10));
    expect(read(ten).refused).toHaveLength(10);
    expect(read({ x: null, decryption: null, kubeConfig: null, buildMetadata: [] }).refused).toEqual([]);
  });
});

describe('timeout', () => {
  it.each<{ title: string; spec: Record<string, unknown>; ms: number }>([
    { title: 'is the interval less 30 s', spec: { interval: '5m' }, ms: 270_000 },
    { title: 'is 30 s where that is less', spec: { interval: '45s' }, ms: 30_000 },
    { title: 'is 30 s where less was said', spec: { timeout: '5s' }, ms: 30_000 },
    { title: 'may be longer than the interval', spec: { timeout: '20m' }, ms: 1_200_000 },
  ])('$title', ({ spec, ms }) => {
    expect(read(spec).timeoutMs).toBe(ms);
  });
});

describe('a document that is wrong', () => {
  it.each<{ title: string; spec: Record<string, unknown>; problem: RegExp }>([
    ...['-1s', '0s', '1ns', '999ms', '1e9h', 'P1D', '', '9999h', '1h'.repeat(500_000)].map((interval) => ({
      title: `interval ${interval.slice(0, 10)}`,
      spec: { interval },
      problem: /^spec\.interval must be a duration such as 10m or 1h30m, between 1s and 8760h; it is "/,
    })),
    { title: 'retryInterval 0s', spec: { retryInterval: '0s' }, problem: /^spec\.retryInterval/ },
    { title: 'timeout P1D', spec: { timeout: 'P1D' }, problem: /^spec\.timeout/ },
    { title: 'no interval', spec: { interval: undefined }, problem: /^spec\.interval is missing/ },
    { title: 'no prune', spec: { prune: null }, problem: /^spec\.prune is missing/ },
    { title: 'another deletionPolicy', spec: { deletionPolicy: 'Keep' }, problem: /must be one of MirrorPrune/ },
    { title: 'another strategy', spec: { postBuild: { substituteStrategy: 'x' } }, problem: /substituteStrategy/ },
    { title: 'another source', spec: { sourceRef: { kind: 'Pod', name: 'x' } }, problem: /sourceRef\.kind/ },
    {
      title: 'a source of another group',
      spec: { sourceRef: { apiVersion: 'v1', kind: 'GitRepository', name: 'x' } },
      problem: /sourceRef\.apiVersion/,
    },
    { title: 'a health check of nothing', spec: { healthChecks: [{ kind: 'Pod' }] }, problem: /healthChecks\[0\]/ },
    { title: 'an expression of nothing', spec: { healthCheckExprs: [{}] }, problem: /healthCheckExprs\[0\]/ },
    { title: 'a dependency of nothing', spec: { dependsOn: [{}] }, problem: /dependsOn\[0\]/ },
    { title: 'no paths', spec: { ignore: [{ paths: [] }] }, problem: /ignore\[0\]\.paths/ },
    { title: 'a path that is none', spec: { ignore: [{ paths: ['spec.replicas'] }] }, problem: /ignore\[0\]\.paths/ },
    { title: 'the whole document', spec: { ignore: [{ paths: [''] }] }, problem: /ignore\[0\]\.paths/ },
    { title: 'a pointer with a stray ~', spec: { ignore: [{ paths: ['/a~2'] }] }, problem: /ignore\[0\]\.paths/ },
    {
      title: 'labels that say who owns it',
      spec: { commonMetadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } } },
      problem: /who owns/,
    },
  ])('says so: $title', ({ spec, problem }) => {
    const { problems } = read(spec);
    expect(problems).toContainEqual(expect.stringMatching(problem));
    expect(problems.join('').length).toBeLessThan(2_000);
  });

  it('is still looked at again some day', () => {
    expect(readDeploySpec(object(undefined))).toMatchObject({ intervalMs: 600_000, timeoutMs: 570_000, prune: false });
  });

  it('never throws and never gives a time out of range', () => {
    const names = [
      ...Object.keys(least),
      'timeout',
      'dependsOn',
      'healthChecks',
      'healthCheckExprs',
      'ignore',
      'postBuild',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (spec) => {
        const { intervalMs, retryIntervalMs, timeoutMs } = readDeploySpec(object(spec));
        for (const time of [intervalMs, retryIntervalMs, timeoutMs]) {
          expect(time).toBeGreaterThanOrEqual(1_000);
          expect(time).toBeLessThanOrEqual(8_760 * 3_600_000);
        }
      }),
    );
  });
});
