// Draws pull request pages of the sample organisation in Chromium: `node scripts/pages.ts FOLDER [WORD…]`, for people to
// look at. Needs Chromium on the machine (`CHROMIUM`, else `chromium`); docs/images/review.png is `blocked`.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { type Change, readChange, readFolder } from '../examples/changes.ts';
import { HostedOrganisation, person } from '../examples/hosted.ts';
import { createToolbox } from '../src/toolbox.ts';

interface Picture {
  readonly name: string;
  readonly height: number;
  readonly change: () => Promise<Change>;
  /** Diffs unfolded. */
  readonly open?: boolean;
  readonly before?: (hosted: HostedOrganisation) => Promise<void>;
}

const expected = { exit: 0, verdict: 'pass', rules: [], codes: [], says: [], hides: [] } as const;

function mediaChange(id: string, title: string, files: Readonly<Record<string, string>>): Change {
  const bytes = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  const mutable = { edit: [], delete: [], expect: { ...expected, rules: [], codes: [], says: [], hides: [] } };
  return { id, title, shows: 'Made for this picture.', repository: 'media', ...mutable, files: bytes };
}

function settings(name: string, lines: number): string {
  const data = Object.fromEntries(
    Array.from({ length: lines }, (_, line) => [`setting-${line}`, `value ${line} of ${name}`]),
  );
  return stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

function many(count: number, lines: number): Readonly<Record<string, string>> {
  const names = Array.from({ length: count }, (_, index) => `settings-${String(index + 1).padStart(2, '0')}`);
  return Object.fromEntries(names.map((name) => [`deploy/${name}.yaml`, settings(name, lines)]));
}

/** Ten more clusters, each as the European one is. */
async function moreClusters({ github }: HostedOrganisation): Promise<void> {
  const platform = await readFolder(join(import.meta.dirname, '..', 'examples', 'platform'));
  const files: Record<string, string> = {};
  for (let number = 1; number <= 10; number += 1) {
    const cluster = `prod-edge-${String(number).padStart(2, '0')}`;
    for (const [path, bytes] of platform) {
      if (!path.includes('prod-eu-west-1')) continue;
      const text = Buffer.from(bytes).toString().replaceAll('https://github.com', github.address);
      files[path.replaceAll('prod-eu-west-1', cluster)] = text.replaceAll('prod-eu-west-1', cluster);
    }
  }
  await github.protect('acme/platform', 'main', undefined);
  await github.pushFiles('acme/platform', person, { branch: 'main', files, message: 'Ten clusters at the edge' });
}

const pictures: readonly Picture[] = [
  { name: 'pass', height: 1900, open: true, change: () => readChange('01-image-bump') },
  { name: 'blocked', height: 1650, change: () => readChange('08-token') },
  { name: 'error', height: 1300, change: () => readChange('18-broken') },
  { name: 'grant', height: 1700, change: () => readChange('24-platform-grant') },
  { name: 'objects', height: 3600, change: () => Promise.resolve(mediaChange('80', '80 settings', many(80, 3))) },
  { name: 'large', height: 3600, change: () => Promise.resolve(mediaChange('5mb', 'Five megabytes', many(60, 2_400))) },
  {
    name: 'clusters',
    height: 1700,
    change: () => Promise.resolve(mediaChange('12', 'On twelve clusters', many(2, 3))),
    before: moreClusters,
  },
];

const [to, ...words] = process.argv.slice(2);
if (to === undefined) throw new Error('usage: node scripts/pages.ts FOLDER [WORD…]');
mkdirSync(to, { recursive: true });
const toolbox = createToolbox(process.env);
try {
  const wanted = pictures.filter(({ name }) => words.length === 0 || words.includes(name));
  await onOrganisation(wanted.filter(({ before }) => before === undefined));
  for (const picture of wanted.filter(({ before }) => before !== undefined)) await onOrganisation([picture]);
} finally {
  await toolbox.close();
}

/** What changes the fleet has an organisation of its own. */
async function onOrganisation(some: readonly Picture[]): Promise<void> {
  if (some.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pages-'));
  const hosted = await HostedOrganisation.start({ folder, toolbox });
  try {
    for (const picture of some) await draw(hosted, picture);
  } finally {
    await hosted.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function draw(hosted: HostedOrganisation, { name, height, change, open, before }: Picture): Promise<void> {
  await before?.(hosted);
  const opened = await hosted.open(await change());
  const { check, comments } = await hosted.reviewed(opened);
  const size = `--window-size=960,${height}`;
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--virtual-time-budget=5000',
    size,
  ];
  const file = resolve(String(to), `${name}.png`);
  const address = `${opened.address}${open === true ? '?open' : ''}`;
  // The pages come from this process, so it must not be blocked.
  const chromium = process.env['CHROMIUM'] ?? 'chromium';
  await promisify(execFile)(chromium, [...flags, `--screenshot=${file}`, address], { cwd: tmpdir() });
  console.log(`${file}: ${check.title}, a comment of ${Buffer.byteLength(comments[0]?.body ?? '')} bytes`);
}
