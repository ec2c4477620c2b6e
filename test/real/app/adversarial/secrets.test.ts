// The group "K: Secrets" of the list, as far as reviews go: a value is nowhere but in the repository.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canary, configMap, yaml } from '../../check/fleet.ts';
import { RunningApp } from '../app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start({ keepLog: true });
});
afterAll(() => app.stop());

const base64 = Buffer.from(canary).toString('base64');
const encodings: readonly string[] = [
  canary,
  base64,
  Buffer.from(canary).toString('hex'),
  canary.split('').reverse().join(''),
];

const secret = (name: string, more: object): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'a-dev' },
  ...more,
});

const shapes: readonly (readonly [string, string, object])[] = [
  ['224', 'plain text in stringData', secret('plain', { stringData: { password: canary } })],
  ['226', 'base64 in data', secret('data', { data: { password: base64 } })],
  ['226', 'data that is no base64', secret('broken', { data: { password: `%%${canary}` } })],
  ['226', 'data that is null', secret('none', { data: null, stringData: { a: canary } })],
  ['226', 'values that are no text', secret('odd', { stringData: { a: { deep: canary }, b: [canary] } })],
  ['226', 'immutable', secret('fixed', { immutable: true, data: { password: base64 } })],
  ['226', 'as the type too', secret('noted', { stringData: { a: canary }, type: canary })],
];

async function everythingSaid(number: number): Promise<string> {
  const { head } = app.github.pull('acme/a', number).pull;
  const runs = app.github.checkRunsOf('acme/a', head.sha);
  const comments = app.comments('acme/a', number).map(({ body }) => body);
  return [...comments, JSON.stringify(runs.map(({ suite: _suite, app: _app, ...rest }) => rest)), ...app.log].join(
    '\n',
  );
}

it.each(shapes)('%s %s: in no comment, check or log line', async (id, title, object) => {
  const branch = `secret-${id}-${title.replaceAll(' ', '-')}`;
  const number = await app.open('acme/a', branch, { 'deploy/secret.yaml': yaml(object) });
  await app.reviewed('acme/a', number);
  const said = await everythingSaid(number);
  for (const encoded of encodings) expect(said).not.toContain(encoded);
});

it('229 236 a build that fails on a line with the value does not say it', async () => {
  const text = `apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: a-dev}\nstringData: {a: ${canary}, a: ${canary}}\n\t- ${canary}: [`;
  const number = await app.open('acme/a', 'unparsable', { 'deploy/secret.yaml': text });
  expect((await app.reviewed('acme/a', number)).conclusion).toBe('failure');
  expect(await everythingSaid(number)).not.toContain(canary);
});

it('237 of two values of different length the report looks the same', async () => {
  const bodies: string[] = [];
  for (const [at, value] of [canary, canary.repeat(20)].entries()) {
    const number = await app.open('acme/a', `length-${at}`, {
      'deploy/secret.yaml': yaml(secret('length', { stringData: { password: value } })),
    });
    await app.reviewed('acme/a', number);
    const head = app.github.pull('acme/a', number).pull.head.sha;
    const merge = app.github.pull('acme/a', number).pull.mergeCommit ?? '';
    const body = app.comments('acme/a', number)[0]?.body ?? '';
    bodies.push(
      body.replaceAll(head, 'HEAD').replaceAll(head.slice(0, 7), 'HEAD').replaceAll(merge.slice(0, 7), 'MERGE'),
    );
  }
  expect(bodies[1]).toBe(bodies[0]);
});

it('239 what is kept on disk holds no value beyond packs of Git, and no token or key', async () => {
  const number = await app.open('acme/a', 'kept', { 'deploy/more.yaml': yaml(configMap('kept', 'a-dev')) });
  await app.reviewed('acme/a', number);
  const key = app.environment['SLUICE_PRIVATE_KEY'] ?? '';
  const tokens = [...app.github.world.tokens.keys()];
  const files = await readdir(app.folder, { recursive: true, withFileTypes: true });
  for (const file of files) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0));
    const text = bytes.toString('latin1');
    expect(
      encodings.some((one) => text.includes(one)),
      file.name,
    ).toBe(false);
    expect(
      tokens.some((one) => text.includes(one)),
      file.name,
    ).toBe(false);
    expect(text.includes(key.slice(100, 200)), file.name).toBe(false);
    expect(file.parentPath.includes('incoming-')).toBe(false);
  }
  const log = app.log.join('\n');
  for (const word of [...tokens, key.slice(100, 160), app.environment['SLUICE_WEBHOOK_SECRET'] ?? ''])
    expect(log).not.toContain(word);
  expect(app.log.length).toBeGreaterThan(5);
});
