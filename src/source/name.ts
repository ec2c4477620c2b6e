// File names as Git holds them: bytes that anybody may have chosen.

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Characters that print nothing, break a line or turn the writing direction: Cc, Cf, Zl, Zp and lone surrogates. */
// eslint-disable-next-line no-control-regex
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const plain = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * The bytes of one name as a key that is safe to print: the name itself where it is plain text, and with `\xHH` or
 * `\u{H}` in place of every byte or character that is not. A separator inside a name is escaped too, so a key can
 * never be taken for a path.
 */
export function nameKey(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return Array.from(bytes, escapeByte).join('');
  }
  if (plain.test(text)) return text;
  if (text === '' || text === '.' || text === '..') return `\\u{${text === '' ? '' : '2e'}}`.repeat(text.length || 1);
  return escapePath(text).replaceAll('/', '\\x2f');
}

/** Whether a name, as `nameKey` gave it, may be read: a file name that means the same on every system and screen. */
export function isGoodName(key: string): boolean {
  if (key.length < 64 && plain.test(key)) return !isGitAlias(key) && !key.endsWith('.');
  if (key === '' || key.includes('\\') || key.includes('/') || key.startsWith('-')) return false;
  if (key.endsWith(' ') || key.endsWith('.')) return false;
  if (invisible.test(key)) return false;
  return Buffer.byteLength(key) <= 255 && !isGitAlias(key);
}

/** `.git` and what NTFS and HFS+ take for it; HFS+'s ignored characters are refused before. */
function isGitAlias(name: string): boolean {
  const lower = name.normalize('NFKC').toLowerCase();
  return lower === '.git' || lower === 'git~1' || lower.startsWith('.git:');
}

/** What two names share when a file system that folds case or Unicode forms would take one for the other. */
export function foldName(key: string): string {
  return plain.test(key) ? key.toLowerCase() : key.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/**
 * A path as a person should see it: control, format and direction characters, lone surrogates and backslashes are
 * shown as `\x1b`, `\u{202e}`, `\\`. Longer than 300 characters it is cut with `…`.
 *
 * Example: `escapePath('a\nb')` is `a\x0ab`.
 */
export function escapePath(path: string): string {
  const shown = invisible.test(path) || path.includes('\\') ? Array.from(path, escapeCharacter).join('') : path;
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}

function escapeCharacter(character: string): string {
  if (character === '\\') return '\\\\';
  if (!invisible.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? escapeByte(code) : `\\u{${code.toString(16)}}`;
}

function escapeByte(byte: number): string {
  if (byte === 0x5c) return '\\\\';
  if (byte >= 0x20 && byte < 0x7f && byte !== 0x2f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** Orders names by their UTF-8 bytes, as Git and every listing here do. */
export function compareNames(one: string, other: string): number {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at++) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return one.length - other.length;
}

// UTF-16 puts surrogates below U+E000; UTF-8 puts what they stand for above everything.
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
