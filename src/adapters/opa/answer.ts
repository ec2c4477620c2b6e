// What the compiled module answers for one object, and what counts as a full answer.
import type { FieldPath } from '../../object/object.ts';
import type { PolicyFinding } from '../../ports.ts';

/** An answer that must not be trusted. `rule` is known where one rule's finding is malformed. */
export class AnswerFault {
  readonly code: 'policy.undefined' | 'policy.crashed';
  readonly message: string;
  readonly rule: string | undefined;

  constructor(code: 'policy.undefined' | 'policy.crashed', message: string, rule?: string) {
    this.code = code;
    this.message = message;
    this.rule = rule;
  }
}

const maxFindings = 200;
const maxText = 2_000;

/**
 * The findings in OPA's result set for one object: denies first, then by rule and text, so that wasm's hash order does
 * not show. At most 200; what is left out is counted in the last one's message, and a deny is never left out for a warn.
 *
 * @param rules how many rules the module must answer for
 */
export function readAnswer(resultSet: unknown, rules: number): readonly PolicyFinding[] | AnswerFault {
  if (!Array.isArray(resultSet) || resultSet.length !== 1) {
    return new AnswerFault('policy.undefined', 'the policy gave no answer');
  }
  const answer: unknown = (resultSet[0] as { result?: unknown } | null)?.result;
  if (!isRecord(answer) || answer['evaluated'] !== 1) {
    return new AnswerFault('policy.undefined', 'the policy did not evaluate the object');
  }
  if (answer['rules'] !== rules) {
    const count = JSON.stringify(answer['rules']) ?? 'no';
    return new AnswerFault('policy.undefined', `the policy answered for ${count} rules where ${rules} are expected`);
  }
  if (!Array.isArray(answer['findings']))
    return new AnswerFault('policy.undefined', 'the policy answered without findings');
  const findings: PolicyFinding[] = [];
  for (const item of answer['findings'] as unknown[]) {
    const finding = readFinding(item);
    if (finding instanceof AnswerFault) return finding;
    findings.push(finding);
  }
  return capped(findings.toSorted(byWeight));
}

function readFinding(item: unknown): PolicyFinding | AnswerFault {
  const [rule, severity, found] = Array.isArray(item) ? (item as unknown[]) : [];
  if (typeof rule !== 'string' || (severity !== 'deny' && severity !== 'warn')) {
    return new AnswerFault('policy.undefined', 'the policy answered with something that is no finding');
  }
  const wrong = isRecord(found) ? whatIsWrong(found) : 'is something other than {"msg": …}';
  if (wrong !== undefined) return new AnswerFault('policy.crashed', `rule ${rule}: a ${severity} ${wrong}`, rule);
  const { msg, remedy, path } = found as { msg: string; remedy?: string; path?: FieldPath };
  return {
    rule,
    severity,
    message: clipped(msg),
    ...(remedy !== undefined && { remedy: clipped(remedy) }),
    ...(path !== undefined && { path }),
  };
}

function whatIsWrong({ msg, remedy, path, ...others }: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) return `has the unknown key ${JSON.stringify(unknown.slice(0, 60))}`;
  if (typeof msg !== 'string' || msg.trim() === '') return 'has no msg';
  if (remedy !== undefined && (typeof remedy !== 'string' || remedy.trim() === ''))
    return 'has a remedy that is no text';
  if (path !== undefined && !isPath(path)) return 'has a path that is no array of names and indexes';
  return undefined;
}

function isPath(value: unknown): value is FieldPath {
  return (
    Array.isArray(value) &&
    value.every((part) => typeof part === 'string' || (Number.isSafeInteger(part) && Number(part) >= 0))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clipped(text: string): string {
  const characters = text.length > maxText ? `${text.slice(0, maxText - 1).toWellFormed()}…` : text;
  return characters.trim();
}

function byWeight(one: PolicyFinding, other: PolicyFinding): number {
  const key = (finding: PolicyFinding): string =>
    JSON.stringify([finding.severity, finding.rule, finding.path ?? [], finding.message]);
  const [left, right] = [key(one), key(other)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function capped(findings: readonly PolicyFinding[]): readonly PolicyFinding[] {
  const last = findings[maxFindings - 1];
  if (findings.length <= maxFindings || last === undefined) return findings;
  const left = findings.length - maxFindings;
  return [
    ...findings.slice(0, maxFindings - 1),
    { ...last, message: `${last.message} (and ${left} more findings on this object)` },
  ];
}
