// A token for Git from a GitHub App that a Flux Secret describes (spec.provider: github).
import { createHash } from 'node:crypto';
import githubAppJwt from 'universal-github-app-jwt';
import { z } from 'zod';
import { SluiceError } from '../../errors.ts';

export interface AppIdentity {
  readonly appId: string;
  /** PEM */
  readonly privateKey: string;
  readonly installation: { readonly id: string } | { readonly owner: string };
  /** `https://api.github.com`; derived from the repository's address where undefined. */
  readonly apiUrl: string | undefined;
}

const installationsAnswer = z.array(
  z.object({ id: z.number().int(), account: z.object({ login: z.string() }).nullish() }),
);
const tokenAnswer = z.object({ token: z.string().min(1).max(1_000), expires_at: z.string() });
const deadlineMs = 10_000;
const mostBytes = 1024 * 1024;
const marginMs = 5 * 60_000;

const held = new Map<string, { readonly token: string; readonly until: number }>();
const mostHeld = 1_000;

/** @throws SluiceError `fleet.source`, transient where GitHub does not answer; nothing of what it said is repeated */
export async function appToken(app: AppIdentity, repositoryUrl: string): Promise<string> {
  const api = app.apiUrl ?? apiOf(repositoryUrl);
  if (!api.startsWith('https://') && !/^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(api))
    throw refused('githubAppBaseURL is not https://', 'terminal');
  // With the key in it: who names another's App without its key gets nothing.
  const key = createHash('sha256')
    .update(JSON.stringify([api, app.appId, app.installation, app.privateKey]))
    .digest('hex');
  const known = held.get(key);
  if (known !== undefined && known.until - marginMs > Date.now()) return known.token;
  const { token: jwt } = await githubAppJwt({ id: app.appId, privateKey: app.privateKey }).catch(() => {
    throw refused('the private key of the GitHub App cannot be used', 'terminal');
  });
  const id = 'id' in app.installation ? app.installation.id : await installationOf(api, jwt, app.installation.owner);
  const path = `/app/installations/${encodeURIComponent(id)}/access_tokens`;
  const answer = tokenAnswer.parse(await ask(`${api}${path}`, 'POST', jwt));
  if (held.size >= mostHeld) held.clear();
  held.set(key, { token: answer.token, until: Date.parse(answer.expires_at) });
  return answer.token;
}

async function installationOf(api: string, jwt: string, owner: string): Promise<string> {
  const list = installationsAnswer.parse(await ask(`${api}/app/installations?per_page=100`, 'GET', jwt));
  const found = list.find(({ account }) => account?.login.toLowerCase() === owner.toLowerCase());
  if (found === undefined) throw refused('the GitHub App is not installed where the Secret says', 'terminal');
  return String(found.id);
}

async function ask(url: string, method: 'GET' | 'POST', jwt: string): Promise<unknown> {
  const headers = { authorization: `bearer ${jwt}`, accept: 'application/vnd.github+json', 'user-agent': 'sluice' };
  const signal = AbortSignal.timeout(deadlineMs);
  const response = await fetch(url, { method, headers, signal, redirect: 'manual' }).catch(() => {
    throw refused('GitHub does not answer', 'transient');
  });
  const text = await response.text();
  if (!response.ok || text.length > mostBytes)
    throw refused(`GitHub gave no token (${response.status})`, response.status >= 500 ? 'transient' : 'terminal');
  return JSON.parse(text) as unknown;
}

function apiOf(repositoryUrl: string): string {
  const { protocol, host } = new URL(repositoryUrl);
  return host === 'github.com' ? 'https://api.github.com' : `${protocol}//${host}/api/v3`;
}

function refused(message: string, kind: 'transient' | 'terminal'): SluiceError {
  return new SluiceError('fleet.source', message, { kind, remedy: 'look at the Secret of spec.secretRef' });
}
