import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inClusterAddress, tokenSource } from '../../../src/adapters/kube/token.ts';

describe('a pod’s own token', () => {
  let folder: string;
  let tokenFile: string;
  let ms = 0;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-token-'));
    tokenFile = join(folder, 'token');
    ms = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));
  const source = () => tokenSource({ tokenFile }, () => ms);

  test('is read again after ten seconds, and at once when it was refused', async () => {
    await writeFile(tokenFile, 'one\n');
    const tokens = source();
    expect(await tokens.current()).toBe('one');
    await writeFile(tokenFile, 'two');
    ms = 9_999;
    expect(await tokens.current()).toBe('one');
    ms = 10_000;
    expect(await tokens.current()).toBe('two');
    await writeFile(tokenFile, 'three');
    ms = 10_001;
    expect(tokens.refused()).toBe(true);
    expect(await tokens.current()).toBe('three');
  });

  test('that cannot be read for a moment is used as it was; one that never could is an error', async () => {
    await expect(source().current()).rejects.toMatchObject({ code: 'kube.config', kind: 'transient' });
    await writeFile(tokenFile, 'one');
    const tokens = source();
    expect(await tokens.current()).toBe('one');
    await rm(tokenFile);
    ms = 20_000;
    expect(await tokens.current()).toBe('one');
  });

  test.each(['', 'a b', 'a\nImpersonate-User: x', 'ä'])('that is none is an error: %j', async (text) => {
    await writeFile(tokenFile, text);
    await expect(source().current()).rejects.toMatchObject({ code: 'kube.config' });
  });
});

test('another login is what it is', () => {
  expect(tokenSource({ token: 't' }, () => 0).current()).toBe('t');
  expect(tokenSource({ token: 't' }, () => 0).refused()).toBe(false);
  expect(tokenSource({ certData: 'c', keyData: 'k' }, () => 0).current()).toBeUndefined();
});

test.each([{}, { KUBERNETES_SERVICE_HOST: '' }])('there is no cluster around this process: %j', async (env) => {
  await expect(inClusterAddress(env)).rejects.toMatchObject({ code: 'kube.config', remedy: expect.any(String) });
});
