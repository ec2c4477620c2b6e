// What GitHub would make of a comment, as far as a real GFM parser can tell, and what it must never contain.
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

const ours = new Set(
  'h3 h4 p table thead tbody tr th td code pre details summary strong em br hr ul ol li a'.split(' '),
);

export function toHtml(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
}

export interface Findings {
  /** Elements that are not Sluice's own, or that do not close where they should. */
  readonly elements: readonly string[];
  /** Addresses of links and images. */
  readonly addresses: readonly string[];
  /** Text outside code and pre, where GitHub looks for mentions, references and emoji. */
  readonly text: string;
}

export function inspect(markdown: string): Findings {
  const html = toHtml(markdown).replaceAll(/<!--[\s\S]*?-->/g, '');
  const elements: string[] = [];
  const addresses: string[] = [];
  const open: string[] = [];
  let text = '';
  let at = 0;
  for (const tag of html.matchAll(/<(\/?)([a-zA-Z][^\s/>]*)([^>]*)>/g)) {
    const [whole, closing = '', rawName = '', attributes = ''] = tag;
    const name = rawName.toLowerCase();
    if (!open.includes('code') && !open.includes('pre')) text += `${html.slice(at, tag.index)} `;
    at = tag.index + whole.length;
    if (!ours.has(name)) elements.push(whole);
    const address = /(?:href|src)="([^"]*)"/.exec(attributes)?.[1];
    if (address !== undefined) addresses.push(address);
    if (name === 'br' || name === 'hr') continue;
    if (closing === '') open.push(name);
    else if (open.pop() !== name) elements.push(`unbalanced ${whole}`);
  }
  if (open.length > 0) elements.push(`open ${open.join(' ')}`);
  return { elements, addresses, text: decoded(text + html.slice(at)) };
}

function decoded(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** Whatever GitHub would turn into a mention, a reference, a commit, a link, an emoji, math or HTML. */
export const meaningful =
  /@\w|#\d|\bGH-\d|\w\/\w[\w-]*[#@]\w|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b|https?:|www\.|:[\w+-]+:|\$|<\/?[a-z!]|!\[|\]\(/i;
