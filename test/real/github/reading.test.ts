import { verify } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { createGitHub } from '../../../src/adapters/github/github.ts';
import type { GitHub } from '../../../src/ports/github.ts';
import { type Answering, type Asked, answering, privateKey, publicKey, pull, type Reply, sha } from './answering.ts';

const at = { installation: 3, repository: 7 };
let server: Answering;
let tokens: string[];

async function github(reply: (asked: Asked, count: number) => Reply): Promise<GitHub> {
  server = await answering(reply);
  tokens = [];
  return createGitHub({ appId: 99, privateKey, apiUrl: server.url, onToken: (token) => tokens.push(token) });
}

afterEach(() => server.close());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('identity', () => {
  test('signs as the App, dated back a minute, and works as the installation', async () => {
    const hub = await github(({ line }) => (line.startsWith('GET') ? { body: pull(2) } : {}));
    await hub.pullRequest(at, 2);
    const [token, read] = server.asked;
    const [head, claims, signature] = (token?.headers.authorization ?? '').replace(/^bearer /, '').split('.');
    expect(
      verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature ?? '', 'base64url')),
    ).toBe(true);
    const { iat, exp, iss } = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString());
    const now = Date.now() / 1000;
    expect(iss).toBe(99);
    expect(now - iat).toBeGreaterThan(55);
    expect(now - iat).toBeLessThan(70);
    expect(exp - now).toBeLessThan(600);
    expect(read?.headers.authorization).toBe('token ghs_token1');
    expect(read?.headers['user-agent']).toBe('sluice');
    expect(tokens).toEqual(['ghs_token1']);
  });

  test('asks for one token, whoever needs it at once', async () => {
    const hub = await github(({ line }) => (line.startsWith('GET') ? { body: pull(2) } : {}));
    await Promise.all(Array.from({ length: 30 }, () => hub.pullRequest(at, 2)));
    expect(hub.calls).toEqual({
      'POST /app/installations/{installation_id}/access_tokens': 1,
      'GET /repositories/{repository_id}/pulls/{pull_number}': 30,
    });
  });

  test('a token for Git reads one repository and no more, and is replaced when Git refuses it', async () => {
    const hub = await github(() => ({}));
    expect(await hub.fetchToken(at)).toBe('ghs_token1');
    expect(await hub.fetchToken(at)).toBe('ghs_token1');
    expect(server.asked[0]?.body).toEqual({ repository_ids: [7], permissions: { contents: 'read' } });
    expect(await hub.fetchToken(at, 'ghs_token1')).toBe('ghs_token2');
    // The one that was refused is gone already: nobody asks twice.
    expect(await hub.fetchToken(at, 'ghs_token1')).toBe('ghs_token2');
    expect(await hub.fetchToken({ ...at, repository: 8 })).toBe('ghs_token3');
  });

  test('a token that ended early is replaced once', async () => {
    const hub = await github(({ line, headers }) => {
      if (!line.startsWith('GET')) return {};
      return headers.authorization === 'token ghs_token1' ? { status: 401, body: {} } : { body: pull(2) };
    });
    expect(await hub.pullRequest(at, 2)).toMatchObject({ number: 2 });
    expect(server.lines()).toHaveLength(2);
  });

  test('a token that never works is an error after two calls', async () => {
    const hub = await github(({ line }) => (line.startsWith('GET') ? { status: 401, body: { message: 'Bad' } } : {}));
    await expect(hub.pullRequest(at, 2)).rejects.toMatchObject({ code: 'github.denied', kind: 'terminal' });
    expect(server.asked).toHaveLength(4);
  });

  test("a wrong clock is put right by GitHub's, once", async () => {
    const ahead = new Date(Date.now() - 30 * 60_000).toUTCString();
    const hub = await github(({ line, headers }) => {
      if (line.startsWith('GET')) return { body: pull(2), headers: { date: ahead } };
      const claims = JSON.parse(Buffer.from(headers.authorization?.split('.')[1] ?? '', 'base64url').toString());
      const late = claims.iat * 1000 > Date.parse(ahead);
      return late ? { status: 401, body: {}, headers: { date: ahead } } : { headers: { date: ahead } };
    });
    expect(await hub.pullRequest(at, 2)).toMatchObject({ number: 2 });
    expect(server.asked).toHaveLength(3);
  });

  test('a key that is not the App’s says so, with what the clocks say, and is not tried twice', async () => {
    const hub = await github(() => ({ status: 401, body: { message: 'A JSON web token could not be decoded' } }));
    const error = await hub.pullRequest(at, 2).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'github.denied', remedy: expect.stringContaining('SLUICE_PRIVATE_KEY') });
    expect(server.asked).toHaveLength(1);
    const skewed = await github(() => ({ status: 401, body: {}, headers: { date: 'Mon, 01 Jan 2024 00:00:00 GMT' } }));
    await expect(skewed.pullRequest(at, 2)).rejects.toThrow(/clock is \d+ s ahead of GitHub's/);
  });

  test.each([[404], [403], [422]])('no token for an installation that is gone or suspended: %s', async (status) => {
    const hub = await github(() => ({ status, body: { message: 'This installation has been suspended' } }));
    expect(await hub.pullRequest(at, 2)).toBeUndefined();
    await expect(hub.createComment(at, 2, 'x')).rejects.toMatchObject({ code: 'github.gone', kind: 'terminal' });
  });
});

describe('pull requests and repositories', () => {
  test('what is read', async () => {
    const hub = await github(({ line }) => (line.startsWith('GET') ? { body: pull(2) } : {}));
    expect(await hub.pullRequest(at, 2)).toEqual({
      repository: {
        installation: 3,
        repository: 7,
        fullName: 'acme/shop',
        cloneUrl: 'https://github.com/acme/shop.git',
        archived: false,
      },
      number: 2,
      state: 'open',
      draft: false,
      locked: false,
      head: { sha, ref: 'topic', fork: false },
      base: { sha: 'b'.repeat(40), ref: 'main' },
      mergeable: true,
      htmlUrl: 'https://github.com/acme/shop/pull/2',
    });
    expect(server.lines()).toEqual(['GET /repositories/7/pulls/2']);
  });

  test.each([
    ['another repository', { id: 8 }],
    ['one that was deleted', null],
  ])('a head from %s is a fork', async (_, repo) => {
    const hub = await github(({ line }) =>
      line.startsWith('GET') ? { body: pull(2, { head: { sha, ref: 'x', repo } }) } : {},
    );
    expect(await hub.pullRequest(at, 2)).toMatchObject({ head: { fork: true } });
  });

  test('undefined for what is not there', async () => {
    const hub = await github(({ line }) => (line.startsWith('GET') ? { status: 404, body: {} } : {}));
    expect(await hub.pullRequest(at, 2)).toBeUndefined();
    expect(await hub.repository(at)).toBeUndefined();
    await hub.deleteComment(at, 5);
  });

  test('all pages, and only as far as somebody reads', async () => {
    const hub = await github(({ line, query }) => {
      if (!line.startsWith('GET')) return {};
      const page = Number(query.get('page') ?? 1);
      const link = `<http://elsewhere.invalid/repositories/7/pulls?page=${page + 1}&per_page=100>; rel="next"`;
      return { body: [pull(page * 10), pull(page * 10 + 1)], headers: page < 3 ? { link } : {} };
    });
    const numbers = (await all(hub.openPullRequests(at))).map(({ number }) => number);
    expect(numbers).toEqual([10, 11, 20, 21, 30, 31]);
    expect(server.asked.at(-1)?.query.get('state')).toBe('open');
    for await (const first of hub.openPullRequests(at)) {
      expect(first.number).toBe(10);
      break;
    }
    expect(server.lines()).toHaveLength(4);
  });

  test("every installation's repositories; a suspended or broken one does not hide the others", async () => {
    const one = (id: number, more: object = {}) => ({ id, app_id: 99, suspended_at: null, ...more });
    const repository = { id: 70, full_name: 'a/b', clone_url: 'https://github.com/a/b.git', archived: true };
    const hub = await github(({ line, headers }) => {
      if (line === 'GET /app/installations')
        return {
          body: [one(1), one(2, { suspended_at: '2025-01-01T00:00:00Z' }), one(4), one(5, { app_id: 1 }), one(6)],
        };
      if (line.includes('/installations/1/')) return { status: 404, body: {} };
      if (line.includes('/installations/4/')) return { status: 502, body: {} };
      return headers.authorization?.startsWith('token') === true ? { body: { repositories: [repository] } } : {};
    });
    const found: unknown[] = [];
    const listing = (async () => {
      for await (const each of hub.repositories()) found.push(each);
    })();
    await expect(listing).rejects.toMatchObject({ code: 'github.unavailable', kind: 'transient' });
    expect(found).toEqual([
      { installation: 6, repository: 70, fullName: 'a/b', cloneUrl: 'https://github.com/a/b.git', archived: true },
    ]);
  });
});

test('an answer that is not GitHub’s is an outage, and none of it is repeated', async () => {
  const hub = await github(({ line }) => (line.startsWith('GET') ? { body: { login: '<html>secret' } } : {}));
  const error = await hub.pullRequest(at, 2).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'github.unavailable', kind: 'transient' });
  expect(String(error)).not.toContain('secret');
});
