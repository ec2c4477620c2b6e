import { describe, expect, test } from 'vitest';
import { coversRule, type PolicyRule, permits, readRbac, rulesFor } from '../../../src/fleet/rbac.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import recorded from './rbac-answers.json' with { type: 'json' };

// Recorded from a real kube-apiserver by `npm run tables`.
const rbac = readRbac(recorded.objects as unknown as KubeObject[]);
const questions = recorded.questions as string[][];
const attempts = recorded.attempts as unknown as [string, PolicyRule, 'yes' | 'no'][];

describe(`what kube-apiserver ${recorded.kubernetes} answered`, () => {
  test('nothing of the recorded RBAC is ignored', () => {
    expect(rbac.ignored).toEqual([]);
  });

  test('every SubjectAccessReview has the same answer here, or an honest "unknown" for custom kinds', () => {
    const wrong: string[] = [];
    let unknown = 0;
    for (const [
      account = '',
      verb = '',
      group = '',
      resource = '',
      subresource = '',
      namespace = '',
      name = '',
      answer,
    ] of questions) {
      const request = { verb, group, resource, namespace, name, ...(subresource === '' ? {} : { subresource }) };
      const here = permits(rbac, accountOf(account), request);
      if (here === 'unknown') {
        unknown += 1;
        // Only ever instead of a "no", and only where a chart could have aggregated more into a role.
        if (answer === 'yes' || !group.includes('example.com')) wrong.push(`${JSON.stringify(request)} unknown`);
      } else if (here !== answer) wrong.push(`${account} ${JSON.stringify(request)}: ${answer}, here ${here}`);
    }
    expect(wrong).toEqual([]);
    expect(questions.length).toBeGreaterThan(500);
    expect(questions.filter((question) => question.at(-1) === 'yes').length).toBeGreaterThan(100);
    expect(unknown).toBeLessThan(questions.length / 10);
  });

  test('every rule that the escalation check let an account write is covered here, and no other', () => {
    const wrong = attempts.filter(([account, rule, answer]) => {
      const own = rulesFor(rbac, accountOf(account), 'a-dev').rules;
      return (coversRule(own, { ...rule, nonResourceURLs: [] }) ? 'yes' : 'no') !== answer;
    });
    expect(wrong).toEqual([]);
    expect(attempts.filter(([, , answer]) => answer === 'yes').length).toBeGreaterThan(20);
  });
});

function accountOf(text: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = text.split(':');
  return { namespace, name };
}
