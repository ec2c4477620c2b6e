// Finds the renderer's program, or builds it from renderer/ with Go: once for each state of its sources.
import { createHash, randomUUID } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { SluiceError } from '../../errors.ts';
import type { Progress } from '../../ports.ts';
import { holdLock } from '../go/build-lock.ts';
import { type GoFailure, runGo } from '../go/run.ts';

const oldMs = 30 * 24 * 60 * 60 * 1_000;

const failure: GoFailure = {
  code: 'renderer.unavailable',
  noGo: 'Go is needed to build the renderer, and there is no "go" here',
  oldGo: 'the Go on this machine is too old to build the renderer',
  failed: 'the renderer does not build',
  install: 'Install Go 1.26 or newer, or set SLUICE_RENDERER to a renderer that was built elsewhere.',
  again: '"go build ." in the folder renderer/',
};

export interface BinaryOptions {
  /** The folder `renderer/` with the Go sources. */
  readonly sources: string;
  /** The folder that keeps what was built (`.cache/renderer`). */
  readonly cache: string;
  /** A renderer that somebody built already; nothing is built then. */
  readonly override?: string;
  /** The environment of `go build`, which needs HOME, PATH and its own settings. */
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** @defaultValue `go` on the environment's PATH */
  readonly go?: string;
}

/**
 * Returns the absolute path of the program, building it first where it is not there.
 * @throws SluiceError `renderer.unavailable` when there is no program and none can be built
 */
export async function ensureBinary(options: BinaryOptions): Promise<string> {
  if (options.override !== undefined) return await checkOverride(options.override);
  const folder = join(options.cache, await digestOf(options.sources));
  const binary = join(folder, 'renderer');
  if (await isProgram(binary)) return binary;
  await mkdir(folder, { recursive: true });
  const release = await holdLock(join(folder, 'lock'), () => {
    options.progress('waiting for another process that builds the renderer');
  });
  try {
    if (!(await isProgram(binary))) await build(options, binary);
  } finally {
    await release();
  }
  return binary;
}

async function checkOverride(path: string): Promise<string> {
  if (await isProgram(path)) return path;
  throw new SluiceError('renderer.unavailable', 'SLUICE_RENDERER names no program that can be run', {
    remedy: 'Unset SLUICE_RENDERER to have Sluice build its own, or name a renderer that exists.',
  });
}

async function isProgram(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Digest over what goes into the program: Go files but tests, `go.mod`, `go.sum`, and the machine's kind. */
async function digestOf(sources: string): Promise<string> {
  const entries = await readdir(sources, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && isSource(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) {
    throw new SluiceError('renderer.unavailable', 'the sources of the renderer are not here', {
      remedy: 'Run Sluice from its checkout, or set SLUICE_RENDERER to a renderer that was built.',
    });
  }
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of files) {
    const bytes = await readFile(file);
    hash.update(`\0${relative(sources, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}

function isSource(name: string): boolean {
  return name === 'go.mod' || name === 'go.sum' || (name.endsWith('.go') && !name.endsWith('_test.go'));
}

async function build(options: BinaryOptions, binary: string): Promise<void> {
  options.progress('building the renderer (once; about 3 minutes with an empty Go cache, seconds otherwise)');
  const temporary = `${binary}.${randomUUID()}`;
  const args = ['build', '-trimpath', '-ldflags=-s -w', '-o', temporary, '.'];
  const { sources: folder, environment, go, progress } = options;
  try {
    await runGo(args, { folder, environment, go, progress }, failure);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, binary);
  await forgetOld(options.cache);
}

/** Removes what was built from sources of long ago. */
async function forgetOld(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    if (Date.now() - (await stat(folder)).mtimeMs > oldMs) await rm(folder, { recursive: true, force: true });
  }
}
