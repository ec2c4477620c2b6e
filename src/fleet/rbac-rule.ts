// One RBAC rule: what it allows, and whether one set of rules covers another.
import { showIdentifier } from '../object/show.ts';
import type { PolicyRule } from './rbac-object.ts';

/** One question to the authorizer. */
export interface ResourceRequest {
  /** Lower case, as the API server derives it from the request: `get`, `create`, `patch`, `delete`, … */
  readonly verb: string;
  /** `''` for the core group. */
  readonly group: string;
  /** Plural: `deployments`. */
  readonly resource: string;
  readonly subresource?: string;
  /** `''` for cluster-scoped requests. */
  readonly namespace: string;
  /** `''` where the request names no object (a list, a plain create). */
  readonly name: string;
}

/** Whether a rule allows a request (Kubernetes, plugin/pkg/auth/authorizer/rbac, `RuleAllows`). */
export function allows(rule: PolicyRule, request: ResourceRequest): boolean {
  const { verb, group, subresource, name } = request;
  const resource = subresource === undefined ? request.resource : `${request.resource}/${subresource}`;
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    hasResource(rule.resources, resource) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

/** The most single permissions that a rule is taken apart into; one with more counts as not covered. */
const mostParts = 2_000;

/**
 * Whether the rules of an owner hold everything that a rule grants, as Kubernetes checks before it lets somebody write
 * a role or a binding (component-helpers, auth/rbac/validation, `Covers`): the rule is taken apart into one verb, group,
 * resource and name each, and one rule of the owner must cover each part.
 */
export function coversRule(owner: readonly PolicyRule[], rule: PolicyRule): boolean {
  const { resourceNames } = rule;
  const parts = partsOf(rule);
  if (parts === undefined || parts.length * Math.max(1, resourceNames.length) > mostParts) return false;
  const urls = unique(rule.verbs).every((verb) =>
    rule.nonResourceURLs.every((url) => owner.some((own) => has(own.verbs, verb) && hasUrl(own.nonResourceURLs, url))),
  );
  return (
    urls &&
    parts.every((part) =>
      coversNames(
        owner.filter((own) => coversPart(own, part)),
        resourceNames,
      ),
    )
  );
}

interface Part {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
}

/** Every verb on every resource of every group, each once; undefined where there are too many. */
function partsOf(rule: PolicyRule): Part[] | undefined {
  const [verbs, groups, resources] = [rule.verbs, rule.apiGroups, rule.resources].map(unique);
  if (verbs === undefined || groups === undefined || resources === undefined) return undefined;
  if (verbs.length * groups.length * resources.length > mostParts) return undefined;
  return verbs.flatMap((verb) => groups.flatMap((group) => resources.map((resource) => ({ verb, group, resource }))));
}

function coversPart(own: PolicyRule, { verb, group, resource }: Part): boolean {
  return has(own.verbs, verb) && has(own.apiGroups, group) && hasResource(own.resources, resource);
}

/** Whether rules that hold a part hold it for these names; none means every name. */
function coversNames(holding: readonly PolicyRule[], names: readonly string[]): boolean {
  if (holding.some((own) => own.resourceNames.length === 0)) return true;
  return names.length > 0 && names.every((name) => holding.some((own) => own.resourceNames.includes(name)));
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

/** Names the subresource that mints tokens of service accounts. A plain `*` does not count as naming it. */
export function grantsToken(rule: PolicyRule): boolean {
  return rule.resources.some((resource) => resource === 'serviceaccounts/token' || resource === '*/token');
}

/** The most verbs, resources, names or paths that one line spells out. */
const mostWords = 20;

/** Lines for people; see `grantsOf`. */
export function grantLines(rule: PolicyRule): string[] {
  const verbs = some(rule.verbs.map(showIdentifier).map(star));
  const only = rule.resourceNames.length === 0 ? '' : ` (only ${some(rule.resourceNames.map(quoted))})`;
  const resources = rule.apiGroups.flatMap((group) => rule.resources.map((resource) => resourceName(group, resource)));
  const lines = resources.length === 0 ? [] : [`${verbs} ${some(resources)}${only}`];
  if (rule.nonResourceURLs.length > 0) lines.push(`${verbs} ${some(rule.nonResourceURLs.map(path))}`);
  return lines;
}

function some(words: readonly string[]): string {
  const more = words.length - mostWords;
  return more > 0 ? `${words.slice(0, mostWords).join(', ')} and ${more} more` : words.join(', ');
}

/** `deployments.apps`, `pods/exec`, `everything in apps`, `everything`. */
function resourceName(group: string, resource: string): string {
  if (resource === '*') return wholeGroup(group);
  const shown = path(resource);
  if (group === '') return shown;
  return group === '*' ? `${shown} of any group` : `${shown}.${showIdentifier(group)}`;
}

function wholeGroup(group: string): string {
  if (group === '*') return 'everything';
  return `everything in ${group === '' ? 'the core group' : showIdentifier(group)}`;
}

function path(text: string): string {
  return text.split('/').map(showIdentifier).map(star).join('/');
}

function star(text: string): string {
  return text.replaceAll('\\u{2a}', '*');
}

function quoted(text: string): string {
  return `"${showIdentifier(text)}"`;
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function hasResource(list: readonly string[], resource: string): boolean {
  if (has(list, resource)) return true;
  const slash = resource.indexOf('/');
  return slash !== -1 && list.includes(`*${resource.slice(slash)}`);
}

function hasUrl(list: readonly string[], url: string): boolean {
  return list.some((own) => own === '*' || own === url || (own.endsWith('*') && url.startsWith(own.slice(0, -1))));
}
