// Fields of a live object, read as they may be: of any type, or not there.
import { asList, stringAt, valueAt } from '../flux/read.ts';
import type { KubeObject } from '../object/object.ts';

export interface LiveCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The conditions of any kind of object, in its order. */
export function liveConditions(object: KubeObject): readonly LiveCondition[] {
  return asList(valueAt(object['status'], 'conditions')).map((entry) => ({
    type: stringAt(entry, 'type') ?? '',
    status: stringAt(entry, 'status') ?? '',
    reason: stringAt(entry, 'reason') ?? '',
    message: stringAt(entry, 'message') ?? '',
  }));
}

export function conditionAt(object: KubeObject, type: string): LiveCondition | undefined {
  return liveConditions(object).find((one) => one.type === type);
}

/** A text field, or `''`. */
export function textAt(object: KubeObject, ...path: readonly string[]): string {
  return stringAt(object as never, ...path) ?? '';
}

/** A whole number, or `otherwise`. */
export function integerAt(object: KubeObject, otherwise: number, ...path: readonly string[]): number {
  const value = valueAt(object as never, ...path);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : otherwise;
}
