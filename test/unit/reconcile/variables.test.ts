import { expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { withAbsent } from '../../../src/reconcile/variables.ts';

const unset = new SluiceError('build.substitute', 'ConfigMap/media/cdn uses ${cdn}, which has no value', {
  remedy: 'Set it in postBuild.',
  place: { file: 'deploy/cdn.yaml', line: 9 },
});

test('a variable without a value names the optional Secret that is not there', () => {
  const { message, place, remedy } = withAbsent(unset, ['Secret media/cdn-account']);
  expect({ message, place }).toEqual({ message: unset.message, place: unset.place });
  expect(remedy).toMatch(/Secret media\/cdn-account .*not there.* Otherwise: Set it in postBuild\.$/);
});

test('other failures, and those where all is there, say what they said', () => {
  for (const [code, message] of [
    ['build.yaml', 'not valid YAML'],
    ['build.substitute', 'the variable name a-b is not allowed'],
  ] as const) {
    const other = new SluiceError(code, message);
    expect(withAbsent(other, ['Secret media/cdn-account'])).toBe(other);
  }
  expect(withAbsent(unset, [])).toBe(unset);
});
