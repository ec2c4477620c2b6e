// Where an API server is and how to log in to it. The only form in which a kubeconfig gets any further.
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { SluiceError } from '../../errors.ts';

/** One way to log in. `tokenFile` is a pod's own service-account token, read again as it is renewed. */
export type Login =
  | { readonly token: string }
  | { readonly certData: string; readonly keyData: string }
  | { readonly tokenFile: string };

export interface ClusterAddress {
  /** `https://10.0.0.1:6443`, with a path where there is one and without a slash at the end; http only on this machine. */
  readonly server: string;
  /** PEM; the public authorities where undefined. */
  readonly caData: string | undefined;
  /** PEM in `certData` and `keyData`. */
  readonly login: Login;
}

/** Refuses a configuration. @throws SluiceError `kube.config`, always */
export function refuse(what: string, remedy: string): never {
  throw new SluiceError('kube.config', what, { remedy });
}

/**
 * The address as it is used: `https://host:6443/prefix`.
 * @throws SluiceError `kube.config` for anything but https (http on a loopback address), and for addresses with a
 *   user, a query, a fragment or a path that is not made of plain segments
 */
export function readServer(text: string, field: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') return refuse(`${field} is not an address`, 'write https://host:port');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    refuse(`${field} is not an https address`, 'use https; http is for an API server on this machine only');
  if (url.username !== '' || url.password !== '')
    refuse(`${field} holds a user or a password`, 'give the credential as token or client certificate');
  if (/[?#]/.test(text)) refuse(`${field} holds a query or a fragment`, 'write https://host:port');
  const prefix = url.pathname.replace(/\/$/, '');
  // Of the text itself, since a URL has been tidied up already.
  if (!/^https?:\/\/[^/\s\\%]+(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?$/i.test(text))
    refuse(`${field} has a path that is not made of plain segments`, 'write https://host:port or https://host/prefix');
  return url.origin + prefix;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** A bearer token as it can stand in a header. @throws SluiceError `kube.config` */
export function readToken(text: string, field: string): string {
  if (!/^[\x21-\x7e]{1,16384}$/.test(text))
    refuse(`${field} is not a bearer token`, 'write the token alone, on one line');
  return text;
}

/** Proves that the certificates and the key can be used together. @throws SluiceError `kube.config` */
export function checkCertificates({ caData, login }: Pick<ClusterAddress, 'caData' | 'login'>): void {
  const prove = (use: () => unknown, field: string): void => {
    try {
      use();
    } catch {
      refuse(`${field} cannot be read as PEM, or the two do not belong together`, 'write the base64 of a PEM file');
    }
  };
  if (caData !== undefined) prove(() => certificatesIn(caData), 'certificate-authority-data');
  if ('certData' in login)
    prove(
      () => createSecureContext({ cert: login.certData, key: login.keyData }),
      'client-certificate-data or client-key-data',
    );
}

/** OpenSSL passes over an authority that it cannot read, and then trusts nobody. */
function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  if (blocks === null) throw new Error('none');
  return blocks.map((block) => new X509Certificate(block));
}
