// What counts as a secret inside a manifest, told by structure alone.
import type { Json } from '../object/object.ts';
import { isMap, type JsonMap } from './normalise.ts';

/** Tells whether a map is a Secret manifest, top-level or embedded; any version and any spelling of the kind. */
export function isSecret(map: JsonMap): boolean {
  const kind = map['kind'];
  return typeof kind === 'string' && kind.toLowerCase() === 'secret';
}

/** Tells whether a kind carries templates of Secrets: `SealedSecret`, `ExternalSecret`, `SopsSecret`, `SecretStore`. */
export function carriesSecrets(kind: unknown): boolean {
  return typeof kind === 'string' && /secret/i.test(kind);
}

/** A value that SOPS encrypted: `ENC[AES256_GCM,data:…,type:str]`. */
export function isEncrypted(text: string): boolean {
  return /^ENC\[[A-Z0-9_]{1,32},[^\]]*\]$/.test(text);
}

/** Annotations that repeat a whole manifest, values of Secrets included. */
export const manifestAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'kapp.k14s.io/original',
  'objectset.rio.cattle.io/applied',
]);

const secretKey =
  /(?:^secret|passw(?:or)?d|passphrase|pwd|token|api[-_]?key|private[-_]?key|secret[-_]?key|access[-_]?key|credentials?|(?:client|app|shared|hmac|webhook|jwt|signing|cookie|session)[-_]?secret)$/i;
const secretVariable = /(?:^|_)(?:SECRET|PASS|AUTH|DSN|PAT)$/i;
/** Of a text without white space around it. */
const reference = /^(?:\$\{[^}]*\}|\$\([^)]*\)|\{\{[^}]*\}\})?$/;

/** Tells whether a key by its name holds a secret in clear (`password`, `DB_TOKEN`, `clientSecret`), not a reference. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

/** As `isSecretKey`, for the names of environment variables, where `_SECRET` and `_PASS` hold values too. */
export function isSecretVariable(name: string): boolean {
  return secretKey.test(name) || secretVariable.test(name);
}

/** Tells whether a text names a value that is kept elsewhere: empty, `${NAME}`, `$(NAME)` or `{{ .name }}` alone. */
export function isReference(text: string): boolean {
  return reference.test(text.trim());
}

/** Bytes of a value of `data` as base64 in its one canonical spelling, or undefined where it is not base64. */
export function canonicalBase64(text: string): string | undefined {
  const compact = text.replaceAll(/[\r\n]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64').toString('base64');
}

/** A value of a Secret under its key; `identity` is equal for equal bytes, however they are spelled. */
export interface SecretEntry {
  readonly key: string;
  readonly value: Json;
  readonly encrypted: boolean;
  readonly identity: string;
  /** The bytes, where the value is one that an API server would take. */
  readonly bytes?: Uint8Array;
}

/**
 * What an API server would store under `data`: `stringData` laid over `data`, so that moving a value from one to the
 * other is no change. Keys keep the order of `data`, then of `stringData`. Parts that are no map are left out.
 */
export function secretEntries(secret: JsonMap): SecretEntry[] {
  const entries = new Map<string, SecretEntry>();
  const { data, stringData } = secret;
  if (isMap(data)) for (const [key, value] of Object.entries(data)) entries.set(key, fromData(key, value));
  if (isMap(stringData)) {
    for (const [key, value] of Object.entries(stringData)) entries.set(key, fromStringData(key, value));
  }
  return [...entries.values()];
}

function fromData(key: string, value: Json): SecretEntry {
  if (value === null) return plain(key, value, new Uint8Array());
  if (typeof value !== 'string') return odd(key, value);
  if (isEncrypted(value)) return { key, value, encrypted: true, identity: value };
  const base64 = canonicalBase64(value);
  return base64 === undefined ? odd(key, value) : plain(key, value, Buffer.from(base64, 'base64'));
}

function fromStringData(key: string, value: Json): SecretEntry {
  if (value === null) return plain(key, value, new Uint8Array());
  if (typeof value !== 'string') return odd(key, value);
  if (isEncrypted(value)) return { key, value, encrypted: true, identity: value };
  return plain(key, value, Buffer.from(value, 'utf8'));
}

function plain(key: string, value: Json, bytes: Uint8Array): SecretEntry {
  return { key, value, encrypted: false, identity: `bytes:${Buffer.from(bytes).toString('base64')}`, bytes };
}

function odd(key: string, value: Json): SecretEntry {
  return { key, value, encrypted: false, identity: `odd:${JSON.stringify(value)}` };
}
