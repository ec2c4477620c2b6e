// What a CEL expression may cost. The evaluator has no limits of its own, so its syntax tree is rewritten: every turn of
// a loop, and every value that a function reads whole, is paid for out of one budget.
import {
  type CelFunc,
  type CelList,
  CelScalar,
  type CelValue,
  celFunc,
  celList,
  celMethod,
  isCelList,
  isCelMap,
  listType,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { RE2JS } from 're2js';
import { type CelExpr, type CelParsed, childrenOf } from './expression-tree.ts';

/** Roughly: values looked at. A condition list of ten entries costs about fifty. */
const budget = 200_000;
const mostElements = 10_000;
const longestString = 200_000;
const longestPattern = 1_000;
const charactersPerUnit = 64;

let left = 0;

/**
 * Runs an evaluation with a whole budget; undefined where it was not enough, whatever the evaluation made of it (`||`
 * swallows errors). Evaluations do not nest: the evaluator is synchronous.
 */
export function withinBudget<Value>(evaluate: () => Value): Value | undefined {
  left = budget;
  const value = evaluate();
  return left < 0 ? undefined : value;
}

function charge(units: number): void {
  left -= units;
  if (left < 0) throw new Error('the budget is spent');
}

const { BYTES, DYN, INT, STRING } = CelScalar;
const dynamicList = listType(DYN);
const stringList = listType(STRING);
const tick = 'sluice@tick';
const weigh = 'sluice@weigh';

/** The string extensions within bounds, and the two functions that the rewritten tree calls. */
export const boundedFunctions: readonly CelFunc[] = [
  ...strings.filter(({ name }) => !['format', 'join', 'replace', 'strings.quote'].includes(name)),
  celFunc(tick, [DYN], DYN, (value) => {
    charge(1);
    return value as never;
  }),
  celFunc(weigh, [DYN], DYN, (value) => {
    chargeFor(value as CelValue);
    return value as never;
  }),
  celFunc('_+_', [STRING, STRING], STRING, (one, other) => sized(one + other)),
  celFunc('_+_', [BYTES, BYTES], BYTES, () => {
    throw new Error('bytes are not joined here');
  }),
  celFunc('_+_', [dynamicList, dynamicList], dynamicList, (one, other) => {
    const size = one.size + other.size;
    if (size > mostElements) throw new Error(`a list grows over ${mostElements} elements`);
    charge(1 + size / 16);
    return celList([...one, ...other]);
  }),
  celMethod('join', stringList, [], STRING, function () {
    return sized(textsOf(this).join(''));
  }),
  celMethod('join', stringList, [STRING], STRING, function (separator) {
    charge((this.size * separator.length) / charactersPerUnit);
    return sized(textsOf(this).join(separator));
  }),
  celMethod('replace', STRING, [STRING, STRING], STRING, function (part, by) {
    return replaced(this, part, by, Number.POSITIVE_INFINITY);
  }),
  celMethod('replace', STRING, [STRING, STRING, INT], STRING, function (part, by, count) {
    return replaced(this, part, by, count < 0n ? Number.POSITIVE_INFINITY : Number(count));
  }),
];

/** The engine of `matches`: RE2, linear in the text; long patterns are refused, since they are what takes time. */
export const boundedPatterns = {
  compile(pattern: string): { test(text: string): boolean } {
    if (pattern.length > longestPattern) throw new Error(`a pattern has more than ${longestPattern} characters`);
    charge(pattern.length);
    const compiled = RE2JS.compile(pattern);
    return {
      test(text) {
        charge(text.length / 4);
        return compiled.test(text);
      },
    };
  },
};

const cheap = new Set(['_[_]', '_&&_', '_||_', '_?_:_', '!_', '@not_strictly_false', '_+_', tick, weigh]);

/** Rewrites the tree in place, so that loops and functions pay, and returns it. */
export function meter(parsed: CelParsed): CelParsed {
  const waiting: CelExpr[] = [parsed.expr];
  for (let expr = waiting.pop(); expr !== undefined; expr = waiting.pop()) {
    waiting.push(...childrenOf(expr));
    const kind = expr.exprKind;
    if (kind.case === 'comprehensionExpr' && kind.value.loopCondition !== undefined)
      kind.value.loopCondition = call(tick, kind.value.loopCondition);
    if (kind.case !== 'callExpr' || cheap.has(kind.value.function)) continue;
    kind.value.args = kind.value.args.map((arg) => call(weigh, arg));
    const { target } = kind.value;
    if (target !== undefined) kind.value.target = call(weigh, target);
  }
  return parsed;
}

function call(name: string, argument: CelExpr): CelExpr {
  return { id: argument.id, exprKind: { case: 'callExpr', value: { function: name, args: [argument] } } } as never;
}

function chargeFor(value: CelValue): void {
  const waiting: CelValue[] = [value];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    charge(typeof at === 'string' ? 1 + at.length / charactersPerUnit : 1);
    if (isCelList(at)) {
      charge(at.size);
      waiting.push(...at);
    } else if (isCelMap(at)) {
      charge(at.size);
      waiting.push(...at.values());
    }
  }
}

function textsOf(list: CelList): string[] {
  return Array.from(list, (entry) => {
    if (typeof entry !== 'string') throw new Error('join takes a list of strings');
    return entry;
  });
}

function sized(text: string): string {
  if (text.length > longestString) throw new Error(`a string grows over ${longestString} characters`);
  charge(text.length / charactersPerUnit);
  return text;
}

function replaced(text: string, part: string, by: string, count: number): string {
  if (part === '') throw new Error('replace needs something to look for');
  const pieces = text.split(part);
  const times = Math.min(count, pieces.length - 1);
  if (text.length + times * by.length > longestString + times * part.length)
    throw new Error(`a string grows over ${longestString} characters`);
  const rest = pieces.slice(times).join(part);
  return sized([...pieces.slice(0, times), rest].join(by));
}
