// Compares what a check answered with what its change set expects.
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

function sorted(words: readonly string[] | undefined): readonly string[] {
  return [...new Set(words)].toSorted();
}
