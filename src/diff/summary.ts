// One line for people about one change.
import type { Json } from '../object/object.ts';
import type { FieldChange } from './fields.ts';
import { isMap, type JsonMap } from './normalise.ts';
import type { Assessment, Difference } from './risk.ts';
import { carriesSecrets } from './secret.ts';
import { visible } from './visible.ts';

const mostNames = 4;
const longest = 200;

/**
 * Returns what a change is about in at most 200 characters, from masked objects: `replicas 2 → 3, image`,
 * `2 keys changed (values hidden)`, `adds get on nodes`, `env LOG_LEVEL; restarts pods`. Names of fields are the
 * tenant's text; whoever prints it escapes it.
 */
export function summarise(difference: Difference, { risk, reasons }: Assessment): string {
  const words = wordsFor(difference);
  const parts = risk === 'grant' ? [...reasons, ...(reasons.length === 0 ? words : [])] : [...words, ...reasons];
  const text = visible(parts.join('; '));
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}

function wordsFor(difference: Difference): string[] {
  const { action, base, head, fields } = difference;
  const object = head ?? base ?? {};
  if (carriesSecrets(object['kind'])) return secretWords(difference);
  if (action !== 'configured') return opening(object);
  const names = [...new Set(fields.map(named))];
  if (names.length === 0) return [];
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  return [names.slice(0, mostNames).join(', ') + more];
}

function secretWords({ action, base, head, fields }: Difference): string[] {
  const object = head ?? base ?? {};
  if (action !== 'configured') {
    const data = object['data'];
    const count = isMap(data) ? Object.keys(data).length : 0;
    return count === 0 ? [] : [`${keys(count)} (values hidden)`];
  }
  const inData = fields.filter(({ names }) => names.includes('data') || names.includes('encryptedData'));
  const others = [...new Set(fields.filter((field) => !inData.includes(field)).map(named))];
  const count = inData.reduce((sum, { before, after }) => sum + size(after ?? before), 0);
  const first = count === 0 ? [] : [`${keys(count)} changed (values hidden)`];
  return [...first, ...(others.length === 0 ? [] : [others.slice(0, mostNames).join(', ')])];
}

function size(value: Json | undefined): number {
  return isMap(value) ? Object.keys(value).length : 1;
}

function keys(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`;
}

/** What a new or deleted object is, for the few kinds where one word says much. */
function opening(object: JsonMap): string[] {
  const spec = isMap(object['spec']) ? object['spec'] : {};
  switch (object['kind']) {
    case 'ConfigMap':
      return isMap(object['data']) ? [keys(Object.keys(object['data']).length)] : [];
    case 'Service':
      return [typeof spec['type'] === 'string' ? spec['type'] : 'ClusterIP'];
    case 'Deployment':
    case 'StatefulSet':
      return typeof spec['replicas'] === 'number'
        ? [`${spec['replicas']} ${spec['replicas'] === 1 ? 'replica' : 'replicas'}`]
        : [];
    case 'Ingress':
      return hosts(spec['rules']);
    default:
      return [];
  }
}

function hosts(rules: Json | undefined): string[] {
  const found = Array.isArray(rules) ? rules.flatMap((rule) => (isMap(rule) ? [rule['host']] : [])) : [];
  const texts = found.filter((host) => typeof host === 'string');
  return texts.length === 0 ? [] : [texts.slice(0, 3).join(', ')];
}

function named({ names, before, after }: FieldChange): string {
  const last = names.at(-1) ?? '';
  const within = names.at(-2);
  const variable = names.includes('env') ? names[names.indexOf('env') + 1] : undefined;
  if (variable !== undefined) return `env ${variable}`;
  if (last === 'replicas') return `replicas ${count(before)} → ${count(after)}`;
  if (last === 'image') return imageWords(before, after);
  if (names[0] === 'data' && names[1] !== undefined) return `key ${names[1]}`;
  if (within === 'labels' || within === 'annotations') return `${within.slice(0, -1)} ${last}`;
  return /^\d+$/.test(last) ? `${within ?? ''}[${last}]` : last;
}

function count(replicas: Json | undefined): string {
  return typeof replicas === 'number' ? String(replicas) : 'unset';
}

function imageWords(before: Json | undefined, after: Json | undefined): string {
  if (typeof before !== 'string' || typeof after !== 'string') return 'image';
  const [from, to] = [imageParts(before), imageParts(after)];
  if (from === undefined || to === undefined || from.repository !== to.repository) return 'image';
  return `image ${from.version} → ${to.version}`;
}

function imageParts(image: string): { repository: string; version: string } | undefined {
  const parts = /^(?<repository>[^@]*?)(?::(?<tag>[\w.-]{1,40}))?(?:@sha256:(?<digest>[0-9a-f]{12})[0-9a-f]*)?$/.exec(
    image,
  )?.groups;
  const version = parts?.['tag'] ?? (parts?.['digest'] === undefined ? undefined : `sha256:${parts['digest']}`);
  return version === undefined ? undefined : { repository: parts?.['repository'] ?? '', version };
}
