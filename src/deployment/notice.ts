// The one short comment of a merge that failed somewhere: the long one is edited, which notifies nobody.
import { markdown } from '../report/escape.ts';
import { nameWords } from '../report/findings.ts';
import { clip, code, prose, type Words } from '../report/words.ts';
import { explain } from './remedy.ts';
import type { Row } from './section.ts';

/** Every such comment starts with this; the App's id, never this, says that it is ours. */
export const noticePrefix = '<!-- sluice:deploy-failed ';

/** `<!-- sluice:deploy-failed commit=3f9c… -->` */
export function printNoticeMarker(commit: string): string {
  return `${noticePrefix}commit=${commit} -->`;
}

/**
 * Returns what the short comment says now: what failed first, and what to do; or, once nothing is failed any more, that it
 * is live after all. Undefined where nothing failed and none was written.
 */
export function renderNotice(rows: readonly Row[], commit: string, written: boolean): string | undefined {
  const failed = rows.filter(({ kind }) => kind === 'failed');
  const [first] = failed;
  if (first === undefined) return written ? `${printNoticeMarker(commit)}\n${recovered(commit)}` : undefined;
  const where = nameWords(
    failed.map(({ cluster }) => cluster),
    4,
  );
  const words: Words = [
    '❌ ',
    code(commit.slice(0, 7)),
    ' was merged and is not live on ',
    ...where,
    '.',
    ...why(first),
  ];
  return `${printNoticeMarker(commit)}\n${markdown(words, 'line')}`;
}

function why({ deploy }: Row): Words {
  const [failure] = deploy?.failures ?? [];
  if (failure === undefined) return [];
  const { why: message, remedy } = explain(failure);
  const told: Words = message === '' ? ['.'] : [': ', prose(clip(message, 400))];
  const said: Words = [' Kustomization ', code(failure.key), ' says ', code(failure.reason), ...told];
  return [...said, '\n\n**What to do:** ', prose(clip(remedy, 400))];
}

function recovered(commit: string): string {
  return `✅ ${markdown([code(commit.slice(0, 7))], 'line')} is live now where it had failed at first.`;
}
