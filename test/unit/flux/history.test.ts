import { describe, expect, it } from 'vitest';
import { type Outcome, readHistory, type Snapshot, withOutcome } from '../../../src/flux/history.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 25, 15, minute));
const outcome = (digest: string, status = 'ReconciliationSucceeded'): Outcome => ({
  digest: `sha256:${digest}`,
  status,
  durationMs: 1_500,
  metadata: { revision: 'r' },
});
const brief = (history: readonly Snapshot[]): string[] =>
  history.map((one) => `${one.digest.slice(7)} ${one.lastReconciledStatus[0]} ${one.totalReconciliations}`);

describe('withOutcome', () => {
  it('counts what is the same, moves it to the front, and keeps five', () => {
    let history: readonly Snapshot[] = [];
    const told: [string, string?][] = [
      ['a'],
      ['b', 'BuildFailed'],
      ['a'],
      ['a', 'HealthCheckFailed'],
      ['c'],
      ['d'],
      ['e'],
      ['b', 'BuildFailed'],
    ];
    for (const [minute, [digest, status]] of told.entries())
      history = withOutcome(history, outcome(digest, status), at(minute));
    expect(brief(history)).toEqual(['b B 1', 'e R 1', 'd R 1', 'c R 1', 'a H 1']);
    history = withOutcome(history, outcome('c'), at(20));
    expect(brief(history)).toEqual(['c R 2', 'b B 1', 'e R 1', 'd R 1', 'a H 1']);
    expect(history[0]).toEqual({
      digest: 'sha256:c',
      firstReconciled: '2026-11-25T15:04:00Z',
      lastReconciled: '2026-11-25T15:20:00Z',
      lastReconciledDuration: '1.5s',
      lastReconciledStatus: 'ReconciliationSucceeded',
      totalReconciliations: 2,
      metadata: { revision: 'r' },
    });
  });
});

describe('readHistory', () => {
  const object = (history: unknown): KubeObject =>
    ({ apiVersion: 'x/v1', kind: 'X', metadata: {}, status: { history } }) as unknown as KubeObject;

  it('reads what was written', () => {
    const written = withOutcome(withOutcome([], outcome('a'), at(1)), outcome('b'), at(2));
    expect(readHistory(object(JSON.parse(JSON.stringify(written))))).toEqual(written);
  });

  it.each([undefined, null, {}, 'x', [null, 7, {}, { digest: 'x' }]])('takes %j for none', (history) => {
    expect(readHistory(object(history))).toEqual([]);
  });
});
