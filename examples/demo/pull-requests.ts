// `npm run demo`: opens every change set as a pull request by pushing it, waits for the App's reviews, and stays up.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { ensureBinary } from '../../src/adapters/renderer/binary.ts';
import { progressOn } from '../../src/command-line/terminal.ts';
import { asSluiceError } from '../../src/errors.ts';
import { stopRequested } from '../../src/roles.ts';
import { createToolbox, type Toolbox } from '../../src/toolbox.ts';
import type { Change } from '../changes.ts';
import { answerOf, pullSurprises } from '../expectation.ts';
import type { LabGitHub } from '../../lab/github/github.ts';
import { HostedOrganisation, type Opened, person } from '../hosted.ts';
import { DemoClusters } from './clusters.ts';
import { awaitFleet, mergeAndDeploy, mergedChange, putRight } from './deploy.ts';
import { bold, dim, say, width, writeTable } from './page.ts';

export interface PullRequestOptions {
  /** End after the last step. */
  readonly once: boolean;
  /** Deploy to two clusters, too. */
  readonly deploy: boolean;
  readonly port?: number;
  readonly log?: string;
}

interface Result {
  readonly change: Change;
  readonly opened: Opened;
  readonly address: string;
  readonly verdict: string;
  readonly check: string;
  readonly seconds: number;
  readonly surprises: readonly string[];
}

/** Returns 1 where a review was not as its change set expects. */
export async function reviewPullRequests(changes: readonly Change[], options: PullRequestOptions): Promise<number> {
  say(bold('Acme: two clusters, three teams, and what Sluice says on each pull request'));
  say('A small GitHub runs on this machine, with the platform repository and those of the teams checkout,');
  say('catalog and media. Sluice is installed there as an App: pushes send webhooks, reviews come back.\n');
  // Ctrl-C ends it tidily at any time.
  const stop = stopRequested();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const toolbox = createToolbox(process.env);
  try {
    await waitFor('The renderer (built once; minutes where Go has to fetch its libraries)', buildRenderer);
    const clusters = options.deploy ? await startClusters(folder) : undefined;
    try {
      const hosted = await waitFor('The GitHub and the App', () => start(folder, toolbox, options, clusters));
      try {
        return await reviewAll(hosted, changes, { once: options.once, stop, clusters });
      } finally {
        await hosted.stop();
      }
    } finally {
      await clusters?.stop();
    }
  } catch (thrown) {
    const { message, remedy, code } = asSluiceError(thrown);
    process.stderr.write(`demo: ${message} [${code}]${remedy === undefined ? '' : `\n  ${remedy}`}\n`);
    return 1;
  } finally {
    await toolbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function startClusters(folder: string): Promise<DemoClusters> {
  return waitFor('Two Kubernetes clusters (built once, for minutes: API server, etcd, controllers, nodes)', () =>
    DemoClusters.start(folder, (step) => say(dim(`  ${step}`))),
  );
}

function start(
  folder: string,
  toolbox: Toolbox,
  { port, log }: PullRequestOptions,
  clusters: DemoClusters | undefined,
): Promise<HostedOrganisation> {
  const bootstrap = (github: LabGitHub): Promise<string> | undefined => {
    say(dim('  sluice bootstrap makes both clusters ready'));
    return clusters?.bootstrap(github, toolbox, () => {});
  };
  return HostedOrganisation.start({
    ...(clusters === undefined ? {} : { clusters: async (github) => (await bootstrap(github)) ?? '' }),
    folder,
    toolbox,
    progress: (step) => say(dim(`  ${step}`)),
    ...(port === undefined ? {} : { port }),
    ...(log === undefined ? {} : { log }),
  });
}

async function buildRenderer(): Promise<void> {
  const override = process.env['SLUICE_RENDERER'];
  const { stderr } = process;
  const live = stderr.isTTY === true;
  const error = (text: string): void => void stderr.write(text);
  const { progress, clear } = progressOn({ out: error, error, colour: false, live, width });
  const root = join(import.meta.dirname, '..', '..');
  await ensureBinary({
    sources: join(root, 'renderer'),
    cache: join(root, '.cache', 'renderer'),
    environment: process.env,
    progress,
    ...(override === undefined ? {} : { override }),
  });
  clear();
}

async function waitFor<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
  const started = performance.now();
  say(`${what} …`);
  const value = await work();
  say(dim(`  ready after ${seconds(started).toFixed(1)} s`));
  return value;
}

interface Until {
  readonly once: boolean;
  readonly stop: Promise<void>;
  readonly clusters: DemoClusters | undefined;
}

async function reviewAll(
  hosted: HostedOrganisation,
  changes: readonly Change[],
  { once, stop, clusters }: Until,
): Promise<number> {
  const { address } = hosted.github;
  say(`\nOpen ${bold(address)} in a browser; it fills while you look.\n`);
  const started = performance.now();
  const results: Result[] = [];
  for (const change of changes) {
    const result = await Promise.race([review(hosted, change), stop]);
    if (result === undefined) return 130;
    results.push(result);
  }
  closing(results, seconds(started));
  const odd = clusters === undefined ? [] : await Promise.race([deployed(hosted, clusters, results), stop]);
  if (odd === undefined) return 130;
  for (const one of odd) say(styleText('red', `NOT AS EXPECTED: ${one}`));
  const asExpected = odd.length === 0 && results.every(({ surprises }) => surprises.length === 0);
  if (!once) {
    say(`\nIt stays up at ${bold(address)} until you press Ctrl-C. Push something yourself:`);
    say(`  git clone ${hosted.github.cloneUrl('acme/checkout-manifests', person)}`);
    say('and push to the branch of a pull request, or merge one that passes: the reviews follow.');
    await stop;
    say('\nStopping.');
  }
  return asExpected ? 0 : 1;
}

/** The fleet is live, one of the pull requests is merged and follows, and a change by hand does not last. */
async function deployed(
  hosted: HostedOrganisation,
  clusters: DemoClusters,
  results: readonly Result[],
): Promise<readonly string[]> {
  await awaitFleet(clusters);
  const passed = results.find(({ change }) => change.id === mergedChange);
  const merged = passed === undefined ? [] : await mergeAndDeploy(hosted, clusters, passed.opened);
  return [...merged, ...(await putRight(clusters))];
}

async function review(hosted: HostedOrganisation, change: Change): Promise<Result> {
  const started = performance.now();
  const opened = await hosted.open(change);
  const { check, comments } = await hosted.reviewed(opened);
  const answer = answerOf(check, comments);
  const surprises = pullSurprises(change, answer);
  const took = seconds(started);
  say(`${bold(change.title)} ${dim(`${opened.repository}#${opened.number}, ${took.toFixed(1)} s`)}`);
  say(`  ${opened.address}`);
  say(`  ${check.title ?? '(no title)'}`);
  for (const surprise of surprises) say(styleText('red', `  NOT AS EXPECTED: ${surprise}`));
  const conclusion = check.conclusion ?? 'none';
  return {
    change,
    opened,
    address: opened.address,
    verdict: answer.verdict ?? 'none',
    check: conclusion,
    seconds: took,
    surprises,
  };
}

function closing(results: readonly Result[], total: number): void {
  say(`\n${bold(`── In short ${'─'.repeat(width - 12)}`)}`);
  writeTable([
    ['pull request', 'address', 'verdict', 'check', 'expected', 'seconds'],
    ...results.map(({ change, address, verdict, check, seconds: took, surprises }) => [
      change.id,
      address,
      verdict,
      check,
      surprises.length === 0 ? 'yes' : `NO: ${change.expect.verdict}`,
      took.toFixed(1),
    ]),
  ]);
  const odd = results.filter(({ surprises }) => surprises.length > 0).map(({ change }) => change.id);
  const outcome = odd.length === 0 ? 'all as expected' : `NOT as expected: ${odd.join(', ')}`;
  say(`\n${results.length} pull requests in ${total.toFixed(1)} s: ${outcome}.`);
}

function seconds(since: number): number {
  return (performance.now() - since) / 1000;
}
