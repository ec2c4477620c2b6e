import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type ConfigurationSource,
  readAgentConfiguration,
  readServeConfiguration,
  readStartConfiguration,
  readWorkerConfiguration,
} from '../../src/configuration.ts';
import { SluiceError } from '../../src/errors.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const hook = 'a-webhook-secret-of-32-characters';
const good = {
  SLUICE_APP_ID: '123',
  SLUICE_PRIVATE_KEY: pkcs8,
  SLUICE_WEBHOOK_SECRET: hook,
  SLUICE_PLATFORM: 'acme/fleet',
};

function source(environment: Record<string, string>, files: Record<string, string> = {}): ConfigurationSource {
  return {
    environment,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT: ${path}`);
      return text;
    },
  };
}

const start = (more: Record<string, string> = {}, files: Record<string, string> = {}) =>
  readStartConfiguration(source({ ...good, ...more }, files));

function refusal(act: () => unknown): SluiceError {
  try {
    act();
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'configuration') return error;
    throw error;
  }
  throw new Error('was accepted');
}

test('the least that is needed, and what the rest is then', () => {
  expect(start()).toEqual({
    appId: 123,
    github: { web: 'https://github.com', api: 'https://api.github.com' },
    platform: 'acme/fleet',
    queue: 'embedded',
    data: '.sluice',
    admin: { host: '127.0.0.1', port: 3001 },
    logLevel: 'info',
    webhookSecrets: [hook],
    listen: { host: '0.0.0.0', port: 3000 },
    privateKey: pkcs8,
    concurrency: 2,
    lockMs: 30_000,
    sweepMs: 300_000,
    clusters: [],
    secrets: [pkcs8.trim(), hook],
  });
});

test.each([
  ['SLUICE_LOCK_SECONDS', '0'],
  ['SLUICE_LOCK_SECONDS', '601'],
  ['SLUICE_SWEEP_SECONDS', '0'],
  ['SLUICE_SWEEP_SECONDS', '86401'],
  ['SLUICE_SWEEP_SECONDS', '1.5'],
])('%s is not %s', (name, value) => {
  expect(refusal(() => start({ [name]: value })).message).toContain(`${name} is no number of seconds from 1 to`);
});

test('a server needs no private key, and a worker no webhook secret', () => {
  const queue = { SLUICE_QUEUE: 'redis://queue:6379', SLUICE_APP_ID: '1', SLUICE_PLATFORM: 'a/b' };
  expect(readServeConfiguration(source({ ...queue, SLUICE_WEBHOOK_SECRET: hook }))).not.toHaveProperty('privateKey');
  const worker = readWorkerConfiguration(source({ ...queue, SLUICE_PRIVATE_KEY: pkcs8 }));
  expect(worker).not.toHaveProperty('webhookSecrets');
});

test('an agent needs its cluster and a queue, and nothing of the App', () => {
  const queue = 'redis://:hunter2@queue:6379';
  const agent = (more: Record<string, string>) => readAgentConfiguration(source({ SLUICE_QUEUE: queue, ...more }));
  expect(agent({ SLUICE_CLUSTER: 'prod/eu', SLUICE_KUBECONFIG: '/etc/sluice/kubeconfig', ...good })).toEqual({
    clusters: [{ name: 'prod/eu', kubeconfig: '/etc/sluice/kubeconfig' }],
    queue,
    data: '.sluice',
    admin: { host: '127.0.0.1', port: 3001 },
    logLevel: 'info',
    lockMs: 30_000,
    secrets: [queue, 'hunter2', 'hunter2'],
  });
  expect(agent({ SLUICE_CLUSTER: 'prod-eu' }).clusters).toEqual([{ name: 'prod-eu' }]);
  const error = refusal(() => readAgentConfiguration(source({ SLUICE_CLUSTER: 'x'.repeat(254) })));
  expect(error.message).toContain('SLUICE_CLUSTER is no name of a cluster');
  expect(error.message).toContain('SLUICE_QUEUE must be Redis or Postgres for `sluice agent`');
  expect(refusal(() => agent({})).message).toContain('SLUICE_CLUSTER is missing');
});

test('one process deploys to clusters by name, each with its kubeconfig or from within', () => {
  const clusters = (text: string) => start({ SLUICE_CLUSTERS: text }).clusters;
  expect(clusters('prod-eu=/ab.kubeconfig')).toEqual([{ name: 'prod-eu', kubeconfig: '/ab.kubeconfig' }]);
  expect(clusters(' prod/eu=/etc/eu=1.yaml\n  prod-us ')).toEqual([
    { name: 'prod/eu', kubeconfig: '/etc/eu=1.yaml' },
    { name: 'prod-us' },
  ]);
  for (const wrong of ['=/a.kubeconfig', 'prod=', 'prod=/a prod=/b', 'x'.repeat(254)])
    expect(refusal(() => clusters(wrong)).message).toContain('SLUICE_CLUSTERS is no list of clusters, each once');
});

test('an agent’s variables are not taken for those of one process in silence', () => {
  const refused = refusal(() => start({ SLUICE_CLUSTER: 'prod-eu', SLUICE_KUBECONFIG: '/etc/eu' }));
  expect(refused.message).toMatch(/SLUICE_CLUSTER is for .*SLUICE_KUBECONFIG is for .*SLUICE_CLUSTERS/);
  // One ConfigMap may serve several roles.
  const both = start({ SLUICE_CLUSTER: 'prod-eu', SLUICE_CLUSTERS: 'prod-eu' });
  expect(both.clusters).toEqual([{ name: 'prod-eu' }]);
});

test('what may be written for an address is shown with that variable’s own port', () => {
  const refused = refusal(() => start({ SLUICE_LISTEN: 'x:y', SLUICE_ADMIN_LISTEN: 'x:y' }));
  expect(refused.message).toMatch(/SLUICE_ADMIN_LISTEN [^;]*`127\.0\.0\.1:3001`/);
  expect(refused.message).toMatch(/SLUICE_LISTEN [^;]*`0\.0\.0\.0:3000`/);
});

test('everything wrong is told at once, and no value', () => {
  const error = refusal(() =>
    start({
      SLUICE_APP_ID: 'client-id-hunter2',
      SLUICE_PRIVATE_KEY: 'hunter2',
      SLUICE_WEBHOOK_SECRET: 'hunter2',
      SLUICE_WEBHOOK_SECRET_PREVIOUS: 'hunter2x',
      SLUICE_PLATFORM: 'hunter2',
      SLUICE_PLATFORM_BRANCH: 'refs/heads/hunter2',
      SLUICE_GITHUB_URL: 'http://hunter2.example.com',
      SLUICE_QUEUE: 'mysql://user:hunter2@db/x',
      SLUICE_LISTEN: 'hunter2:http',
      SLUICE_ADMIN_LISTEN: ':70000',
      SLUICE_CONCURRENCY: '0',
      SLUICE_LOG_LEVEL: 'hunter2',
      SLUICE_DATA: 'x'.repeat(2000),
    }),
  );
  expect(error.message.match(/SLUICE_[A-Z_]+/g)?.toSorted()).toEqual([
    'SLUICE_ADMIN_LISTEN',
    'SLUICE_APP_ID',
    'SLUICE_CONCURRENCY',
    'SLUICE_DATA',
    'SLUICE_GITHUB_URL',
    'SLUICE_LISTEN',
    'SLUICE_LOG_LEVEL',
    'SLUICE_PLATFORM',
    'SLUICE_PLATFORM_BRANCH',
    'SLUICE_PRIVATE_KEY',
    'SLUICE_PRIVATE_KEY_FILE',
    'SLUICE_QUEUE',
    'SLUICE_WEBHOOK_SECRET',
    'SLUICE_WEBHOOK_SECRET_PREVIOUS',
  ]);
  expect(`${error.message}${error.remedy}${error.stack}`).not.toContain('hunter2');
});

test('what is wrong only together is told with the rest', () => {
  const error = refusal(() => readServeConfiguration(source({ SLUICE_PLATFORM: 'https://gitlab.com/acme/fleet' })));
  expect([...new Set(error.message.match(/SLUICE_[A-Z_]+(?= (?:is|must))/g))].toSorted()).toEqual([
    'SLUICE_APP_ID',
    'SLUICE_PLATFORM',
    'SLUICE_QUEUE',
    'SLUICE_WEBHOOK_SECRET',
  ]);
});

test('what is not there is missing; an empty one is not there', () => {
  const error = refusal(() => readStartConfiguration(source({ SLUICE_APP_ID: '', SLUICE_PLATFORM: ' ' })));
  for (const name of Object.keys(good)) expect(error.message).toContain(`${name} is missing`);
});

describe('secrets', () => {
  test.each([
    ['PKCS #1', pkcs1],
    ['on one line', pkcs8.replaceAll('\n', '\\n')],
    ['base64 of the file', Buffer.from(pkcs1).toString('base64')],
  ])('a private key as %s', (_, text) => {
    expect(start({ SLUICE_PRIVATE_KEY: text }).privateKey).toBe(pkcs8);
  });

  test.each([
    [
      'another kind of key',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    [
      'the public half',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    ['its first line', '-----BEGIN RSA PRIVATE KEY-----'],
  ])('no private key: %s', (_, text) => {
    expect(refusal(() => start({ SLUICE_PRIVATE_KEY: text })).message).toMatch(/SLUICE_PRIVATE_KEY is no RSA/);
  });

  test('from files', () => {
    const { SLUICE_PRIVATE_KEY: _key, SLUICE_WEBHOOK_SECRET: _hook, ...rest } = good;
    const environment = { ...rest, SLUICE_PRIVATE_KEY_FILE: '/key', SLUICE_WEBHOOK_SECRET_FILE: '/hook' };
    const files = { '/key': pkcs1, '/hook': `${hook}\n` };
    expect(readStartConfiguration(source(environment, files))).toMatchObject({
      privateKey: pkcs8,
      webhookSecrets: [hook],
    });
    const error = refusal(() => readStartConfiguration(source(environment, { '/key': pkcs1 })));
    expect(error.message).toContain('SLUICE_WEBHOOK_SECRET is missing: the file of SLUICE_WEBHOOK_SECRET_FILE');
    expect(error.message).not.toMatch(/\/hook|ENOENT/);
  });

  test('given twice is a mistake', () => {
    expect(refusal(() => start({ SLUICE_PRIVATE_KEY_FILE: '/key' }, { '/key': pkcs8 })).message).toContain(
      'given twice',
    );
  });

  test('two webhook secrets while one replaces the other', () => {
    const before = 'the-secret-before-it-was-changed';
    expect(start({ SLUICE_WEBHOOK_SECRET_PREVIOUS: before }).webhookSecrets).toEqual([hook, before]);
  });

  test('all that logs must not show, passwords too', () => {
    const { secrets } = start({ SLUICE_QUEUE: 'redis://:p%40ssword@queue' });
    expect(secrets).toEqual([pkcs8.trim(), hook, 'redis://:p%40ssword@queue', 'p%40ssword', 'p@ssword']);
  });
});

describe('addresses', () => {
  test.each([
    ['https://github.com', 'https://github.com', 'https://api.github.com'],
    ['https://api.github.com/', 'https://github.com', 'https://api.github.com'],
    ['https://ghes.example.com/', 'https://ghes.example.com', 'https://ghes.example.com/api/v3'],
    ['https://ghes.example.com:8443/api/v3', 'https://ghes.example.com:8443', 'https://ghes.example.com:8443/api/v3'],
    ['https://octo.ghe.com', 'https://octo.ghe.com', 'https://api.octo.ghe.com'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000', 'http://127.0.0.1:4000/api/v3'],
  ])('GitHub at %s', (url, web, api) => {
    expect(start({ SLUICE_GITHUB_URL: url }).github).toEqual({ web, api });
  });

  test.each([
    ['http://github.example.com'],
    ['ssh://git@github.com'],
    ['https://user:x@github.com'],
    ['https://github.com/acme'],
    ['https://github.com/?x'],
    ['github.com'],
    ['http://127.0.0.1.example.com'],
  ])('no GitHub: %s', (url) => {
    expect(refusal(() => start({ SLUICE_GITHUB_URL: url })).message).toContain('SLUICE_GITHUB_URL');
  });

  test.each([
    ['acme/fleet'],
    ['https://github.com/acme/fleet'],
    ['https://github.com/acme/fleet.git'],
    ['acme/fleet/'],
  ])('platform %s', (text) => {
    expect(start({ SLUICE_PLATFORM: text }).platform).toBe('acme/fleet');
  });

  test('a platform repository elsewhere is a mistake', () => {
    const error = refusal(() => start({ SLUICE_PLATFORM: 'https://gitlab.com/acme/fleet' }));
    expect(error.message).toContain('SLUICE_PLATFORM is not on the GitHub');
  });

  test.each([
    ['8080', { host: '0.0.0.0', port: 8080 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:3000', { host: '::1', port: 3000 }],
  ])('listens at %s', (text, listen) => {
    expect(start({ SLUICE_LISTEN: text }).listen).toEqual(listen);
  });

  test.each([['redis://h:1'], ['rediss://u:p@h/1'], ['postgres://u@h/db'], ['postgresql://h/db'], ['embedded']])(
    'queue %s',
    (queue) => {
      expect(start({ SLUICE_QUEUE: queue }).queue).toBe(queue);
    },
  );

  test('the embedded queue is one process', () => {
    const { SLUICE_PRIVATE_KEY: _, ...rest } = good;
    expect(refusal(() => readServeConfiguration(source(rest))).message).toContain(
      'SLUICE_QUEUE must be Redis or Postgres',
    );
  });
});
