import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Cluster, startCluster } from '../../../lab/cluster/cluster.ts';
import { readAdminKubeconfig } from '../../../src/adapters/admin-kubeconfig.ts';
import { connectAdmin } from '../../../src/adapters/kube/admin.ts';
import type { ClusterAddress } from '../../../src/adapters/kube/address.ts';

let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-kubeconfig-'));
  const progress = (step: string): void => void process.stderr.write(`${step}\n`);
  cluster = await startCluster({ name: 'login', folder: join(folder, 'cluster'), progress });
  await writeFile(join(folder, 'ca.pem'), cluster.caData);
  await writeFile(join(folder, 'token'), `${cluster.adminToken}\n`);
}, 900_000);
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A kubeconfig with this user, and the authority in a file. */
async function kubeconfig(user: object, more: object = {}): Promise<string> {
  const file = join(folder, 'kubeconfig');
  const text = stringify({
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'one', user: 'one' } }],
    clusters: [{ name: 'one', cluster: { server: cluster.url, 'certificate-authority': 'ca.pem' } }],
    users: [{ name: 'one', user }],
    ...more,
  });
  await writeFile(file, text);
  return file;
}

async function program(text: string): Promise<string> {
  const file = join(folder, 'login');
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return './login';
}

const read = async (file: string, more: Record<string, string> = {}): Promise<ClusterAddress> =>
  await readAdminKubeconfig({ file, context: undefined, environment: { PATH: process.env['PATH'], ...more } });

async function canList(address: ClusterAddress): Promise<boolean> {
  const admin = connectAdmin(address);
  try {
    const kind = (await admin.kinds()).find('', 'Namespace');
    return kind !== undefined && (await admin.list(kind)).length > 0;
  } finally {
    admin.close();
  }
}

const credential = (status: string): string =>
  `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}'`;

describe('a person’s kubeconfig', () => {
  test('logs in with a token in a file, beside the kubeconfig', async () => {
    expect(await canList(await read(await kubeconfig({ tokenFile: 'token' })))).toBe(true);
  });

  test('logs in with the token that its program prints', async () => {
    const command = await program(
      `[ "$FROM_CONFIG" = yes ] && [ "$1" = a ] || exit 1\n${credential(`{"token":"'"$(cat "$(dirname "$0")/token")"'"}`)}`,
    );
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command,
      args: ['a'],
      env: [{ name: 'FROM_CONFIG', value: 'yes' }],
    };
    expect(await canList(await read(await kubeconfig({ exec })))).toBe(true);
  });

  test('tells its program what it asks for, as kubectl does', async () => {
    const noted = join(folder, 'noted');
    const command = await program(`echo "$KUBERNETES_EXEC_INFO" > ${noted}\n${credential('{"token":"t"}')}`);
    await read(await kubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } }));
    expect(JSON.parse(await readFile(noted, 'utf8'))).toMatchObject({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
    });
  });

  test('takes the certificate and key that its program prints', async () => {
    const { cert, key } = cluster.serving;
    const status = JSON.stringify({ clientCertificateData: cert, clientKeyData: key });
    const command = await program(credential(status).replaceAll(String.raw`\n`, String.raw`\\n`));
    expect((await read(await kubeconfig({ exec: { command } }))).login).toEqual({ certData: cert, keyData: key });
  });

  test('is found by KUBECONFIG, and by HOME', async () => {
    const file = await kubeconfig({ token: 'CANARY' });
    const find = async (environment: Record<string, string>): Promise<ClusterAddress> =>
      await readAdminKubeconfig({ file: undefined, context: undefined, environment });
    expect((await find({ KUBECONFIG: `${file}:` })).login).toEqual({ token: 'CANARY' });
    await expect(find({ KUBECONFIG: `${file}:/other` })).rejects.toThrow(/several files/);
    await expect(find({ HOME: '/nowhere' })).rejects.toMatchObject({
      code: 'kube.config',
      remedy: expect.stringContaining('--kubeconfig'),
    });
  });

  test('may have another context chosen', async () => {
    const contexts = [{ name: 'two', context: { cluster: 'one', user: 'two' } }];
    const users = [{ name: 'two', user: { token: 'second' } }];
    const file = await kubeconfig({}, { contexts, users });
    const chosen = await readAdminKubeconfig({ file, context: 'two', environment: {} });
    expect(chosen.login).toEqual({ token: 'second' });
    await expect(read(file)).rejects.toThrow(/no such entry in contexts/);
  });

  test.each<[string, object, RegExp]>([
    ['a program that fails', { exec: { command: 'false' } }, /login program of the kubeconfig failed/],
    ['a program that is not there', { exec: { command: './none' } }, /login program of the kubeconfig failed/],
    ['a program that prints something else', { exec: { command: 'echo', args: ['CANARY'] } }, /gave no credential/],
    ['a program without a name', { exec: {} }, /names no command/],
    ['a file that is not there', { tokenFile: 'CANARY' }, /tokenFile names cannot be read/],
    ['a password', { username: 'a', password: 'CANARY' }, /username/],
    ['nothing', {}, /no credential/],
    ['a gone form of login', { 'auth-provider': { name: 'gcp', config: { key: 'CANARY' } } }, /auth-provider/],
  ])('is refused with %s, and nothing of it is told', async (_, user, message) => {
    const error = await read(await kubeconfig(user)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'kube.config',
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
    expect(inspect(error)).not.toContain('CANARY');
  });

  test('that is no YAML is not repeated', async () => {
    const file = join(folder, 'broken');
    await writeFile(file, 'token: "CANARY');
    await expect(read(file)).rejects.toMatchObject({
      code: 'kube.config',
      message: expect.not.stringContaining('CANARY'),
    });
  });
});
