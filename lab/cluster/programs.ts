// Builds the programs of a control plane from this folder's go.mod, once for each state of it, into .cache/cluster.
import { createHash, randomUUID } from 'node:crypto';
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { holdLock } from '../../src/adapters/go/build-lock.ts';
import { runGo } from '../../src/adapters/go/run.ts';
import { SluiceError } from '../../src/errors.ts';
import type { Progress } from '../../src/ports.ts';

const sources = import.meta.dirname;
const cache = join(sources, '..', '..', '.cache', 'cluster');

const packages = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
} as const;

export type Program = keyof typeof packages;

/** What every cluster runs, and what a cluster with `controllers` runs besides. */
export const planePrograms: readonly Program[] = ['etcd', 'kube-apiserver'];
export const controllerPrograms: readonly Program[] = ['kube-controller-manager', 'kube-scheduler', 'kwok'];

/**
 * Returns the absolute paths of the programs, building those that are not there: minutes, once. Safe when several
 * processes ask at once.
 * @throws SluiceError `configuration` when there is no Go, it is too old, or a program does not build
 */
export async function ensurePrograms<Name extends Program>(
  names: readonly Name[],
  progress: Progress,
): Promise<Record<Name, string>> {
  const goMod = await readFile(join(sources, 'go.mod'), 'utf8');
  const folder = join(cache, digestOf(goMod, await readFile(join(sources, 'go.sum'), 'utf8')));
  const paths = Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<Name, string>;
  if ((await missing(names, paths)).length === 0) return paths;
  await mkdir(folder, { recursive: true });
  const release = await holdLock(join(folder, 'lock'), () => {
    progress('waiting for another process that builds the Kubernetes programs');
  });
  try {
    for (const name of await missing(names, paths)) await build(name, paths[name], versionOf(goMod), progress);
  } finally {
    await release();
  }
  return paths;
}

function digestOf(goMod: string, goSum: string): string {
  const text = `${process.platform} ${process.arch}\0${goMod}\0${goSum}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function versionOf(goMod: string): string {
  const found = /k8s\.io\/kubernetes (v\S+)/.exec(goMod)?.[1];
  if (found === undefined) throw new SluiceError('internal', 'lab/cluster/go.mod names no k8s.io/kubernetes');
  return found;
}

async function missing<Name extends Program>(
  names: readonly Name[],
  paths: Record<Name, string>,
): Promise<readonly Name[]> {
  const absent: Name[] = [];
  for (const name of names) {
    await access(paths[name], constants.X_OK).catch(() => absent.push(name));
  }
  return absent;
}

async function build(name: Program, path: string, version: string, progress: Progress): Promise<void> {
  progress(`building ${name} (once; with an empty Go cache up to 6 minutes, seconds otherwise)`);
  const temporary = `${path}.${randomUUID()}`;
  const stamp = `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
  const args = ['build', '-trimpath', `-ldflags=${stamp}`, '-o', temporary, packages[name]];
  try {
    await runGo(
      args,
      { folder: sources, environment: process.env, progress },
      {
        code: 'configuration',
        noGo: `Go is needed to build ${name}, and there is no "go" here`,
        oldGo: `the Go on this machine is too old to build ${name}`,
        failed: `${name} does not build`,
        install: 'Install Go 1.26 or newer.',
        again: '"go build tool" in the folder lab/cluster/',
      },
    );
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
}
