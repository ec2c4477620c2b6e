import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createRenderer } from '../../../src/adapters/renderer/renderer.ts';
import type { BuildRequest } from '../../../src/ports.ts';
import { type Files, memoryTree } from '../../unit/renderer/memory-tree.ts';
import { childProcesses, request, runs, until } from './fake.ts';
import { largeOverlay, overlay } from './overlay.ts';

const renderer = createRenderer({ binary: inject('renderer'), children: 1 });
afterAll(() => renderer.close());

function config(data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  ${data}\n`;
}

function folder(files: Files): BuildRequest {
  return request(memoryTree({ 'app/kustomization.yaml': 'resources: [c.yaml]\n', ...files }), 'app');
}

describe('the real renderer', () => {
  test('builds an overlay and says where each object comes from', async () => {
    const build = await renderer.build(request(memoryTree(overlay), 'prod'));
    const deployment = build.objects.find(({ object }) => object.kind === 'Deployment');
    expect(deployment?.object).toMatchObject({
      metadata: { namespace: 'web', labels: { env: 'prod' } },
      spec: { replicas: 3, template: { spec: { containers: [{ image: 'registry.example.com/web:1.2.4' }] } } },
    });
    expect(deployment?.sources[0]).toEqual({ file: 'base/deployment.yaml', line: 1, document: 0, by: 'declared' });
    expect(deployment?.sources.map(({ file, by }) => `${by} ${file}`)).toContain('patch prod/replicas.yaml');
    expect(build.objects.map(({ object }) => object.kind).toSorted()).toEqual([
      'ConfigMap',
      'Deployment',
      'Ingress',
      'Service',
      'ServiceAccount',
    ]);
    expect(build.unknownVariables).toEqual([]);
  });

  test('gives the same with nothing, some and all of the files sent ahead', async () => {
    const fresh = createRenderer({ binary: inject('renderer'), children: 1, cacheBytes: 0 });
    onTestFinished(() => fresh.close());
    const cold = await fresh.build(request(memoryTree(overlay), 'prod'));
    const warm = await fresh.build(request(memoryTree(overlay), 'prod'));
    expect(fresh.counters).toMatchObject({ builds: 2, cacheHits: 0 });
    expect(warm).toEqual(cold);
  });

  test('carries integers exactly', async () => {
    const text =
      'apiVersion: example.com/v1\nkind: Big\nmetadata: {name: b}\nspec: {n: 9007199254740993, f: 0.1, i: 1}\n';
    const { objects } = await renderer.build(folder({ 'app/c.yaml': text }));
    expect(JSON.stringify(objects[0]?.object['spec'])).toBe('{"f":0.1,"i":1,"n":9007199254740993}');
  });

  test('substitutes, and builds again when a value changes', async () => {
    const base = folder({ 'app/c.yaml': config('A: ${NAME}') });
    const values = ['one', 'two', 'one'];
    const before = renderer.counters.builds;
    const seen: unknown[] = [];
    for (const NAME of values) {
      const substitution = { variables: { NAME }, undetermined: [], always: false };
      seen.push((await renderer.build({ ...base, substitution })).objects[0]?.object['data']);
    }
    expect(seen).toEqual(values.map((value) => ({ A: value })));
    expect(renderer.counters.builds - before).toBe(2);
  });

  test('reports a variable that only the cluster knows', async () => {
    const substitution = { variables: {}, undetermined: ['Secret a/vars'], always: false };
    const build = await renderer.build({ ...folder({ 'app/c.yaml': config('A: ${NAME}') }), substitution });
    expect(build.unknownVariables).toEqual(['NAME']);
    expect(build.objects[0]?.object['data']).toEqual({ A: '${NAME}' });
  });

  test.each([
    ['build.remote', { 'app/kustomization.yaml': 'resources:\n  - https://evil.example.com/x.yaml\n' }],
    ['build.pathMissing', { 'app/kustomization.yaml': 'resources: [nope.yaml]\n' }],
    ['build.yaml', { 'app/c.yaml': 'a: [\n' }],
    ['build.duplicateKey', { 'app/c.yaml': `${config('A: x')}data: {}\n` }],
    ['build.escape', { 'app/kustomization.yaml': 'resources: [../../etc]\n' }],
    ['build.refused', { 'app/c.yaml': { refused: 'symlink' as const } }],
  ])('refuses with %s, twice, naming the file, and a good build follows', async (code, files) => {
    for (let turn = 0; turn < 2; turn++) {
      const error = await renderer.build(folder(files)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code, kind: 'terminal', place: { file: expect.stringMatching(/^app\//) } });
    }
    expect((await renderer.build(folder({ 'app/c.yaml': config(`A: "${code}"`) }))).objects).toHaveLength(1);
  });

  test('keeps a Secret out of what it says about it', async () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  password: {canary-7d1f: canary-7d1f}\n';
    const twice = `${secret}---\n${secret}`;
    for (const text of [secret, twice, `${secret}  : [\n`]) {
      const outcome = await renderer.build(folder({ 'app/c.yaml': text })).catch((reason: unknown) => reason);
      if (outcome instanceof Error)
        expect(`${outcome.message} ${JSON.stringify(outcome)}`).not.toContain('canary-7d1f');
    }
  });

  test('knows what a build reads without building, equal across trees', async () => {
    const one = memoryTree({ ...overlay, 'README.md': 'one' });
    const two = memoryTree({ ...overlay, 'README.md': 'two' });
    const before = { ...renderer.counters };
    const closure = await renderer.closure(request(one, 'prod'));
    expect(closure).toEqual(await renderer.closure(request(two, 'prod')));
    expect(closure.files).toEqual(expect.arrayContaining(['base/config.yaml', 'prod/replicas.yaml']));
    expect(closure.files).not.toContain('README.md');
    expect(closure.mentionsFlux).toBe(false);
    expect(renderer.counters.builds).toBe(before.builds);
    expect(renderer.counters.closures - before.closures).toBe(1);
    const changed = memoryTree({ ...overlay, 'base/config.yaml': config('LEVEL: debug') });
    expect((await renderer.closure(request(changed, 'prod'))).digest).not.toBe(closure.digest);
  });

  test('parses and finds lines', async () => {
    const bytes = new TextEncoder().encode(`# first\n${config('A: "1"')}---\nkind: B\n`);
    const documents = await renderer.parse('x.yaml', bytes);
    expect(documents).toMatchObject([{ value: { kind: 'ConfigMap' } }, { value: { kind: 'B' } }]);
    const paths = [
      ['data', 'A'],
      ['data', 'nope', 'deep'],
    ];
    const lines = await renderer.locate([{ file: 'x.yaml', bytes, document: 0, paths }]);
    expect(lines).toEqual([
      [
        { line: 7, found: true },
        { line: 6, found: false },
      ],
    ]);
    await expect(renderer.parse('x.yaml', new TextEncoder().encode('a: 1\na: 2\n'))).rejects.toMatchObject({
      code: 'build.duplicateKey',
      place: { file: 'x.yaml', line: 2 },
    });
  });

  test('compiles policies, equal ones once', async () => {
    const text = `# METADATA
# title: No foo
# description: Foo is not allowed.
package sluice.test.foo

import rego.v1

deny contains {"msg": "foo"} if input.object.kind == "Foo"
`;
    const modules = [{ file: 'policies/foo.rego', text }];
    const [one, two] = await Promise.all([renderer.compile(modules), renderer.compile(modules)]);
    expect(two).toBe(one);
    expect(Buffer.from(one.wasm.subarray(0, 4)).toString('latin1')).toBe('\0asm');
    expect(one.rules).toMatchObject([{ id: 'test/foo', title: 'No foo', file: 'policies/foo.rego' }]);
    await expect(renderer.compile([{ file: 'a.rego', text: 'package x\nnonsense' }])).rejects.toMatchObject({
      code: 'policy.compile',
      place: { file: 'a.rego', line: 2 },
    });
  });
});

describe('the real renderer is stopped', () => {
  test.each([
    ['at its time', { wallMs: 1_000 }, 'build.timeout'],
    ['at its memory', { maxResidentBytes: 1 }, 'build.memory'],
  ])('%s, and the next build works', async (_, limit, code) => {
    const hurried = createRenderer({ binary: inject('renderer'), children: 1, ...limit });
    onTestFinished(() => hurried.close());
    for (let turn = 0; turn < 2; turn++) {
      const building = hurried.build(request(memoryTree(largeOverlay(200)), 'prod'));
      await expect(building).rejects.toMatchObject({ code, kind: 'terminal', remedy: expect.any(String) });
      expect((await hurried.build(folder({ 'app/c.yaml': config(`A: "${turn}"`) }))).objects).toHaveLength(1);
    }
    await hurried.close();
    await until(() => childProcesses().every((pid) => renderer.pids.includes(pid)));
  });

  test('killed in the middle of a build: that build fails, the next works, nothing stays', async () => {
    const victim = createRenderer({ binary: inject('renderer'), children: 1 });
    onTestFinished(() => victim.close());
    const tree = memoryTree(overlay);
    let asked = (): void => {};
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    const slow = {
      ...tree,
      read: async (path: string) => {
        if (path !== 'base/service.yaml') return await tree.read(path);
        asked();
        return await new Promise<never>(() => {});
      },
    };
    const building = victim.build(request(slow, 'prod')).catch((reason: unknown) => reason);
    await waiting;
    const [pid = 0] = victim.pids;
    process.kill(pid, 'SIGKILL');
    expect(await building).toMatchObject({ code: 'build.crash' });
    await until(() => !runs(pid));
    expect((await victim.build(request(memoryTree(overlay), 'prod'))).objects).toHaveLength(5);
    expect(victim.counters.childrenStarted).toBe(2);
  });
});
