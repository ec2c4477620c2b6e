// Group D: Git objects that Git itself would not write.
import { deflateSync } from 'node:zlib';
import { type RawEntry, type RawRepository, rawId, rawTree } from '../../git/objects.ts';
import { configMap, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';

/** One hostile commit on top of the good one. */
export interface ObjectRow {
  readonly id: string;
  readonly title: string;
  /** Returns what `--head` names. */
  readonly head: (write: Objects) => string;
  readonly expect: Row['expect'];
}

/** Writes commits whose `deploy` folder holds the good manifest and what a row adds. */
export class Objects {
  readonly raw: RawRepository;
  readonly app: RawEntry;
  readonly base: string;

  constructor(raw: RawRepository) {
    this.raw = raw;
    this.app = this.file('app.yaml', yaml(configMap('app', 'a-dev')));
    this.base = this.commit([]);
    raw.ref('refs/heads/main', this.base);
  }

  file(name: string | Uint8Array, text: string | Uint8Array, mode = '100644'): RawEntry {
    return { mode, name, oid: this.raw.object('blob', text) };
  }

  folder(name: string | Uint8Array, entries: readonly RawEntry[]): RawEntry {
    return { mode: '40000', name, oid: this.raw.tree(entries) };
  }

  /** A commit with more entries in `deploy`, and more beside it. */
  commit(inDeploy: readonly RawEntry[], beside: readonly RawEntry[] = []): string {
    const parents = this.base === undefined ? [] : [this.base];
    return this.raw.commit(this.raw.tree([this.folder('deploy', [this.app, ...inDeploy]), ...beside]), parents);
  }
}

export const manifest = yaml(configMap('x', 'a-dev'));
export const refused: Row['expect'] = { exit: 2, codes: ['build.refused'] };

const entry = (
  id: string,
  title: string,
  make: (write: Objects) => readonly RawEntry[],
  expect = refused,
): ObjectRow => ({
  id,
  title,
  head: (write) => write.commit(make(write)),
  expect,
});

const links: readonly ObjectRow[] = [
  ...[
    '/etc/passwd',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    '../../b/deploy/app.yaml',
    'case.yaml',
    '../../host-secret.yaml',
    'app.yaml',
    '',
  ].map((target) =>
    entry('099', `a link to ${JSON.stringify(target)}`, (write) => [write.file('case.yaml', target, '120000')]),
  ),
  entry('099', 'a chain of 50 links', (write) =>
    Array.from({ length: 50 }, (_, at) =>
      write.file(`l${String(at).padStart(2, '0')}.yaml`, `l${String(at + 1).padStart(2, '0')}.yaml`, '120000'),
    ),
  ),
  entry('099', 'a link as a base', (write) => [
    write.file('kustomization.yaml', yaml({ resources: ['link'] })),
    write.file('link', '../../b/deploy', '120000'),
  ]),
  {
    id: '099',
    title: 'a link in the place of the folder that is deployed',
    head: (write) => write.raw.commit(write.raw.tree([write.file('deploy', '../b/deploy', '120000')]), [write.base]),
    expect: { exit: 2, codes: ['build.refused'] },
  },
  {
    id: '099',
    title: 'a link that nothing reads',
    head: (write) => write.commit([], [write.file('elsewhere', '/etc/passwd', '120000')]),
    expect: { exit: 0 },
  },
  entry('099', 'a submodule as a base', (write) => [
    write.file('kustomization.yaml', yaml({ resources: ['sub'] })),
    { mode: '160000', name: 'sub', oid: '1'.repeat(40) },
  ]),
];

const names: readonly ObjectRow[] = [
  ...['a/b.yaml', 'a\\b.yaml', '../x.yaml', '/x.yaml', 'C:\\x.yaml', '..\\x.yaml'].map((name) =>
    entry('101', `the name ${JSON.stringify(name)}`, (write) => [write.file(name, manifest)]),
  ),
  ...['..', '.', '.git', '.GIT', 'GIT~1', '.g\u200cit', 'a\\b', 'a/b'].map((name) =>
    entry(
      '101',
      `the folder ${JSON.stringify(name)}, which is never read`,
      (write) => [
        write.folder(name, [
          write.file('case.yaml', yaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hidden' } })),
        ]),
      ],
      {
        exit: 0,
        hides: ['Namespace/hidden'],
      },
    ),
  ),
  ...['..', '.git', 'a\\b'].map((name) =>
    entry(
      '101',
      `the folder ${JSON.stringify(name)} as a base`,
      (write) => [
        write.file('kustomization.yaml', yaml({ resources: ['app.yaml', name] })),
        write.folder(name, [write.file('kustomization.yaml', yaml({ resources: [] }))]),
      ],
      { exit: 2 },
    ),
  ),
  entry('102', 'a link and a folder of one name', (write) => [
    write.file('kustomization.yaml', yaml({ resources: ['x'] })),
    write.file('x', '/etc', '120000'),
    write.folder('x', [write.file('kustomization.yaml', yaml({ resources: [] }))]),
  ]),
  entry('102', 'a file twice', (write) => [
    write.file('case.yaml', manifest),
    write.file('case.yaml', yaml(configMap('y', 'a-dev'))),
  ]),
  entry('102', 'names that are one on another file system', (write) => [
    write.file('Case.yaml', manifest),
    write.file('case.yaml', yaml(configMap('y', 'a-dev'))),
  ]),
  entry('102', 'the deployed manifest twice', (write) => [write.file('app.yaml', yaml(configMap('y', 'kube-system')))]),
  ...[
    'a\nb.yaml',
    '\u001b[31mred.yaml',
    'a\u202elmay.yaml',
    '--exec=x.yaml',
    `${'x'.repeat(300)}.yaml`,
    'a .yaml ',
    '\u200b.yaml',
    'a\tb.yaml',
    '`@everyone` <img>.yaml',
  ].map(
    (name): ObjectRow =>
      entry('104', `the name ${JSON.stringify(name.slice(0, 40))}`, (write) => [write.file(name, '{ broken: [')], {
        exit: name.endsWith(' ') ? 0 : 2,
      }),
  ),
  entry('104', 'a name that is not UTF-8', (write) => [
    write.file(Buffer.concat([Buffer.from('a'), Buffer.from([0xff]), Buffer.from('.yaml')]), manifest),
  ]),
  ...['100664', '100600', '100755', '0100644'].map((mode) =>
    entry('106', `the old mode ${mode}`, (write) => [write.file('case.yaml', manifest, mode)], {
      exit: 0,
      shows: ['ConfigMap/a-dev/x'],
    }),
  ),
  ...['104755', '170000', '100000000644', '60000', '777', ''].map((mode) =>
    entry('106', `the mode ${JSON.stringify(mode)}`, (write) => [write.file('case.yaml', manifest, mode)], { exit: 2 }),
  ),
];

const huge = (write: Objects, megabytes: number, claimed = megabytes): string => {
  const size = claimed * 1024 * 1024;
  const stored = deflateSync(
    Buffer.concat([Buffer.from(`blob ${size}\0`), Buffer.alloc(megabytes * 1024 * 1024, 0x23)]),
    { level: 1 },
  );
  const oid = rawId('blob', Buffer.from(`${megabytes} ${claimed}`));
  write.raw.loose(oid, stored);
  return oid;
};

const sizes: readonly ObjectRow[] = [
  entry(
    '107',
    'a loose object that inflates to 100 MB',
    (write) => [{ mode: '100644', name: 'case.yaml', oid: huge(write, 100) }],
    { exit: 2 },
  ),
  entry(
    '107',
    'a loose object that says it is small',
    (write) => [{ mode: '100644', name: 'case.yaml', oid: huge(write, 32, 0) }],
    { exit: 2 },
  ),
  entry(
    '107',
    'a loose object that says it has 600 MB',
    (write) => [{ mode: '100644', name: 'case.yaml', oid: huge(write, 1, 600) }],
    { exit: 2 },
  ),
  entry(
    '107',
    'a packed object that inflates to 100 MB',
    (write) => {
      const content = Buffer.alloc(100 * 1024 * 1024, 0x23);
      const oid = rawId('blob', Buffer.from('packed'));
      write.raw.pack([{ oid, kind: 3, content }]);
      return [{ mode: '100644', name: 'case.yaml', oid }];
    },
    { exit: 2 },
  ),
  {
    id: '107',
    title: 'a tree that inflates to 100 MB',
    head: (write) => {
      const oid = rawId('tree', Buffer.from('huge'));
      write.raw.loose(
        oid,
        deflateSync(Buffer.concat([Buffer.from(`tree ${100 * 1024 * 1024}\0`), Buffer.alloc(100 * 1024 * 1024)]), {
          level: 1,
        }),
      );
      return write.raw.commit(write.raw.tree([{ mode: '40000', name: 'deploy', oid }]), [write.base]);
    },
    expect: { exit: 2 },
  },
  entry(
    '109',
    'folders 500 deep',
    (write) => {
      let inner = write.folder('d', [write.file('case.yaml', manifest)]);
      for (let depth = 0; depth < 500; depth++) inner = write.folder('d', [inner]);
      return [inner];
    },
    { exit: 2 },
  ),
  entry(
    '109',
    '50,000 entries in one folder',
    (write) => {
      const { oid } = write.file('x', manifest);
      return [
        write.folder(
          'many',
          Array.from({ length: 50_000 }, (_, at) => ({
            mode: '100644',
            name: `f${String(at).padStart(7, '0')}.yaml`,
            oid,
          })),
        ),
      ];
    },
    { exit: 2 },
  ),
  {
    id: '109',
    title: 'a commit message of 40 MB',
    head: (write) =>
      write.raw.object(
        'commit',
        `tree ${write.raw.tree([write.folder('deploy', [write.app])])}\nparent ${write.base}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n${'x'.repeat(40 * 1024 * 1024)}`,
      ),
    expect: { exit: 2 },
  },
  {
    id: '109',
    title: '10,000 parents',
    head: (write) =>
      write.raw.commit(
        write.raw.tree([write.folder('deploy', [write.app])]),
        Array.from({ length: 10_000 }, () => write.base),
      ),
    expect: { exit: 0 },
  },
];

const broken: readonly ObjectRow[] = [
  entry('111', 'a blob that is not there', () => [{ mode: '100644', name: 'case.yaml', oid: '2'.repeat(40) }], {
    exit: 2,
    codes: ['source.corrupt'],
  }),
  entry('111', 'a folder that is not there', () => [{ mode: '40000', name: 'case', oid: '2'.repeat(40) }], {
    exit: 2,
    codes: ['source.corrupt'],
  }),
  entry(
    '111',
    'a blob that does not inflate',
    (write) => {
      write.raw.loose('3'.repeat(40), Buffer.from('not zlib'));
      return [{ mode: '100644', name: 'case.yaml', oid: '3'.repeat(40) }];
    },
    { exit: 2, codes: ['source.corrupt'] },
  ),
  entry(
    '111',
    'a blob cut short',
    (write) => {
      const whole = deflateSync(Buffer.from(`blob ${manifest.length}\0${manifest}`));
      write.raw.loose('4'.repeat(40), whole.subarray(0, whole.length - 12));
      return [{ mode: '100644', name: 'case.yaml', oid: '4'.repeat(40) }];
    },
    { exit: 2, codes: ['source.corrupt'] },
  ),
  entry(
    '111',
    'a blob under the id of another',
    (write) => {
      write.raw.loose('5'.repeat(40), deflateSync(Buffer.from(`blob ${manifest.length}\0${manifest}`)));
      return [{ mode: '100644', name: 'case.yaml', oid: '5'.repeat(40) }];
    },
    { exit: 2, codes: ['source.corrupt'] },
  ),
  entry('111', 'a folder that is a blob', (write) => [{ ...write.file('case', manifest), mode: '40000' }], {
    exit: 2,
    codes: ['source.corrupt'],
  }),
  entry('111', 'a file that is a folder', (write) => [{ ...write.folder('case.yaml', []), mode: '100644' }], {
    exit: 2,
    codes: ['source.corrupt'],
  }),
  entry(
    '111',
    'a tree cut in the middle of an id',
    (write) => {
      const whole = rawTree([write.file('case.yaml', manifest)]);
      return [{ mode: '40000', name: 'case', oid: write.raw.object('tree', whole.subarray(0, whole.length - 5)) }];
    },
    { exit: 2, codes: ['source.corrupt'] },
  ),
  ...(
    [
      [
        'two tree headers',
        (tree: string, parent: string) =>
          `tree ${tree}\ntree ${tree}\nparent ${parent}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`,
      ],
      [
        'a NUL in the header',
        (tree: string, parent: string) =>
          `tree ${tree}\0\nparent ${parent}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`,
      ],
      [
        'no tree header',
        (_tree: string, parent: string) => `parent ${parent}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`,
      ],
      [
        'a tree header of upper case',
        (tree: string, parent: string) =>
          `tree ${tree.toUpperCase()}\nparent ${parent}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`,
      ],
      [
        'a short tree header',
        (tree: string, parent: string) =>
          `tree ${tree.slice(0, 39)}\nparent ${parent}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`,
      ],
      [
        'a parent before the tree',
        (tree: string, parent: string) =>
          `parent ${parent}\ntree ${tree}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm`,
      ],
    ] as const
  ).map(
    ([title, text]): ObjectRow => ({
      id: '112',
      title: `a commit with ${title}`,
      head: (write) =>
        write.raw.object(
          'commit',
          text(write.raw.tree([write.folder('deploy', [write.app, write.file('case.yaml', manifest)])]), write.base),
        ),
      expect: { exit: 2 },
    }),
  ),
  ...[
    'refs/heads/../../x',
    'refs/heads/../../HEAD',
    '--output=x',
    '-',
    'a:b',
    'main:deploy',
    'x'.repeat(4096),
    'HEAD~1000',
    'main^{tree}',
    '@{-1}',
    '',
    ' ',
    '/etc/passwd',
    '../../host-secret.yaml',
    'refs/heads/nowhere\0',
    'config',
    '0'.repeat(40),
  ].map(
    (name): ObjectRow => ({
      id: '114',
      title: `the revision ${JSON.stringify(name.slice(0, 40))}`,
      head: () => name,
      expect: { exit: 2 },
    }),
  ),
  {
    id: '114',
    title: 'a branch with the name of a commit',
    head: (write) => {
      const commit = write.commit([write.file('case.yaml', manifest)]);
      write.raw.ref(`refs/heads/${commit}`, write.base);
      return commit;
    },
    expect: { exit: 0, shows: ['ConfigMap/a-dev/x'] },
  },
  {
    id: '114',
    title: 'a branch whose ref is a path',
    head: (write) => {
      write.raw.write('refs/heads/evil', 'ref: ../../../host-secret.yaml\n');
      return 'evil';
    },
    expect: { exit: 2 },
  },
  {
    id: '114',
    title: 'a branch that points at itself',
    head: (write) => {
      write.raw.write('refs/heads/loop', 'ref: refs/heads/loop\n');
      return 'loop';
    },
    expect: { exit: 2 },
  },
  entry(
    '116',
    'a pointer of LFS in the place of a manifest',
    (write) => [
      write.file('case.yaml', `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`),
    ],
    { exit: 2, says: /LFS/ },
  ),
];

export const objectRows: readonly ObjectRow[] = [...links, ...names, ...sizes, ...broken];
