// Discovery over time: older servers, servers that fail now and then, and many who ask at once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeCluster } from '../../../src/ports/kube.ts';
import { connect, json, type Script, type Scripted, startScripted, status } from './scripted.ts';

let server: Scripted;
let kube: KubeCluster;
beforeEach(async () => {
  server = await startScripted();
  kube = connect(server, { kinds: { pauseMs: 20 } });
});
afterEach(async () => {
  kube.close();
  await server.stop();
});

/** Answers by path; what is not among them is 404. */
const byPath =
  (answers: Record<string, Script>): Script =>
  (response, asked) =>
    (answers[asked.path] ?? status(404))(response, asked);

const groups = (...names: string[]): Script =>
  json({
    kind: 'APIGroupDiscoveryList',
    metadata: {},
    items: names.map((name) => ({
      metadata: { name },
      versions: [
        {
          version: 'v1',
          freshness: 'Current',
          resources: [{ resource: 'things', responseKind: { kind: 'Thing' }, scope: 'Namespaced', verbs: [] }],
        },
      ],
    })),
  });
const serving = (...names: string[]): Script => byPath({ '/api': groups(), '/apis': groups(...names) });

describe('older servers', () => {
  const resources = (...kinds: string[]): Script =>
    json({
      kind: 'APIResourceList',
      resources: kinds.map((kind) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true, verbs: ['get'] })),
    });
  const version = (name: string): object => ({ groupVersion: `x/${name}`, version: name });

  test('are asked group by group, and what does not answer is not complete', async () => {
    const list = [
      { name: 'apps', versions: [version('v1beta1'), version('v1')], preferredVersion: version('v1') },
      { name: 'down.example', versions: [version('v1')], preferredVersion: version('v1') },
      { name: 'odd.example', versions: [version('v1')], preferredVersion: version('v1') },
    ];
    server.answer(
      byPath({
        '/api': json({ kind: 'APIVersions', versions: ['v1'] }),
        '/apis': json({ kind: 'APIGroupList', groups: list }),
        '/api/v1': resources('Pod'),
        '/apis/apps/v1': resources('Deployment'),
        '/apis/apps/v1beta1': resources('Deployment', 'Old'),
        '/apis/down.example/v1': status(404),
        '/apis/odd.example/v1': json({ kind: 'Status', status: 'Success' }),
      }),
    );
    const kinds = await kube.kinds();
    expect(kinds.find('', 'Pod')).toMatchObject({ version: 'v1', plural: 'pods', verbs: ['get'] });
    expect(kinds.find('apps', 'Deployment')?.version).toBe('v1');
    expect(kinds.find('apps', 'Old')?.version).toBe('v1beta1');
    const complete = ['', 'apps', 'down.example', 'odd.example'].filter((name) => kinds.complete(name));
    expect(complete).toEqual(['', 'apps']);
    expect(server.asked[0]?.headers.accept).toMatch(
      /^application\/json;g=apidiscovery\.k8s\.io;v=v2;as=APIGroup.*,application\/json$/,
    );
  });
});

describe('over time', () => {
  test('what is known stays known while the server fails, and is asked for again', async () => {
    server.answer(serving('a.example'));
    const known = await kube.kinds();
    server.answer(status(500));
    await expect(kube.kinds(true)).rejects.toMatchObject({ code: 'kube.unavailable' });
    expect(await kube.kinds()).toBe(known);
    server.answer(serving('a.example', 'b.example'));
    expect((await kube.kinds(true)).find('b.example', 'Thing')).toBeDefined();
    expect((await kube.kinds()).find('b.example', 'Thing')).toBeDefined();
  });

  test('a first look that fails is not the last one', async () => {
    server.answer(status(500));
    await expect(kube.kinds()).rejects.toMatchObject({ code: 'kube.unavailable' });
    server.answer(serving('a.example'));
    expect((await kube.kinds()).all()).toHaveLength(1);
  });

  test('a fresh answer is of a look that began after it was asked for, however many ask', async () => {
    let release = (): void => undefined;
    server.answer((response, asked) => {
      const answer = serving('a.example');
      release = ((before) => () => {
        before();
        answer(response, asked);
      })(release);
    });
    const first = kube.kinds();
    await expect.poll(() => server.asked.length).toBe(2);
    const fresh = Array.from({ length: 50 }, () => kube.kinds(true));
    server.answer(serving('a.example', 'b.example'));
    release();
    expect((await first).find('b.example', 'Thing')).toBeUndefined();
    for (const kinds of await Promise.all(fresh)) expect(kinds.find('b.example', 'Thing')).toBeDefined();
    expect(server.asked).toHaveLength(4);
  });
});
