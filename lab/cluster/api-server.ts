// The two servers that every cluster has: etcd and the API server, with RBAC, admission and the audit log as they ship.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { auditPolicy, controllerUsers } from './audit.ts';
import { freePort } from './port.ts';

/** A key pair of the API server, as PEM. The certificate carries its own CA, so it serves as both. */
export interface Serving {
  readonly cert: string;
  readonly key: string;
}

/** What is decided once for a cluster and stays when its API server starts again. */
export interface Plane {
  readonly folder: string;
  readonly port: number;
  readonly etcdFlags: readonly string[];
  readonly apiServerFlags: readonly string[];
  readonly auditFile: string;
  readonly adminToken: string;
  /** Tokens of the cluster's own controllers, by user name. */
  readonly controllerTokens: Readonly<Record<string, string>>;
  /** The key that signs service accounts' tokens; the controller manager needs the file, too. */
  readonly accountKeyFile: string;
}

/** Writes keys, tokens and policy into the folder and chooses the ports. */
export async function planPlane(folder: string): Promise<Plane> {
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const adminToken = token();
  const controllerTokens = Object.fromEntries(controllerUsers.map((user) => [user, token()]));
  const accountKeyFile = join(folder, 'service-accounts.key');
  const tokenFile = join(folder, 'tokens.csv');
  const policyFile = join(folder, 'audit-policy.yaml');
  const auditFile = join(folder, 'audit.log');
  await mkdir(certificates(folder), { recursive: true, mode: 0o700 });
  await writeFile(tokenFile, tokenLines({ admin: adminToken, ...controllerTokens }), { mode: 0o600 });
  await writeFile(accountKeyFile, rsaKey(), { mode: 0o600 });
  await writeFile(policyFile, stringify(auditPolicy));
  const etcdFlags = [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing here needs to survive a loss of power.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
  const apiServerFlags = [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${certificates(folder)}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${tokenFile}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${accountKeyFile}`,
    `--service-account-signing-key-file=${accountKeyFile}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--endpoint-reconciler-type=none',
    '--allow-privileged=true',
    '--profiling=false',
    `--audit-policy-file=${policyFile}`,
    `--audit-log-path=${auditFile}`,
    // Rotation would move the positions that tests remember.
    '--audit-log-maxsize=100000',
  ];
  return { folder, port, etcdFlags, apiServerFlags, auditFile, adminToken, controllerTokens, accountKeyFile };
}

/** Returns what the API server made for itself in its first seconds; undefined while it has not. */
export async function readServing(folder: string): Promise<Serving | undefined> {
  const read = async (name: string): Promise<string> => await readFile(join(certificates(folder), name), 'utf8');
  const serving = await Promise.all([read('apiserver.crt'), read('apiserver.key')]).catch(() => undefined);
  // Files appear before they are written to their end.
  if (serving?.every((pem) => /-----END [A-Z ]+-----\n$/.test(pem)) !== true) return undefined;
  return { cert: serving[0], key: serving[1] };
}

function certificates(folder: string): string {
  return join(folder, 'certificates');
}

function token(): string {
  return randomBytes(24).toString('hex');
}

function tokenLines(tokens: Readonly<Record<string, string>>): string {
  return Object.entries(tokens)
    .map(([user, secret]) => `${secret},${user},${user},system:masters\n`)
    .join('');
}

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}
