// Text that a tenant chose, made safe to read: nothing invisible, nothing that breaks a line, never too long.

const identifierCharacter = /^[A-Za-z0-9._:+=~,${}-]$/;
const printable = /^[\x20-\x7e]$/;
const longestIdentifier = 253;
const longestText = 120;

/**
 * A name as it stands in a label: `web`, `system:node`, `a-dev\u{200b}`, `x\u{2f}y`. Anything outside letters, digits
 * and `._:+=~,${}-` is escaped; more than 253 characters end in `…`.
 */
export function showIdentifier(text: string): string {
  return shown(text, identifierCharacter, longestIdentifier);
}

/**
 * A value in quotes for a message: `"a-dev "`, `"\u{430}-dev"`. Printable ASCII stays, except quotes and backslashes,
 * which are escaped; more than 120 characters end in `…`.
 */
export function showText(text: string): string {
  return `"${shown(text, printable, longestText)}"`;
}

/** Any value in a message: strings quoted, everything else by its type: `a number`, `a list`, `null`. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return showText(value);
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

function shown(text: string, plain: RegExp, longest: number): string {
  let result = '';
  let count = 0;
  for (const character of text) {
    if (count === longest) return `${result}…`;
    const escape = !plain.test(character) || character === '\\' || character === '"';
    result += escape ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
    count += 1;
  }
  return result;
}
