import { describe, expect, it } from 'vitest';
import { established, stageStatus } from '../../../src/health/stage.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

const now = new Date('2026-11-25T15:00:00Z');
const object = (apiVersion: string, kind: string, status: Json, metadata: Record<string, Json> = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata,
  status,
});
const definition = (...conditions: Json[]): KubeObject =>
  object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { conditions });
const accepted = { type: 'NamesAccepted', status: 'True' };
const serving = { type: 'Established', status: 'True' };

describe('stageStatus', () => {
  it.each<{ title: string; object: KubeObject | null; is: string }>([
    { title: 'nothing', object: null, is: 'NotFound' },
    { title: 'an active Namespace', object: object('v1', 'Namespace', { phase: 'Active' }), is: 'Current' },
    { title: 'a new Namespace', object: object('v1', 'Namespace', {}), is: 'InProgress' },
    { title: 'a Namespace that goes', object: object('v1', 'Namespace', { phase: 'Terminating' }), is: 'Terminating' },
    {
      title: 'a Namespace that is about to go',
      object: object('v1', 'Namespace', { phase: 'Active' }, { deletionTimestamp: 'x' }),
      is: 'Terminating',
    },
    { title: 'a Namespace of another group', object: object('x.io/v1', 'Namespace', {}), is: 'Current' },
    { title: 'an established definition', object: definition(accepted, serving), is: 'Current' },
    { title: 'a new definition', object: definition(accepted), is: 'InProgress' },
    { title: 'a ClusterRole', object: object('rbac.authorization.k8s.io/v1', 'ClusterRole', null), is: 'Current' },
  ])('$title', ({ object: given, is }) => {
    expect(stageStatus(given, now).status).toBe(is);
  });
});

describe('established', () => {
  it.each<{ title: string; object: KubeObject; is: boolean }>([
    { title: 'both', object: definition(accepted, serving), is: true },
    { title: 'not yet', object: definition(accepted), is: false },
    { title: 'names taken', object: definition({ ...accepted, status: 'False' }, serving), is: false },
    { title: 'nothing', object: object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', null), is: false },
  ])('$title', ({ object: given, is }) => {
    expect(established(given)).toBe(is);
  });
});
