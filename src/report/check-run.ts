// The report as a GitHub check run: title, summary and annotations on the lines at fault.
import { visible } from '../diff/visible.ts';
import { blocks } from './assemble.ts';
import { isRepositoryPath } from './escape.ts';
import { findingsOf } from './findings.ts';
import { headlineOf, reachesNothing } from './headline.ts';
import { type CommentOptions, renderComment } from './markdown/comment.ts';
import type { Report, ReportError, ReportViolation } from './report.ts';
import { clip, counted } from './words.ts';

export interface Annotation {
  /** In the repository, `/`-separated, never absolute, without `..`. */
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'notice' | 'warning' | 'failure';
  /** At most 255 characters; GitHub shows it and the message as plain text. */
  readonly title: string;
  readonly message: string;
}

export interface CheckRun {
  /** `neutral` and `skipped` would let a required check pass, so what blocks is never one of them. */
  readonly conclusion: 'success' | 'failure' | 'action_required';
  /** At most 60 characters, Sluice's own words alone. */
  readonly title: string;
  /** Markdown, at most 65,535 bytes. */
  readonly summary: string;
  /** At most 200, what blocks first; send them in batches of `annotationsPerRequest`. */
  readonly annotations: readonly Annotation[];
}

/** GitHub takes no more annotations in one request (REST, "Update a check run"). */
export const annotationsPerRequest = 50;

const mostAnnotations = 200;
const lastLine = 1_000_000;

/**
 * Returns the check run of a report. A finding whose path leaves the repository or whose line is no plausible one gets
 * no annotation; it stands in the summary. `action_required` says that nothing is left to fix but what the platform
 * team has to approve.
 */
export function renderCheckRun(report: Report, options: Pick<CommentOptions, 'link' | 'elsewhere'> = {}): CheckRun {
  const all = [...report.errors.map(ofError), ...report.violations.map(ofViolation)].filter(
    (annotation) => annotation !== undefined,
  );
  const annotations = all.slice(0, mostAnnotations);
  const left = all.length - annotations.length;
  const note = left === 0 ? '' : `\n\n*${counted(left, 'more line')} could be annotated; only the first 200 are.*`;
  const summary = renderComment(report, { ...options, maxBytes: 65_000 }) + note;
  return { conclusion: conclusionOf(report), title: titleOf(report), summary, annotations };
}

/** Splits annotations into the requests that GitHub takes; no annotation at all is one empty request. */
export function annotationBatches(annotations: readonly Annotation[]): readonly (readonly Annotation[])[] {
  const batches: Annotation[][] = [];
  for (let at = 0; at < annotations.length || at === 0; at += annotationsPerRequest) {
    batches.push(annotations.slice(at, at + annotationsPerRequest));
  }
  return batches;
}

function conclusionOf(report: Report): CheckRun['conclusion'] {
  if (report.verdict === 'pass') return 'success';
  const { errors, mustFix, approvals } = findingsOf(report);
  return errors.length === 0 && mustFix.length === 0 && approvals.length > 0 ? 'action_required' : 'failure';
}

function titleOf(report: Report): string {
  const { word, reason } = headlineOf(report);
  if (reachesNothing(report))
    return `Nothing to review: ${report.followers > 0 ? 'no object changes' : 'no cluster follows this'}`;
  const title = `${word}: ${reason}`;
  return title.length <= 60 ? title : clip(title.split(', ')[0] ?? title, 60);
}

function ofError({ code, message, remedy, file, line }: ReportError): Annotation | undefined {
  return annotation({ file, line, level: 'failure', title: code, text: [message, remedy] });
}

function ofViolation(violation: ReportViolation): Annotation | undefined {
  const { rule, object, file, line, message, remedy, waivedUntil } = violation;
  const exception = waivedUntil === null ? null : `Waived until ${waivedUntil}.`;
  const level = levelOf(violation);
  return annotation({ file, line, level, title: `${rule}: ${object}`, text: [message, remedy, exception] });
}

function levelOf(violation: ReportViolation): Annotation['level'] {
  if (blocks(violation)) return 'failure';
  return violation.severity === 'warn' ? 'warning' : 'notice';
}

function annotation(found: {
  readonly file: string | null;
  readonly line: number | null;
  readonly level: Annotation['level'];
  readonly title: string;
  readonly text: readonly (string | null)[];
}): Annotation | undefined {
  const { file, level } = found;
  const line = found.line ?? 1;
  if (file === null || !isRepositoryPath(file) || !Number.isSafeInteger(line) || line < 1 || line > lastLine) {
    return undefined;
  }
  const message = found.text.filter((part) => part !== null && part !== '').map((part) => visible(part ?? '', '\n'));
  return {
    path: file,
    startLine: line,
    endLine: line,
    level,
    title: clip(visible(found.title), 255),
    message: clip(message.join('\n'), 4_000) || 'See the summary.',
  };
}
