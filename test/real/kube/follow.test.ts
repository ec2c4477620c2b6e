// Lists and watches against a server that does everything wrong: the follower ends up with what is there.
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FollowTimes } from '../../../src/adapters/kube/follow.ts';
import { asString } from '../../../src/flux/read.ts';
import { metadataOf } from '../../../src/object/metadata.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { Follower, KubeCluster, ObjectMetadata } from '../../../src/ports/kube.ts';
import {
  configMap,
  configMaps,
  connect,
  event,
  json,
  list,
  namespaces,
  type Script,
  type Scripted,
  startScripted,
  status,
  watch,
} from './scripted.ts';

let server: Scripted;
let kube: KubeCluster;
let stop: AbortController;
const fast: FollowTimes = { pauseMs: 5 };
beforeEach(async () => {
  server = await startScripted();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  kube?.close();
  await server.stop();
});

const versioned = (name: string, version: string): KubeObject => configMap(name, {}, { resourceVersion: version });

/** What was heard, in short: `listed a b`, `changed a@8`, `deleted a`, `lost kube.unavailable`. */
function heard(): { said: string[]; follower: Follower<KubeObject> } {
  const said: string[] = [];
  const name = ({ metadata }: KubeObject): string =>
    `${asString(metadata.name)}@${asString(metadata['resourceVersion'])}`;
  const follower: Follower<KubeObject> = {
    listed: (items) => void said.push(['listed', ...items.map(name)].join(' ')),
    changed: (item) => void said.push(`changed ${name(item)}`),
    deleted: (item) => void said.push(`deleted ${name(item)}`),
    lost: (error) => void said.push(`lost ${(error as { code?: string }).code ?? String(error)}`),
  };
  return { said, follower };
}

async function follow(scripts: Script[], times: FollowTimes = fast): Promise<string[]> {
  server.answer(...scripts);
  kube = connect(server, times);
  const { said, follower } = heard();
  await kube.follow(configMaps, follower, { signal: stop.signal });
  return said;
}

const watches = (): string[] =>
  server.asked
    .filter(({ path }) => path.includes('watch=1'))
    .map(({ path }) => /resourceVersion=(\w+)/.exec(path)?.[1] ?? '');
const lists = (): number => server.asked.filter(({ path }) => !path.includes('watch=1')).length;

describe('lists', () => {
  test('come in pages', async () => {
    server.answer(
      list([configMap('a')], { continue: 'c1' }),
      list([configMap('b')], { continue: 'c2' }),
      list([configMap('c')]),
    );
    kube = connect(server);
    const found = await kube.list(configMaps, { namespace: 'a', labels: 'k=v' });
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(server.asked.map(({ path }) => path)).toEqual(
      ['', '&continue=c1', '&continue=c2'].map(
        (more) => `/api/v1/namespaces/a/configmaps?limit=500&labelSelector=k%3Dv${more}`,
      ),
    );
    expect(kube.counters.list).toBe(3);
  });

  test('282: start again where the server has forgotten a page, and give each object once', async () => {
    server.answer(
      list([configMap('a')], { continue: 'c1' }),
      status(410, 'Expired'),
      list([configMap('b')], { continue: 'c2' }),
      list([configMap('c')]),
    );
    kube = connect(server);
    expect((await kube.list(configMaps)).map(({ metadata }) => metadata.name)).toEqual(['b', 'c']);
  });

  test('end where they never end', async () => {
    kube = connect(server);
    server.answer(list([], { continue: 'same' }));
    await expect(kube.list(configMaps)).rejects.toMatchObject({ code: 'kube.unavailable' });
    server.answer(list([], { continue: 'c1' }), status(410));
    await expect(kube.list(configMaps)).rejects.toMatchObject({ code: 'kube.unavailable', cause: { status: 410 } });
    expect(server.asked.length).toBeLessThan(10);
  });

  test('of a kind take no item of another, and fill in what the server leaves out', async () => {
    kube = connect(server);
    server.answer(list([{ metadata: { name: 'a' } }]));
    expect(await kube.list(configMaps)).toEqual([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }]);
    for (const items of [[{ ...configMap(), kind: 'Secret' }], [null], ['x'], {}]) {
      server.answer(list(items as never));
      await expect(kube.list(configMaps)).rejects.toMatchObject({ code: 'kube.unavailable' });
    }
    server.answer(json({ kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items: null }));
    expect(await kube.list(configMaps)).toEqual([]);
  });

  test('of metadata keep a digest that moves with whoever meddles, and is that of the whole object', async () => {
    kube = connect(server);
    const digest = async (metadata: object): Promise<string | undefined> => {
      const object = configMap('a', {}, metadata);
      server.answer(list([object]));
      const [listed] = await kube.listMetadata(configMaps);
      expect(listed).toEqual(metadataOf(object));
      return listed?.digest;
    };
    const entry = { manager: 'kustomize-controller', operation: 'Apply', fieldsV1: { 'f:data': {} } };
    const kubectl = { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:data': { 'f:x': {} } } };
    const plain = await digest({ managedFields: [entry] });
    const same = [
      { resourceVersion: '9', generation: 5, managedFields: [{ ...entry, time: '2026-01-01T00:00:00Z' }] },
      { managedFields: [entry, { ...kubectl, subresource: 'status' }] },
      { managedFields: [{ ...kubectl, manager: 'kube-controller-manager' }, entry, {}], annotations: { a: 'b' } },
    ];
    for (const one of same) expect(await digest(one)).toBe(plain);
    const moved = [
      await digest({ managedFields: [] }),
      await digest({ managedFields: [{ ...entry, fieldsV1: {} }] }),
      await digest({ managedFields: [entry, kubectl] }),
      await digest({ managedFields: [entry, { ...entry, operation: 'Update' }] }),
    ];
    expect(new Set([plain, ...moved]).size).toBe(5);
    expect(server.asked[0]?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });
});

describe('a watch', () => {
  test('goes on where the list ended, and tells what changes', async () => {
    const lines = [
      event('ADDED', versioned('b', '101')),
      event('MODIFIED', versioned('a', '102')),
      event('BOOKMARK', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '105' } }),
      event('DELETED', versioned('a', '106')),
    ];
    const said = await follow([list([versioned('a', '7')]), watch(lines)]);
    await expect.poll(() => said).toEqual(['listed a@7', 'changed b@101', 'changed a@102', 'deleted a@106']);
    expect(server.asked[1]?.path).toMatch(
      /^\/api\/v1\/configmaps\?watch=1&allowWatchBookmarks=true&resourceVersion=100&timeoutSeconds=\d{3}$/,
    );
  });

  test('that ends in order goes on after its last bookmark, without a list', async () => {
    const bookmark = event('BOOKMARK', { metadata: { resourceVersion: '150' } });
    const said = await follow([
      list([]),
      watch([event('ADDED', versioned('a', '101')), bookmark], 'end'),
      watch([event('ADDED', versioned('b', '151'))]),
    ]);
    await expect.poll(() => said).toEqual(['listed', 'changed a@101', 'changed b@151']);
    expect(watches()).toEqual(['100', '150']);
    expect(lists()).toBe(1);
  });

  const broken: [string, Script][] = [
    ['breaks', watch([event('ADDED', versioned('a', '101'))], 'break')],
    ['breaks in the middle of a line', watch([event('ADDED', versioned('a', '101')), '{"type":"ADDED","obj'], 'break')],
    ['ends in the middle of a line', watch([event('ADDED', versioned('a', '101')), '{"type":"ADDED","obj'], 'end')],
  ];
  test.each(broken)('that %s goes on after the last whole line', async (_what, script) => {
    const said = await follow([list([]), script, watch([event('ADDED', versioned('b', '102'))])]);
    await expect
      .poll(() => said.filter((one) => !one.startsWith('lost')))
      .toEqual(['listed', 'changed a@101', 'changed b@102']);
    expect(watches()).toEqual(['100', '101']);
    expect(lists()).toBe(1);
  });

  test('whose lines come in any pieces is the same', async () => {
    const text = Buffer.from(
      [event('ADDED', configMap('ä', {}, { resourceVersion: '101' })), event('ADDED', versioned('b', '102'))]
        .map((one) => `${JSON.stringify(one)}\n`)
        .join('\n'),
    );
    const drip = async (response: ServerResponse): Promise<void> => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (const byte of text) {
        response.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const said = await follow([list([]), (response) => void drip(response)]);
    await expect.poll(() => said).toEqual(['listed', 'changed ä@101', 'changed b@102']);
  });

  const relisted: [string, Script][] = [
    ['expires', watch([event('ERROR', { kind: 'Status', code: 410, reason: 'Expired' })])],
    ['is refused as expired', status(410, 'Expired')],
    ['says something that is no JSON', watch(['hello\n'])],
    ['says something of no known type', watch([event('RENAMED', configMap('a'))])],
    ['says something without a version', watch([event('MODIFIED', configMap('a', {}, { resourceVersion: '' }))])],
    ['speaks of another kind', watch([event('MODIFIED', { ...configMap('a'), kind: 'Secret' })])],
    ['is a list', list([configMap('a')])],
    ['is HTML', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['is forbidden', status(403)],
    ['is of a kind that is gone', status(404)],
  ];
  test.each(relisted)('282: that %s is followed by a list', async (_what, script) => {
    const said = await follow([
      list([versioned('a', '7')]),
      script,
      list([versioned('b', '8')], { resourceVersion: '200' }),
      watch([event('ADDED', versioned('c', '201'))]),
    ]);
    await expect
      .poll(() => said)
      .toEqual(['listed a@7', expect.stringMatching(/^lost kube\./), 'listed b@8', 'changed c@201']);
    expect(watches()).toEqual(['100', '200']);
  });

  test.each([
    ['an error event', watch([event('ERROR', { kind: 'Status', code: 500, reason: 'InternalError' })])],
    ['500', status(500)],
    ['429', status(429)],
    ['503', status(503)],
    ['a reset', ((response) => void response.destroy()) as Script],
  ])('282: that meets %s goes on where it was; five times, then it lists', async (_what, script) => {
    const said = await follow([list([]), script, watch([event('ADDED', versioned('a', '101'))])]);
    await expect.poll(() => said.at(-1)).toBe('changed a@101');
    expect(lists()).toBe(1);
    server.answer(script, script, script, script, script, script, script, list([versioned('z', '9')]), watch([]));
    kube.close();
    const again = await follow([
      list([]),
      script,
      script,
      script,
      script,
      script,
      script,
      list([versioned('z', '9')]),
      watch([]),
    ]);
    await expect.poll(() => again.at(-1)).toBe('listed z@9');
  });

  test('that falls silent is taken for dead', async () => {
    const said = await follow(
      [list([]), watch([event('ADDED', versioned('a', '101'))]), watch([event('ADDED', versioned('b', '102'))])],
      // Longer than a busy machine keeps us from what it said.
      { ...fast, silenceMs: 2_000 },
    );
    await expect
      .poll(() => said.slice(0, 4))
      .toEqual(['listed', 'changed a@101', 'lost kube.unavailable', 'changed b@102']);
    expect(watches().slice(0, 2)).toEqual(['100', '101']);
    expect(lists()).toBe(1);
  });

  test('is heard from the start again now and then, even where it says nothing wrong', async () => {
    const chatty: Script = (response, asked) => {
      watch([])(response, asked);
      const timer = setInterval(
        () => response.write(`${JSON.stringify(event('BOOKMARK', { metadata: { resourceVersion: '101' } }))}\n`),
        20,
      );
      response.on('close', () => clearInterval(timer));
    };
    const said = await follow([list([]), chatty, list([versioned('missed', '9')]), watch([])], {
      ...fast,
      relistMs: 200,
    });
    // It is listed again and again.
    await expect.poll(() => said.slice(0, 2)).toEqual(['listed', 'listed missed@9']);
  });

  test('that ends at once, time after time, is not asked without a pause, and is followed by a list', async () => {
    const over = watch([], 'end');
    const said = await follow([list([]), over, over, over, over, over, over, list([versioned('z', '9')]), watch([])]);
    await expect.poll(() => said).toEqual(['listed', 'listed z@9']);
  });

  test('survives a follower that throws, and reads everything anew for it', async () => {
    server.answer(list([]), watch([event('ADDED', versioned('a', '101'))]), list([versioned('a', '101')]), watch([]));
    kube = connect(server, fast);
    const { said, follower } = heard();
    const thrown = {
      ...follower,
      changed: () => {
        throw new TypeError('a mistake');
      },
    };
    await kube.follow(configMaps, thrown, { signal: stop.signal });
    await expect.poll(() => said).toEqual(['listed', 'lost TypeError: a mistake', 'listed a@101']);
  });

  test('ends with its signal, and its connection with it', async () => {
    await follow([list([]), watch([])]);
    await expect.poll(() => watches().length).toBe(1);
    stop.abort();
    // The one that is left was the list's.
    await expect.poll(() => server.connections.open).toBe(1);
    expect(server.asked).toHaveLength(2);
  });

  test('backs off while nobody answers, and is not lost for it', async () => {
    const no = status(403);
    server.answer(no, no, no, no, no, list([]), watch([]));
    kube = connect(server, { pauseMs: 20 });
    const { said, follower } = heard();
    const begun = performance.now();
    await kube.follow(configMaps, follower, { signal: stop.signal });
    // 10 + 20 + 40 + 80 + 160 ms at least are waited, but for what timers are early: this is no loop without a pause.
    expect(performance.now() - begun).toBeGreaterThan(300);
    expect(said).toEqual([...Array.from({ length: 5 }, () => 'lost kube.denied'), 'listed']);
  });

  test('that was never listed is rejected when its signal comes, and at once where it can never be asked', async () => {
    server.answer(status(403));
    kube = connect(server, fast);
    const { said, follower } = heard();
    const first = kube.follow(configMaps, follower, { signal: stop.signal });
    await expect.poll(() => said.length).toBeGreaterThan(0);
    stop.abort();
    await expect(first).rejects.toThrow();
    const { signal } = new AbortController();
    await expect(kube.follow(namespaces, follower, { signal, namespace: 'a' })).rejects.toMatchObject({
      code: 'kube.path',
    });
    await expect(kube.follow(configMaps, follower, { signal, labels: 'a in (b)' })).rejects.toMatchObject({
      code: 'kube.path',
    });
  });

  test('of metadata asks for metadata and tells it', async () => {
    server.answer(list([configMap('a')]), watch([event('DELETED', configMap('a', {}, { deletionTimestamp: 'x' }))]));
    kube = connect(server, fast);
    const found: ObjectMetadata[] = [];
    const follower = {
      listed: (all: readonly ObjectMetadata[]) => void found.push(...all),
      changed: () => undefined,
      deleted: (one: ObjectMetadata) => void found.push(one),
    };
    await kube.followMetadata(configMaps, follower, { signal: stop.signal });
    await expect
      .poll(() => found)
      .toMatchObject([
        { name: 'a', deleting: false },
        { name: 'a', deleting: true },
      ]);
    expect(server.asked[1]?.headers.accept).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
  });
});
