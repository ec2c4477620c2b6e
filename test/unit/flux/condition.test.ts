import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Condition,
  isReady,
  readConditions,
  reasons,
  shortened,
  type Statement,
  timestamp,
  withConditions,
} from '../../../src/flux/condition.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const early = new Date('2026-11-25T15:00:00.123Z');
const late = new Date('2026-11-25T16:30:00.999Z');
const ready: Statement = { type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded', message: 'a' };
const at = (now: Date, generation = 1): { generation: number; now: Date } => ({ generation, now });
const object = (conditions: unknown): KubeObject =>
  ({ apiVersion: 'x/v1', kind: 'X', metadata: {}, status: { conditions } }) as unknown as KubeObject;

describe('withConditions', () => {
  const before = withConditions([], { set: [ready] }, at(early));

  it('moves lastTransitionTime with the status alone', () => {
    expect(before).toEqual([{ ...ready, lastTransitionTime: '2026-11-25T15:00:00Z', observedGeneration: 1 }]);
    const same = withConditions(before, { set: [{ ...ready, reason: 'Succeeded', message: 'b' }] }, at(late, 2));
    expect(same[0]).toMatchObject({ message: 'b', observedGeneration: 2, lastTransitionTime: '2026-11-25T15:00:00Z' });
    const other = withConditions(before, { set: [{ ...ready, status: 'False' }] }, at(late));
    expect(other[0]?.lastTransitionTime).toBe('2026-11-25T16:30:00Z');
  });

  it('gives a condition without a time one, since the API server asks for it', () => {
    const broken: Condition = { type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '' };
    expect(withConditions([broken], { set: [ready] }, at(late))[0]?.lastTransitionTime).toBe('2026-11-25T16:30:00Z');
  });

  it('takes types away, leaves those of others, and sorts as Flux does', () => {
    const others: Condition[] = ['Zeta', 'Alpha'].map((type) => ({ ...(before[0] as Condition), type }));
    const set: Statement[] = [
      ready,
      { ...ready, type: 'Healthy' },
      { ...ready, type: 'Stalled' },
      { ...ready, type: 'Reconciling' },
    ];
    const all = withConditions(others, { set }, at(early));
    expect(all.map(({ type }) => type)).toEqual(['Stalled', 'Reconciling', 'Ready', 'Alpha', 'Healthy', 'Zeta']);
    const less = withConditions(all, { set: [], gone: ['Stalled', 'Reconciling'] }, at(late));
    expect(less.map(({ type }) => type)).toEqual(['Ready', 'Alpha', 'Healthy', 'Zeta']);
    expect(less).toEqual(all.slice(2));
  });

  it('writes reasons that the API server takes', () => {
    for (const reason of reasons) expect(reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
  });
});

describe('readConditions', () => {
  it.each([undefined, null, 7, 'x', {}, [null, 7, [], {}, { type: 'Ready' }, { type: 'Ready', status: true }]])(
    'takes %j for none',
    (conditions) => {
      expect(readConditions(object(conditions))).toEqual([]);
      expect(isReady(object(conditions))).toBe(false);
    },
  );

  it('keeps the first of a type', () => {
    const read = readConditions(
      object([
        { type: 'Ready', status: 'False' },
        { type: 'Ready', status: 'True' },
      ]),
    );
    expect(read.map(({ status }) => status)).toEqual(['False']);
  });

  it('reads what was written', () => {
    const written = withConditions([], { set: [ready, { ...ready, type: 'Stalled' }] }, at(early, 7));
    expect(readConditions(object(JSON.parse(JSON.stringify(written))))).toEqual(written);
  });
});

describe('shortened', () => {
  it.each<{ title: string; text: string; is: string }>([
    { title: 'a plain message', text: 'one\ntwo', is: 'one\ntwo' },
    { title: 'what does not show', text: 'a\u202eb\u0000c\rd', is: 'a\\u{202e}b\\u{0}c\\u{d}d' },
    { title: 'nothing', text: '', is: '' },
  ])('$title', ({ text, is }) => {
    expect(shortened(text)).toBe(is);
  });

  it('says where it cut, at 20,000 characters', () => {
    expect(shortened('x'.repeat(20_000))).toBe('x'.repeat(20_000));
    const cut = shortened('x'.repeat(20_001));
    expect(cut).toHaveLength(20_000);
    expect(cut).toMatch(/x… \(cut here; the message was longer\)$/);
  });

  it('never breaks a character, and never grows', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 60, max: 200 }), (text, most) => {
        const out = shortened(text, most);
        expect(out.length).toBeLessThanOrEqual(most);
        expect(out.isWellFormed()).toBe(true);
      }),
    );
  });
});

it('writes moments as Kubernetes does', () => {
  expect(timestamp(late)).toBe('2026-11-25T16:30:00Z');
});
