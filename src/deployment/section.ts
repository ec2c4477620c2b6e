// The last section of a merged pull request's comment: where it is live, since when, and what stands in the way elsewhere.
import { markdown } from '../report/escape.ts';
import { nameWords } from '../report/findings.ts';
import { cell, shortTable, stacked } from '../report/markdown/table.ts';
import { clip, code, counted, joined, prose, type Words } from '../report/words.ts';
import { type Deploy, duration, type Failure, secondsToLive } from './deploy.ts';
import { explain } from './remedy.ts';
import { type KnownDeploys, printKnown } from './state.ts';

/** A cluster that is to have the merge, as the fleet says. */
export interface Expected {
  readonly cluster: string;
  /** Everything there that follows the branch is suspended in Git. */
  readonly suspended: boolean;
}

export interface Landing {
  /** What the merge left on the branch. */
  readonly commit: string;
  readonly mergedAt: Date;
  /** Undefined where the fleet could not be read. */
  readonly expected: readonly Expected[] | undefined;
  readonly known: KnownDeploys;
}

/** How much of it is shown: rows of each table, characters of each message, and whether the hidden line fits. */
const ladder = [
  { rows: 20, message: 600, state: true },
  { rows: 8, message: 240, state: true },
  { rows: 4, message: 120, state: true },
  { rows: 4, message: 120, state: false },
  { rows: 0, message: 0, state: false },
] as const;

type Rung = (typeof ladder)[number];

/** Returns the section, beginning with its hidden line, in at most `room` characters where that can be done. */
export function renderLanding(landing: Landing, room: number): string {
  const rows = rowsOf(landing);
  let text = '';
  for (const rung of ladder) {
    text = render(landing, rows, rung);
    if (text.length <= room) break;
  }
  return text;
}

/** One cluster's part. */
export interface Row {
  readonly cluster: string;
  readonly kind: 'failed' | 'waiting' | 'under way' | 'suspended' | 'live';
  readonly deploy: Deploy | undefined;
}

const kinds: readonly Row['kind'][] = ['failed', 'waiting', 'under way', 'suspended', 'live'];

/** Every cluster that is to have it or spoke of it, the worst first, then by name. */
export function rowsOf({ expected = [], known }: Pick<Landing, 'expected' | 'known'>): readonly Row[] {
  const suspended = new Set(expected.filter((one) => one.suspended).map(({ cluster }) => cluster));
  const names = new Set([...expected.map(({ cluster }) => cluster), ...known.keys()]);
  const rows = [...names].map((cluster): Row => {
    const deploy = known.get(cluster)?.deploy;
    return { cluster, kind: kindOf(deploy, suspended.has(cluster)), deploy };
  });
  return rows.sort(
    (one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || (one.cluster < other.cluster ? -1 : 1),
  );
}

function kindOf(deploy: Deploy | undefined, suspended: boolean): Row['kind'] {
  if (deploy === undefined) return suspended ? 'suspended' : 'waiting';
  if (deploy.paused) return 'suspended';
  if (deploy.state === 'success') return 'live';
  return deploy.state === 'failure' ? 'failed' : 'under way';
}

function render(landing: Landing, rows: readonly Row[], rung: Rung): string {
  const { known, commit } = landing;
  const blocks = [
    rung.state ? printKnown(known, commit, rung.message) : printKnown(new Map(), commit, 0),
    title(landing, rows),
    failureTable(rows, rung),
    rows.length > 1 || rows.some(({ kind }) => kind === 'under way' || kind === 'suspended')
      ? clusterTable(landing, rows, rung)
      : '',
    notes(landing, rows),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function title(landing: Landing, rows: readonly Row[]): string {
  const all = rows.length;
  const count = (kind: Row['kind']): number => rows.filter((row) => row.kind === kind).length;
  const [live, failed, suspended] = [count('live'), count('failed'), count('suspended')];
  const of = `of ${counted(all, 'cluster')}`;
  if (failed > 0) return `### ❌ Not live on ${failed.toLocaleString('en-US')} ${of}`;
  const also = suspended === 0 || live === 0 ? '' : `, suspended on ${suspended.toLocaleString('en-US')}`;
  if (live > 0 && live + suspended === all)
    return `### ✅ Live on ${live.toLocaleString('en-US')} ${of}${sinceMerge(landing, rows)}${also}`;
  if (suspended === all && all > 0)
    return `### ⏸️ Suspended on ${suspended.toLocaleString('en-US')} ${of}, so nothing went live`;
  return `### 🕓 Live on ${live.toLocaleString('en-US')} ${of} so far${also}`;
}

/** `, 38 s after the merge`: until the last one; nothing where one of them is not known. */
function sinceMerge({ mergedAt }: Landing, rows: readonly Row[]): string {
  const seconds = rows.flatMap(({ kind, deploy }) =>
    kind === 'live' && deploy !== undefined ? [secondsToLive(deploy, mergedAt)] : [],
  );
  if (seconds.includes(undefined)) return '';
  return `, ${duration(Math.max(...seconds.map((one) => one ?? 0)))} after the merge`;
}

/** Equal failures share a row, whatever the number of clusters. */
function failureTable(rows: readonly Row[], { rows: most, message }: Rung): string {
  const groups = new Map<string, { readonly clusters: string[]; readonly failure: Failure }>();
  for (const { cluster, kind, deploy } of rows) {
    if (kind !== 'failed') continue;
    for (const failure of failuresOf(deploy)) {
      const key = JSON.stringify([failure.key, failure.reason, failure.message]);
      const group = groups.get(key) ?? { clusters: [], failure };
      group.clusters.push(cluster);
      groups.set(key, group);
    }
  }
  if (groups.size === 0) return '';
  const body = [...groups.values()].map(({ clusters, failure }) => {
    const { why, remedy } = explain(failure);
    return [
      cell(nameWords(clusters, 4)),
      failure.key === '' ? '' : cell([code(failure.key)]),
      stacked(
        failure.reason === '' ? 'not known here' : cell([code(failure.reason)]),
        message === 0 ? '' : cell([prose(clip(why, message))]),
      ),
      cell([prose(clip(remedy, Math.max(message, 120)))]),
    ];
  });
  return shortTable(['Clusters', 'Kustomization', 'Why', 'What to do'], body, { most, of: 'failure' });
}

function failuresOf(deploy: Deploy | undefined): readonly Failure[] {
  if (deploy === undefined || deploy.failures.length === 0) return [{ key: '', reason: '', message: '' }];
  return deploy.failures;
}

/** Equal clusters share a row. */
function clusterTable(landing: Landing, rows: readonly Row[], { rows: most }: Rung): string {
  const groups = new Map<
    string,
    { readonly names: string[]; readonly cells: readonly string[]; readonly seconds: number[] }
  >();
  for (const row of rows) {
    const cells = [symbols[row.kind], cell(rowWords(row, landing))];
    const key = JSON.stringify(cells);
    const group = groups.get(key) ?? { names: [], cells, seconds: [] };
    group.names.push(row.cluster);
    const seconds = row.deploy === undefined ? undefined : secondsToLive(row.deploy, landing.mergedAt);
    if (seconds !== undefined) group.seconds.push(seconds);
    groups.set(key, group);
  }
  const body = [...groups.values()].map(({ names, cells: [symbol = '', words = ''], seconds }) => [
    cell(nameWords(names, 6)),
    `${symbol} ${words}`,
    seconds.length === names.length ? range(seconds) : '',
  ]);
  return shortTable(['Clusters', 'State', 'After the merge'], body, { most, of: 'row' });
}

const symbols: Readonly<Record<Row['kind'], string>> = {
  failed: '❌',
  waiting: '🕓',
  'under way': '🕓',
  suspended: '⏸️',
  live: '✅',
};

function rowWords({ kind, deploy }: Row, { commit }: Landing): Words {
  const together: Words =
    deploy === undefined || deploy.commit === commit ? [] : [', with ', code(deploy.commit.slice(0, 7))];
  const keys = deploy?.suspended ?? [];
  const suspended: Words = keys.length === 0 || kind === 'suspended' ? [] : ['; suspended there: ', ...names(keys)];
  switch (kind) {
    case 'failed':
      return ['failed', ...together, ...more(deploy), ...suspended];
    case 'waiting':
      return ['nothing heard of it yet'];
    case 'under way':
      return ['on its way', ...together, ...suspended];
    case 'suspended':
      return ['suspended, and keeps what it had', ...(keys.length === 0 ? [] : [': ', ...names(keys)])];
    case 'live':
      return ['live', ...together, ...suspended];
  }
}

function more(deploy: Deploy | undefined): Words {
  const left = deploy?.moreFailures ?? 0;
  return left === 0 ? [] : [`, ${counted(left, 'more Kustomization')} too`];
}

function names(keys: readonly string[]): Words {
  return joined(
    keys.map((key) => [code(key)]),
    ', ',
  );
}

function range(seconds: readonly number[]): string {
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)];
  return least === most ? duration(least) : `${duration(least)} to ${duration(most)}`;
}

function notes({ expected, commit }: Landing, rows: readonly Row[]): string {
  const said: string[] = [];
  if (rows.some(({ kind }) => kind === 'failed'))
    said.push('Sluice goes on trying, and this says so as soon as it is live.');
  if (expected === undefined) said.push('The fleet could not be read, so there may be more clusters than these.');
  return said.length === 0 ? '' : markdown([`${said.join(' ')} Merged as `, code(commit.slice(0, 7)), '.'], 'line');
}
