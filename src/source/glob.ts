// Shell patterns over one name and over the names of a path. Time grows with pattern × name, never beyond.

/** Which of the two dialects: Go's `path/filepath.Match`, or Git's `wildmatch`, which also knows `[!a]` and `[[:digit:]]`. */
export type GlobDialect = 'go' | 'git';

type Part =
  | { readonly kind: 'text'; readonly character: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] };

/** A pattern over one name, taken apart; undefined where it is malformed, which matches nothing. */
export type Glob =
  | {
      readonly parts: readonly Part[];
      /** Set where the pattern is plain text, or a star and plain text. */
      readonly literal?: string;
      readonly suffix?: string;
    }
  | undefined;

const posix: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  alpha: [
    [65, 90],
    [97, 122],
  ],
  digit: [[48, 57]],
  alnum: [
    [48, 57],
    [65, 90],
    [97, 122],
  ],
  upper: [[65, 90]],
  lower: [[97, 122]],
  space: [
    [9, 13],
    [32, 32],
  ],
  blank: [
    [9, 9],
    [32, 32],
  ],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  xdigit: [
    [48, 57],
    [65, 70],
    [97, 102],
  ],
};

export function parseGlob(pattern: string, dialect: GlobDialect): Glob {
  const characters = Array.from(pattern);
  const parts: Part[] = [];
  for (let at = 0; at < characters.length; ) {
    const read = readPart(characters, at, dialect);
    if (read === undefined) return undefined;
    if (read.part.kind !== 'star' || parts.at(-1)?.kind !== 'star') parts.push(read.part);
    at = read.next;
  }
  const tail = parts[0]?.kind === 'star' ? parts.slice(1) : parts;
  if (!tail.every((part) => part.kind === 'text')) return { parts };
  const text = tail.map(({ character }) => character).join('');
  return tail === parts ? { parts, literal: text } : { parts, suffix: text };
}

type Read = { readonly part: Part; readonly next: number } | undefined;

function readPart(characters: readonly string[], at: number, dialect: GlobDialect): Read {
  const character = characters[at] ?? '';
  if (character === '*') return { part: { kind: 'star' }, next: at + 1 };
  if (character === '?') return { part: { kind: 'any' }, next: at + 1 };
  if (character === '[') return readClass(characters, at + 1, dialect);
  if (character !== '\\') return { part: { kind: 'text', character }, next: at + 1 };
  const escaped = characters[at + 1];
  return escaped === undefined ? undefined : { part: { kind: 'text', character: escaped }, next: at + 2 };
}

function readClass(characters: readonly string[], start: number, dialect: GlobDialect): Read {
  const first = characters[start];
  const negated = first === '^' || (first === '!' && dialect === 'git');
  const ranges: (readonly [number, number])[] = [];
  let at = negated ? start + 1 : start;
  while (characters[at] !== ']' || ranges.length === 0) {
    const read = (dialect === 'git' ? posixClass(characters, at) : undefined) ?? range(characters, at, dialect);
    if (read === undefined) return undefined;
    ranges.push(...read.ranges);
    at = read.next;
  }
  return { part: { kind: 'class', negated, ranges }, next: at + 1 };
}

type Ranges = { ranges: readonly (readonly [number, number])[]; next: number } | undefined;

function range(characters: readonly string[], at: number, dialect: GlobDialect): Ranges {
  const low = classCharacter(characters, at, dialect);
  if (low === undefined) return undefined;
  const ranged = characters[low.next] === '-' && (dialect === 'go' || (characters[low.next + 1] ?? ']') !== ']');
  if (!ranged) return { ranges: [[low.code, low.code]], next: low.next };
  const high = classCharacter(characters, low.next + 1, dialect);
  return high === undefined ? undefined : { ranges: [[low.code, high.code]], next: high.next };
}

function posixClass(characters: readonly string[], at: number): Ranges {
  if (characters[at] !== '[' || characters[at + 1] !== ':') return undefined;
  const name = /^([a-z]+):\]/.exec(characters.slice(at + 2, at + 12).join(''))?.[1];
  const ranges = name === undefined ? undefined : posix[name];
  return ranges === undefined || name === undefined ? undefined : { ranges, next: at + name.length + 4 };
}

function classCharacter(
  characters: readonly string[],
  at: number,
  dialect: GlobDialect,
): { code: number; next: number } | undefined {
  let here = at;
  const bare = characters[here];
  if (bare === undefined || (dialect === 'go' && (bare === '-' || bare === ']'))) return undefined;
  if (bare === '\\') here++;
  const code = characters[here]?.codePointAt(0);
  if (code === undefined || here + 1 >= characters.length) return undefined;
  return { code, next: here + 1 };
}

/** Whether a whole name matches. A star backs up to the last star only, which is enough and bounds the time. */
export function matchGlob(glob: Glob, name: string): boolean {
  if (glob === undefined) return false;
  if (glob.literal !== undefined) return name === glob.literal;
  if (glob.suffix !== undefined) return name.endsWith(glob.suffix);
  return matchParts(glob.parts, Array.from(name));
}

function matchParts(parts: readonly Part[], characters: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < characters.length) {
    const here = parts[part];
    if (here?.kind === 'star') {
      star = part++;
      starAt = at;
    } else if (here !== undefined && matchPart(here, characters[at] ?? '')) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (parts[part]?.kind === 'star') part++;
  return part === parts.length;
}

function matchPart(part: Part, character: string): boolean {
  if (part.kind === 'text') return part.character === character;
  if (part.kind === 'class') {
    const code = character.codePointAt(0) ?? 0;
    return part.ranges.some(([low, high]) => low <= code && code <= high) !== part.negated;
  }
  return part.kind === 'any';
}

/** A pattern over the names of a path, `**` standing for any number of them. */
export type PathGlob = readonly (Glob | '**')[];

export function parsePathGlob(pattern: string, dialect: GlobDialect): PathGlob {
  return pattern.split('/').map((name) => (name === '**' ? '**' : parseGlob(name, dialect)));
}

/** Whether a whole path matches. `**` at the end stands for at least one name, elsewhere for none too. */
export function matchPathGlob(glob: PathGlob, names: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let stars = -1;
  let starsAt = 0;
  const last = glob.length - 1;
  while (at < names.length) {
    const here = glob[part];
    if (here === '**') {
      if (part === last) return true;
      stars = part++;
      starsAt = at;
    } else if (part <= last && here !== undefined && matchGlob(here, names[at] ?? '')) {
      part++;
      at++;
    } else if (stars >= 0) {
      part = stars + 1;
      at = ++starsAt;
    } else {
      return false;
    }
  }
  return part === glob.length;
}
