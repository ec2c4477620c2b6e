// A check run's text within GitHub's limits: 65,535 characters, 50 annotations a call.
// https://docs.github.com/rest/checks/runs#create-a-check-run
import type { CheckAnnotation, CheckOutput } from '../../ports/github.ts';

export const annotationsPerCall = 50;
export const textLimit = 65_535;
const messageLimit = 64 * 1024 - 1;
const titleLimit = 255;

export interface WireAnnotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly annotation_level: CheckAnnotation['level'];
  readonly title: string;
  readonly message: string;
}

export interface WireOutput {
  readonly title: string;
  readonly summary: string;
  readonly annotations: readonly WireAnnotation[];
}

/**
 * Splits an output into what each call carries: the same title and summary, and at most 50 annotations, which GitHub
 * appends. At least one; in the annotations' order.
 */
export function outputsOf(output: CheckOutput): readonly WireOutput[] {
  const title = cut(output.title, titleLimit, ' …');
  const summary = cut(output.summary, textLimit, '\n\n*… cut here: GitHub takes no more than 65,535 bytes.*');
  const annotations = output.annotations.map(wire);
  const calls: WireOutput[] = [{ title, summary, annotations: annotations.slice(0, annotationsPerCall) }];
  for (let at = annotationsPerCall; at < annotations.length; at += annotationsPerCall)
    calls.push({ title, summary, annotations: annotations.slice(at, at + annotationsPerCall) });
  return calls;
}

function wire(annotation: CheckAnnotation): WireAnnotation {
  const start = Math.max(1, annotation.startLine);
  return {
    path: annotation.path,
    start_line: start,
    end_line: Math.max(start, annotation.endLine),
    annotation_level: annotation.level,
    title: cut(annotation.title, titleLimit, ' …'),
    message: cut(annotation.message, messageLimit, ' … (cut at 64 KB)'),
  };
}

/** Returns `text` in at most `maxBytes` of UTF-8, whole characters, ending with `ending` where something was left out. */
export function cut(text: string, maxBytes: number, ending: string): string {
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= maxBytes) return text;
  let end = maxBytes - Buffer.byteLength(ending);
  // Back to the first byte of a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString() + ending;
}
