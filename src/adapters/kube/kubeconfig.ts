// kubeconfig → ClusterAddress. A kubeconfig can name files to read and programs to run; none of that gets through.
import { parse } from 'yaml';
import { SluiceError } from '../../errors.ts';
import { isMapping, type JsonMapping, list, mapping } from '../../object/json.ts';
import { showText } from '../../object/show.ts';
import { type ClusterAddress, checkCertificates, type Login, readServer, readToken, refuse } from './address.ts';

const maxChars = 1024 * 1024;

const remedies: Readonly<Record<string, string>> = {
  'certificate-authority': 'put the file in as certificate-authority-data (kubectl config view --flatten --raw)',
  'client-certificate': 'put the file in as client-certificate-data (kubectl config view --flatten --raw)',
  'client-key': 'put the file in as client-key-data (kubectl config view --flatten --raw)',
  tokenFile: 'put the token in as token; inside a cluster, give no kubeconfig at all',
  exec: 'no program is run for a login: use a token (kubectl create token) or a client certificate',
  'auth-provider': 'use a token (kubectl create token) or a client certificate',
  username: 'use a token or a client certificate',
  password: 'use a token or a client certificate',
  'insecure-skip-tls-verify': 'give the API server’s authority as certificate-authority-data',
  'tls-server-name': 'use an address that the API server’s certificate names',
  'proxy-url': 'give an address that can be reached without a proxy',
  as: 'remove it: Sluice impersonates the service account of each Kustomization itself',
};

/** Fields that change nothing about a request. */
const harmless = new Set(['extensions', 'disable-compression']);

/**
 * The cluster and user of `current-context`, or of the context that is named, reduced to address, authority and login.
 * @throws SluiceError `kube.config`, naming the field and what to do, for every field that is not one of these (exec,
 *   auth-provider, paths of files, insecure-skip-tls-verify, proxy-url, impersonation), and for what cannot be read
 */
export function readKubeconfig(text: string, context?: string): ClusterAddress {
  const config = readYaml(text);
  const name = context ?? config['current-context'];
  if (typeof name !== 'string' || name === '') refuse('current-context is not set', 'kubectl config use-context NAME');
  const chosen = mapping(entry(config, 'contexts', 'context', name));
  const cluster = known(entry(config, 'clusters', 'cluster', chosen['cluster']), 'cluster', [
    'server',
    'certificate-authority-data',
  ]);
  const user = known(entry(config, 'users', 'user', chosen['user']), 'user', [
    'token',
    'client-certificate-data',
    'client-key-data',
  ]);
  const address: ClusterAddress = {
    server: readServer(textOf(cluster, 'server') ?? '', 'server'),
    caData: pem(cluster, 'certificate-authority-data'),
    login: login(user),
  };
  checkCertificates(address);
  return address;
}

function readYaml(text: string): JsonMapping {
  const unreadable = (): never => refuse('the kubeconfig cannot be read', 'kubectl config view --flatten --raw');
  if (text.length > maxChars) unreadable();
  try {
    const value: unknown = parse(text, { schema: 'core', uniqueKeys: true, maxAliasCount: 0, merge: false });
    return isMapping(value) ? value : unreadable();
  } catch (error) {
    // The parser's words quote the text, and with it the credential.
    if (error instanceof SluiceError) throw error;
    return unreadable();
  }
}

/** The one entry of a list with this name. Two of them would be a question of taste which one counts. */
function entry(config: JsonMapping, among: string, field: string, name: unknown): JsonMapping {
  if (typeof name !== 'string' || name === '') refuse(`the context names no ${field}`, `set its ${field}`);
  const found = list(config[among]).filter((one) => mapping(one)['name'] === name);
  if (found.length !== 1)
    refuse(`${among} has ${found.length === 0 ? 'no' : 'more than one'} ${showText(name)}`, 'name exactly one');
  return mapping(mapping(found[0])[field]);
}

function known(object: JsonMapping, what: string, allowed: readonly string[]): JsonMapping {
  for (const [field, value] of Object.entries(object)) {
    const empty = value === undefined || value === null || value === '' || value === false;
    if (allowed.includes(field) || harmless.has(field) || empty) continue;
    const remedy = field.startsWith('as-') ? remedies['as'] : remedies[field];
    refuse(`${what} has ${showText(field)}, which is not used`, remedy ?? 'remove it');
  }
  return object;
}

function login(user: JsonMapping): Login {
  const token = textOf(user, 'token');
  const certData = pem(user, 'client-certificate-data');
  const keyData = pem(user, 'client-key-data');
  if (token !== undefined && (certData !== undefined || keyData !== undefined))
    refuse('user has a token and a client certificate', 'keep one of them, so that it is clear who acts');
  if (token !== undefined) return { token: readToken(token, 'token') };
  if (certData === undefined && keyData === undefined)
    return refuse('user has no credential', 'give a token, or client-certificate-data and client-key-data');
  if (certData === undefined) return refuse('user has no client-certificate-data', 'add it beside client-key-data');
  if (keyData === undefined) return refuse('user has no client-key-data', 'add it beside client-certificate-data');
  return { certData, keyData };
}

function textOf(object: JsonMapping, field: string): string | undefined {
  const value = object[field];
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : refuse(`${field} is not a text`, 'put it in quotes');
}

function pem(object: JsonMapping, field: string): string | undefined {
  const encoded = textOf(object, field);
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('latin1');
  const wellFormed = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(encoded) && decoded.includes('-----BEGIN ');
  return wellFormed ? decoded : refuse(`${field} is not the base64 of a PEM file`, 'base64 -w0 FILE');
}
