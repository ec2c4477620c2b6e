import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import type { HealthCheckExpr } from '../../../src/flux/deploy-spec.ts';
import { createHealthRules } from '../../../src/health/rules.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

const now = new Date('2026-11-25T15:00:00Z');
const entry = (more: Partial<HealthCheckExpr>): HealthCheckExpr => ({
  apiVersion: 'bitnami.com/v1alpha1',
  kind: 'SealedSecret',
  current: 'status.phase == "ok"',
  inProgress: undefined,
  failed: undefined,
  ...more,
});
const sealed = (status: Json, more: object = {}): KubeObject =>
  ({ apiVersion: 'bitnami.com/v1', kind: 'SealedSecret', metadata: { name: 's', ...more }, status }) as KubeObject;
const synced = (status: string): Json => ({ conditions: [{ type: 'Synced', status }] });

describe('createHealthRules', () => {
  const both = entry({
    failed: "status.conditions.filter(e, e.type == 'Synced').all(e, e.status == 'False')",
    current: "status.conditions.filter(e, e.type == 'Synced').all(e, e.status == 'True')",
  });
  it.each<{ title: string; rule: HealthCheckExpr; object: KubeObject; is: string; says?: RegExp }>([
    { title: 'current', rule: both, object: sealed(synced('True')), is: 'Current' },
    {
      title: 'failed',
      rule: both,
      object: sealed(synced('False')),
      is: 'Failed',
      says: /^its failed expression is true$/,
    },
    {
      title: 'neither',
      rule: both,
      object: sealed(synced('Unknown')),
      is: 'InProgress',
      says: /current expression is false/,
    },
    {
      title: 'a field that is not there yet',
      rule: both,
      object: sealed({}),
      is: 'Unknown',
      says: /^its health expression fails: /,
    },
    {
      title: 'inProgress before failed before current',
      rule: entry({ inProgress: 'true', failed: 'true', current: 'true' }),
      object: sealed({}),
      is: 'InProgress',
    },
    {
      title: 'failed before current',
      rule: entry({ failed: 'true', current: 'true' }),
      object: sealed({}),
      is: 'Failed',
    },
    {
      title: 'a generation that is not observed, whatever the expression',
      rule: entry({ current: 'true' }),
      object: sealed({ observedGeneration: 1 }, { generation: 2 }),
      is: 'InProgress',
    },
    {
      title: 'being deleted, whatever the expression',
      rule: entry({ current: 'true' }),
      object: sealed({}, { deletionTimestamp: 'x' }),
      is: 'Terminating',
    },
    {
      title: "the object's own words where it has some",
      rule: entry({ failed: 'true' }),
      object: sealed({ conditions: [{ type: 'Ready', status: 'False', message: 'no key\nto unseal' }] }),
      is: 'Failed',
      says: /^no key to unseal$/,
    },
    {
      title: 'another kind of the group goes by the usual rules',
      rule: entry({ kind: 'Other', current: 'false' }),
      object: sealed({}),
      is: 'Current',
    },
    {
      title: 'a kind of the same name in another group too',
      rule: entry({ apiVersion: 'x.io/v1', current: 'false' }),
      object: sealed({}),
      is: 'Current',
    },
    {
      title: 'any kind where none is named',
      rule: entry({ kind: undefined, current: 'false' }),
      object: sealed({}),
      is: 'InProgress',
    },
    {
      title: 'a boolean only',
      rule: entry({ current: 'status' }),
      object: sealed({}),
      is: 'Unknown',
      says: /true or false/,
    },
  ])('$title', ({ rule, object, is, says }) => {
    const status = createHealthRules([rule]).statusOf(object, now);
    expect(status.status).toBe(is);
    if (says !== undefined) expect(status.message).toMatch(says);
  });

  it('prefers the entry with the kind, wherever it stands', () => {
    const group = entry({ kind: undefined, current: 'false' });
    const kind = entry({ current: 'true' });
    for (const entries of [
      [group, kind],
      [kind, group],
    ])
      expect(createHealthRules(entries).statusOf(sealed({}), now).status).toBe('Current');
  });

  it('leaves an object that is not there not found', () => {
    expect(createHealthRules([entry({ current: 'true' })]).statusOf(null, now).status).toBe('NotFound');
  });

  it.each(['current', 'failed', 'inProgress'] as const)('names the entry whose %s is no CEL', (field) => {
    let error: unknown;
    try {
      createHealthRules([entry({}), entry({ [field]: 'status.' })]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({
      code: 'deploy.expression',
      kind: 'terminal',
      message: expect.stringMatching(new RegExp(`^spec\\.healthCheckExprs\\[1\\]\\.${field}: `)),
      remedy: expect.any(String),
    });
  });
});
