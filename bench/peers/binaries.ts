// The programs that Sluice is measured against, built from bench/go.mod once for each state of it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdLock } from '../../src/adapters/go/build-lock.ts';

export interface Peers {
  /** Absolute paths. */
  readonly kustomize: string;
  readonly conftest: string;
}

const home = fileURLToPath(new URL('../..', import.meta.url));
const bench = join(home, 'bench');

/** Returns the peers, building them first where they are not there; `say` is told what is waited for. */
export async function ensurePeers(say: (what: string) => void): Promise<Peers> {
  return await ensure(
    bench,
    { kustomize: 'sigs.k8s.io/kustomize/kustomize/v5', conftest: 'github.com/open-policy-agent/conftest' },
    say,
  );
}

/** Absolute path of kubectl, of the API server's own version; built as the others are. */
export async function ensureKubectl(say: (what: string) => void): Promise<string> {
  const { kubectl } = await ensure(join(bench, 'kubectl'), { kubectl: 'k8s.io/kubernetes/cmd/kubectl' }, say);
  return kubectl;
}

async function ensure<Name extends string>(
  from: string,
  packages: Readonly<Record<Name, string>>,
  say: (what: string) => void,
): Promise<Record<Name, string>> {
  const module = await Promise.all(['go.mod', 'go.sum'].map((name) => readFile(join(from, name))));
  const digest = createHash('sha256').update(`${process.platform} ${process.arch}\0`).update(Buffer.concat(module));
  const folder = join(home, '.cache', 'bench', digest.digest('hex').slice(0, 32));
  if (!(await isThere(folder))) {
    await mkdir(dirname(folder), { recursive: true });
    const release = await holdLock(`${folder}.lock`, () => say('waiting for another process that builds the peers'));
    try {
      if (!(await isThere(folder))) await build(from, packages, folder, say);
    } finally {
      await release();
    }
  }
  const names = Object.keys(packages) as Name[];
  return Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<Name, string>;
}

async function build(
  from: string,
  packages: Readonly<Record<string, string>>,
  folder: string,
  say: (what: string) => void,
): Promise<void> {
  say(`building ${Object.keys(packages).join(' and ')} (once; about 5 minutes with an empty Go cache)`);
  const temporary = `${folder}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  for (const [name, path] of Object.entries(packages))
    await go(from, ['build', '-trimpath', '-ldflags=-s -w', '-o', join(temporary, name), path]);
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
}

function go(from: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { cwd: from, env: { ...process.env, CGO_ENABLED: '0' } };
    const child = spawn('go', args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', () => reject(new Error('Go 1.26 or newer is needed to build the peers, and there is no "go"')));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`go ${args[0]} failed, see above`))));
  });
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
