import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type BinaryOptions, ensureBinary } from '../../../src/adapters/renderer/binary.ts';

// A `go` that notes each call and writes a program, or fails as told.
const go = `#!/bin/sh
echo "$CGO_ENABLED $*" >> "$NOTES"
sleep "\${SLOW:-0}"
if [ -n "$SAYS" ]; then echo "$SAYS" >&2; exit 1; fi
for last; do [ "$previous" = -o ] && target=$last; previous=$last; done
printf '#!/bin/sh\\n' > "$target" && chmod +x "$target"
`;

let folder: string;
let notes: string;
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-binary-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  notes = join(folder, 'notes');
  said = [];
  await mkdir(join(folder, 'sources', 'tree'), { recursive: true });
  await writeFile(join(folder, 'sources', 'go.mod'), 'module x');
  await writeFile(join(folder, 'sources', 'tree', 'tree.go'), 'package tree');
  await writeFile(join(folder, 'go'), go);
  await chmod(join(folder, 'go'), 0o755);
});

function options(environment: Record<string, string> = {}): BinaryOptions {
  return {
    sources: join(folder, 'sources'),
    cache: join(folder, 'cache'),
    environment: { PATH: process.env['PATH'], NOTES: notes, ...environment },
    progress: (step) => said.push(step),
    go: join(folder, 'go'),
  };
}

async function calls(): Promise<string[]> {
  return (await readFile(notes, 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
}

describe('the renderer is built', () => {
  test('once for one state of its sources, and says what it waits for', async () => {
    const first = await ensureBinary(options());
    expect(await ensureBinary(options())).toBe(first);
    expect(await calls()).toEqual([expect.stringMatching(/^0 build -trimpath -ldflags=-s -w -o \S+ \.$/)]);
    expect(said).toEqual([expect.stringMatching(/^building the renderer .*minutes/)]);
    expect(await readdir(join(first, '..'))).toEqual(['renderer']);
  });

  test.each([
    ['a Go file changes', 'tree/tree.go', 2],
    ['go.sum appears', 'go.sum', 2],
    ['a test changes', 'tree/tree_test.go', 1],
    ['a page changes', 'README.md', 1],
  ])('when %s: %s', async (_, file, builds) => {
    await ensureBinary(options());
    await writeFile(join(folder, 'sources', file), 'package other');
    await ensureBinary(options());
    expect(await calls()).toHaveLength(builds);
  });

  test('once by any number at once', async () => {
    const paths = await Promise.all(Array.from({ length: 5 }, () => ensureBinary(options({ SLOW: '2' }))));
    expect(new Set(paths).size).toBe(1);
    expect(await calls()).toHaveLength(1);
    expect(said.filter((step) => step.startsWith('waiting'))).toHaveLength(4);
  });

  test('and what was built long ago is forgotten', async () => {
    const old = join(folder, 'cache', 'old');
    const recent = join(folder, 'cache', 'recent');
    for (const [path, age] of [
      [old, 31],
      [recent, 29],
    ] as const) {
      await mkdir(path, { recursive: true });
      const then = new Date(Date.now() - age * 86_400_000);
      await utimes(path, then, then);
    }
    const built = await ensureBinary(options());
    expect((await readdir(join(folder, 'cache'))).toSorted()).toEqual(
      [basename(join(built, '..')), 'recent'].toSorted(),
    );
  });

  test('though one that was building it died', async () => {
    const path = await ensureBinary(options());
    await rm(path);
    // No process has this id: it is over the kernel's limit.
    await writeFile(join(path, '..', 'lock'), '4194305');
    expect(await ensureBinary(options())).toBe(path);
  });
});

describe('the renderer is unavailable', () => {
  const unavailable = { code: 'renderer.unavailable', kind: 'terminal' };

  test.each([
    ['there is no Go', () => ({ ...options(), go: join(folder, 'nothing') }), /no "go"/, /Install Go 1\.26/],
    [
      'Go is too old',
      () => options({ SAYS: 'go: go.mod requires go >= 1.26.0 (running go 1.19.8; GOTOOLCHAIN=local)' }),
      /too old/,
      /Install Go 1\.26/,
    ],
    ['it does not compile', () => options({ SAYS: './tree.go:3:1: syntax error' }), /does not build/, /go build/],
    [
      'its sources are not here',
      () => ({ ...options(), sources: join(folder, 'nowhere') }),
      /sources/,
      /SLUICE_RENDERER/,
    ],
    [
      'the override is no program',
      () => ({ ...options(), override: join(folder, 'nowhere') }),
      /SLUICE_RENDERER/,
      /Unset/,
    ],
  ])('when %s, and says what to do', async (_, given, message, remedy) => {
    const error: unknown = await ensureBinary(given()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      ...unavailable,
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
    expect(String(error)).not.toContain(folder);
    expect(
      (await readdir(join(folder, 'cache'), { recursive: true }).catch(() => [])).filter((name) => name.includes('/')),
    ).toEqual([]);
  });

  test("and shows Go's own words on the terminal", async () => {
    await expect(ensureBinary(options({ SAYS: './tree.go:3:1: syntax error' }))).rejects.toMatchObject(unavailable);
    expect(said).toContain('go: ./tree.go:3:1: syntax error');
  });
});

test('an override is used as it is', async () => {
  const override = join(folder, 'go');
  expect(await ensureBinary({ ...options(), override })).toBe(override);
  expect(await calls()).toEqual([]);
});
