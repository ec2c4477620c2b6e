// healthCheckExprs: CEL that says how custom resources are doing. Order and generation check as fluxcd/pkg runtime/cel.
import { SluiceError } from '../errors.ts';
import type { HealthCheckExpr } from '../flux/deploy-spec.ts';
import { asSluiceError } from '../errors.ts';
import { groupOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';
import { compileExpression, type Expression, ExpressionFailure } from './expressions.ts';
import { type HealthStatus, type ObjectStatus, statusOf, unsettledStatus } from './kstatus.ts';
import { conditionAt } from './live.ts';
import { brief } from './words.ts';

interface HealthRule {
  readonly group: string;
  readonly kind: string | undefined;
  /** In the order of evaluation: the first that is true decides. */
  readonly expressions: readonly {
    readonly status: HealthStatus;
    readonly field: string;
    readonly expression: Expression;
  }[];
}

/** How objects are doing, custom rules first. */
export interface HealthRules {
  statusOf(object: KubeObject | null, now: Date): ObjectStatus;
}

const fields = [
  ['inProgress', 'InProgress'],
  ['failed', 'Failed'],
  ['current', 'Current'],
] as const;

/**
 * Compiles the expressions of a Kustomization. Only the group of an entry's `apiVersion` counts; an entry with the kind
 * goes before one of the group alone. An expression that fails on an object leaves it `Unknown`: later it may succeed.
 *
 * @throws SluiceError `deploy.expression`, terminal, naming the entry: Stalled with reason `InvalidCELExpression`
 */
export function createHealthRules(entries: readonly HealthCheckExpr[]): HealthRules {
  const rules = entries.map((entry, index) => compileRule(entry, index));
  return {
    statusOf(object, now) {
      const rule = object === null ? undefined : ruleFor(rules, object);
      return object === null || rule === undefined ? statusOf(object, now) : evaluate(rule, object);
    },
  };
}

function compileRule(entry: HealthCheckExpr, index: number): HealthRule {
  const expressions = fields.flatMap(([field, status]) => {
    const text = entry[field];
    return text === undefined
      ? []
      : [{ status, field, expression: compileAt(text, `spec.healthCheckExprs[${index}].${field}`) }];
  });
  return { group: groupOf(entry.apiVersion), kind: entry.kind, expressions };
}

function compileAt(text: string, place: string): Expression {
  try {
    return compileExpression(text);
  } catch (thrown) {
    const error = asSluiceError(thrown);
    throw new SluiceError(error.code, `${place}: ${error.message}`, { remedy: error.remedy, cause: thrown });
  }
}

function ruleFor(rules: readonly HealthRule[], object: KubeObject): HealthRule | undefined {
  const group = groupOf(object.apiVersion);
  const ofGroup = rules.filter((rule) => rule.group === group);
  return ofGroup.find((rule) => rule.kind === object.kind) ?? ofGroup.find((rule) => rule.kind === undefined);
}

function evaluate({ expressions }: HealthRule, object: KubeObject): ObjectStatus {
  const unsettled = unsettledStatus(object);
  if (unsettled !== undefined) return unsettled;
  try {
    for (const { status, expression, field } of expressions)
      if (expression.evaluate(object as Readonly<Record<string, Json>>))
        return { status, message: words(status, field, object) };
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFailure)) throw thrown;
    return { status: 'Unknown', message: `its health expression fails: ${brief(thrown.message)}` };
  }
  return { status: 'InProgress', message: words('InProgress', 'current', object) };
}

function words(status: HealthStatus, field: string, object: KubeObject): string {
  if (status === 'Current') return '';
  const ready = conditionAt(object, 'Ready');
  if (ready !== undefined && ready.status !== 'True' && ready.message !== '') return brief(ready.message);
  return field === 'current' ? 'its current expression is false' : `its ${field} expression is true`;
}
