// The image, as far as it can be proven without a builder: its recipe is read, and its last stage is laid out and started.
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { home } from './overlays.ts';

interface Instruction {
  readonly name: string;
  readonly words: readonly string[];
}

interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

let stages: readonly Stage[];
let ignored: readonly string[];

beforeAll(async () => {
  stages = readStages(await readFile(join(home, 'deploy', 'Dockerfile'), 'utf8'));
  ignored = (await readFile(join(home, '.dockerignore'), 'utf8')).split('\n').filter((line) => /^[^#]/.test(line));
});

function readStages(text: string): readonly Stage[] {
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n');
  const out: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((one) => one !== '' && !one.startsWith('#'))) {
    const [name = '', ...words] = line.split(/\s+/);
    if (name === 'FROM') out.push({ image: words[0] ?? '', name: words[2], instructions: [] });
    else out.at(-1)?.instructions.push({ name, words });
  }
  return out;
}

const last = (): Stage => stages.at(-1) as Stage;

/** Sources and target of each COPY out of the build context. */
function copied(stage: Stage): { sources: readonly string[]; target: string }[] {
  return stage.instructions
    .filter(({ name, words }) => name === 'COPY' && !words.some((word) => word.startsWith('--from=')))
    .map(({ words }) => {
      const paths = words.filter((word) => !word.startsWith('--'));
      return { sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
    });
}

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

describe('the last stage, laid out in a folder', () => {
  let folder: string;
  let app: string;
  let data: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-image-'));
    await chmod(folder, 0o755);
    app = join(folder, 'app');
    data = join(folder, 'data');
    await mkdir(data);
    await chmod(data, 0o777);
    for (const { sources, target } of copied(last())) {
      for (const source of sources) {
        await cp(join(home, source), target === './' ? join(app, source) : join(app, target), { recursive: true });
      }
    }
    await linkPackages(app);
    environment = {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      SLUICE_DATA: data,
      SLUICE_RENDERER: inject('renderer'),
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Packages that are not for development alone: what is not there cannot be imported. */
  async function linkPackages(into: string): Promise<void> {
    const lock = JSON.parse(await readFile(join(home, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
    };
    const wanted = Object.entries(lock.packages).filter(
      ([path, { dev }]) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && dev !== true,
    );
    for (const [path] of wanted) {
      await mkdir(dirname(join(into, path)), { recursive: true });
      await symlink(join(home, path), join(into, path));
    }
  }

  async function sluice(args: readonly string[], more: Record<string, string> = {}) {
    const child = spawn(process.execPath, [join(app, 'bin', 'sluice.js'), ...args], {
      cwd: app,
      env: { ...environment, ...more },
      uid: process.getuid?.() === 0 ? 1000 : undefined,
      gid: process.getuid?.() === 0 ? 1000 : undefined,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    return { child, said: () => output, ended: once(child, 'close') as Promise<[number | null]> };
  }

  test.each([
    [['version'], new RegExp(`^sluice ${manifest.version.replaceAll('.', '\\.')}`)],
    [['help'], /sluice bootstrap --cluster/],
  ])('%s', async (args, words) => {
    const { said, ended } = await sluice(args);
    expect([(await ended)[0], said()]).toEqual([0, expect.stringMatching(words)]);
  });

  test('starts as a person without rights who can write the data alone, is ready, and stops when told', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { child, said, ended } = await sluice(['start'], {
      SLUICE_APP_ID: '1',
      SLUICE_PRIVATE_KEY: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      SLUICE_WEBHOOK_SECRET: 'x'.repeat(32),
      SLUICE_PLATFORM: 'acme/platform',
      SLUICE_GITHUB_URL: 'http://127.0.0.1:9',
      SLUICE_LISTEN: '127.0.0.1:0',
      SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
    });
    await expect.poll(said, { timeout: 60_000 }).toMatch(/"message":"ready"/);
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    expect(await readdir(data)).toContain('queue');
    expect(await readdir(app)).not.toContain('.cache');
  }, 90_000);
});
