// Sentences that mix our own words with a tenant's text, before a rendering decides how each is shown.
import { visible } from '../diff/visible.ts';

/**
 * A piece of a sentence. A bare string is Sluice's own; `code` is a tenant's value, shown verbatim and marked as such;
 * `prose` is a sentence that a rule or an adapter wrote, with values of tenants inside.
 */
export type Word = string | { readonly code: string } | { readonly prose: string };
export type Words = readonly Word[];

/** Returns a tenant's value as a word. */
export function code(text: string): Word {
  return { code: text };
}

/** Returns a sentence that may quote tenants as a word. */
export function prose(text: string): Word {
  return { prose: text };
}

/** `1 grant`, `2 grants`, `1,200 diffs`; the plural is the singular with an s unless given. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural}`;
}

/** Joins pieces with a separator between each two. */
export function joined(pieces: readonly Words[], separator: string): Words {
  return pieces.flatMap((piece, index) => (index === 0 ? piece : [separator, ...piece]));
}

/** Cuts a text to a number of UTF-16 units and says so with `…`; never inside a character. */
export function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

export interface ProsePart {
  readonly text: string;
  readonly plain: boolean;
}

/**
 * Splits a sentence into plain parts, which hold nothing but ASCII letters, short numbers and simple punctuation, and
 * the rest: what was quoted (without its quotes) and every word that could mean something to Markdown, to GitHub
 * (`@name`, `#12`, a commit, an address, `:emoji:`) or to a person's eye. White space is folded.
 */
export function proseParts(sentence: string, most = 600): readonly ProsePart[] {
  const folded = clip(visible(sentence.replaceAll(/[ \t\r\n]+/g, ' ').trim()), most);
  const parts: ProsePart[] = [];
  for (const [token, ticked, quoted] of folded.matchAll(/`([^`]+)`|"((?:[^"\\]|\\.)+)"|[^ `"]+|[ `"]/g)) {
    const verbatim = ticked ?? quoted;
    if (verbatim !== undefined) parts.push({ text: verbatim, plain: false });
    else parts.push(...wordParts(token));
  }
  return merged(parts);
}

const plainWord = /^[A-Za-z]+(?:['-][A-Za-z]+)*$/;
const plainNumber = /^\d{1,6}$/;
const commit = /(?:^|-)[a-f]{7,40}(?:-|$)/i;
const punctuation = /^(?:[,.;:!?]+|[–→·…])$/;

function wordParts(token: string): ProsePart[] {
  if (token === ' ' || isPlain(token) || punctuation.test(token)) return [{ text: token, plain: true }];
  const { lead, body, tail } = peeled(token);
  return [
    { text: lead, plain: true },
    { text: body, plain: isPlain(body) },
    { text: tail, plain: true },
  ].filter(({ text }) => text !== '');
}

function isPlain(word: string): boolean {
  return (plainWord.test(word) && !commit.test(word)) || plainNumber.test(word);
}

function merged(parts: readonly ProsePart[]): ProsePart[] {
  const result: ProsePart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last?.plain === part.plain) result[result.length - 1] = { text: last.text + part.text, plain: part.plain };
    else result.push(part);
  }
  return result;
}

/** An opening parenthesis, then what is said, which is never nothing, then a closing one and the marks of a sentence. */
function peeled(token: string): { readonly lead: string; readonly body: string; readonly tail: string } {
  const start = token.startsWith('(') && token.length > 1 ? 1 : 0;
  let end = token.length;
  while (end > start + 1 && ',.;:!?'.includes(token[end - 1] ?? ' ')) end -= 1;
  if (end > start + 1 && token[end - 1] === ')') end -= 1;
  return { lead: token.slice(0, start), body: token.slice(start, end), tail: token.slice(end) };
}
