// JSON from the renderer: integers exact, plain frozen data, no key that reaches a prototype.
import { SluiceError } from '../../errors.ts';

declare global {
  // ECMAScript "JSON.parse source text access", in Node since 22; TypeScript's library does not declare it yet.
  interface JSON {
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
    parse(
      text: string,
      reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

/** Deepest nesting that is accepted; everything after this may recurse without fear for the stack. */
export const maxDepth = 500;

// A number that a double may not hold: 16 digits in a row, or an exponent of three digits.
const inexactNumber = /[0-9]{16}|[0-9][eE][+-]?[0-9]{3}/;
const integer = /^-?[0-9]+$/;

/**
 * Parses JSON into deeply frozen data. An integer beyond 2^53 and a number beyond a double become `JSON.rawJSON`
 * values, so `JSON.stringify` prints them as they were written.
 * @throws SluiceError `renderer.protocol` on text that is no JSON or holds a `__proto__` key, `build.tooLarge` when
 *   it nests deeper than `maxDepth`
 */
export function parseExact(text: string): unknown {
  let value: unknown;
  try {
    value = inexactNumber.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text);
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep();
    throw new SluiceError('renderer.protocol', 'the renderer answered with something that is not JSON');
  }
  freeze(value, 0);
  return value;
}

function keepExact(this: unknown, _key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value;
  const exact = Number.isFinite(value) && (Number.isSafeInteger(value) || !integer.test(context.source));
  return exact ? value : JSON.rawJSON(context.source);
}

function freeze(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (depth > maxDepth) throw tooDeep();
  if (Array.isArray(value)) {
    for (const item of value) freeze(item, depth + 1);
  } else {
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__') throw new SluiceError('renderer.protocol', 'the renderer let a key "__proto__" through');
      freeze(item, depth + 1);
    }
  }
  Object.freeze(value);
}

function tooDeep(): SluiceError {
  return new SluiceError('build.tooLarge', `an object nests deeper than ${maxDepth} levels`, {
    remedy: 'Flatten the manifest.',
  });
}
