import { readdirSync, readFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertIdentity, Impersonated, identityHeaders, own } from '../../../src/adapters/kube/identity.ts';

const refusal = expect.objectContaining({ code: 'kube.identity' });
const flux = new Impersonated({ namespace: 'a', name: 'flux' });
const user = 'system:serviceaccount:a:flux';

describe('a service account', () => {
  test('is named as the API server names it', () => {
    expect(flux.user).toBe(user);
    expect(identityHeaders(flux)).toEqual({ 'Impersonate-User': user });
    expect(new Impersonated({ namespace: 'a-1', name: 'flux.reconciler' }).user).toBe(
      'system:serviceaccount:a-1:flux.reconciler',
    );
  });

  const bad = [
    '',
    ' ',
    'a:b',
    'A',
    'a b',
    'a\r\nImpersonate-Group: system:masters',
    'a\n',
    'ä',
    '..',
    '-a',
    'x'.repeat(254),
  ];
  test.each(bad)('is refused with the name %j or namespace', (part) => {
    expect(() => new Impersonated({ namespace: 'a', name: part })).toThrow(refusal);
    expect(() => new Impersonated({ namespace: part, name: 'flux' })).toThrow(refusal);
  });

  test('is refused where types were lost on the way', () => {
    for (const account of [{}, { namespace: 'a' }, { name: 'flux' }, { namespace: null, name: undefined }]) {
      expect(() => new Impersonated(account as never)).toThrow(refusal);
    }
  });
});

describe('the request that is about to be sent', () => {
  /** A request as it would leave, never sent. */
  function made(method: string, path: string, headers: Record<string, string | string[]> = {}): ClientRequest {
    const sent = request({ host: '127.0.0.1', port: 1, method, path, headers });
    sent.on('error', () => undefined);
    sent.destroy();
    return sent;
  }
  const write = '/api/v1/namespaces/a/configmaps/x';

  test('passes with exactly its account', () => {
    expect(() => assertIdentity(made('PATCH', write, { 'Impersonate-User': user }), flux)).not.toThrow();
    expect(() => assertIdentity(made('GET', write, { 'impersonate-user': user }), flux)).not.toThrow();
  });

  test.each<[string, Record<string, string | string[]>]>([
    ['no header', {}],
    ['an empty header', { 'Impersonate-User': '' }],
    ['another account', { 'Impersonate-User': 'system:serviceaccount:b:flux' }],
    ['the header twice', { 'Impersonate-User': [user, user] }],
    ['a group beside it', { 'Impersonate-User': user, 'Impersonate-Group': 'system:masters' }],
    ['extras beside it', { 'Impersonate-User': user, 'Impersonate-Extra-scopes': 'x' }],
    ['a group alone', { 'Impersonate-Group': 'system:masters' }],
  ])('is stopped with %s', (_what, headers) => {
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(() => assertIdentity(made(method, write, headers), flux)).toThrow(refusal);
  });

  test('of the agent itself is stopped with any impersonation', () => {
    expect(() => assertIdentity(made('GET', write, { 'Impersonate-User': user }), own)).toThrow(refusal);
    expect(() => assertIdentity(made('GET', write, { 'Impersonate-Uid': '1' }), own)).toThrow(refusal);
  });

  const document = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/a/kustomizations/web';
  test.each([
    ['GET', write],
    ['PATCH', document],
    ['PATCH', `${document}/status?fieldManager=x`],
    ['POST', '/api/v1/namespaces/a/events?fieldManager=x'],
  ])('of the agent itself may be %s %s', (method, path) => {
    expect(() => assertIdentity(made(method, path), own)).not.toThrow();
    expect(() => assertIdentity(made(method, `/k8s/c-1${path}`), own, '/k8s/c-1')).not.toThrow();
  });

  test.each([
    ['PATCH', write],
    ['DELETE', document],
    ['PUT', document],
    ['POST', '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/a/kustomizations'],
    ['PATCH', `${document}/scale`],
    ['PATCH', '/apis/toolkit.fluxcd.io/v1/namespaces/a/kustomizations/web'],
    ['PATCH', '/apis/x.toolkit.fluxcd.io.evil.example/v1/namespaces/a/kustomizations/web'],
    ['POST', '/api/v1/namespaces/a/secrets'],
    ['POST', '/api/v1/namespaces/a/secrets?x=/api/v1/namespaces/a/events'],
    ['DELETE', '/api/v1/namespaces/a/events'],
    ['POST', '/api/v1/namespaces/a/serviceaccounts/flux/token'],
    ['PATCH', `/elsewhere${document}`],
  ])('of the agent itself may not be %s %s', (method, path) => {
    expect(() => assertIdentity(made(method, path), own)).toThrow(refusal);
  });
});

describe('the ways to an API server', () => {
  const root = new URL('../../../src/', import.meta.url).pathname;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const thatHold = (form: RegExp): string[] =>
    files.filter((name) => form.test(readFileSync(join(root, name), 'utf8'))).toSorted();

  test('without an account are the agent’s own client and bootstrap’s', () => {
    expect(thatHold(/createCaller\(/)).toEqual(
      ['adapters/kube/admin.ts', 'adapters/kube/caller.ts', 'adapters/kube/cluster.ts'].toSorted(),
    );
    expect(thatHold(/import \{[^}]*\bperson\b[^}]*\} from '[^']*identity\.ts'/)).toEqual(['adapters/kube/admin.ts']);
    expect(thatHold(/import \{[^}]*\bown\b[^}]*\} from '[^']*identity\.ts'/)).toEqual(['adapters/kube/cluster.ts']);
    expect(thatHold(/connectAdmin\(/)).toEqual(['adapters/kube/admin.ts', 'command-line/bootstrap.ts']);
    expect(thatHold(/openWire\(/)).toEqual([
      'adapters/kube/admin.ts',
      'adapters/kube/cluster.ts',
      'adapters/kube/wire.ts',
    ]);
  });
});
