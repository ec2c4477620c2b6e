// Text of controllers and kubelets, made short and safe for a condition or a report.
import { visible } from '../diff/visible.ts';

const longest = 240;

/** A text on one line, with nothing invisible in it, at most 240 characters; `…` where it was cut. */
export function brief(text: string, most: number = longest): string {
  const line = visible(
    text
      .slice(0, most * 4)
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** `2 of 3 replicas ready` */
export function progress(have: number, want: number, what: string): string {
  return `${have} of ${want} replicas ${what}`;
}
