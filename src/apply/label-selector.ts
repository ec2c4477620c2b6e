// Selectors as Kubernetes writes them in one line: `app=web,tier!=cache,env in (a,b),!legacy` (apimachinery, labels.Parse).
import { SluiceError } from '../errors.ts';
import { showText } from '../object/show.ts';

/** Tells whether a map of labels or annotations is selected. */
export type Selects = (map: Readonly<Record<string, string>>) => boolean;

const key = '(?<key>[A-Za-z0-9](?:[-A-Za-z0-9._/]{0,315}[A-Za-z0-9])?)';
const exists = new RegExp(`^(?<not>!?)\\s*${key}$`);
const compares = new RegExp(`^${key}\\s*(?<operator>==|=|!=|>|<)\\s*(?<value>[-A-Za-z0-9._]{0,63})$`);
const isIn = new RegExp(`^${key}\\s+(?<operator>in|notin)\\s*\\((?<values>[-A-Za-z0-9._,\\s]*)\\)$`);

/** A selector that people write has a few dozen; each comma is looked at to the end of the text. */
const longest = 4_096;

/** Reads a selector; all requirements must hold. @throws SluiceError `deploy.spec` for another form, or over 4,096 characters */
export function parseSelector(text: string): Selects {
  if (text.length > longest) throw noSelector(text);
  const requirements = split(text).map((one) => requirement(one.trim(), text));
  return (map) => requirements.every((holds) => holds(map));
}

// Commas inside of parentheses belong to a set.
function split(text: string): readonly string[] {
  return text.split(/,(?![^(]*\))/);
}

function requirement(text: string, whole: string): Selects {
  const existence = exists.exec(text)?.groups;
  if (existence !== undefined) {
    const { key: name = '', not } = existence;
    return (map) => Object.hasOwn(map, name) === (not === '');
  }
  const comparison = compares.exec(text)?.groups;
  if (comparison !== undefined) return comparing(comparison);
  const set = isIn.exec(text)?.groups;
  if (set !== undefined) {
    const { key: name = '', operator, values = '' } = set;
    const wanted = new Set(values.split(',').map((value) => value.trim()));
    const has: Selects = (map) => Object.hasOwn(map, name) && wanted.has(map[name] ?? '');
    return operator === 'in' ? has : (map) => !has(map);
  }
  throw noSelector(whole);
}

function noSelector(text: string): SluiceError {
  return new SluiceError('deploy.spec', `${showText(text)} is no selector`, {
    remedy: 'write it as app=web,tier!=cache,env in (a,b),!legacy, in at most 4,096 characters',
  });
}

function comparing({ key: name = '', operator, value = '' }: Record<string, string | undefined>): Selects {
  const is: Selects = (map) => Object.hasOwn(map, name) && map[name] === value;
  if (operator === '=' || operator === '==') return is;
  if (operator === '!=') return (map) => !is(map);
  const bound = integer(value);
  return (map) => {
    const found = Object.hasOwn(map, name) ? integer(map[name] ?? '') : undefined;
    if (found === undefined || bound === undefined) return false;
    return operator === '>' ? found > bound : found < bound;
  };
}

function integer(text: string): bigint | undefined {
  return /^[-+]?\d{1,30}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}
