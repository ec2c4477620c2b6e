// Shows any text inside GitHub Markdown so that it stays text: no link, mention, reference, image, HTML or emoji, and
// no way out of its code span, fence or table cell.
import { visible } from '../diff/visible.ts';
import { clip, proseParts, type Word, type Words } from './words.ts';

/** Where a text stands: cells of tables must not hold a bare `|`. */
export type Surrounding = 'line' | 'cell';

/**
 * Returns a code span that shows the text and nothing else. Characters that do not show are written as `\u{202e}`;
 * more than `most` characters end in `…`; an empty text is `(empty)`.
 */
export function codeSpan(text: string, where: Surrounding, most = 160): string {
  const shown = clip(visible(text), most);
  if (shown === '') return '(empty)';
  const ticks = '`'.repeat(longestRun(shown) + 1);
  const pad = /^[ `]|[ `]$/.test(shown) ? ' ' : '';
  return `${ticks}${pad}${where === 'cell' ? withoutPipes(shown) : shown}${pad}${ticks}`;
}

// GFM splits cells before it sees code spans and takes `\|` for a pipe, but not after another backslash; there a
// broken bar stands for it.
function withoutPipes(text: string): string {
  return text.replaceAll(/(?<!\\)\\+\|/g, (run) => `${run.slice(0, -1)}¦`).replaceAll('|', '\\|');
}

/** Returns a fenced block that holds the text whatever it holds; line feeds and tabs stay, the rest is made visible. */
export function fenced(text: string, language: 'diff' | 'text'): string {
  const shown = visible(text, '\n\t');
  const ticks = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  return `${ticks}${language}\n${shown}\n${ticks}`;
}

function longestRun(text: string): number {
  let longest = 0;
  for (const run of text.matchAll(/`+/g)) longest = Math.max(longest, run[0].length);
  return longest;
}

/** Renders a sentence as Markdown: our own words as they are, everything else in code spans where it is not plain. */
export function markdown(words: Words, where: Surrounding): string {
  return words.map((word) => markdownWord(word, where)).join('');
}

function markdownWord(word: Word, where: Surrounding): string {
  if (typeof word === 'string') return word;
  if ('code' in word) return codeSpan(word.code, where);
  return proseParts(word.prose)
    .map(({ text, plain }) => (plain ? text : codeSpan(text, where)))
    .join('');
}

/** Renders a sentence as one line of HTML, for the inside of `<summary>`. */
export function html(words: Words): string {
  return words.map(htmlWord).join('');
}

function htmlWord(word: Word): string {
  if (typeof word === 'string') return entities(word);
  if ('code' in word) return htmlCode(word.code);
  return proseParts(word.prose)
    .map(({ text, plain }) => (plain ? entities(text) : htmlCode(text)))
    .join('');
}

function htmlCode(text: string): string {
  const shown = clip(visible(text), 160);
  return shown === '' ? '(empty)' : `<code>${entities(shown)}</code>`;
}

function entities(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * Tells whether a path may stand in a link or an annotation: relative, inside the repository, without `.` and `..`,
 * backslashes or characters that do not show, at most 1,024 characters.
 */
export function isRepositoryPath(path: string): boolean {
  if (path === '' || path.length > 1024 || path.includes('\\') || path !== visible(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
