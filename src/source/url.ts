// Addresses of repositories: which ones mean the same repository, and how to show one.
import { SluiceError } from '../errors.ts';
import { escapePath } from './name.ts';

/** An address taken apart. Nothing secret is kept. */
export interface RepositoryUrl {
  /** Lower-case host, with the port where it is not the scheme's own: `github.com`, `git.example.com:8443`. */
  readonly host: string;
  /** Without slashes at the ends and without `.git`: `acme/platform`. */
  readonly path: string;
  /** Equal for addresses of one repository, whatever the scheme: `github.com/acme/platform`. */
  readonly key: string;
  /** A form without credentials, fit to show: `https://github.com/acme/platform`, `ssh://github.com/acme/platform`. */
  readonly shown: string;
}

const ports: Readonly<Record<string, string>> = { https: '443', http: '80', ssh: '22', git: '9418' };
// GitHub, GitLab and Bitbucket take paths in any case.
const foldedHosts = new Set(['github.com', 'gitlab.com', 'bitbucket.org']);

/**
 * Takes an address apart: `https://`, `http://`, `ssh://`, `git://` and the scp form `git@host:path`. User names and
 * passwords are dropped; the port is dropped where it is the scheme's own, and always for ssh, whose port says nothing
 * about which repository it is.
 *
 * @throws SluiceError `fleet.source` for anything else: other schemes, local paths, a query or fragment, control
 *   characters, backslashes, an empty host or path, `.` or `..` in the path. The message does not repeat credentials.
 */
export function parseRepositoryUrl(text: string): RepositoryUrl {
  if (text.length > 2048 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\s\\]/u.test(text)) throw refuse(text);
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? fromUrl(text) : fromScp(text);
  const path = url.path
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/i, '')
    .replace(/\/+$/, '');
  if (url.host === '' || path === '' || path.startsWith('~')) throw refuse(text);
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) throw refuse(text);
  const key = `${url.host}/${foldedHosts.has(url.host) ? path.toLowerCase() : path}`;
  return { host: url.host, path, key, shown: `${url.scheme}://${url.host}/${path}` };
}

function fromUrl(text: string): { scheme: string; host: string; path: string } {
  const scheme = text.slice(0, text.indexOf(':')).toLowerCase();
  if (!(scheme in ports) || /[?#]/.test(text)) throw refuse(text);
  // The WHATWG parser reads the host of `https:` strictly; of `ssh:` it would leave it as it is.
  const url = URL.parse(text.replace(/^[^:]*:/, 'https:'));
  if (url === null || url.hostname.startsWith('-')) throw refuse(text);
  // The parser would resolve these away.
  const written = text.replace(/^[^:]*:\/\/[^/]*/, '').split('/');
  if (written.some((part) => /^(?:\.|%2e){1,2}$/i.test(part))) throw refuse(text);
  const port = /^[^:]*:\/\/(?:[^/]*@)?[^/]*:443(?:\/|$)/.test(text) && scheme !== 'https' ? '443' : url.port;
  const named = port === '' || port === ports[scheme] || scheme === 'ssh' ? '' : `:${port}`;
  return { scheme, host: `${url.hostname.replace(/\.$/, '')}${named}`, path: decoded(text, url.pathname) };
}

function fromScp(text: string): { scheme: string; host: string; path: string } {
  const match = /^(?:[A-Za-z0-9_.-]+@)?([A-Za-z0-9.-]{2,253}|\[[0-9A-Fa-f:]+\]):(?!\/\/)([^?#]+)$/.exec(text);
  const host = match?.[1];
  const path = match?.[2];
  if (host === undefined || path === undefined || /^[-.]/.test(host)) throw refuse(text);
  const parsed = URL.parse(`https://${host}/`);
  if (parsed === null) throw refuse(text);
  return { scheme: 'ssh', host: parsed.hostname.replace(/\.$/, ''), path };
}

function decoded(text: string, path: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    throw refuse(text);
  }
  // An escaped separator or dot would make two different paths look alike.
  if (/%(?:2f|2e|5c|00)/i.test(path) || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/u.test(plain)) throw refuse(text);
  return plain;
}

function refuse(text: string): SluiceError {
  const shown = escapePath(withoutCredentials(text));
  return new SluiceError('fleet.source', `"${shown}" is not the address of a Git repository`, {
    remedy: 'Write https://host/path or ssh://git@host/path.',
  });
}

/** The text with anything before an `@` in its authority removed, whatever its form. For messages. */
export function withoutCredentials(text: string): string {
  const slashes = /^[a-z][a-z0-9+.-]*:[/\\]{2}/i.exec(text)?.[0];
  if (slashes === undefined) return text.replace(/^[^/]*@/, '');
  const rest = text.slice(slashes.length);
  const end = rest.search(/[/\\?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  // A password may itself hold a slash; what follows up to a later `@` could be part of it.
  const at = rest.lastIndexOf('@');
  const cut = at >= authority.length ? at : authority.lastIndexOf('@');
  return slashes + rest.slice(cut + 1);
}

/** Whether two addresses mean the same repository. An address that cannot be read equals nothing. */
export function sameRepository(one: string, other: string): boolean {
  const a = tryParse(one);
  return a !== undefined && a.key === tryParse(other)?.key;
}

/** A list of addresses, as a person wrote them, names this repository. */
export function namesRepository(addresses: readonly string[], url: string): boolean {
  return addresses.some((one) => one === url || sameRepository(one, url));
}

function tryParse(text: string): RepositoryUrl | undefined {
  try {
    return parseRepositoryUrl(text);
  } catch {
    return undefined;
  }
}
