// A person's kubeconfig, on that person's own machine: files that it names are read and its login program is run, as
// kubectl does. Only `sluice bootstrap` reads one so; agents take no kubeconfig that names a file or a program.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { SluiceError } from '../errors.ts';
import { isMapping, type JsonMapping, list, mapping } from '../object/json.ts';
import type { ClusterAddress } from './kube/address.ts';
import { readKubeconfig } from './kube/kubeconfig.ts';

export interface AdminKubeconfigOptions {
  /** @defaultValue what KUBECONFIG names, else `.kube/config` of HOME */
  readonly file: string | undefined;
  /** @defaultValue the file's current-context */
  readonly context: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @throws SluiceError `kube.config` with the remedy; nothing of the file's content is in it */
export async function readAdminKubeconfig(options: AdminKubeconfigOptions): Promise<ClusterAddress> {
  const file = kubeconfigFile(options);
  const text = await readFile(file, 'utf8').catch(() =>
    options.file === undefined
      ? refuse('there is no kubeconfig to read', 'name it with --kubeconfig FILE, or set KUBECONFIG')
      : refuse('the file of --kubeconfig cannot be read', 'correct the path'),
  );
  const config = readYaml(text);
  const context = options.context ?? config['current-context'];
  const chosen = mapping(entry(config, 'contexts', context)['context']);
  const base = dirname(resolve(file));
  const cluster = await withFiles(mapping(entry(config, 'clusters', chosen['cluster'])['cluster']), base);
  const user = await loggedIn(mapping(entry(config, 'users', chosen['user'])['user']), base, options.environment);
  const plain = {
    'current-context': 'chosen',
    contexts: [{ name: 'chosen', context: { cluster: 'chosen', user: 'chosen' } }],
    clusters: [{ name: 'chosen', cluster }],
    users: [{ name: 'chosen', user }],
  };
  return readKubeconfig(JSON.stringify(plain));
}

function kubeconfigFile({ file, environment }: AdminKubeconfigOptions): string {
  if (file !== undefined) return file;
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((one) => one !== '');
  if (named.length > 1)
    refuse('KUBECONFIG names several files', 'make one of them (kubectl config view --flatten --raw) for --kubeconfig');
  return named[0] ?? join(environment['HOME'] ?? '', '.kube', 'config');
}

function readYaml(text: string): JsonMapping {
  try {
    return mapping(parse(text));
  } catch {
    // The parser's words quote the text, and with it the credential.
    return refuse('the kubeconfig is no YAML', 'kubectl config view');
  }
}

function entry(config: JsonMapping, among: string, name: unknown): JsonMapping {
  const found = list(config[among]).find((one) => mapping(one)['name'] === name);
  if (!isMapping(found)) return refuse(`the kubeconfig has no such entry in ${among}`, 'kubectl config get-contexts');
  return found;
}

const files = ['certificate-authority', 'client-certificate', 'client-key'];

/** With what the files hold in place of their names. */
async function withFiles(object: JsonMapping, base: string): Promise<JsonMapping> {
  const out: Record<string, unknown> = { ...object };
  for (const field of files) {
    const path = object[field];
    if (typeof path !== 'string' || path === '') continue;
    delete out[field];
    out[`${field}-data`] ??= (await readNamed(field, path, base)).toString('base64');
  }
  return out as JsonMapping;
}

async function readNamed(field: string, path: string, base: string): Promise<Buffer> {
  return await readFile(resolve(base, path)).catch(() =>
    refuse(`the file that ${field} names cannot be read`, 'kubectl config view --flatten --raw'),
  );
}

async function loggedIn(
  user: JsonMapping,
  base: string,
  environment: AdminKubeconfigOptions['environment'],
): Promise<JsonMapping> {
  const { exec, tokenFile, ...rest } = user;
  const plain = await withFiles(rest, base);
  if (typeof tokenFile === 'string' && tokenFile !== '')
    return { ...plain, token: (await readNamed('tokenFile', tokenFile, base)).toString('utf8').trim() };
  return isMapping(exec) ? { ...plain, ...(await credentialOf(exec, base, environment)) } : plain;
}

/** What the login program prints: an ExecCredential with a token, or with a certificate and its key as PEM. */
async function credentialOf(
  exec: JsonMapping,
  base: string,
  environment: AdminKubeconfigOptions['environment'],
): Promise<JsonMapping> {
  const command = exec['command'];
  if (typeof command !== 'string' || command === '') return refuse('exec names no command', 'kubectl config view');
  const path = command.includes('/') && !isAbsolute(command) ? join(base, command) : command;
  const more = list(exec['env']).map(mapping);
  const pairs = more.map((one) => [String(one['name'] as string), String(one['value'] as string)] as const);
  const info = { kind: 'ExecCredential', apiVersion: exec['apiVersion'], spec: { interactive: false } };
  const env = { ...environment, ...Object.fromEntries(pairs), KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  const printed = await run(path, list(exec['args']).map(String), env);
  const { token, clientCertificateData, clientKeyData } = mapping(readCredential(printed)['status']);
  if (typeof token === 'string' && token !== '') return { token };
  if (typeof clientCertificateData !== 'string' || typeof clientKeyData !== 'string')
    return refuse('the login program of the kubeconfig gave no credential', 'see whether kubectl can log in with it');
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  return { 'client-certificate-data': base64(clientCertificateData), 'client-key-data': base64(clientKeyData) };
}

function readCredential(printed: string): JsonMapping {
  try {
    return mapping(JSON.parse(printed));
  } catch {
    return {};
  }
}

const loginMs = 60_000;

/** Its own words go to the terminal: what a person must do to log in stands there. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve_, reject) => {
    const failed = (): SluiceError =>
      new SluiceError('kube.config', 'the login program of the kubeconfig failed', {
        remedy: 'log in as for kubectl, or use a kubeconfig with a token or a client certificate',
      });
    const child = spawn(command, [...args], { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: loginMs });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    child.on('error', () => reject(failed()));
    child.on('close', (code) => (code === 0 ? resolve_(printed) : reject(failed())));
  });
}

function refuse(what: string, remedy: string): never {
  throw new SluiceError('kube.config', what, { remedy });
}
