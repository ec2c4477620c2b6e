import { describe, expect, it } from 'vitest';
import { eventsOf, type Happening } from '../../../src/flux/event.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { KubeEvent } from '../../../src/ports/kube.ts';

const revision = `main@sha1:${'a'.repeat(40)}`;
const kustomization = (more: object = {}): KubeObject =>
  ({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'web', namespace: 'apps', ...more },
    status: {
      conditions: [
        { type: 'Ready', status: 'False', reason: 'DependencyNotReady', message: 'waiting for apps/db (not found)' },
      ],
    },
  }) as unknown as KubeObject;
const events = (...happenings: Happening[]): readonly KubeEvent[] =>
  eventsOf(kustomization(), happenings, { revision });
const failed = { type: 'failed', reason: 'BuildFailed' } as const;

describe('eventsOf', () => {
  it.each<{ title: string; happening: Happening; is: object | undefined }>([
    {
      title: 'changes, a line each',
      happening: {
        type: 'changed',
        changes: [
          { object: 'Deployment/apps/web', action: 'created' },
          { object: 'Service/apps/web', action: 'configured' },
          { object: 'ConfigMap/apps/web', action: 'unchanged' },
          { object: 'Secret/apps/web', action: 'skipped' },
          { object: 'Job/apps/web', action: 'deleted' },
        ],
      },
      is: {
        type: 'Normal',
        reason: 'Progressing',
        message: 'Deployment/apps/web created\nService/apps/web configured\nJob/apps/web deleted',
      },
    },
    {
      title: 'changes with what their author should know',
      happening: {
        type: 'changed',
        changes: [{ object: 'Alert/apps/web', action: 'created', note: 'v1beta1 is no longer served' }],
      },
      is: { message: 'Alert/apps/web created (v1beta1 is no longer served)' },
    },
    {
      title: 'no changes',
      happening: { type: 'changed', changes: [{ object: 'x', action: 'unchanged' }] },
      is: undefined,
    },
    {
      title: 'health that is news',
      happening: { type: 'healthy', message: 'Health check passed in 3.2s', isNews: true },
      is: { type: 'Normal', message: 'Health check passed in 3.2s' },
    },
    { title: 'health that is not', happening: { type: 'healthy', message: 'x', isNews: false }, is: undefined },
    {
      title: 'a success',
      happening: { type: 'finished', durationMs: 3_200, nextMs: 600_000 },
      is: {
        type: 'Normal',
        reason: 'ReconciliationSucceeded',
        message: 'Reconciliation finished in 3.2s, next run in 10m0s',
        annotations: {
          'kustomize.toolkit.fluxcd.io/revision': revision,
          'kustomize.toolkit.fluxcd.io/commit_status': 'update',
        },
      },
    },
    {
      title: 'a failure',
      happening: { ...failed, message: 'no' },
      is: {
        type: 'Warning',
        reason: 'BuildFailed',
        message: 'no',
        annotations: { 'kustomize.toolkit.fluxcd.io/revision': revision },
      },
    },
    {
      title: 'a wait for something new',
      happening: { type: 'waiting', reason: 'DependencyNotReady', message: 'waiting for apps/cache (not found)' },
      is: { type: 'Normal', reason: 'DependencyNotReady' },
    },
    {
      title: 'the same wait again',
      happening: { type: 'waiting', reason: 'DependencyNotReady', message: 'waiting for apps/db (not found)' },
      is: undefined,
    },
    {
      title: 'a health check that a new revision ended',
      happening: { type: 'canceled', by: 'GitRepository/apps/web' },
      is: {
        type: 'Normal',
        reason: 'HealthCheckCanceled',
        message: 'Health checks canceled due to new reconciliation triggered by GitRepository/apps/web',
      },
    },
  ])('$title', ({ happening, is }) => {
    const all = events(happening);
    expect(all).toHaveLength(is === undefined ? 0 : 1);
    if (is !== undefined) expect(all[0]).toMatchObject({ about: { kind: 'Kustomization' }, ...is });
    if (is !== undefined && 'annotations' in is) expect(all[0]?.annotations).toEqual(is.annotations);
  });

  it('keeps to 1,024 characters and shows what hides', () => {
    const [event] = events({ ...failed, message: `\u202e${'x'.repeat(5_000)}` });
    expect(event?.message).toHaveLength(1_024);
    expect(event?.message).toMatch(/^\\u\{202e\}x.*cut here/);
  });

  it('keeps the order, and tells the origin and what the document adds', () => {
    const annotations = {
      'event.toolkit.fluxcd.io/team': 'a',
      other: 'x',
      'event.toolkit.fluxcd.io/long': 'x'.repeat(2_000),
    };
    const all = eventsOf(
      kustomization({ annotations }),
      [
        { type: 'finished', durationMs: 1, nextMs: 1 },
        { ...failed, message: 'no' },
      ],
      { originRevision: 'o' },
    );
    expect(all.map(({ type }) => type)).toEqual(['Normal', 'Warning']);
    expect(all[1]?.annotations).toEqual({
      'event.toolkit.fluxcd.io/team': 'a',
      'kustomize.toolkit.fluxcd.io/originRevision': 'o',
    });
  });
});
