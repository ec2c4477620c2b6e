// `--platform URL`: the platform repository from a real Git server (`git http-backend`) on the loopback interface.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cloneRepository } from '../../../src/adapters/git/clone.ts';
import { openRepository } from '../../../src/adapters/git/repository.ts';
import { type Checkout, configMap, platformFiles, TestFleet, yaml } from './fleet.ts';

const run = promisify(execFile);
const token = 'CANARY-token-51c0';

/** Serves the repositories of a folder for reading; `/private/` asks for the token, `/gone/` and `/moved/` are what they say. */
function gitServer(root: string): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname.startsWith('/moved/')) {
      response.writeHead(301, { location: url.pathname.replace('/moved/', '/open/') }).end();
    } else if (url.pathname.startsWith('/private/') && !isAllowed(request)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('secret words of the server');
    } else if (/^\/(open|private)\//.test(url.pathname)) serve(root, url, request, response);
    else response.writeHead(404).end('secret words of the server');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function isAllowed(request: IncomingMessage): boolean {
  return request.headers.authorization === `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
}

function serve(root: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: url.pathname.replace(/^\/(open|private)/, ''),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    ...(request.headers['content-length'] !== undefined && { CONTENT_LENGTH: request.headers['content-length'] }),
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.on('close', () => {
    const answer = Buffer.concat(parts);
    const end = answer.indexOf('\r\n\r\n');
    const headers = Object.fromEntries(
      answer
        .subarray(0, end)
        .toString()
        .split('\r\n')
        .map((line) => line.split(': ') as [string, string]),
    );
    const status = Number((headers['Status'] ?? '200').slice(0, 3));
    delete headers['Status'];
    response.writeHead(status, headers).end(answer.subarray(end + 4));
  });
}

let fleet: TestFleet;
let server: Server;
let base: string;
let cache: string;
beforeAll(async () => {
  fleet = await TestFleet.create();
  server = await gitServer(fleet.folder);
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  cache = join(fleet.folder, 'cache');
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await fleet.close();
});

/** The platform's commits in a bare repository that the server serves. */
async function publish(checkout: Checkout): Promise<void> {
  const bare = join(fleet.folder, 'platform.git');
  await rm(bare, { recursive: true, force: true });
  await run('git', ['clone', '--quiet', '--bare', checkout.directory, bare]);
}

const clone = (path: string, more: { token?: string; deadlineMs?: number } = {}): Promise<string> =>
  cloneRepository(`${base}/${path}`, { cache, token: undefined, progress: () => {}, ...more });

describe('sluice check --platform URL', () => {
  it('reviews against what the server has, and sees what is pushed later', async () => {
    const url = `${base}/open/platform.git`;
    await publish(fleet.platform);
    await fleet.a.write({ 'deploy/app.yaml': yaml(configMap('app', 'b-dev')) });
    const outside = await fleet.report(fleet.a, '--platform', url);
    expect(outside.exit).toBe(1);
    expect(outside.report?.violations.map(({ rule }) => rule)).toContain('tenant/namespace');

    const tenants = platformFiles['clusters/prod/tenants.yaml'] as string;
    await fleet.platform.write({ 'clusters/prod/tenants.yaml': tenants.replaceAll('a-prod', 'b-dev') });
    await fleet.platform.commit('let a write to b-dev');
    await publish(fleet.platform);
    const allowed = await fleet.report(fleet.a, '--platform', url);
    await fleet.a.write({ 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) });
    expect(allowed.report?.violations.map(({ rule }) => rule)).not.toContain('tenant/namespace');
  });

  it.each(['gone/platform.git', 'moved/platform.git', 'open/nothing.git', 'private/platform.git'])(
    'says in one line what is wrong with %s',
    async (path) => {
      const { exit, output } = await fleet.report(fleet.a, '--platform', `${base}/${path}`);
      expect(exit).toBe(2);
      expect(output).toContain('[fleet.source]');
      expect(output).toContain(`${base}/${path}`);
      expect(output).not.toContain('secret words');
      expect(output).not.toMatch(/\n\s+at /);
    },
  );
});

describe('the local copy', () => {
  beforeEach(async () => {
    await rm(cache, { recursive: true, force: true });
    await publish(fleet.platform);
  });

  it('holds the commits and no credential', async () => {
    const address = base.replace('http://', `http://x-access-token:${token}@`);
    const directory = await cloneRepository(`${address}/private/platform.git`, {
      cache,
      token: undefined,
      progress: () => {},
    });
    const repository = await openRepository(directory);
    expect(await repository.originUrl()).toBe(`${base}/private/platform.git`);
    expect(await repository.resolve('HEAD')).toBe(
      await (await openRepository(fleet.platform.directory)).resolve('HEAD'),
    );
    expect(await readFile(join(directory, 'config'), 'utf8')).not.toContain(token);
  });

  it('is fetched with the token where one is given', async () => {
    await expect(clone('private/platform.git')).rejects.toMatchObject({ code: 'fleet.source', kind: 'terminal' });
    const directory = await clone('private/platform.git', { token });
    expect(await readFile(join(directory, 'config'), 'utf8')).not.toContain(token);
  });

  it('follows a default branch that was renamed', async () => {
    const first = await clone('open/platform.git');
    const bare = join(fleet.folder, 'platform.git');
    await run('git', ['-C', bare, 'branch', '-m', 'main', 'trunk']);
    await run('git', ['-C', bare, 'symbolic-ref', 'HEAD', 'refs/heads/trunk']);
    const second = await clone('open/platform.git');
    expect(second).toBe(first);
    expect(await (await openRepository(second)).currentBranch()).toBe('trunk');
    expect(await (await openRepository(second)).resolve('HEAD')).toBeDefined();
  });

  it('can be made by two at once', async () => {
    const [one, other] = await Promise.all([clone('open/platform.git'), clone('open/platform.git')]);
    expect(one).toBe(other);
    expect(await (await openRepository(one)).resolve('HEAD')).toBeDefined();
    expect(await readdir(cache)).toHaveLength(1);
  });

  it('leaves nothing behind where it fails', async () => {
    await expect(clone('gone/platform.git')).rejects.toMatchObject({ code: 'fleet.source' });
    expect(fs.existsSync(cache) ? await readdir(cache) : []).toEqual([]);
  });

  it('of a server that never answers ends at the deadline, with the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const silent = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.on('close', () => closed.resolve());
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/x.git`;
    // After Git has come to it, on a busy machine, too.
    const waiting = cloneRepository(url, { cache, token: undefined, progress: () => {}, deadlineMs: 5_000 });
    await expect(waiting).rejects.toMatchObject({ code: 'fleet.source', kind: 'transient' });
    await closed.promise;
    silent.close();
  });
});
