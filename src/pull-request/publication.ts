// What GitHub shows of a review: one check run on the head, one comment that is edited in place.
import { SluiceError } from '../errors.ts';
import type { CheckConclusion, CheckOutput, CheckRun, GitHub, PullRequest, RepositoryId } from '../ports/github.ts';
import { annotationBatches, renderCheckRun } from '../report/check-run.ts';
import { renderComment } from '../report/markdown/comment.ts';
import { linksBelow } from '../report/markdown/table.ts';
import type { Report, Verdict } from '../report/report.ts';
import { flipReply, markerPrefix, printMarker, printReplyMarker, readMarker, replyPrefix } from './marker.ts';

/** A comment of ours as GitHub last had it. */
export interface CommentState {
  readonly id: number;
  readonly body: string;
}

/**
 * What this process knows of pull requests, by `<repository id>/<number>`. Read again from GitHub where it is not known;
 * forgetting an entry costs two calls and nothing else.
 */
export interface PullMemory {
  readonly comments: Map<string, CommentState>;
  readonly checks: Map<string, CheckRun>;
  /** Pushes after which no check was left open. */
  readonly settledMoves: Set<number>;
}

export function newPullMemory(): PullMemory {
  return { comments: new Map(), checks: new Map(), settledMoves: new Set() };
}

const mostRemembered = 2_000;

function remembered<Value>(map: Map<string, Value>, key: string, value: Value): Value {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostRemembered && oldest !== undefined) map.delete(oldest);
  return value;
}

function keyOf(pull: PullRequest): string {
  return `${pull.repository.repository}/${pull.number}`;
}

/**
 * The check run of a head, open: the one that is there already (from an earlier attempt, an event that came twice or a
 * review against another base), or a new one. Others that were left open are closed, so that one remains.
 */
export async function announce(
  github: GitHub,
  memory: PullMemory,
  pull: PullRequest,
  again: boolean,
): Promise<CheckRun> {
  const check = await findCheck(github, memory, pull, again);
  if (check === undefined) {
    const externalId = `pull/${pull.number}`;
    const started = await github.startCheck(pull.repository, pull.head.sha, announcement, externalId);
    return remembered(memory.checks, keyOf(pull), started);
  }
  // What it said was about another base, or another fleet.
  if (check.completed) await github.updateCheck(pull.repository, check.id, announcement);
  return remembered(memory.checks, keyOf(pull), { ...check, completed: false });
}

const announcement: CheckOutput = {
  title: 'Reviewing',
  summary: 'Rendering what merging would change on every cluster.',
  annotations: [],
};

async function findCheck(
  github: GitHub,
  memory: PullMemory,
  pull: PullRequest,
  again: boolean,
): Promise<CheckRun | undefined> {
  const known = memory.checks.get(keyOf(pull));
  if (known !== undefined && known.head !== pull.head.sha && !known.completed)
    await closeCheck(github, memory, pull, known, 'Superseded by a newer commit');
  if (known !== undefined && !again) return known.head === pull.head.sha ? known : undefined;
  const [newest, ...older] = await github.checkRuns(pull.repository, pull.head.sha);
  for (const one of older.filter(({ cancelled }) => cancelled !== true))
    await cancelCheck(github, pull.repository, one);
  return newest;
}

/** Ends a check that will have no verdict: as a rule, one beside which there is a newer one on the same commit. */
export async function cancelCheck(
  github: GitHub,
  at: RepositoryId,
  { id }: CheckRun,
  title = 'A later attempt took over',
): Promise<void> {
  await github.updateCheck(at, id, { title, summary: `${title}.`, annotations: [] }, 'cancelled');
}

/** Ends the checks that an attempt, which was lost since, left open on a commit that is the head no more. */
export async function closeLeft(github: GitHub, memory: PullMemory, pull: PullRequest, head: string): Promise<void> {
  const known = memory.checks.get(keyOf(pull));
  if (known?.head === head && known.completed) return;
  const open = (await github.checkRuns(pull.repository, head)).filter(({ completed }) => !completed);
  for (const one of open) await closeCheck(github, memory, pull, one, 'Superseded by a newer commit');
}

/** Ends a check that nobody needs any more; never a success. */
export async function closeCheck(
  github: GitHub,
  memory: PullMemory,
  pull: PullRequest,
  check: CheckRun,
  title: string,
): Promise<void> {
  await github.updateCheck(pull.repository, check.id, { title, summary: `${title}.`, annotations: [] }, 'cancelled');
  completed(memory, pull, check);
}

/** Completes a pull request's check with a report. */
export async function completeCheck(
  github: GitHub,
  memory: PullMemory,
  pull: PullRequest,
  check: CheckRun,
  report: Report,
): Promise<void> {
  await completeCheckOn(github, pull.repository, check, report);
  completed(memory, pull, check);
}

function completed(memory: PullMemory, pull: PullRequest, { id }: CheckRun): void {
  const known = memory.checks.get(keyOf(pull));
  if (known?.id === id) memory.checks.set(keyOf(pull), { ...known, completed: true });
}

/** Completes the check with a report, annotations in as many requests as GitHub wants. */
export async function completeCheckOn(
  github: GitHub,
  at: RepositoryId,
  check: CheckRun,
  report: Report,
): Promise<void> {
  const { conclusion, title, summary, annotations } = renderCheckRun(report);
  const [first = [], ...rest] = annotationBatches(annotations);
  const final: CheckConclusion = report.followers === 0 && report.verdict === 'pass' ? 'neutral' : conclusion;
  for (const batch of rest) await github.updateCheck(at, check.id, { title, summary, annotations: batch });
  await github.updateCheck(at, check.id, { title, summary, annotations: first }, final);
}

/** The check run of a commit that no pull request is about: the newest that is there, or a new one. */
export async function startOrFindCheck(
  github: GitHub,
  at: RepositoryId,
  head: string,
  externalId: string,
): Promise<CheckRun> {
  const [newest] = await github.checkRuns(at, head);
  return newest ?? (await github.startCheck(at, head, announcement, externalId));
}

/** Writes the comment: created once, edited when it changed, with a short reply when the verdict flipped. */
export async function comment(
  github: GitHub,
  memory: PullMemory,
  pull: PullRequest,
  report: Report,
  again: boolean,
): Promise<void> {
  const key = keyOf(pull);
  const marker = printMarker({ head: pull.head.sha, verdict: report.verdict });
  const link = linksBelow(`${report.source}/blob/${pull.head.sha}`);
  const body = renderComment(report, { marker, link });
  const recent = again ? undefined : memory.comments.get(key);
  // That nothing is to be written is only known from GitHub: another worker may have written since.
  const known = recent === undefined || recent.body === body ? await readOwn(github, pull) : recent;
  if (known === undefined) {
    // A repository that no cluster reads gets no comment.
    if (report.followers === 0 && report.verdict === 'pass') return;
    await create(github, memory, pull, body);
    return;
  }
  if (known.body === body) return;
  await reply(github, pull, readMarker(known.body)?.verdict, report.verdict, again);
  await edit(github, memory, pull, known, body);
}

async function create(github: GitHub, memory: PullMemory, pull: PullRequest, body: string): Promise<void> {
  await github.createComment(pull.repository, pull.number, body);
  // Another worker may have had the same thought: the oldest comment stays.
  const kept = await readOwn(github, pull);
  if (kept === undefined) return;
  remembered(memory.comments, keyOf(pull), kept);
  if (kept.body !== body) await edit(github, memory, pull, kept, body);
}

async function edit(
  github: GitHub,
  memory: PullMemory,
  pull: PullRequest,
  known: CommentState,
  body: string,
): Promise<void> {
  const key = keyOf(pull);
  memory.comments.delete(key);
  try {
    await github.updateComment(pull.repository, known.id, body);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'github.gone') throw error;
    // Somebody has deleted it.
    await github.createComment(pull.repository, pull.number, body);
    return;
  }
  remembered(memory.comments, key, { id: known.id, body });
}

/** Our comment as GitHub has it; where there are several, the oldest, and the others are removed. */
async function readOwn(github: GitHub, pull: PullRequest): Promise<CommentState | undefined> {
  const [oldest, ...more] = await github.comments(pull.repository, pull.number, markerPrefix);
  for (const one of more) await github.deleteComment(pull.repository, one.id);
  return oldest;
}

async function reply(
  github: GitHub,
  pull: PullRequest,
  before: Verdict | undefined,
  after: Verdict,
  again: boolean,
): Promise<void> {
  const words = flipReply(before, after, pull.head.sha);
  if (words === undefined) return;
  const said = again ? await github.comments(pull.repository, pull.number, replyPrefix) : [];
  if (said.some(({ body }) => body.startsWith(printReplyMarker(pull.head.sha)))) return;
  await github.createComment(pull.repository, pull.number, words);
}
