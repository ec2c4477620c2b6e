// What of the API server's words may be repeated. They quote manifests, so values go and only names stay.

/** What a person may read of a refusal; every part is safe to show. */
export interface Spoken {
  /** Fields at fault, with why: `.spec.replicas (field is immutable)`. */
  readonly fields: readonly string[];
  /** The sentence, where it is of a known form that holds no values. */
  readonly sentence: string | undefined;
}

const maxFields = 8;
const maxSentence = 400;

interface Cause {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

/**
 * Words of a detail without anything that could be a value: no brackets, braces or back-slashes, and in quotes at most one
 * punctuation mark, or the name of a field in back-ticks.
 */
const plainDetail = /^(?:[A-Za-z0-9 ,.;()<>=/-]|'[-_./]'|`[a-z][A-Za-z.]{0,40}`){3,240}$/;
/** The first line of what must not be changed names fields; what follows it in some messages is the whole object. */
const forbiddenDetail = /^(?:[^:\n]*: )?Forbidden: ([^\n"{}\\:]{3,240})/;

/**
 * What to say of a refusal with this message and these causes. `secret` leaves nothing but names of fields and reasons.
 */
export function spoken(message: string, causes: readonly Cause[], secret: boolean): Spoken {
  const fields = causes.map((cause) => fieldOf(cause, secret));
  for (const [form, say] of fieldForms) {
    for (const match of message.matchAll(form)) fields.push(say(match.slice(1).map((part) => shown(part ?? '', 120))));
  }
  const form = formSentences.find(([wrong]) => wrong.test(message))?.[1];
  const sentence = form ?? (secret ? policyOf(message)?.words : sentenceOf(message));
  return { fields: [...new Set(fields)].filter((one) => one !== '').slice(0, maxFields), sentence };
}

function fieldOf({ reason, field, message }: Cause, secret: boolean): string {
  const why = reasonCode(reason);
  const detail = secret ? why : (detailOf(reason, message) ?? why);
  const name = fieldName(field);
  if (name === '' || detail === '') return name + detail;
  return `${name} (${detail})`;
}

/** `FieldValueInvalid`; `''` for what is not one word. */
export function reasonCode(text: string): string {
  return /^[A-Za-z]{1,60}$/.test(text) ? text : '';
}

/** `spec.ports[0].name`, `.spec.containers[name="web"].image`; `''` for what is no path of a field. */
export function fieldName(text: string): string {
  return text !== '[]' && /^[A-Za-z0-9_.[\]{}:/"=<>$~-]{1,300}$/.test(text) ? text : '';
}

function detailOf(reason: string, message: string): string | undefined {
  if (reason === 'FieldValueForbidden') return forbiddenDetail.exec(message)?.[1]?.trim();
  // What follows is an example and a regular expression.
  const [text = ''] = message.split(' (e.g. ', 1);
  const tail = text.slice(text.lastIndexOf(': ') + 1).trim();
  return /^[A-Za-z`]/.test(tail) && plainDetail.test(tail) ? tail : undefined;
}

/** Forms in which the server names fields in its message alone. Each captures names and types, never values. */
const fieldForms: readonly (readonly [RegExp, (parts: string[]) => string])[] = [
  [/unknown field "([^"\n]{1,200})"/g, ([field]) => `${field} (unknown field)`],
  [/duplicate field "([^"\n]{1,200})"/g, ([field]) => `${field} (duplicate field)`],
  [/(\.[A-Za-z0-9_.[\]="-]{1,200}): field not declared in schema/g, ([field]) => `${field} (unknown field)`],
  [
    /(\.[A-Za-z0-9_.[\]="-]{1,200}): expected ([a-z0-9 ()]{1,40}), got/g,
    ([field, type]) => `${field} (expected ${type})`,
  ],
  [
    /cannot unmarshal ([a-z0-9]{1,20}) into Go struct field ([A-Za-z0-9_.]{1,200}) of type/g,
    ([type, field]) => `${field} (must not be a ${type})`,
  ],
  [/(\.[A-Za-z0-9_.[\]="-]{1,200}): duplicate entries for key/g, ([field]) => `${field} (duplicate entries)`],
];

/** What the decoder says of a value that is not of its field's form; it does not say which field. */
const formSentences: readonly (readonly [RegExp, string])[] = [
  [/: illegal base64 data at input byte \d+$/, 'a value is not base64 (plain text belongs in stringData)'],
  [/: quantities must match the regular expression /, 'a quantity is none: write it as 500m, 2 or 128Mi'],
  [/: parsing time "/, 'a time is none: write it as 2026-01-31T12:00:00Z'],
];

/**
 * Sentences that are worth repeating, from the API server and its built-in admission, and what to do about each; none
 * quotes a manifest's value.
 */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/exceeded quota: [\s\S]*/, 'ask for less in the manifest, or the platform team for a larger quota'],
  [/violates PodSecurity [\s\S]*/, 'set in the pod template what it names'],
  [
    /is attempting to grant RBAC permissions not currently held:[\s\S]*/,
    'grant only what the account that applies it may do itself',
  ],
  [
    /unable to create new content in namespace \S+ because it is being terminated/,
    'see what holds the namespace back (kubectl describe namespace), or take its objects out of Git',
  ],
  [
    /the namespace from the provided object does not match[\s\S]*/,
    'write the namespace in which it is to be, or leave it out',
  ],
];
const webhook = /admission webhook "([A-Za-z0-9.-]{1,253})" denied the request(?:: ([\s\S]*))?/;
const failedWebhook = /failed calling webhook "([A-Za-z0-9.-]{1,253})"/;
const admissionPolicy = /ValidatingAdmissionPolicy '([A-Za-z0-9.-]{1,253})'[^:]* denied request(?:: ([\s\S]*))?/;

function sentenceOf(message: string): string | undefined {
  const policy = policyOf(message);
  if (policy !== undefined) {
    const { why = '' } = policy;
    return why === '' ? policy.words : `${policy.words}: ${withoutQuotes(why)}`;
  }
  for (const [form] of sentences) {
    const found = form.exec(message)?.[0];
    if (found !== undefined) return shown(found, maxSentence);
  }
  return undefined;
}

/** What to do about a refusal that is not about RBAC; undefined where the server gave no reason that is known. */
export function remedyFor(message: string): string | undefined {
  const policy = policyOf(message);
  if (policy === undefined) return sentences.find(([form]) => form.test(message))?.[1];
  return policy.why === undefined && failedWebhook.test(message)
    ? 'ask who runs that webhook to bring it back'
    : 'change what it names, or ask who runs that rule';
}

/** Who else had a say in it: an admission webhook or policy, and its own words. */
function policyOf(message: string): { readonly words: string; readonly why?: string | undefined } | undefined {
  const [, name, why] = webhook.exec(message) ?? admissionPolicy.exec(message) ?? [];
  if (name !== undefined) return { words: `admission ${name} denied it`, why };
  const failed = failedWebhook.exec(message)?.[1];
  return failed === undefined ? undefined : { words: `admission webhook ${failed} did not answer` };
}

/** A policy's words are a stranger's: whatever they quote may be a value. */
function withoutQuotes(text: string): string {
  return shown(text.replaceAll(/"[^"]*"?|'[^']*'?|`[^`]*`?|“[^”]*”?/g, '…'), maxSentence);
}

/** One line, printable, not too long. */
export function shown(text: string, longest: number): string {
  const line = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e…]/g, '?')
    .trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
