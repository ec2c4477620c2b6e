// The hidden first line of our comment: what the next review wants to know of the last one.
import type { Verdict } from '../report/report.ts';

/** Every comment of ours starts with this; the App's id, never this, says that it is ours. */
export const markerPrefix = '<!-- sluice:v1 ';
export const replyPrefix = '<!-- sluice:reply ';

export interface Marker {
  readonly head: string;
  readonly verdict: Verdict;
}

/** What stands in the comment's hidden first line: `sluice:v1 head=3f9c… verdict=blocked` */
export function printMarker({ head, verdict }: Marker): string {
  return `sluice:v1 head=${head} verdict=${verdict}`;
}

/** The marker of a comment of ours; undefined where it was changed by hand. */
export function readMarker(body: string): Marker | undefined {
  const found = /^<!-- sluice:v1 head=([0-9a-f]{40}) verdict=(pass|blocked|error) -->/.exec(body);
  return found === null ? undefined : { head: found[1] ?? '', verdict: found[2] as Verdict };
}

/** `<!-- sluice:reply head=3f9c… -->`: the short comment that says that the verdict flipped at this head. */
export function printReplyMarker(head: string): string {
  return `${replyPrefix}head=${head} -->`;
}

/** What the short comment says; edits of the long one notify nobody. Undefined where nothing flipped. */
export function flipReply(before: Verdict | undefined, after: Verdict, head: string): string | undefined {
  if (before === undefined || (before === 'pass') === (after === 'pass')) return undefined;
  const commit = `\`${head.slice(0, 7)}\``;
  const words =
    after === 'pass'
      ? `✅ ${commit} passes now. The report above says what merging does.`
      : `⛔ ${commit} may not be merged any more. The report above says why.`;
  return `${printReplyMarker(head)}\n${words}`;
}
