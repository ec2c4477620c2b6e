import { describe, expect, it } from 'vitest';
import type { SluiceError } from '../../../src/errors.ts';
import { packageOf, ruleId, selectPolicies } from '../../../src/policy/select.ts';
import type { RegoModule } from '../../../src/ports.ts';

const module = (file: string, name: string): RegoModule => ({ file, text: `# a comment\n\npackage ${name}\n` });
const shipped = [
  module('policies/image/tag/policy.rego', 'sluice.image.tag'),
  module('policies/image/tag/policy_test.rego', 'sluice.image.tag_test'),
  module('policies/lib/pod/policy.rego', 'sluice.lib.pod'),
  module('policies/pod/host-path/policy.rego', 'sluice.pod.host_path'),
];

const files = (own: readonly RegoModule[], off: readonly string[] = []): readonly string[] =>
  selectPolicies(shipped, own, off).modules.map((one) => one.file);

function failure(own: readonly RegoModule[], off: readonly string[] = []): Partial<SluiceError> {
  try {
    selectPolicies(shipped, own, off);
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('it passed');
}

describe('selectPolicies', () => {
  it('leaves tests out', () => {
    expect(files([])).toEqual([
      'sluice:policies/image/tag/policy.rego',
      'sluice:policies/lib/pod/policy.rego',
      'sluice:policies/pod/host-path/policy.rego',
    ]);
  });

  it('adds the platform’s rules after the shipped ones', () => {
    const selection = selectPolicies(
      shipped,
      [module('rego/b.rego', 'sluice.team.label'), module('rego/a_test.rego', 'x')],
      [],
    );
    expect(selection.modules.at(-1)?.file).toBe('rego/b.rego');
    expect([...selection.shipped]).toEqual(['image/tag', 'pod/host-path']);
  });

  it('replaces a shipped rule by the platform’s of the same package', () => {
    const selection = selectPolicies(shipped, [module('rego/tag.rego', 'sluice.image.tag')], []);
    expect(selection.modules.map((one) => one.file)).not.toContain('sluice:policies/image/tag/policy.rego');
    expect(selection.replaced).toEqual(['image/tag']);
    expect([...selection.shipped]).toEqual(['pod/host-path']);
  });

  it('replaces a rule whose package is written the other way', () => {
    expect(files([module('rego/x.rego', 'sluice.pod["host-path"]')])).not.toContain(
      'sluice:policies/pod/host-path/policy.rego',
    );
  });

  it('lets a file of the platform’s have the path of a shipped one', () => {
    const own = module('policies/lib/pod/policy.rego', 'sluice.team.label');
    const all = files([own]);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(4);
  });

  it('turns a shipped rule off by id', () => {
    const selection = selectPolicies(shipped, [], ['pod/host-path']);
    expect(selection.modules.map((one) => one.file)).toEqual([
      'sluice:policies/image/tag/policy.rego',
      'sluice:policies/lib/pod/policy.rego',
    ]);
    expect([...selection.shipped]).toEqual(['image/tag']);
  });

  it.each<[string, readonly RegoModule[], readonly string[]]>([
    ['an id that no shipped rule has', [], ['image/tga']],
    ['the package instead of the id', [], ['pod/host_path']],
    ['a guard rule', [], ['tenant/identity']],
    ['an id twice', [], ['image/tag', 'image/tag']],
    ['a rule that is also replaced', [module('rego/tag.rego', 'sluice.image.tag')], ['image/tag']],
    ['an own rule', [module('rego/x.rego', 'sluice.team.label')], ['team/label']],
    ['a package in two folders', [module('a/x.rego', 'sluice.team.x'), module('b/x.rego', 'sluice.team.x')], []],
    ['a file twice', [module('a/x.rego', 'sluice.team.x'), module('a/x.rego', 'sluice.team.x')], []],
    ['the name of a shipped library', [module('a/x.rego', 'sluice.lib.pod')], []],
  ])('refuses %s', (_, own, off) => {
    const error = failure(own, off);
    expect(error).toMatchObject({ code: 'config.invalid', kind: 'terminal' });
    expect(error.remedy).toBeTruthy();
  });

  it('keeps a rule that is split over files of one folder', () => {
    expect(files([module('a/x.rego', 'sluice.team.x'), module('a/y.rego', 'sluice.team.x')]).slice(-2)).toEqual([
      'a/x.rego',
      'a/y.rego',
    ]);
  });
});

it.each([
  ['package sluice.a.b', 'sluice.a.b'],
  ['# c\r\n\r\n  package   sluice.a["b-c"] # tail', 'sluice.a.b-c'],
  ['import data.x\npackage sluice.a.b', undefined],
  ['', undefined],
])('packageOf %j is %s', (text, name) => {
  expect(packageOf({ file: 'x.rego', text })).toBe(name);
});

it.each([
  ['sluice.image.tag', 'image/tag'],
  ['sluice.pod.host_path', 'pod/host-path'],
  ['sluice.lib.pod', undefined],
  ['sluice.image', undefined],
  ['other.image.tag', undefined],
  [undefined, undefined],
])('ruleId %s is %s', (name, id) => {
  expect(ruleId(name)).toBe(id);
});
