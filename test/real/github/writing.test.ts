import { afterEach, describe, expect, test } from 'vitest';
import { createGitHub } from '../../../src/adapters/github/github.ts';
import type { CheckAnnotation, GitHub } from '../../../src/ports/github.ts';
import { type Answering, type Asked, answering, privateKey, type Reply, sha } from './answering.ts';

const at = { installation: 3, repository: 7 };
const check = { id: 11, name: 'sluice', head_sha: sha, status: 'in_progress', app: { id: 99 } };
let server: Answering;

async function github(reply: (asked: Asked, count: number) => Reply): Promise<GitHub> {
  server = await answering((asked, count) => (asked.line.endsWith('/access_tokens') ? {} : reply(asked, count)));
  return createGitHub({ appId: 99, privateKey, apiUrl: server.url });
}

afterEach(() => server.close());

function annotations(count: number): CheckAnnotation[] {
  return Array.from({ length: count }, (_, index) => ({
    path: `a/${index}.yaml`,
    startLine: index,
    endLine: 0,
    level: 'failure' as const,
    title: 't',
    message: 'm',
  }));
}

const sent = (): Asked[] => server.asked.filter(({ line }) => !line.endsWith('/access_tokens'));
const carried = ({ body }: Asked): unknown[] => (body['output'] as { annotations: unknown[] }).annotations;

describe('checks', () => {
  test('start: in progress, on the head, with what names the pull request', async () => {
    const hub = await github(() => ({ status: 201, body: check }));
    const run = await hub.startCheck(at, sha, { title: 'Reviewing', summary: 's', annotations: [] }, 'pull/2');
    expect(run).toEqual({ id: 11, head: sha, completed: false });
    expect(sent()[0]).toMatchObject({
      line: 'POST /repositories/7/check-runs',
      body: { name: 'sluice', head_sha: sha, status: 'in_progress', external_id: 'pull/2' },
    });
  });

  test('120 annotations: 50 with the conclusion, the rest after it, each once and in order', async () => {
    const hub = await github(() => ({ body: check }));
    await hub.updateCheck(at, 11, { title: 't', summary: 's', annotations: annotations(120) }, 'failure');
    expect(
      sent()
        .map(carried)
        .map((list) => list.length),
    ).toEqual([50, 50, 20]);
    expect(sent().flatMap(carried)).toEqual(
      annotations(120).map(({ path, startLine }) => ({
        path,
        start_line: Math.max(1, startLine),
        end_line: Math.max(1, startLine),
        annotation_level: 'failure',
        title: 't',
        message: 'm',
      })),
    );
    expect(sent().map(({ body }) => body['conclusion'])).toEqual(['failure', undefined, undefined]);
  });

  test('progress takes one call and completes nothing', async () => {
    const hub = await github(() => ({ body: check }));
    await hub.updateCheck(at, 11, { title: 'Rendering', summary: 's', annotations: [] });
    expect(sent().map(({ body }) => body['status'])).toEqual(['in_progress']);
  });

  test('text is cut at whole characters, and says so', async () => {
    const hub = await github(() => ({ body: check }));
    const [one] = annotations(1);
    const long = { ...one, title: 'T'.repeat(300), message: 'é'.repeat(40_000) } as CheckAnnotation;
    await hub.updateCheck(
      at,
      11,
      { title: '€'.repeat(200), summary: '€'.repeat(30_000), annotations: [long] },
      'neutral',
    );
    const output = sent()[0]?.body['output'] as { title: string; summary: string; annotations: (typeof long)[] };
    expect(Buffer.byteLength(output.title)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(output.summary)).toBeLessThanOrEqual(65_535);
    expect(output.summary).toMatch(/^€+\n\n\*… cut here/);
    expect(Buffer.byteLength(output.annotations[0]?.title ?? '')).toBeLessThanOrEqual(255);
    expect(output.annotations[0]?.message).toMatch(/^é+ … \(cut/);
  });

  test('ours: by App and name, newest first', async () => {
    const runs = [
      { ...check, id: 1, status: 'completed' },
      { ...check, id: 5 },
      { ...check, id: 6, app: { id: 98 } },
      { ...check, id: 7, app: null },
      { ...check, id: 8, name: 'other' },
    ];
    const hub = await github(() => ({ body: { check_runs: runs } }));
    expect(await hub.checkRuns(at, sha)).toEqual([
      { id: 5, head: sha, completed: false },
      { id: 1, head: sha, completed: true },
    ]);
    expect(Object.fromEntries(sent()[0]?.query ?? [])).toMatchObject({ check_name: 'sluice', app_id: '99' });
  });
});

describe('comments', () => {
  const ours = { performed_via_github_app: { id: 99 }, user: { type: 'Bot' } };

  test("ours: by the App's id and the marker, never by the marker alone", async () => {
    const hub = await github(() => ({
      body: [
        { id: 9, body: '<!-- m --> new', ...ours },
        { id: 1, body: '<!-- m --> a person copied it', user: { type: 'User' }, performed_via_github_app: null },
        { id: 2, body: '<!-- m --> another App', user: { type: 'Bot' }, performed_via_github_app: { id: 98 } },
        {
          id: 3,
          body: '<!-- m --> a person through our App',
          user: { type: 'User' },
          performed_via_github_app: { id: 99 },
        },
        { id: 4, body: 'quoting <!-- m -->', ...ours },
        { id: 5, body: '<!-- m --> old', ...ours },
        { id: 6, body: null, ...ours },
      ],
    }));
    expect((await hub.comments(at, 2, '<!-- m -->')).map(({ id }) => id)).toEqual([5, 9]);
  });

  test('a conversation without end is refused, not read for ever and not taken for empty', async () => {
    const hub = await github(({ query }) => {
      const next = Number(query.get('page') ?? 1) + 1;
      return { body: [], headers: { link: `<http://x.invalid/?page=${next}>; rel="next"` } };
    });
    await expect(hub.comments(at, 2, 'm')).rejects.toMatchObject({ code: 'github.rejected', kind: 'terminal' });
    expect(sent()).toHaveLength(31);
  });

  test('create, change, delete', async () => {
    const hub = await github(({ line }) => (line.startsWith('DELETE') ? { status: 204 } : { body: { id: 5 } }));
    expect(await hub.createComment(at, 2, 'hello')).toEqual({ id: 5, body: 'hello' });
    await hub.updateComment(at, 5, 'bye');
    await hub.deleteComment(at, 5);
    expect(sent().map(({ line, body }) => [line, body['body']])).toEqual([
      ['POST /repositories/7/issues/2/comments', 'hello'],
      ['PATCH /repositories/7/issues/comments/5', 'bye'],
      ['DELETE /repositories/7/issues/comments/5', undefined],
    ]);
  });

  test('too long: our own words, and no call', async () => {
    const hub = await github(() => ({ body: { id: 5 } }));
    const long = hub.createComment(at, 2, 'x'.repeat(65_537));
    await expect(long).rejects.toMatchObject({ code: 'github.rejected', message: expect.stringContaining('65536') });
    expect(server.asked).toEqual([]);
    await hub.createComment(at, 2, 'x'.repeat(65_536));
  });

  test.each([
    ['a word GitHub blocks', 422, 'Validation Failed: blocked word hunter2', 'github.rejected'],
    ['a locked conversation', 403, 'Unable to create comment because issue is locked.', 'github.rejected'],
    ['a permission that was taken away', 403, 'Resource not accessible by integration', 'github.denied'],
    ['an archived repository', 403, 'Repository was archived so is read-only.', 'github.denied'],
    ['a comment that somebody deleted', 404, 'Not Found', 'github.gone'],
    ['conversations turned off', 410, 'Issues are disabled', 'github.gone'],
  ])('%s ends it, without GitHub’s words', async (_, status, message, code) => {
    const hub = await github(() => ({ status, body: { message } }));
    const error = await hub.createComment(at, 2, 'x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, kind: 'terminal' });
    expect(JSON.stringify([String(error), error])).not.toContain(message);
    expect(sent()).toHaveLength(1);
  });

  test('the permission that is missing is named', async () => {
    const headers = { 'x-accepted-github-permissions': 'issues=write; pull_requests=write' };
    const hub = await github(() => ({ status: 403, headers, body: {} }));
    const error = await hub.createComment(at, 2, 'x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ remedy: expect.stringContaining('pull_requests=write') });
  });
});

test('failed deliveries are asked for again, each once', async () => {
  const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  const one = (id: unknown, guid: string, status_code: number, minutes: number): object => ({
    id,
    guid,
    status_code,
    delivered_at: minutesAgo(minutes),
  });
  const first = [one(9, 'a', 502, 1), one(8, 'b', 200, 2), one(7, 'a', 500, 3)];
  const second = [one(6, 'b', 500, 4), one(5, 'c', 0, 5), one(4, 'old', 500, 600)];
  const hub = await github(({ line, query }) => {
    if (line.startsWith('POST')) return { status: 202, body: {} };
    if (query.get('cursor') !== null) return { body: second };
    return { body: first, headers: { link: '<http://x.invalid/app/hook/deliveries?cursor=v1_2>; rel="next"' } };
  });
  expect(await hub.redeliverFailed(new Date(Date.now() - 3_600_000))).toBe(2);
  expect(
    sent()
      .slice(2)
      .map(({ line }) => line),
  ).toEqual(['POST /app/hook/deliveries/9/attempts', 'POST /app/hook/deliveries/5/attempts']);
});
