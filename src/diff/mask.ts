// Masks a pair of objects before they are compared: equality survives, values and their lengths do not.
import type { Json, KubeObject } from '../object/object.ts';
import { isMap, type JsonMap, normalise } from './normalise.ts';
import * as secrets from './secret.ts';
import { mask, type SecretValues } from './secret-values.ts';

const encryptedMask = `${mask} (encrypted)`;

/** A value that is not shown. Two of them are the same value exactly when their identities are equal. */
class Hidden {
  readonly identity: string;
  readonly text: string;
  constructor(identity: string, text: string) {
    this.identity = identity;
    this.text = text;
  }
}

type Marked = Json | Hidden | readonly Marked[] | { readonly [key: string]: Marked };
type MarkedMap = { readonly [key: string]: Marked };

interface Place {
  readonly values: SecretValues;
  /** Somewhere inside a kind whose name speaks of secrets. */
  readonly secretKind: boolean;
  readonly inTemplate: boolean;
  readonly key: string;
  /** Keys from the root, for the few fields that identify an object. */
  readonly depth: number;
  readonly parent: string;
}

/**
 * Returns both sides normalised and masked. A hidden value shows as `***` where it is equal on both sides or stands on
 * one side only, else as `*** (before)` and `*** (after)`; encrypted values as `*** (encrypted)`. Texts that hold a
 * known value of a Secret keep the rest of what they say.
 */
export function maskPair(
  base: KubeObject | undefined,
  head: KubeObject | undefined,
  values: SecretValues,
): { readonly base: JsonMap | undefined; readonly head: JsonMap | undefined } {
  const before = base === undefined ? undefined : marked(base, values);
  const after = head === undefined ? undefined : marked(head, values);
  return {
    base: before === undefined ? undefined : (settled(before, after, 'before') as JsonMap),
    head: after === undefined ? undefined : (settled(after, before, 'after') as JsonMap),
  };
}

function marked(object: KubeObject, values: SecretValues): Marked {
  const secretKind = secrets.carriesSecrets(object.kind);
  return mark(normalise(object), { values, secretKind, inTemplate: false, key: '', depth: 0, parent: '' });
}

function mark(value: Json, place: Place): Marked {
  if (typeof value === 'string') return markText(value, place);
  if (Array.isArray(value)) return value.map((item: Json) => mark(item, { ...place, depth: place.depth + 1 }));
  if (!isMap(value)) return markScalar(value, place);
  if (secrets.isSecret(value)) return markSecret(value, place);
  return markMap(value, place);
}

function markMap(map: JsonMap, place: Place): Marked {
  const variable = map['name'];
  const secretVariable = typeof variable === 'string' && secrets.isSecretVariable(variable);
  const inTemplate = place.inTemplate || (place.secretKind && /template/i.test(place.key));
  const entries = Object.entries(map).map(([key, child]): [string, Marked] => {
    if (key === 'value' && secretVariable && typeof child === 'string') return [key, hideText(child)];
    const inside = { ...place, inTemplate, key, parent: place.key, depth: place.depth + 1 };
    return [place.depth === 0 ? key : place.values.scrub(key), markField(key, child, inside)];
  });
  return withDistinctKeys(entries);
}

function markField(key: string, child: Json, place: Place): Marked {
  if (holdsSecrets(key, place)) return hideLeaves(child);
  if (place.secretKind && key === 'encryptedData') return hideLeaves(child, encryptedMask);
  if (secrets.manifestAnnotations.has(key) && typeof child === 'string') return new Hidden(child, mask);
  if (place.depth === 1 && key === 'sops' && isMap(child)) return markSops(child, place);
  if (typeof child === 'string' && secrets.isSecretKey(key)) return hideText(child);
  return mark(child, place);
}

// `stringData` anywhere, the templates of SealedSecrets and ExternalSecrets, the fake provider of External Secrets.
function holdsSecrets(key: string, { inTemplate, secretKind, parent }: Place): boolean {
  return (
    key === 'stringData' || (inTemplate && (key === 'data' || key === 'literal')) || (secretKind && parent === 'fake')
  );
}

const secretFields: readonly string[] = ['apiVersion', 'kind', 'metadata', 'type', 'immutable', 'sops'];
/** Of a map that only points at a Secret: `{kind: Secret, name: vars}`. */
const referenceFields: readonly string[] = ['name', 'namespace', 'group', 'optional'];

// What an API server stores under `data`; everything that is no known field of a Secret is hidden whole.
function markSecret(secret: JsonMap, place: Place): Marked {
  const fields: [string, Marked][] = [];
  const known = 'metadata' in secret ? secretFields : [...secretFields, ...referenceFields];
  for (const [key, child] of Object.entries(secret)) {
    if (known.includes(key)) {
      fields.push([key, markField(key, child, { ...place, key, parent: place.key, depth: place.depth + 1 })]);
    } else if ((key !== 'data' && key !== 'stringData') || !isMap(child)) {
      fields.push([key, new Hidden(JSON.stringify(child), mask)]);
    }
  }
  const entries = secrets.secretEntries(secret);
  if (entries.length > 0) {
    const shown = entries.map(({ key, identity, encrypted }): [string, Marked] => [
      place.values.scrub(key),
      new Hidden(identity, encrypted ? encryptedMask : mask),
    ]);
    const taken = fields.some(([key]) => key === 'data');
    fields.push([taken ? 'stringData' : 'data', withDistinctKeys(shown)]);
  }
  return Object.fromEntries(fields);
}

function markSops(sops: JsonMap, place: Place): Marked {
  return Object.fromEntries(
    Object.entries(sops).map(([key, child]): [string, Marked] => {
      if ((key === 'enc' || key === 'mac') && typeof child === 'string') return [key, new Hidden(child, encryptedMask)];
      if (Array.isArray(child)) {
        return [key, child.map((item: Json) => (isMap(item) ? markSops(item, place) : mark(item, place)))];
      }
      return [key, isMap(child) ? markSops(child, place) : mark(child, place)];
    }),
  );
}

function markText(text: string, place: Place): Marked {
  if (secrets.isEncrypted(text)) return new Hidden(text, encryptedMask);
  if (identifies(place)) return text;
  if (text.includes('PRIVATE KEY-----')) return new Hidden(text, mask);
  const shown = withoutCredentials(place.values.scrub(text));
  return shown === text ? text : new Hidden(text, shown);
}

// The names an object goes by stay readable; they are in its label anyway, unless the build copies Secrets about.
function identifies({ key, parent, depth, values }: Place): boolean {
  if (depth === 1) return key === 'apiVersion' || key === 'kind';
  return depth === 2 && parent === 'metadata' && (key === 'name' || key === 'namespace') && !values.copied;
}

function withoutCredentials(text: string): string {
  if (!text.includes('@')) return text;
  return text.replaceAll(/(:\/\/[^\s/:@]{0,256}:)([^\s/@]{1,1024})@/g, (whole, lead: string, word: string) =>
    secrets.isReference(word) ? whole : `${lead}${mask}@`,
  );
}

function markScalar(value: Json, place: Place): Marked {
  if (!place.values.copied || typeof value === 'boolean' || value === null) return value;
  const written = JSON.stringify(value);
  return place.values.scrub(written) === written ? value : new Hidden(written, mask);
}

function hideText(text: string): Marked {
  if (secrets.isEncrypted(text)) return new Hidden(text, encryptedMask);
  return secrets.isReference(text) ? text : new Hidden(text, mask);
}

function hideLeaves(value: Json, shown = mask): Marked {
  if (Array.isArray(value)) return value.map((item: Json) => hideLeaves(item, shown));
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, hideLeaves(child, shown)]));
  }
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return new Hidden(written, secrets.isEncrypted(written) ? encryptedMask : shown);
}

function withDistinctKeys(entries: readonly (readonly [string, Marked])[]): MarkedMap {
  const result = new Map<string, Marked>();
  for (const [key, value] of entries) {
    let free = key;
    for (let count = 2; result.has(free); count += 1) free = `${key} (${count})`;
    result.set(free, value);
  }
  return Object.fromEntries(result);
}

function settled(own: Marked, other: Marked | undefined, side: 'before' | 'after'): Json {
  if (own instanceof Hidden) {
    return looksEqual(own, other) ? marker(own.text, side) : own.text;
  }
  if (Array.isArray(own)) {
    const partner = partners(own, Array.isArray(other) ? other : []);
    return own.map((item: Marked, index) => settled(item, partner(item, index), side));
  }
  if (!isMap(own)) return own as Json;
  const peer: MarkedMap = isMarkedMap(other) ? other : {};
  return Object.fromEntries(
    Object.entries(own as MarkedMap).map(([key, child]) => [
      key,
      settled(child, Object.hasOwn(peer, key) ? peer[key] : undefined, side),
    ]),
  );
}

// Different values that would show as the same text, one of them perhaps a tenant's own `***`.
function looksEqual(own: Hidden, other: Marked | undefined): boolean {
  return other instanceof Hidden ? other.identity !== own.identity && other.text === own.text : other === own.text;
}

function marker(text: string, side: string): string {
  return text === encryptedMask ? `${mask} (encrypted, ${side})` : `${text} (${side})`;
}

function isMarkedMap(value: Marked | undefined): value is MarkedMap {
  return isMap(value) && !(value instanceof Hidden);
}

// Items of lists belong together by their `name` where every item has one of its own, as containers and variables do.
function partners(
  own: readonly Marked[],
  other: readonly Marked[],
): (item: Marked, index: number) => Marked | undefined {
  const named = byName(other);
  if (named === undefined || byName(own) === undefined) return (_item, index) => other[index];
  return (item) => named.get(nameOf(item) ?? '');
}

function byName(items: readonly Marked[]): Map<string, Marked> | undefined {
  const result = new Map<string, Marked>();
  for (const item of items) {
    const name = nameOf(item);
    if (name === undefined || result.has(name)) return undefined;
    result.set(name, item);
  }
  return result;
}

function nameOf(item: Marked): string | undefined {
  const name = isMarkedMap(item) ? item['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
