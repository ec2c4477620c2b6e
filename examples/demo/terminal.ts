// `npm run demo -- --terminal`: the sample organisation in a temporary folder, each change set checked as on the command line.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import type { Terminal } from '../../src/command-line/terminal.ts';
import { createToolbox, run, type Toolbox } from '../../src/main.ts';
import type { Report } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text.ts';
import { surprises } from '../expectation.ts';
import {
  applyChange,
  backToMain,
  type Change,
  checkArguments,
  createOrganisation,
  type Organisation,
} from '../organisation.ts';
import { bold, colour, dim, say, width, writeTable } from './page.ts';

interface Result {
  readonly change: Change;
  readonly verdict: string;
  readonly spoke: readonly string[];
  readonly seconds: number;
  readonly surprises: readonly string[];
}

const { stderr } = process;

/** Checks the change sets. Returns 1 where one was not as its file expects. */
export async function checkOnTerminal(changes: readonly Change[], keep: boolean): Promise<number> {
  const started = performance.now();
  const dir = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const toolbox = createToolbox(process.env);
  try {
    say(bold('Acme: two clusters, three teams, and what Sluice says about each change'));
    say('The platform repository and those of the teams checkout, catalog and media are made in a temporary');
    say('folder. Each change is committed on a branch there and reviewed as `sluice check` would.');
    const organisation = await createOrganisation(dir);
    const results: Result[] = [];
    for (const change of changes) results.push(await show(organisation, change, toolbox));
    closing(results, (performance.now() - started) / 1000);
    if (keep) say(`The repositories are in ${dir}`);
    return results.length > 0 && results.every((result) => result.surprises.length === 0) ? 0 : 1;
  } finally {
    await toolbox.close();
    if (!keep) await rm(dir, { recursive: true, force: true });
  }
}

async function show(organisation: Organisation, change: Change, toolbox: Toolbox): Promise<Result> {
  const title = `── ${change.id.slice(0, 2)} ${change.title} `;
  const from = ` ${change.repository} ──`;
  say(`\n${bold(title + '─'.repeat(Math.max(2, width - title.length - from.length)) + from)}`);
  say(dim(change.shows));
  const applied = await applyChange(organisation, change);
  const argv = [...checkArguments(organisation, change.repository), '--head', applied.branch];
  say(dim(`${command(argv, organisation.dir)}\n`));
  const started = performance.now();
  const { exit, out, error } = await sluice([...argv, '--format', 'json'], toolbox);
  const seconds = (performance.now() - started) / 1000;
  await backToMain(applied);
  // The report as the command would write it here, from the one check that was made.
  const report = out === '' ? undefined : (JSON.parse(out) as Report);
  const text = report === undefined ? error : renderText(report, { colour, width });
  say(text.trimEnd());
  const odd = surprises(change, { exit, text, report });
  if (odd.length === 0)
    say(dim(`\n(as expected: ${change.expect.verdict}, exit code ${exit}, ${seconds.toFixed(2)} s)`));
  for (const surprise of odd) say(styleText('red', `\nNOT AS EXPECTED: ${surprise}`));
  const spoke = [
    ...(report?.violations.filter(({ waivedUntil }) => waivedUntil === null).map(({ rule }) => rule) ?? []),
    ...(report?.errors.map(({ code }) => code) ?? [/\[([a-zA-Z.]+)\]/.exec(error)?.[1] ?? 'no report']),
  ];
  return { change, verdict: report?.verdict ?? 'error', spoke: [...new Set(spoke)], seconds, surprises: odd };
}

/** What a person would type in the organisation's folder, on as many lines as it takes. */
function command(argv: readonly string[], dir: string): string {
  const line = `$ sluice ${argv.join(' ').replaceAll(`${dir}/`, '')}`;
  return line.length <= width ? line : line.replaceAll(' --', ' \\\n    --');
}

/** Runs the command line in this process, and shows what it waits for where somebody watches. */
async function sluice(
  argv: readonly string[],
  toolbox: Toolbox,
): Promise<{ readonly exit: number; readonly out: string; readonly error: string }> {
  const said = { out: '', error: '' };
  const terminal: Terminal = {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      if (text.startsWith('sluice: ')) said.error += text;
      else if (stderr.isTTY) stderr.write(text);
    },
    colour: false,
    live: true,
    width,
  };
  const exit = await run(argv, terminal, toolbox, new Date().toISOString().slice(0, 10));
  return { exit, ...said };
}

function closing(results: readonly Result[], seconds: number): void {
  const rows = results.map(({ change, verdict, spoke, seconds: took, surprises: odd }) => [
    change.id,
    odd.length === 0 ? verdict : `${verdict} (!)`,
    took.toFixed(2),
    spoke.join(', '),
  ]);
  say(`\n${bold(`── In short ${'─'.repeat(width - 12)}`)}`);
  writeTable([['change', 'verdict', 'seconds', 'rules and errors'], ...rows]);
  const odd = results.filter((result) => result.surprises.length > 0).map(({ change }) => change.id);
  const outcome = odd.length === 0 ? 'all as expected' : `NOT as expected: ${odd.join(', ')}`;
  say(`\n${results.length} changes in ${seconds.toFixed(1)} s: ${outcome}.`);
}
