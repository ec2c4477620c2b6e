import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { parseRepositoryUrl, sameRepository, withoutCredentials } from '../../../src/source/url.ts';

describe('addresses of one repository', () => {
  const forms = [
    'https://github.com/acme/platform',
    'https://github.com/acme/platform.git',
    'https://GitHub.com/Acme/Platform/',
    'https://github.com:443/acme/platform',
    'https://github.com./acme/platform',
    'https://user:token@github.com/acme/platform.git',
    'http://github.com/acme/platform',
    'ssh://git@github.com/acme/platform',
    'ssh://git@github.com:22/acme/platform.git',
    'git@github.com:acme/platform.git',
    'github.com:acme/platform',
    'git@github.com:/acme/platform',
  ];
  test.each(forms)('%s', (url) => {
    expect(parseRepositoryUrl(url).key).toBe('github.com/acme/platform');
    expect(sameRepository(url, 'https://github.com/acme/platform')).toBe(true);
    expect(parseRepositoryUrl(url).shown).not.toMatch(/@|token|git$/);
  });

  test.each([
    ['https://git.example.com:8443/a/b', 'git.example.com:8443/a/b'],
    ['http://git.example.com:443/a/b', 'git.example.com:443/a/b'],
    ['https://git.example.com/A/b', 'git.example.com/A/b'],
    ['ssh://git@git.example.com:2222/a/b', 'git.example.com/a/b'],
    ['https://git.example.com/a%20b/c', 'git.example.com/a b/c'],
    ['https://[::1]:8443/a', '[::1]:8443/a'],
  ])('%s is %s', (url, key) => {
    expect(parseRepositoryUrl(url).key).toBe(key);
  });

  test.each([
    ['https://github.com/acme/platform', 'https://github.com/acme/platform2'],
    ['https://github.com/acme/platform', 'https://github.com.evil.example/acme/platform'],
    ['https://git.example.com/a', 'https://git.example.com/A'],
    ['https://git.example.com:8443/a', 'https://git.example.com/a'],
    ['not an address', 'not an address'],
  ])('%s is not %s', (one, other) => {
    expect(sameRepository(one, other)).toBe(false);
  });
});

describe('what is no address', () => {
  test.each([
    '',
    '/srv/git/x',
    './x',
    '../x',
    'file:///etc',
    'ext::sh -c id',
    'https://',
    'https://host',
    'https://host/',
    'https://host/../x',
    'https://host/a/../b',
    'https://host/%2e%2e/x',
    'https://host/a%2fb',
    'https://host/a?b',
    'https://host/a#@internal/x',
    'https://host\\@evil/x',
    'https://ho st/x',
    'https://host/x\ty',
    'https://host/x\n',
    'javascript://host/x',
    'https://user:s3cret@host',
    '-oProxyCommand=id:x',
    'git@-host:x',
    'ssh://-oProxyCommand=id/x',
    'https://host/\u202ex',
    'https://host:99999/x',
    `https://host/${'x'.repeat(3000)}`,
    'C:\\x',
    'git@host:../x',
    'git@host:~user/x',
    'https://host/%ff',
  ])('%j', (url) => {
    let error: unknown;
    try {
      parseRepositoryUrl(url);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('fleet.source');
    expect((error as SluiceError).message).not.toMatch(/s3cret|\n|\t/);
  });
});

test.each([
  ['https://user:s3cret@host/x', 'https://host/x'],
  ['https://user:s3/cret@host/x', 'https://host/x'],
  ['https://a@b:s3cret@host/x', 'https://host/x'],
  ['user:s3cret@host:x', 'host:x'],
  ['ssh://git@host/x', 'ssh://host/x'],
  ['https://host/x', 'https://host/x'],
  ['/srv/git/x', '/srv/git/x'],
])('%s is shown as %s', (url, shown) => {
  expect(withoutCredentials(url)).toBe(shown);
});
