// Masking by value: every value of every Secret of a build, in every spelling it is likely to travel in.
import { trimmedEnd } from '../object/ends.ts';
import type { BuiltObject, Json } from '../object/object.ts';
import { isMap, type JsonMap } from './normalise.ts';
import { carriesSecrets, isEncrypted, isSecret, secretEntries } from './secret.ts';

/** What a masked value shows as, whatever its length. */
export const mask = '***';

const shortest = 6;
const shortestCopied = 4;
const crowded = 64;
const longestEncoded = 65_536;

/** Replaces secret values in text that is not itself a Secret. */
export interface SecretValues {
  /** The text with every known value of 6 characters or more replaced by `***`; the text itself where there is none. */
  scrub(text: string): string;
  /** A build copies values out of Secrets, so names and numbers may hold them too, at any length. */
  readonly copied: boolean;
}

/**
 * Collects the values of the Secrets among the objects, of templates of Secrets and of Secrets embedded in other
 * objects: as bytes, base64, URL-encoded, JSON-escaped, reversed, line by line. With `copiesSecrets` whole strings are
 * also compared at any length, and parts of a value from 4 characters on; `copiedValues` are known beside the objects'.
 */
export function secretValues(
  objects: readonly BuiltObject[],
  { copiesSecrets, copiedValues = [] }: { readonly copiesSecrets: boolean; readonly copiedValues?: readonly string[] },
): SecretValues {
  const values = new Set<string>();
  const spellings = new Set<string>();
  for (const { object } of objects) collect(object as JsonMap, carriesSecrets(object.kind), values, spellings);
  for (const value of copiedValues) add(value, Buffer.from(value), values, spellings);
  const find = finder(spellings, copiesSecrets ? shortestCopied : shortest);
  const isPart = copiesSecrets ? partFinder(spellings) : undefined;
  return {
    copied: copiesSecrets,
    scrub: (text) => {
      if (copiesSecrets && (spellings.has(text) || isPart?.(text) === true)) return mask;
      return find(text);
    },
  };
}

function collect(value: Json, inTemplate: boolean, values: Set<string>, spellings: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, inTemplate, values, spellings);
    return;
  }
  if (!isMap(value)) return;
  const holds = isSecret(value) || (inTemplate && (isMap(value['data']) || isMap(value['stringData'])));
  if (holds) for (const entry of secretEntries(value)) add(entry.value, entry.bytes, values, spellings);
  for (const child of Object.values(value)) collect(child, inTemplate, values, spellings);
}

function add(value: Json, bytes: Uint8Array | undefined, values: Set<string>, spellings: Set<string>): void {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  if (written === '' || written === 'null' || isEncrypted(written)) return;
  const text = bytes === undefined ? undefined : decoded(bytes);
  const key = text ?? written;
  if (values.has(key)) return;
  values.add(key);
  for (const spelling of spell(written)) spellings.add(spelling);
  if (text !== undefined) for (const spelling of spell(text)) spellings.add(spelling);
  if (bytes !== undefined) for (const spelling of spellBytes(bytes)) spellings.add(spelling);
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function* spell(text: string): Generator<string> {
  if (text === '') return;
  yield text;
  yield text.trim();
  if (text.length > longestEncoded) {
    yield* lines(text);
    return;
  }
  yield JSON.stringify(text).slice(1, -1);
  const wellFormed = text.toWellFormed();
  yield encodeURIComponent(wellFormed);
  yield encodeURIComponent(wellFormed).replaceAll('%20', '+');
  yield encodeURI(wellFormed);
  yield Array.from(text).toReversed().join('');
  yield* lines(text);
  yield* inner(text);
}

function* lines(text: string): Generator<string> {
  if (!text.includes('\n')) return;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed.length < shortest) continue;
    yield trimmed;
    const assigned = /^[\w.-]{1,128}\s*[=:]\s*(\S.*)$/.exec(trimmed)?.[1];
    if (assigned !== undefined && assigned.length >= 8) yield assigned;
  }
}

// A Secret often holds one JSON document (`.dockerconfigjson`, a service account's key): its own secrets count too.
function* inner(text: string): Generator<string> {
  if (!text.startsWith('{')) return;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return;
  }
  yield* leaves(document, '');
}

function* leaves(value: unknown, key: string): Generator<string> {
  if (typeof value === 'string') {
    if (/pass|auth|token|secret|key/i.test(key) && value.length >= shortest) {
      yield value;
      yield JSON.stringify(value).slice(1, -1);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, child] of Object.entries(value)) yield* leaves(child, Array.isArray(value) ? key : name);
  }
}

// base64 at all three alignments, so that a value inside a longer encoded text (`user:password`) is found as well.
function* spellBytes(bytes: Uint8Array): Generator<string> {
  if (bytes.length === 0) return;
  const base64 = Buffer.from(bytes).toString('base64');
  yield base64;
  yield trimmedEnd(base64, '=');
  yield Buffer.from(bytes).toString('base64url');
  if (bytes.length < shortest || bytes.length > longestEncoded) return;
  yield Buffer.from(bytes).toString('hex');
  for (const lead of [0, 1, 2]) {
    const shifted = trimmedEnd(Buffer.concat([Buffer.alloc(lead), bytes]).toString('base64'), '=');
    const from = lead === 0 ? 0 : lead + 1;
    const sure = shifted.slice(from, Math.floor(((lead + bytes.length) * 8) / 6));
    yield sure;
    yield sure.replaceAll('+', '-').replaceAll('/', '_');
  }
}

// One pass over the text; the first characters of each spelling are the key. A key that very many spellings share
// would make the pass slow on hostile input, so it hides the whole text instead.
function finder(spellings: ReadonlySet<string>, minimum: number): (text: string) => string {
  const byStart = new Map<string, string[]>();
  const pairs = new Uint8Array(65_536);
  for (const spelling of spellings) {
    if (spelling.length < minimum) continue;
    const start = spelling.slice(0, minimum);
    const known = byStart.get(start);
    if (known === undefined) byStart.set(start, [spelling]);
    else known.push(spelling);
    pairs[pairOf(spelling, 0)] = 1;
  }
  for (const known of byStart.values()) known.sort((one, other) => other.length - one.length);

  return (text) => {
    let result = '';
    let shown = 0;
    for (let at = 0; at + minimum <= text.length; at += 1) {
      if (pairs[pairOf(text, at)] === 0) continue;
      const known = byStart.get(text.slice(at, at + minimum));
      if (known === undefined) continue;
      if (known.length > crowded) return mask;
      const hit = known.find((spelling) => text.startsWith(spelling, at));
      if (hit === undefined) continue;
      const between = text.slice(shown, at);
      result += between === '' && result !== '' ? '' : between + mask;
      shown = at + hit.length;
      at = shown - 1;
    }
    return shown === 0 ? text : result + text.slice(shown);
  };
}

function pairOf(text: string, at: number): number {
  return (text.charCodeAt(at) * 251 + text.charCodeAt(at + 1)) & 0xffff;
}

function partFinder(spellings: ReadonlySet<string>): (text: string) => boolean {
  const all = [...spellings].join('\0');
  const grams = new Set<string>();
  for (let at = 0; at + shortestCopied <= all.length; at += 1) grams.add(all.slice(at, at + shortestCopied));
  return (text) =>
    text.length >= shortestCopied &&
    text.length <= 4096 &&
    grams.has(text.slice(0, shortestCopied)) &&
    grams.has(text.slice(-shortestCopied)) &&
    all.includes(text);
}
