// Compares what a check or a review answered with what its change set expects.
import type { CheckRun } from '../lab/github/check.ts';
import type { Comment } from '../lab/github/issue.ts';
import { readMarker } from '../src/pull-request/marker.ts';
import type { Report } from '../src/report/report.ts';
import type { Change } from './changes.ts';

export interface Answer {
  readonly exit: number;
  /** The text report and what went to standard error. */
  readonly text: string;
  /** The JSON report; undefined where there was none. */
  readonly report: Report | undefined;
}

/** Sentences about what was not as expected; none where all was. */
export function surprises({ expect }: Change, { exit, text, report }: Answer): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, actual: unknown, expected: unknown): void => {
    const [is, was] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (is !== was) found.push(`${what} is ${is}, not ${was}`);
  };
  compare('exit code', exit, expect.exit);
  compare('verdict', report?.verdict, expect.verdict);
  const denied = report?.violations.filter(({ severity, waivedUntil }) => severity === 'deny' && waivedUntil === null);
  compare('denying rules', sorted(denied?.map(({ rule }) => rule)), sorted(expect.rules));
  compare('error codes', sorted(report?.errors.map(({ code }) => code)), sorted(expect.codes));
  for (const words of expect.says) if (!text.includes(words)) found.push(`the report does not say "${words}"`);
  const everything = text + JSON.stringify(report ?? {});
  for (const words of expect.hides) if (everything.includes(words)) found.push(`the report says "${words}"`);
  return found;
}

/** What stands on a pull request after its review. */
export interface PullAnswer {
  /** From the hidden first line of the comment; undefined where there is no comment of ours. */
  readonly verdict: string | undefined;
  readonly conclusion: string | null;
  /** The first column of the comment's tables of what blocks. */
  readonly rules: readonly string[];
  readonly codes: readonly string[];
  readonly comments: number;
  /** Everything that GitHub shows of the review. */
  readonly text: string;
}

/** Reads a check run and the App's comments, as a person would. */
export function answerOf(check: CheckRun, comments: readonly Comment[]): PullAnswer {
  const body = comments[0]?.body ?? '';
  return {
    verdict: readMarker(body)?.verdict,
    conclusion: check.conclusion,
    rules: [...firstColumn(body, 'Must fix'), ...firstColumn(body, 'Needs the platform team')],
    codes: firstColumn(body, 'Could not render'),
    comments: comments.length,
    text: [...comments.map((one) => one.body), check.title, check.summary, JSON.stringify(check.annotations)].join(
      '\n',
    ),
  };
}

/** What the rows of a section's table begin with. */
function firstColumn(body: string, title: string): readonly string[] {
  const section = body.split(/^(?=#### |<details>)/m).find((one) => one.startsWith(`#### ${title} (`)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, word]) => word ?? '');
}

const conclusions: Readonly<Record<string, readonly string[]>> = {
  pass: ['success'],
  blocked: ['failure', 'action_required'],
  error: ['failure'],
};

/** Sentences about a review that was not as expected; none where all was. */
export function pullSurprises({ expect }: Change, answer: PullAnswer): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, actual: unknown, expected: unknown): void => {
    const [is, was] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (is !== was) found.push(`${what} is ${is}, not ${was}`);
  };
  compare('number of comments', answer.comments, 1);
  compare('verdict', answer.verdict, expect.verdict);
  if (conclusions[expect.verdict]?.includes(answer.conclusion ?? '') !== true)
    found.push(`the check ended with ${answer.conclusion}`);
  compare('denying rules', sorted(answer.rules), sorted(expect.rules));
  compare('error codes', sorted(answer.codes), sorted(expect.codes));
  for (const words of expect.says) if (!answer.text.includes(words)) found.push(`the comment does not say "${words}"`);
  for (const words of expect.hides) if (answer.text.includes(words)) found.push(`the comment says "${words}"`);
  return found;
}

function sorted(words: readonly string[] | undefined): readonly string[] {
  return [...new Set(words)].toSorted();
}
