// What a GitRepository and its Secret say, and what is refused with a reason.
import { describe, expect, test } from 'vitest';
import { readCredential } from '../../../src/agent/credential.ts';
import { readSourceSpec } from '../../../src/agent/source-spec.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

const repository = (spec: { readonly [key: string]: Json }): KubeObject => ({
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { namespace: 'shop', name: 'shop' },
  spec: { url: 'https://github.com/acme/shop', interval: '1m', ...spec },
});

describe('a GitRepository', () => {
  test('is read with its defaults', () => {
    expect(readSourceSpec(repository({}))).toMatchObject({
      url: 'https://github.com/acme/shop',
      ref: { branch: 'master' },
      intervalMs: 60_000,
      provider: 'generic',
      suspended: false,
      refused: undefined,
    });
  });

  test.each([
    ['ssh, which the App may fetch', { url: 'ssh://git@github.com/acme/shop' }, undefined],
    ['ssh with more than that', { url: 'ssh://git@github.com/acme/shop', verify: { mode: 'HEAD' } }, /spec\.verify/],
    ['ssh with a password', { url: 'ssh://git:secret@github.com/acme/shop' }, /holds credentials/],
    ['ssh that is no address', { url: 'ssh://' }, /no address/],
    ['the short form of ssh', { url: 'git@github.com:acme/shop' }, /no address/],
    ['clear text', { url: 'http://github.com/acme/shop' }, /not https/],
    ['a name that only looks like loopback', { url: 'http://127.0.0.1.nip.io/x' }, /not https/],
    ['a number that is loopback is this machine, for trials', { url: 'http://127.0.0.1:4000/acme/shop' }, undefined],
    ['a file', { url: 'file:///etc/passwd' }, /no address/],
    ['a file of another host', { url: 'file://host/etc/passwd' }, /not https/],
    ['credentials in the address', { url: 'https://ada:secret@github.com/acme/shop' }, /holds credentials/],
    ['verify', { verify: { mode: 'HEAD' } }, /spec\.verify is not supported yet; protect/],
    ['a proxy', { proxySecretRef: { name: 'proxy' } }, /spec\.proxySecretRef/],
    ['submodules', { recurseSubmodules: true }, /spec\.recurseSubmodules/],
    ['submodules switched off', { recurseSubmodules: false }, undefined],
    ['a sparse checkout', { sparseCheckout: ['deploy'] }, /spec\.sparseCheckout/],
    ['an empty sparse checkout', { sparseCheckout: [] }, undefined],
    ['a cloud provider', { provider: 'azure' }, /spec\.provider/],
    ['GitHub as provider', { provider: 'github' }, undefined],
  ])('%s', (_what, spec, refused) => {
    const read = readSourceSpec(repository(spec as never));
    if (refused === undefined) expect(read.refused).toBeUndefined();
    else expect(read.refused).toMatch(refused);
    expect(read.refused ?? '').not.toContain('secret@');
  });

  test.each(['', '0s', '-1s', '1ns', 'P1D', '1e9h', 'x'.repeat(1_000_000), 7, null])(
    'with the interval %s is still looked at, and not all the time',
    (interval) => {
      expect(readSourceSpec(repository({ interval: interval as Json })).intervalMs).toBeGreaterThanOrEqual(1_000);
    },
  );
});

describe('a Secret', () => {
  const secret = (values: Readonly<Record<string, string>>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {},
    data: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  });

  test('of basic authentication, of a bearer token, of a GitHub App', () => {
    expect(readCredential(secret({ username: 'ada', password: 'p' }), 'generic')).toEqual({
      type: 'git',
      credential: { username: 'ada', password: 'p' },
    });
    expect(readCredential(secret({ bearerToken: 't\n' }), 'generic')).toEqual({
      type: 'git',
      credential: { bearer: 't' },
    });
    const app = { githubAppID: '1', githubAppPrivateKey: 'k', githubAppInstallationOwner: 'acme' };
    expect(readCredential(secret(app), 'github')).toMatchObject({
      type: 'app',
      app: { installation: { owner: 'acme' } },
    });
  });

  test.each([
    ['nothing of use', { other: 'x' }, 'generic', /neither username/],
    ['half of it', { username: 'hunter2' }, 'generic', /neither username/],
    ['an SSH key', { identity: 'hunter2', known_hosts: 'x' }, 'generic', /SSH identity/],
    ['a CA', { 'ca.crt': 'hunter2' }, 'generic', /ca\.crt/],
    ['an App where none was said', { githubAppID: 'hunter2' }, 'generic', /githubAppID/],
    ['an App without its key', { githubAppID: 'hunter2' }, 'github', /githubAppPrivateKey/],
    [
      'an App at two places',
      {
        githubAppID: '1',
        githubAppPrivateKey: 'hunter2',
        githubAppInstallationID: '2',
        githubAppInstallationOwner: 'acme',
      },
      'github',
      /one of/,
    ],
  ])('with %s is refused, and no value of it is said', (_what, values, provider, message) => {
    const read = (): unknown => readCredential(secret(values as never), provider);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/hunter2/);
  });
});
