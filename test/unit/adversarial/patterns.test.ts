// Patterns that tenants write, of every kind that is read: hostile ones take no time, and those that are none are errors.
import { expect, test } from 'vitest';
import { compileIgnore } from '../../../src/apply/ignore.ts';
import { parseSelector } from '../../../src/apply/label-selector.ts';
import { SluiceError } from '../../../src/errors.ts';
import { compileExpression, ExpressionFailure } from '../../../src/health/expressions.ts';
import { isExcluded, parseFluxPatterns } from '../../../src/source/flux-pattern.ts';
import { matchPathGlob, parsePathGlob } from '../../../src/source/glob.ts';
import { parseRange, tagsInRange } from '../../../src/source/semver.ts';
import { configMap } from '../apply/manifests.ts';

const longTag = 'a'.repeat(50_000);
const named = (name: string): unknown =>
  compileIgnore([{ paths: ['/spec'], target: { name } }])(configMap('a'.repeat(253)));

/** Milliseconds of the quickest of three. */
function quickest(work: () => unknown): number {
  const times = [0, 1, 2].map(() => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
  return Math.min(...times);
}

function refusal(work: () => unknown): SluiceError {
  try {
    work();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SluiceError);
    return thrown as SluiceError;
  }
  throw new Error('it was taken');
}

test.each<readonly [string, () => unknown]>([
  ['a target of spec.ignore', () => named('^(a+)+$')],
  ['a target of spec.ignore with choices', () => named('(a|a)*b')],
  ['a CEL expression', () => compileExpression("s.matches('^(a+)+$')").evaluate({ s: longTag.slice(0, 10_000) })],
  [
    'a range of versions, on tags',
    () => tagsInRange([longTag, `1.${longTag}.0`, `1.0.0-${longTag}`], parseRange('>=1.0.0-0')),
  ],
  ['a range of versions', () => refusal(() => parseRange(`>=${'1.'.repeat(25_000)}`))],
  ['a selector', () => refusal(() => parseSelector(`a in (${'b,'.repeat(25_000)}`))],
  [
    'an ignore pattern',
    () => isExcluded(parseFluxPatterns(`${'*a'.repeat(2_000)}b`, []), [longTag.slice(0, 255)], false),
  ],
  [
    'a copy of an ArtifactGenerator',
    () =>
      matchPathGlob(
        parsePathGlob(`${'**/a/'.repeat(100)}b`, 'git'),
        Array.from({ length: 200 }, () => 'a'),
      ),
  ],
])('211: %s that makes other engines count for years takes milliseconds', (_what, work) => {
  expect(
    quickest(() => {
      try {
        work();
      } catch (thrown) {
        // Too much work is an error of its own, and comes as quickly.
        if (!(thrown instanceof ExpressionFailure)) throw thrown;
      }
    }),
  ).toBeLessThan(1_000);
});

// What Go's engine has not is no pattern; what it has counts.
const expressions: readonly (readonly [string, string])[] = [
  ['a look-ahead', '(?=a)a'],
  ['a look-behind', '(?<!b)a'],
  ['a back-reference', '(a)\\1'],
  ['a thousand and one times', 'a{1001}'],
  ['an open parenthesis', '(a'],
  ['five thousand parentheses', '('.repeat(5_000) + ')'.repeat(5_000)],
  ['a megabyte', 'a'.repeat(1_000_000)],
  ['an unknown class', '\\p{Nonsense}'],
];

test.each(expressions)('212: %s is an error that names the pattern, and no message is long', (_what, pattern) => {
  const error = refusal(() => named(pattern));
  expect(error).toMatchObject({ code: 'deploy.spec', kind: 'terminal' });
  expect(error.message).toContain(pattern.slice(0, 10).replaceAll('\\', '\\u{5c}').slice(0, 10));
  expect(error.message.length).toBeLessThan(1_000);
  // In CEL it is one as well, whenever it is looked at.
  let failure: unknown;
  try {
    compileExpression(`s.matches(p)`).evaluate({ s: 'aaa', p: pattern });
  } catch (thrown) {
    failure = thrown;
  }
  expect(failure).toBeInstanceOf(Error);
  expect(String(failure).length).toBeLessThan(2_000);
});

test.each([
  ['(?P<ts>[0-9a-z]+)', true],
  ['(?i)A+', true],
  ['[[:alpha:]]+', true],
  ['\\pL+', true],
  ['a{253}', true],
  ['a{252}', false],
  ['\\x61+', true],
])('212: %s is understood as Go understands it', (pattern, matches) => {
  expect(named(pattern)).toEqual(matches ? [['spec']] : []);
});
