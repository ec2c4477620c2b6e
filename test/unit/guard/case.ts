// A hostile manifest, the rule that must speak about it, and words that its message must hold.
import { expect } from 'vitest';
import { check, rules, type Setting } from './tenant.ts';

export interface Case {
  readonly name: string;
  readonly input: string;
  readonly rule: string;
  readonly words: RegExp;
  readonly setting?: Setting;
}

export const meta = 'metadata: {name: x, namespace: a-dev}';
export const rbac = 'rbac.authorization.k8s.io';

export function configMap(metadata: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}\n`;
}

/** The case is denied, in words that can be shown, twice the same; and a good object passes right after. */
export function expectDenied({ input, rule, words, setting }: Case): void {
  const findings = check(input, setting);
  const said = findings.filter((finding) => finding.rule === rule);
  expect(rules(findings)).toContain(rule);
  expect(said.map(({ message }) => message).join('\n')).toMatch(words);
  for (const { message, remedy } of findings) {
    expect(message).toMatch(/^[\x20-\x7e…]+$/);
    expect(remedy).toMatch(/^[\x20-\x7e…]+$/);
    expect(message.length).toBeLessThan(2000);
  }
  expect(check(input, setting)).toEqual(findings);
  expect(check(configMap('{name: good, namespace: a-dev}'), setting)).toEqual([]);
}
