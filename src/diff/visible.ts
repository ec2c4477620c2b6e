// Text in which nothing is invisible: what a person sees is what stands there.

// Controls, formats (bidi, zero width, tags), separators, surrogates, private and unassigned code points, selectors,
// fillers and the letters that look like nothing.
const unseen =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u;
const everyUnseen = new RegExp(unseen.source, 'gu');
const stacked = /(\p{M}{3})(\p{M}+)/gu;

/** Tells whether a text holds a character that does not show; line feeds and tabs are such characters too. */
export function hasUnseen(text: string): boolean {
  return unseen.test(text);
}

/**
 * The text with every character that does not show written as its code point: `\u{202e}`, `\u{a}`. Accents stacked
 * deeper than three are written so too. `keep` lists characters that may stay, as `'\n\t'`.
 */
export function visible(text: string, keep = ''): string {
  return text
    .replaceAll(everyUnseen, (character) => (keep.includes(character) ? character : escaped(character)))
    .replaceAll(stacked, (_all, few: string, rest: string) => few + Array.from(rest, escaped).join(''));
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
