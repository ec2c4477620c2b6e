// Comments as GitHub draws them: GitHub-flavoured Markdown by micromark, then cleaned by GitHub's rules.
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import sanitize from 'sanitize-html';
import { Markup } from './html.ts';

const tags =
  'h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody tfoot blockquote' +
  ' dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr bdo cite dfn mark small span time wbr input section';

/** As in GitHub's own cleaning of Markdown: https://github.com/gjtorikian/html-pipeline (sanitization filter). */
const allowed: sanitize.IOptions = {
  allowedTags: tags.split(' '),
  allowedAttributes: {
    '*': ['align', 'width', 'height', 'id', 'title', 'alt', 'colspan', 'rowspan', 'dir', 'start', 'open'],
    a: ['href'],
    img: ['src'],
    code: ['class'],
    input: ['type', 'disabled', 'checked'],
  },
  allowedClasses: { code: ['language-*'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  transformTags: { a: sanitize.simpleTransform('a', { rel: 'nofollow' }) },
  exclusiveFilter: ({ tag, attribs }) => tag === 'input' && attribs['type'] !== 'checkbox',
  nonTextTags: ['script', 'style', 'textarea', 'option', 'noscript', 'iframe'],
};

/** A body as HTML; line ends break the line, as they do in comments. */
export function renderMarkdown(body: string): Markup {
  const raw = micromark(body, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
  return new Markup(walkText(sanitize(raw, allowed), drawn).replaceAll(diffFence, colouredFence));
}

/**
 * Who would be told by a body: every `@name` and `@organisation/team` outside code and links, in their order.
 * GitHub tells only those that exist and may read; a mention of nobody is none less a leak of intent.
 */
export function mentionsIn(body: string): string[] {
  const found: string[] = [];
  const raw = micromark(body, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
  walkText(sanitize(raw, allowed), (text) => {
    found.push(...[...text.matchAll(mention)].map(([, name = '']) => name));
    return text;
  });
  return found;
}

const mention = /(?<![\w/.&;@`-])@([a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}(?:\/[a-z\d][\w-]*)?)(?![\w@])/gi;

function drawn(text: string, within: readonly string[]): string {
  const named = text.replaceAll(mention, '<a class="mention" href="/$1">@$1</a>');
  return within.includes('p') ? named.replaceAll('\n', '<br>\n') : named;
}

/** Passes every text outside code and links through `change`, with the names of the elements it is in. */
function walkText(clean: string, change: (text: string, within: readonly string[]) => string): string {
  const open: string[] = [];
  return clean
    .split(/(<[^>]*>)/)
    .map((part) => {
      const tag = /^<(\/?)([a-z\d]+)/.exec(part);
      if (tag === null) return open.some((name) => ['code', 'pre', 'a'].includes(name)) ? part : change(part, open);
      const [, end, name = ''] = tag;
      if (end === '/') open.splice(open.lastIndexOf(name), 1);
      else if (!part.endsWith('/>') && !['br', 'hr', 'img', 'input', 'wbr'].includes(name)) open.push(name);
      return part;
    })
    .join('');
}

const diffFence = /<code class="language-diff">([\s\S]*?)<\/code>/g;

function colouredFence(_all: string, diff: string): string {
  return `<code>${colouredDiff(diff)}</code>`;
}

/** A unified diff, escaped already, each line in its colour. */
export function colouredDiff(diff: string): string {
  const kinds: Readonly<Record<string, string>> = { '+': 'add', '-': 'del', '@': 'hunk' };
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `<span class="line ${kinds[line[0] ?? ''] ?? ''}">${line === '' ? ' ' : line}</span>`)
    .join('');
}
