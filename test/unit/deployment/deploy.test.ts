import { describe, expect, test } from 'vitest';
import {
  compareDeploys,
  type Deploy,
  deployOf,
  duration,
  secondsToLive,
  standing,
} from '../../../src/deployment/deploy.ts';
import { explain } from '../../../src/deployment/remedy.ts';
import { printStatus, readStatuses, saysAnother } from '../../../src/deployment/status.ts';
import { reasons } from '../../../src/flux/condition.ts';
import {
  at,
  failed,
  failure,
  hostile,
  htmlUrl,
  job,
  kustomization,
  later,
  live,
  merge,
  mergedAt,
  paused,
  underWay,
} from './samples.ts';

const pull = { commit: merge, mergedAt, htmlUrl };

describe('what a report says', () => {
  test('keeps three failures and three suspended ones, and counts the rest', () => {
    const all = [
      ...['a', 'b', 'c', 'd', 'e'].map((name) => failure({ key: `shop/${name}` })),
      ...['y', 'x', 'w', 'v'].map((name) => kustomization({ key: `shop/${name}`, state: 'suspended' })),
    ];
    expect(deployOf(job({ state: 'failure', endedAt: at(9), kustomizations: all }))).toMatchObject({
      failures: [{ key: 'shop/a' }, { key: 'shop/b' }, { key: 'shop/c' }],
      moreFailures: 2,
      suspended: ['shop/v', 'shop/w', 'shop/x'],
      paused: false,
    });
  });

  test('that all is suspended went live nowhere', () => {
    expect(paused).toMatchObject({ paused: true, suspended: ['shop/web'] });
    expect(secondsToLive(paused, mergedAt)).toBeUndefined();
    expect(deployOf(job({ state: 'success', endedAt: at(4), kustomizations: [] })).paused).toBe(false);
  });
});

describe('the order of reports', () => {
  const rising: readonly Deploy[] = [
    underWay,
    deployOf(job({ startedAt: at(50) })),
    paused,
    failed(failure()),
    { ...failed(failure()), startedAt: at(60), endedAt: at(70) },
    live(60),
    live(38),
  ];

  test('is one, so that however they come the same one stands', () => {
    for (const [low, one] of rising.entries()) {
      expect(compareDeploys(one, one)).toBe(0);
      for (const other of rising.slice(low + 1)) {
        expect(compareDeploys(other, one)).toBeGreaterThan(0);
        expect(compareDeploys(one, other)).toBeLessThan(0);
        expect(standing(one, other)).toBe(other);
        expect(standing(other, one)).toBe(other);
      }
    }
    expect(standing(undefined, undefined)).toBeUndefined();
  });

  test('of the same thing in few words and in many keeps the many', () => {
    const many = failed(failure({ message: 'word '.repeat(50) }));
    const few = readStatuses([printStatus(many, pull)]);
    if (few === undefined) throw new Error('not read');
    expect(few.failures[0]?.message.length).toBeLessThan(many.failures[0]?.message.length ?? 0);
    expect(standing(few, many)).toBe(many);
    expect(standing(many, few)).toBe(many);
  });
});

describe('seconds', () => {
  test.each<[string, Deploy, number | undefined]>([
    ['from the merge to the end', live(38), 38],
    ['at least one, whatever the clocks say', live(-4, { startedAt: at(-8) }), 1],
    ['not for what is under way', underWay, undefined],
    ['not for what failed', failed(failure()), undefined],
    ['not where an agent found it live when it started, hours later', live(9_000, { startedAt: at(8_990) }), undefined],
    ['not where the clocks are hours apart', live(-9_000, { startedAt: at(-9_010) }), undefined],
  ])('%s', (_, deploy, expected) => expect(secondsToLive(deploy, mergedAt)).toBe(expected));

  test.each([
    [1, '1 s'],
    [99, '99 s'],
    [125, '2 min 5 s'],
    [180, '3 min'],
    [3_600, '1 h'],
    [3_840, '1 h 4 min'],
  ])('%i is %s', (seconds, words) => expect(duration(seconds)).toBe(words));
});

describe('a status on GitHub', () => {
  test.each<[string, Deploy, string]>([
    ['live', live(38), 'Live 38 s after the merge'],
    ['live by a later commit', live(138, { commit: later }), 'Live with 51d07e4 2 min 18 s after the merge'],
    ['live since nobody knows when', live(9_000, { startedAt: at(8_990) }), 'Live'],
    ['under way', underWay, 'On its way'],
    ['failed', failed(failure({ message: 'no\n  luck' })), 'shop/web: HealthCheckFailed: no luck'],
    ['failed, and nobody knows why', { ...failed(), failures: [] }, 'Failed'],
  ])('%s, and is read back', (_, deploy, description) => {
    const status = printStatus(deploy, pull);
    expect(status.description).toBe(description);
    expect(status.logUrl).toMatch(/^https:\/\/github\.com\/acme\/shop\/pull\/12#deploy-\d+-\d+-[0-9a-f]{40}$/);
    const read = readStatuses([status]);
    if (read === undefined) throw new Error('not read');
    expect(compareDeploys(read, deploy)).toBe(0);
    expect(read.commit).toBe(deploy.commit);
    expect(saysAnother(read, deploy)).toBe(false);
  });

  test('is at most 140 characters of what can be seen', () => {
    const { description } = printStatus(failed(failure({ message: hostile.repeat(5) })), pull);
    expect(description.length).toBeLessThanOrEqual(140);
    expect(description).toMatch(/^shop\/web: HealthCheckFailed: x\]\(/);
    for (const unseen of ['\u202e', '\u0007']) expect(description).not.toContain(unseen);
  });

  test('among others: the one that stands, in whatever order they were written', () => {
    const statuses = [underWay, failed(failure()), live(60)].map((deploy) => printStatus(deploy, pull));
    const inactive = { state: 'inactive', description: '', logUrl: '' } as const;
    for (const list of [statuses, statuses.toReversed(), [inactive, ...statuses]])
      expect(readStatuses(list)).toMatchObject({ state: 'success', endedAt: at(60) });
    expect(
      readStatuses([inactive, { state: 'success', description: 'by hand', logUrl: 'https://x.example' }]),
    ).toBeUndefined();
  });

  test('says another thing when another Kustomization failed or for another reason, and not with other words', () => {
    const one = failed(failure());
    expect(saysAnother(one, failed(failure({ message: 'other words' })))).toBe(false);
    expect(saysAnother(one, failed(failure({ reason: 'BuildFailed' })))).toBe(true);
    expect(saysAnother(one, failed(failure({ key: 'shop/api' })))).toBe(true);
    expect(saysAnother(one, live(31))).toBe(true);
  });
});

describe('what to do', () => {
  test('is what the agent said, where it said so', () => {
    const message = 'the account may not patch deployments; to mend it: bind "edit"; to mend it: to it';
    expect(explain({ key: 'a/b', reason: 'ReconciliationFailed', message })).toEqual({
      why: 'the account may not patch deployments; to mend it: bind "edit"',
      remedy: 'to it',
    });
  });

  test.each(
    reasons.filter(
      (reason) => !/^(?:ReconciliationSucceeded|Succeeded|Progressing|ProgressingWithRetry)$/.test(reason),
    ),
  )('is known for %s', (reason) =>
    expect(explain({ key: 'a/b', reason, message: 'x' }).remedy.length).toBeGreaterThan(15),
  );

  test('is to ask, for what nobody knows', () => {
    for (const reason of ['Odd', '__proto__', 'constructor'])
      expect(explain({ key: 'a/b', reason, message: 'x' }).remedy).toBe('ask the platform team');
  });
});
