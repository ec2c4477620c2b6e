import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { type Counts, GoTally, vitestCounts } from '../../../scripts/counts.ts';

describe('the events of go test', () => {
  let write: MockInstance;
  beforeEach(() => {
    write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    vi.spyOn(console, 'log').mockReturnValue();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  function tally(events: readonly object[], succeeded: boolean): Counts {
    const go = new GoTally();
    for (const event of events) go.take(JSON.stringify(event));
    return go.counts(succeeded);
  }
  const end = (Action: string, Test?: string): object => ({
    Action,
    Package: 'p',
    ...(Test !== undefined && { Test }),
  });

  test.each([
    ['a test', [end('pass', 'A'), end('pass')], true, [1, 0, 0]],
    [
      'sub-tests without their parent',
      [end('pass', 'A/x'), end('pass', 'A/y'), end('pass', 'A'), end('pass')],
      true,
      [2, 0, 0],
    ],
    [
      'a failed sub-test once',
      [end('fail', 'A/x'), end('pass', 'A/y'), end('fail', 'A'), end('fail')],
      false,
      [1, 1, 0],
    ],
    ['a parent that fails by itself', [end('pass', 'A/x'), end('fail', 'A'), end('fail')], false, [1, 1, 0]],
    ['a skipped test', [end('skip', 'A'), end('pass', 'B'), end('pass')], true, [1, 0, 1]],
    ['a package without tests as nothing', [end('skip')], true, [0, 0, 0]],
    ['a package that does not build', [{ Action: 'build-fail', ImportPath: 'p' }, end('fail')], false, [0, 1, 0]],
    ['a package that ends without a test', [end('pass', 'A'), end('fail')], false, [1, 1, 0]],
    ['a bad end that no event tells of', [end('pass', 'A'), end('pass')], false, [1, 1, 0]],
  ])('count %s', (_, events, succeeded, [passed, failed, skipped]) => {
    expect(tally(events, succeeded)).toEqual({ passed, failed, skipped });
  });

  test('show what a failed test printed', () => {
    tally(
      [{ Action: 'output', Package: 'p', Test: 'A', Output: 'want 1, got 2\n' }, end('fail', 'A'), end('fail')],
      false,
    );
    expect(write).toHaveBeenCalledWith('want 1, got 2\n');
  });
});

describe("Vitest's report", () => {
  const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  test.each([
    ['all green', report, true, [3, 0, 0]],
    ['failed tests', { ...report, numFailedTests: 2 }, false, [3, 2, 0]],
    ['skipped and planned tests', { ...report, numPendingTests: 1, numTodoTests: 1 }, true, [3, 0, 2]],
    [
      'a file that does not load',
      { ...report, testResults: [{ status: 'failed', assertionResults: [] }] },
      false,
      [3, 1, 0],
    ],
    ['an error outside of tests', report, false, [3, 1, 0]],
  ])('counts %s', (_, given, succeeded, [passed, failed, skipped]) => {
    expect(vitestCounts(() => JSON.stringify(given), succeeded)).toEqual({ passed, failed, skipped });
  });

  test('that is missing is a failure', () => {
    expect(vitestCounts(() => '', true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
