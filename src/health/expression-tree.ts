// The syntax tree of a CEL expression: walking it, and what is wrong with it before it runs.
import type { CelEnv, parse } from '@bufbuild/cel';

export type CelParsed = ReturnType<typeof parse>;
export type CelExpr = CelParsed['expr'];
export type CelFuncs = CelEnv['funcs'];

/** The expressions that an expression is made of, one level down. */
export function childrenOf({ exprKind }: CelExpr): CelExpr[] {
  switch (exprKind.case) {
    case 'callExpr':
      return present([exprKind.value.target, ...exprKind.value.args]);
    case 'selectExpr':
      return present([exprKind.value.operand]);
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) =>
        present([keyKind.case === 'mapKey' ? keyKind.value : undefined, value]),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return present([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    default:
      return [];
  }
}

/**
 * The first name that nothing stands behind: `no function named foo`, or, where the variables are known, `no variable
 * named bar`. Undefined where all is well.
 */
export function unknownName(
  expr: CelExpr,
  functions: CelFuncs,
  variables: readonly string[] | undefined,
): string | undefined {
  const known = variables === undefined ? undefined : new Set([...variables, ...typeNames]);
  const waiting: Scoped[] = [{ expr, known }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const problem = nameProblem(at, functions);
    if (problem !== undefined) return problem;
    waiting.push(...scopedChildren(at));
  }
  return undefined;
}

interface Scoped {
  readonly expr: CelExpr;
  /** Undefined: any name may be bound. */
  readonly known: ReadonlySet<string> | undefined;
}

const typeNames = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type', 'google'];
const operators = new Set(['_[_]', '_&&_', '_||_', '_?_:_', '@not_strictly_false']);

function nameProblem({ expr: { exprKind }, known }: Scoped, functions: CelFuncs): string | undefined {
  if (exprKind.case === 'identExpr' && known !== undefined && !known.has(exprKind.value.name))
    return `no variable named ${exprKind.value.name}`;
  if (exprKind.case !== 'callExpr') return undefined;
  const name = exprKind.value.function;
  return operators.has(name) || functions.find(name) !== undefined ? undefined : `no function named ${name}`;
}

function scopedChildren({ expr, known }: Scoped): Scoped[] {
  const { exprKind } = expr;
  if (exprKind.case === 'comprehensionExpr') {
    const { iterVar, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
    const inner = known === undefined ? undefined : new Set([...known, iterVar, accuVar]);
    return [
      ...present([iterRange, accuInit]).map((child) => ({ expr: child, known })),
      ...present([loopCondition, loopStep, result]).map((child) => ({ expr: child, known: inner })),
    ];
  }
  return childrenOf(expr).map((child) => ({ expr: child, known }));
}

function present(exprs: readonly (CelExpr | undefined)[]): CelExpr[] {
  return exprs.filter((one) => one !== undefined);
}
