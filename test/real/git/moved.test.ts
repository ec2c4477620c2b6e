// Repositories that are elsewhere than their address says: renamed ones, and servers that know one by a longer name.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LabGitHub } from '../../../lab/github/github.ts';
import { createMirrors } from '../../../src/adapters/git/mirrors.ts';
import type { Mirrors } from '../../../src/ports/mirror.ts';
import { startRepository } from './hosted.ts';
import { failure, text } from './read.ts';

const infoRefs = '/info/refs?service=git-upload-pack';

let github: LabGitHub;
let folder: string;
let mirrors: Mirrors;
const servers: Server[] = [];

beforeEach(async () => {
  github = await startRepository('acme/web');
  folder = await mkdtemp(join(tmpdir(), 'sluice-moved-'));
  mirrors = createMirrors({ folder });
  await push('acme/web', 'one');
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await github.stop();
  await rm(folder, { recursive: true, force: true });
});

function push(name: string, said: string): Promise<string> {
  return github.pushFiles(name, 'ada', { branch: 'main', files: { 'a.txt': said } });
}

async function fetched(url: string): Promise<string> {
  const token = (): Promise<string> => Promise.resolve(github.user('ada').token);
  const found = await mirrors.fetch({ key: 'web', url, token }, 'refs/heads/main');
  if (found === undefined) throw new Error('the branch is not there');
  return text(await found.repository.tree(found.commit), 'a.txt');
}

interface Heard {
  readonly address: string;
  /** Method, path and whether it came with credentials. */
  readonly requests: string[];
}

/** A server that leads elsewhere, and hands on what `passes` says to GitHub. */
async function leading(
  to: (path: string) => string | undefined,
  passes: (path: string) => boolean = () => false,
): Promise<Heard> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push(`${method} ${url}${headers.authorization === undefined ? '' : ' with credentials'}`);
    const location = method === 'GET' ? to(url) : undefined;
    if (location !== undefined) return void response.writeHead(301, { location }).end();
    if (!passes(url)) return void response.writeHead(404).end();
    void body(request).then(async (sent) => {
      const { authorization = '', 'content-type': type = '', 'git-protocol': protocol = '' } = headers;
      const answer = await fetch(`${github.address}${url}`, {
        method,
        headers: { authorization, 'content-type': type, 'git-protocol': String(protocol) },
        ...(method === 'POST' && { body: sent }),
      });
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function body(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

test('one that was renamed is read by its former address, before and after', async () => {
  const url = `${github.address}/acme/web.git`;
  expect(await fetched(url)).toBe('one');
  github.rename('acme/web', 'shop', 'ada');
  expect(await fetched(url)).toBe('one');
  await push('acme/shop', 'two');
  expect(await fetched(url)).toBe('two');
  github.rename('acme/shop', 'store', 'ada');
  await push('acme/store', 'three');
  expect(await fetched(url)).toBe('three');
});

test('a server that wants .git says so to who asks as Git does, and is asked once', async () => {
  const isLong = (path: string): boolean => path.startsWith('/acme/web.git/');
  const gitlab = await leading((path) => (isLong(path) ? undefined : `/acme/web.git${infoRefs}`), isLong);
  expect(await fetched(`${gitlab.address}/acme/web`)).toBe('one');
  expect(gitlab.requests.filter((line) => !line.includes('/acme/web.git/'))).toHaveLength(2);
  await push('acme/web', 'two');
  expect(await fetched(`${gitlab.address}/acme/web`)).toBe('two');
  expect(gitlab.requests.filter((line) => !line.includes('/acme/web.git/'))).toHaveLength(2);
});

test('another host gets nothing, and least of all credentials', async () => {
  const other = await leading(() => undefined);
  const first = await leading(() => `${other.address}/acme/web.git${infoRefs}`);
  const error = await failure(fetched(`${first.address}/acme/web.git`));
  expect(error).toMatchObject({ code: 'fleet.source', kind: 'terminal', remedy: expect.stringContaining('address') });
  expect(error.message).toBe(`${first.address}/acme/web.git has moved to another host`);
  expect(first.requests.length).toBeGreaterThan(0);
  expect(other.requests).toEqual([]);
});

test.each<[what: string, location: (path: string) => string]>([
  ['itself', (path) => path],
  ['further each time', (path) => `/x${path}`],
  ['no address', () => 'http://['],
  ['a page', () => '/login'],
  ['another scheme', () => 'file:///etc/passwd'],
  ['credentials of its own', (path) => `http://root:secret@127.0.0.1${path}`],
])('one that leads to %s is asked a few times and no more', async (_, location) => {
  const server = await leading((path) => (path === '/login' ? undefined : location(path)));
  const error = await failure(fetched(`${server.address}/acme/web.git`));
  expect(error.code).toBe('fleet.source');
  expect(server.requests.length).toBeLessThanOrEqual(6);
  expect(`${error.message} ${error.remedy ?? ''}`).not.toMatch(/passwd|secret|login/);
});
