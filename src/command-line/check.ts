// `sluice check` on a person's machine: adapters made, report written, exit code.
import { check } from '../check.ts';
import type { CheckTools } from '../checkout/options.ts';
import { renderJson } from '../report/json.ts';
import { renderComment } from '../report/markdown/comment.ts';
import type { Report } from '../report/report.ts';
import { renderText } from '../report/text.ts';
import type { CheckArguments } from './arguments.ts';
import type { Terminal } from './terminal.ts';

/** Exit code of a report: 0 pass, 1 blocked, 2 could not tell. */
export function exitCode(report: Report): 0 | 1 | 2 {
  if (report.verdict === 'error') return 2;
  return report.verdict === 'blocked' ? 1 : 0;
}

export async function runCheck(asked: CheckArguments, tools: CheckTools, today: string): Promise<Report> {
  const { directory, platform, as, base, head, repositories } = asked;
  const report = await check({ directory, platform, as, base, head, repositories, today }, tools);
  tools.progress('writing the report');
  return report;
}

export function render(report: Report, asked: CheckArguments, terminal: Terminal): string {
  if (asked.format === 'json') return `${renderJson(report)}\n`;
  if (asked.format === 'markdown') return `${renderComment(report)}\n`;
  return renderText(report, { colour: terminal.colour, width: terminal.width });
}
