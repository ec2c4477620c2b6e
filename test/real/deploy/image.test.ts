// The image's recipe, read.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { copied, readDockerfile, type Stage } from './image.ts';
import { home } from './overlays.ts';

let stages: readonly Stage[];
let ignored: readonly string[];

beforeAll(async () => {
  stages = await readDockerfile();
  ignored = (await readFile(join(home, '.dockerignore'), 'utf8')).split('\n').filter((line) => /^[^#]/.test(line));
});

const last = (): Stage => stages.at(-1) as Stage;

describe('the recipe', () => {
  test('names every image by version, the same Node and Go as here', async () => {
    const goLines = await Promise.all(
      ['renderer', 'crds'].map(async (folder) => await readFile(join(home, folder, 'go.mod'), 'utf8')),
    );
    const asked = goLines.map((text) => /^go (\d+\.\d+)/m.exec(text)?.[1]);
    for (const { image } of stages) {
      const [, name, version] = /^(golang|node):(\d+\.\d+\.\d+)-[a-z]+(?:-slim)?$/.exec(image) ?? [];
      expect(name, image).toBeDefined();
      if (name === 'node') expect(version).toBe(manifest.devDependencies.node);
      else expect(new Set(asked)).toEqual(new Set([version?.split('.').slice(0, 2).join('.')]));
    }
  });

  test('copies only from stages before it, and from files that are there and reach the builder', async () => {
    const known: string[] = [];
    for (const stage of stages) {
      for (const { name, words } of stage.instructions) {
        const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
        if (name === 'COPY' && from !== undefined) expect(known).toContain(from);
      }
      if (stage.name !== undefined) known.push(stage.name);
      for (const source of copied(stage).flatMap(({ sources }) => sources)) {
        const path = source.replace(/\/$/, '');
        expect(await readdir(join(home, dirname(path)))).toContain(path.split('/').at(-1));
        expect(
          ignored.some((line) => line === `!${path}` || path.startsWith(`${line.slice(1)}/`)),
          path,
        ).toBe(true);
      }
    }
  });

  test('lets nothing reach the builder that it does not copy', () => {
    expect(ignored[0]).toBe('*');
    const sources = stages.flatMap((stage) => copied(stage).flatMap((one) => one.sources));
    for (const line of ignored.slice(1)) {
      const path = line.slice(1);
      expect(
        sources.some((source) => source === path || source.startsWith(`${path}/`)),
        line,
      ).toBe(true);
    }
  });

  test('ends as somebody who is not root, by number, with no shell between', () => {
    const { instructions } = last();
    expect(instructions.findLast(({ name }) => name === 'USER')?.words).toEqual(['1000:1000']);
    expect(instructions.find(({ name }) => name === 'ENTRYPOINT')?.words.join('')).toBe(
      '["node","/app/bin/sluice.js"]',
    );
    expect(instructions.some(({ name }) => name === 'RUN')).toBe(false);
    for (const { instructions: all } of stages) {
      for (const { name, words } of all) {
        expect(name).not.toBe('ADD');
        expect(`${name} ${words.join(' ')}`).not.toMatch(/curl|wget|\bARG\b|TOKEN|PASSWORD/);
      }
    }
  });

  test('installs what the lockfile names, without development and without scripts', () => {
    const installs = stages.flatMap(({ instructions }) => instructions.filter(({ words }) => words[0] === 'npm'));
    expect(installs.map(({ words }) => words.join(' '))).toEqual(['npm ci --omit=dev --ignore-scripts']);
  });
});
