// Group D: odd things in a working tree.
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configMap, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { manifest, refused } from './objects.ts';

const odd = (title: string, prepare: (deploy: string) => Promise<unknown>, expect: Row['expect'], id = '104'): Row => ({
  id,
  title: `on disk, ${title}`,
  prepare: (directory) => prepare(join(directory, 'deploy')),
  expect,
});

export const diskRows: readonly Row[] = [
  odd('a link to a file of the machine', (deploy) => symlink('/etc/passwd', join(deploy, 'case.yaml')), refused, '099'),
  {
    ...odd(
      'a link that nothing reads',
      (deploy) => symlink('/etc/passwd', join(deploy, '..', 'elsewhere')),
      { exit: 0 },
      '099',
    ),
    files: { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) },
  },
  ...['a\nb.yaml', '\u001b[31mred.yaml', 'a\u202elmay.yaml', 'a\\b.yaml', '--exec=x.yaml', '\u200b.yaml'].map((name) =>
    odd(`the name ${JSON.stringify(name)}`, (deploy) => writeFile(join(deploy, name), '{ broken: ['), { exit: 2 }),
  ),
  odd(
    'a name that is not UTF-8',
    (deploy) =>
      writeFile(Buffer.concat([Buffer.from(`${deploy}/a`), Buffer.from([0xff]), Buffer.from('.yaml')]), manifest),
    refused,
  ),
  odd(
    'names that are one on another file system',
    async (deploy) => {
      await writeFile(join(deploy, 'Case.yaml'), manifest);
      await writeFile(join(deploy, 'case.yaml'), manifest);
    },
    refused,
    '102',
  ),
  odd(
    'a pipe that nobody writes to',
    async (deploy) => execFileSync('/usr/bin/mkfifo', [join(deploy, 'case.yaml')], { env: {} }),
    { exit: 2 },
  ),
  odd(
    'a sparse file of 10 GB',
    async (deploy) => {
      await writeFile(join(deploy, 'case.yaml'), '#');
      await truncate(join(deploy, 'case.yaml'), 10 * 1024 ** 3);
    },
    { exit: 2 },
    '107',
  ),
  odd(
    'a repository inside the repository',
    async (deploy) => {
      await mkdir(join(deploy, 'sub', '.git'), { recursive: true });
      await writeFile(join(deploy, 'sub', '.git', 'HEAD'), 'ref: refs/heads/main\n');
      await writeFile(
        join(deploy, 'sub', 'case.yaml'),
        yaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hidden' } }),
      );
    },
    { exit: 0, hides: ['Namespace/hidden'] },
    '099',
  ),
  odd(
    'folders 700 deep',
    async (deploy) => {
      const deepest = join(deploy, ...Array.from({ length: 700 }, () => 'd'));
      await mkdir(deepest, { recursive: true });
      await writeFile(join(deepest, 'case.yaml'), manifest);
    },
    { exit: 2 },
    '109',
  ),
  odd(
    'a pointer of LFS',
    (deploy) =>
      writeFile(
        join(deploy, 'case.yaml'),
        `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1\n`,
      ),
    { exit: 2, says: /LFS/ },
    '116',
  ),
];
