// Fetches and builds in a process that lacks something: space on its disk, a disk that can be written, or file handles.
// Prints what came of it while it was so, and once it was not any more, as one JSON line.
import { execFile } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createMirrors } from '../../../../src/adapters/git/mirrors.ts';
import { createRenderer } from '../../../../src/adapters/renderer/renderer.ts';
import { asSluiceError } from '../../../../src/errors.ts';
import { memoryTree } from '../../../unit/renderer/memory-tree.ts';
import { request } from '../../renderer/fake.ts';

const [lack = '', folder = '', url = '', token = '', binary = ''] = process.argv.slice(2);
const run = promisify(execFile);
const remote = { key: 'one', url, token: () => Promise.resolve(token) };
const taken: number[] = [];
const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';
const tree = memoryTree({ 'deploy/a.yaml': map, 'deploy/kustomization.yaml': 'resources: [a.yaml]\n' });

process.env['TMPDIR'] = folder;
const data = join(folder, 'data');
let mirrors = createMirrors({ folder: data });
const renderer = createRenderer({ binary, children: 1 });
const open = { none: '', full: 'size=4k', little: 'size=160k', sealed: 'ro' }[lack];
if (open !== undefined && open !== '') await run('mount', ['-t', 'tmpfs', '-o', `${open},mode=700`, 'tmpfs', folder]);
if (lack === 'handles') {
  // All that the system gives.
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      break;
    }
  }
}

const during = [await tried(fetched), await tried(built), await tried(fetched)];
const left = await readdir(join(data, 'one')).catch(() => []);
// The lack ends.
for (const handle of taken.splice(0)) closeSync(handle);
if (open !== undefined && open !== '') await run('mount', ['-o', 'remount,rw,size=64m', folder]);
const after = [await tried(fetched), await tried(built)];
// And another process finds what this one left.
mirrors = createMirrors({ folder: data });
const anew = await tried(fetched);
await renderer.close();
process.stdout.write(`${JSON.stringify({ during, left, after, anew })}\n`);
await rm(data, { recursive: true, force: true });

async function tried(work: () => Promise<string>): Promise<unknown> {
  try {
    return { said: await work() };
  } catch (thrown) {
    const { code, kind, message, remedy } = asSluiceError(thrown);
    return { code, kind, message, remedy };
  }
}

async function fetched(): Promise<string> {
  const found = await mirrors.fetch(remote, 'refs/heads/main');
  const files = await (await found?.repository.tree(found.commit))?.list('');
  return `${files?.size} files`;
}

async function built(): Promise<string> {
  return `${(await renderer.build(request(tree, 'deploy'))).objects.length} objects`;
}
