// What an RBAC object gives that it did not give before, in words.
import type { Json } from '../object/object.ts';
import { isMap, type JsonMap } from './normalise.ts';

interface Permission {
  readonly verb: string;
  /** `pods`, `deployments.apps`, `*`, or a path such as `/metrics`. */
  readonly resource: string;
  readonly group: string;
  readonly name: string;
}

const mostPermissions = 300;
const mostPhrases = 4;

/**
 * Says what the head side of an RBAC object adds: `adds get, list on nodes`, `binds ServiceAccount a/b to
 * ClusterRole/edit`. One phrase per resource or subject, at most five, empty where nothing is added. `base` is
 * undefined for a new object. Wildcards cover as the API server reads them (`*` verbs, resources, groups).
 */
export function grantsOf(base: JsonMap | undefined, head: JsonMap): readonly string[] {
  switch (head['kind']) {
    case 'Role':
    case 'ClusterRole':
      return shorten([...roleGrants(base, head), ...aggregation(base, head)]);
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return shorten(bindingGrants(base, head));
    default:
      return [];
  }
}

function roleGrants(base: JsonMap | undefined, head: JsonMap): string[] {
  const had = permissions(base);
  const has = permissions(head);
  const added = has.filter((one) => !had.some((other) => covers(other, one)));
  const byResource = new Map<string, Set<string>>();
  for (const { verb, resource, group, name } of added) {
    const where = `${resourceText(resource, group)}${name === '*' ? '' : ` ${name}`}`;
    const verbs = byResource.get(where);
    if (verbs === undefined) byResource.set(where, new Set([verb]));
    else verbs.add(verb);
  }
  const byVerbs = new Map<string, string[]>();
  for (const [where, verbs] of byResource) {
    const text = verbs.has('*') ? 'every verb' : [...verbs].join(', ');
    const places = byVerbs.get(text);
    if (places === undefined) byVerbs.set(text, [where]);
    else places.push(where);
  }
  const phrases = [...byVerbs].map(([verbs, places]) => `adds ${verbs} on ${few(places)}`);
  return has.length > mostPermissions ? [`holds more than ${mostPermissions} permissions`, ...phrases] : phrases;
}

function permissions(role: JsonMap | undefined): Permission[] {
  const found: Permission[] = [];
  for (const rule of list(role?.['rules'])) {
    if (!isMap(rule)) continue;
    for (const one of permissionsOf(rule)) {
      found.push(one);
      if (found.length > mostPermissions) return found;
    }
  }
  return found;
}

function* permissionsOf(rule: JsonMap): Generator<Permission> {
  const names = texts(rule['resourceNames']);
  for (const verb of texts(rule['verbs'])) {
    for (const path of texts(rule['nonResourceURLs'])) yield { verb, resource: path, group: '', name: '*' };
    for (const group of texts(rule['apiGroups'])) {
      for (const resource of texts(rule['resources'])) {
        for (const name of names.length === 0 ? ['*'] : names) yield { verb, resource, group, name };
      }
    }
  }
}

function covers(one: Permission, other: Permission): boolean {
  return (
    (one.verb === '*' || one.verb === other.verb) &&
    (one.group === '*' || one.group === other.group) &&
    (one.name === '*' || one.name === other.name) &&
    (one.resource === other.resource || (one.resource === '*' && !other.resource.startsWith('/')))
  );
}

function resourceText(resource: string, group: string): string {
  if (resource === '*') {
    if (group === '*') return 'every resource';
    return `every resource of ${group === '' ? 'the core group' : group}`;
  }
  return group === '' || resource.startsWith('/') ? resource : `${resource}.${group}`;
}

function aggregation(base: JsonMap | undefined, head: JsonMap): string[] {
  const phrases: string[] = [];
  if (head['aggregationRule'] !== undefined && text(head['aggregationRule']) !== text(base?.['aggregationRule'])) {
    phrases.push('collects the rules of other ClusterRoles');
  }
  const had = labels(base);
  for (const [key, value] of Object.entries(labels(head))) {
    const into = /^rbac\.authorization\.k8s\.io\/aggregate-to-(.+)$/.exec(key)?.[1];
    if (into !== undefined && value === 'true' && had[key] !== 'true')
      phrases.push(`adds its rules to ClusterRole/${into}`);
  }
  return phrases;
}

function bindingGrants(base: JsonMap | undefined, head: JsonMap): string[] {
  const role = roleText(head);
  const sameRole = base !== undefined && roleText(base) === role;
  const had = new Set(sameRole ? list(base['subjects']).map(subjectText) : []);
  const added = list(head['subjects'])
    .map(subjectText)
    .filter((subject) => !had.has(subject));
  const everywhere = head['kind'] === 'ClusterRoleBinding' ? ' on the whole cluster' : '';
  return added.length === 0 ? [] : [`binds ${few([...new Set(added)])} to ${role}${everywhere}`];
}

function roleText(binding: JsonMap): string {
  const role = binding['roleRef'];
  return isMap(role) ? `${word(role['kind'])}/${word(role['name'])}` : 'nothing';
}

function subjectText(subject: Json): string {
  if (!isMap(subject)) return 'nothing';
  const namespace = typeof subject['namespace'] === 'string' ? `${subject['namespace']}/` : '';
  return `${word(subject['kind'])} ${namespace}${word(subject['name'])}`;
}

function labels(object: JsonMap | undefined): JsonMap {
  const metadata = object?.['metadata'];
  const found = isMap(metadata) ? metadata['labels'] : undefined;
  return isMap(found) ? found : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: Json | undefined): string[] {
  return list(value).filter((item) => typeof item === 'string');
}

function text(value: Json | undefined): string {
  return JSON.stringify(value) ?? '';
}

function word(value: Json | undefined): string {
  return typeof value === 'string' ? value : '?';
}

function few(words: readonly string[]): string {
  return words.length <= mostPhrases
    ? words.join(', ')
    : `${words.slice(0, mostPhrases).join(', ')} and ${words.length - mostPhrases} more`;
}

function shorten(phrases: readonly string[]): readonly string[] {
  if (phrases.length <= mostPhrases) return phrases;
  return [...phrases.slice(0, mostPhrases), `and ${phrases.length - mostPhrases} more`];
}
