import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import { SluiceError } from '../../../src/errors.ts';
import { certificate, key } from './certificate.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ca = { 'certificate-authority-data': base64(certificate) };
const pair = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
const server = 'https://10.0.0.1:6443';

interface Parts {
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
  context?: Record<string, unknown>;
  more?: Record<string, unknown>;
}

function kubeconfig({ cluster = {}, user = { token: 't0ken' }, context = {}, more = {} }: Parts = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u', ...context } }],
    clusters: [{ name: 'c', cluster: { server, ...ca, ...cluster } }],
    users: [{ name: 'u', user }],
    ...more,
  });
}

function refusal(text: string): SluiceError {
  try {
    readKubeconfig(text);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('what is read', () => {
  test('server, authority and token', () => {
    expect(readKubeconfig(kubeconfig())).toEqual({ server, caData: certificate, login: { token: 't0ken' } });
  });

  test('a client certificate', () => {
    expect(readKubeconfig(kubeconfig({ user: pair })).login).toEqual({ certData: certificate, keyData: key });
  });

  test('the public authorities where none is given', () => {
    const cluster = { 'certificate-authority-data': undefined };
    expect(readKubeconfig(kubeconfig({ cluster })).caData).toBeUndefined();
  });

  test('the context that is asked for', () => {
    const more = {
      contexts: [
        { name: 'one', context: { cluster: 'gone', user: 'gone' } },
        { name: 'two', context: { cluster: 'c', user: 'u', namespace: 'ignored' } },
      ],
    };
    expect(readKubeconfig(kubeconfig({ more }), 'two').login).toEqual({ token: 't0ken' });
  });

  test('JSON, and fields that change no request or are empty', () => {
    const config = kubeconfig({
      cluster: { extensions: [{ name: 'x' }], 'disable-compression': true, 'insecure-skip-tls-verify': false },
      user: { token: 't0ken', 'client-certificate': '', exec: null, extensions: [] },
    });
    expect(readKubeconfig(config).login).toEqual({ token: 't0ken' });
    expect(readKubeconfig(JSON.stringify({ ...JSON.parse(JSON.stringify(configObject())) })).server).toBe(server);
  });

  test.each([
    ['https://10.0.0.1:6443/', 'https://10.0.0.1:6443'],
    ['https://Rancher.example/k8s/clusters/c-1/', 'https://rancher.example/k8s/clusters/c-1'],
    ['https://[2001:db8::1]:6443', 'https://[2001:db8::1]:6443'],
    ['http://127.0.0.1:8001', 'http://127.0.0.1:8001'],
    ['http://localhost:8001', 'http://localhost:8001'],
    ['http://[::1]:8001', 'http://[::1]:8001'],
  ])('the server %s as %s', (from, to) => {
    expect(readKubeconfig(kubeconfig({ cluster: { server: from } })).server).toBe(to);
  });
});

function configObject(): unknown {
  return {
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, ...ca } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
}

describe('what is refused, by its name and with what to do', () => {
  const userFields: [string, unknown][] = [
    ['exec', { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/canary' }],
    ['auth-provider', { name: 'gcp', config: { 'cmd-path': '/bin/canary' } }],
    ['auth-provider', { name: 'azure', config: { tokenFile: '/etc/passwd' } }],
    ['tokenFile', '/var/run/secrets/kubernetes.io/serviceaccount/token'],
    ['client-certificate', '/etc/passwd'],
    ['client-key', '/etc/passwd'],
    ['username', 'admin'],
    ['password', 'hunter2'],
    ['as', 'system:admin'],
    ['as-uid', '1'],
    ['as-groups', ['system:masters']],
    ['as-user-extra', { scopes: ['x'] }],
    ['anything-new', 'x'],
  ];
  test.each(userFields)('user %s', (field, value) => {
    for (const user of [{ [field]: value }, { token: 't0ken', [field]: value }]) {
      const error = refusal(kubeconfig({ user }));
      expect(error).toMatchObject({ code: 'kube.config', remedy: expect.stringMatching(/\w/) });
      expect(error.message).toContain(field);
      expect(`${error.message}${error.remedy}`).not.toMatch(/canary|passwd|hunter2|masters|t0ken/);
    }
  });

  test.each([
    ['insecure-skip-tls-verify', true],
    ['proxy-url', 'http://proxy.example'],
    ['certificate-authority', '/etc/passwd'],
    ['tls-server-name', 'other.example'],
    ['anything-new', 'x'],
  ])('cluster %s', (field, value) => {
    const error = refusal(kubeconfig({ cluster: { [field]: value } }));
    expect(error).toMatchObject({ code: 'kube.config', remedy: expect.stringMatching(/\w/) });
    expect(error.message).toContain(field);
    expect(error.message).not.toMatch(/passwd|example/);
  });

  test.each([
    'http://10.0.0.1:6443',
    'http://localhost.example:80',
    'http://127.0.0.1.example',
    'ftp://127.0.0.1',
    'https://user:secret@10.0.0.1',
    'https://10.0.0.1/?a=b',
    'https://10.0.0.1/#x',
    'https://10.0.0.1/a/%2e%2e/b',
    'https://10.0.0.1/a//b',
    'https://10.0.0.1/a b',
    '10.0.0.1:6443',
    '',
    'https://',
  ])('the server %j', (address) => {
    const error = refusal(kubeconfig({ cluster: { server: address } }));
    expect(error).toMatchObject({ code: 'kube.config', message: expect.stringContaining('server') });
    expect(error.message).not.toContain('secret');
  });

  test.each<[string, Parts, RegExp]>([
    ['no credential', { user: {} }, /no credential/],
    ['two credentials', { user: { token: 't', ...pair } }, /token and a client certificate/],
    ['a certificate without its key', { user: { ...pair, 'client-key-data': '' } }, /client-key-data/],
    ['a key without its certificate', { user: { 'client-key-data': base64(key) } }, /client-certificate-data/],
    ['a token with a line break', { user: { token: 'a\nImpersonate-User: x' } }, /token/],
    ['a token that is a number', { user: { token: 5 } }, /token/],
    ['an authority that is no base64', { cluster: { 'certificate-authority-data': '%%%' } }, /authority-data/],
    ['an authority that is no PEM', { cluster: { 'certificate-authority-data': base64('x') } }, /authority-data/],
    [
      'an authority that only looks like PEM',
      {
        cluster: {
          'certificate-authority-data': base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
        },
      },
      /certificate-authority-data/,
    ],
    ['a key that is no key', { user: { ...pair, 'client-key-data': base64(certificate) } }, /client-key-data/],
    ['a cluster that is not there', { context: { cluster: 'other' } }, /clusters has no "other"/],
    ['a user that is not there', { context: { user: 'other' } }, /users has no "other"/],
    ['no context', { more: { 'current-context': '' } }, /current-context/],
    [
      'two users of one name',
      { more: { users: [1, 2].map((n) => ({ name: 'u', user: { token: `${n}` } })) } },
      /more than one "u"/,
    ],
  ])('%s', (_what, parts, words) => {
    expect(refusal(kubeconfig(parts))).toMatchObject({ code: 'kube.config', message: expect.stringMatching(words) });
  });

  test.each([
    ['no YAML', 'a: [hunter2'],
    ['a list', '- hunter2'],
    ['a repeated key', 'a: hunter2\na: b'],
    ['an alias', 'a: &x hunter2\nb: *x'],
    ['too much', ' '.repeat(2 * 1024 * 1024)],
  ])('%s, without a word of it', (_what, text) => {
    const error = refusal(text);
    expect(error.code).toBe('kube.config');
    expect(`${error.message}${error.remedy}${String(error.cause)}`).not.toContain('hunter2');
  });
});
