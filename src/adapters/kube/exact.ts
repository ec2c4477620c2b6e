// JSON of the API server: numbers as they were written, no key that could reach a prototype, never too deep to walk.
import { isMapping, type JsonMapping } from '../../object/json.ts';

// Where a plain parse would lose something: a number that a double may not hold, or a key that could reach a prototype.
const special = /[0-9]{16}|[0-9][eE][+-]?[0-9]{3}|__proto__|\\u005[fF]/;
const integer = /^-?[0-9]+$/;

/** Deepest nesting that is accepted, so that whoever walks an object may recurse. */
export const maxDepth = 500;

/** The mapping that a text holds, numbers beyond a double as `JSON.rawJSON`; undefined where it is none. */
export function parseMapping(text: string): JsonMapping | undefined {
  try {
    const value: unknown = special.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function keepExact(this: unknown, key: string, value: unknown, context: { source?: string }): unknown {
  if (key === '__proto__') return undefined;
  if (typeof value !== 'number' || context.source === undefined) return value;
  const exact = Number.isFinite(value) && (Number.isSafeInteger(value) || !integer.test(context.source));
  return exact ? value : JSON.rawJSON(context.source);
}

export function isTooDeep(value: unknown, left: number = maxDepth): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isTooDeep(item, left - 1));
  for (const key in value) if (isTooDeep((value as Record<string, unknown>)[key], left - 1)) return true;
  return false;
}
