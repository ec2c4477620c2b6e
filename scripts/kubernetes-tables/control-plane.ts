// A real etcd and kube-apiserver (and the one controller that aggregates ClusterRoles) on loopback, for a few seconds.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const cache = join(here, '../../.cache/kubernetes');

/** A body of the API, with the fields that the tables are made from; all of them may be missing. */
export interface Body {
  readonly message?: string;
  readonly groups?: readonly {
    readonly name: string;
    readonly versions: readonly { readonly groupVersion: string }[];
  }[];
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
  readonly items?: readonly { readonly metadata: { readonly name: string } }[];
  readonly rules?: readonly unknown[];
  readonly status?: { readonly allowed?: boolean };
}

export interface Answer {
  readonly status: number;
  readonly body: Body;
}

/** An API server that answers as a cluster's administrator. */
export interface ControlPlane {
  /** `v1.36.3` */
  readonly version: string;
  /** Sends JSON and answers status and parsed body. `as` impersonates a user with a service account's groups. */
  call(method: string, path: string, body?: unknown, as?: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a control plane with RBAC, every default API and nothing else. Builds it first where it is not in .cache. */
export async function startControlPlane(): Promise<ControlPlane> {
  const version = kubernetesVersion();
  const binaries = build(version);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tables-'));
  const processes: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of processes.toReversed()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (name: string, flags: readonly string[]): void => {
    const log = openSync(join(folder, `${name}.log`), 'w');
    processes.push(spawn(join(binaries, name), flags, { stdio: ['ignore', log, log], cwd: folder, env: {} }));
  };
  try {
    const call = await startServers(folder, start);
    return { version, call, stop };
  } catch (error) {
    const log = join(folder, 'kube-apiserver.log');
    if (existsSync(log)) process.stderr.write(readFileSync(log, 'utf8').slice(-4000));
    await stop();
    throw error;
  }
}

async function startServers(
  folder: string,
  start: (name: string, flags: readonly string[]) => void,
): Promise<ControlPlane['call']> {
  const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()]);
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  start('etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
  ]);
  const token = randomBytes(16).toString('hex');
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = join(folder, 'accounts.key');
  writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  mkdirSync(join(folder, 'certificates'));
  start('kube-apiserver', [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--endpoint-reconciler-type=none',
  ]);
  const call = client(port, token);
  await until('the API server', async () => (await call('GET', '/readyz')).status === 200);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(port, token), { mode: 0o600 });
  start('kube-controller-manager', [
    `--kubeconfig=${kubeconfig}`,
    '--controllers=clusterrole-aggregation-controller',
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${await freePort()}`,
    `--cert-dir=${join(folder, 'certificates')}`,
  ]);
  await until('aggregated roles', async () => {
    const admin = await call('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin');
    return (admin.body.rules ?? []).length > 0;
  });
  return call;
}

function client(port: number, token: string): ControlPlane['call'] {
  return (method, path, body, as) =>
    new Promise((resolve, reject) => {
      const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: 'application/json' };
      if (body !== undefined) headers['content-type'] = 'application/json';
      if (as !== undefined) headers['impersonate-user'] = as;
      // Self-signed and on loopback: the token is what is being protected, and it dies with this process.
      const options = { host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false, timeout: 10_000 };
      const sent = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      });
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function parsed(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return { message: text };
  }
}

/** Waits up to a minute for a condition; errors count as "not yet". */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (await condition().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited a minute for ${what}`);
}

function kubernetesVersion(): string {
  const found = /k8s\.io\/kubernetes (v\S+)/.exec(readFileSync(join(here, 'go.mod'), 'utf8'));
  if (found?.[1] === undefined) throw new Error('go.mod names no k8s.io/kubernetes');
  return found[1];
}

/** Builds the binaries once per go.sum into .cache/kubernetes/<digest>; answers the folder. */
function build(version: string): string {
  const digest = createHash('sha256')
    .update(readFileSync(join(here, 'go.sum')))
    .digest('hex')
    .slice(0, 16);
  const folder = join(cache, digest);
  const packages: Record<string, string> = {
    etcd: 'go.etcd.io/etcd/server/v3',
    'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
    'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  };
  for (const [name, path] of Object.entries(packages)) {
    if (existsSync(join(folder, name))) continue;
    console.log(`building ${name} (minutes, once)`);
    const stamp = `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
    const flags = ['build', '-ldflags', stamp, '-o', join(folder, name), path];
    execFileSync('go', flags, { cwd: here, stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0' } });
  }
  return folder;
}

function kubeconfigFor(port: number, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}
