// CEL over live documents: healthCheckExprs and readyExpr. Written by tenants about documents that tenants write, so
// every expression has a budget that no input can get round.
import { type CelInput, celEnv, type CelError, isCelError, parse, plan } from '@bufbuild/cel';
import { SluiceError } from '../errors.ts';
import { isMapping } from '../object/json.ts';
import type { Json } from '../object/object.ts';
import { showText } from '../object/show.ts';
import { visible } from '../diff/visible.ts';
import { boundedFunctions, boundedPatterns, meter, withinBudget } from './expression-budget.ts';
import { unknownName } from './expression-tree.ts';

export interface Expression {
  readonly text: string;
  /**
   * The answer on these documents. @throws ExpressionFailure where there is none: a field that is not there, another
   * type than a boolean, or more work than the budget allows.
   */
  evaluate(variables: Readonly<Record<string, Json>>): boolean;
}

/** An expression that is right, and fails on the documents as they are now; later ones may suit it. */
export class ExpressionFailure extends Error {
  override readonly name = 'ExpressionFailure';
}

const longestExpression = 8_192;
const mostCompiled = 1_000;
const compiled = new Map<string, Expression>();

/**
 * Compiles a CEL expression with the standard library and the string extensions (`lowerAscii`, `replace`, `split`,
 * `join`, …; not `format`). Without `variables` any name may be used, as the top-level fields of a resource differ; a
 * name that is not bound fails when it is evaluated, as in Flux. Compiled ones are kept.
 *
 * @throws SluiceError `deploy.expression`, terminal: over 8,192 characters, no CEL, an unknown variable or function
 */
export function compileExpression(text: string, variables?: readonly string[]): Expression {
  const key = JSON.stringify([text, variables]);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (compiled.size >= mostCompiled) compiled.clear();
  const expression = compile(text, variables);
  compiled.set(key, expression);
  return expression;
}

function compile(text: string, variables: readonly string[] | undefined): Expression {
  if (text.length > longestExpression)
    throw invalid(text, `it has ${text.length} characters, and at most ${longestExpression} are read`);
  let run: (variables?: Record<string, CelInput>) => unknown;
  try {
    const parsed = parse(text);
    const problem = unknownName(parsed.expr, environment.funcs, variables);
    if (problem !== undefined) throw new Error(problem);
    run = plan(environment, meter(parsed)) as typeof run;
  } catch (thrown) {
    throw invalid(text, thrown instanceof Error ? thrown.message : String(thrown));
  }
  return {
    text,
    evaluate(documents) {
      const result = withinBudget(() => run(bind(documents)));
      if (typeof result === 'boolean') return result;
      if (result === undefined) throw new ExpressionFailure('it takes more work than an expression may');
      throw new ExpressionFailure(isCelError(result) ? reason(result) : 'its value is not true or false');
    },
  };
}

const environment = celEnv({ funcs: [...boundedFunctions], re2: boundedPatterns });

function reason(error: CelError): string {
  return visible(error.message).slice(0, 200);
}

function invalid(text: string, why: string): SluiceError {
  return new SluiceError('deploy.expression', `the expression ${showText(text)} is not valid CEL: ${visible(why)}`, {
    remedy: 'correct the expression; it is the Common Expression Language, as in Flux',
  });
}

function bind(documents: Readonly<Record<string, Json>>): Record<string, CelInput> {
  return Object.fromEntries(Object.entries(documents).map(([name, value]) => [name, celOf(value)]));
}

// Whole numbers are ints, as Go reads them; JSON alone cannot tell 3 from 3.0.
function celOf(value: Json | undefined): CelInput {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (JSON.isRawJSON(value)) return exactNumber(JSON.stringify(value));
  if (Array.isArray(value)) return value.map(celOf);
  if (isMapping(value)) return new Map(Object.entries(value).map(([key, entry]) => [key, celOf(entry)]));
  return (value ?? null) as string | boolean | null;
}

function exactNumber(text: string): CelInput {
  if (!/^-?\d{1,19}$/.test(text)) return Number(text);
  const integer = BigInt(text);
  return BigInt.asIntN(64, integer) === integer ? integer : Number(text);
}
