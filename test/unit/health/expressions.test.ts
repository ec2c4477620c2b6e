import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { compileExpression, ExpressionFailure } from '../../../src/health/expressions.ts';
import type { Json } from '../../../src/object/object.ts';

const ready = { conditions: [{ type: 'Ready', status: 'True', reason: 'Synced' }], replicas: 3, phase: 'Running' };
const of = (text: string, documents: Record<string, Json>): boolean => compileExpression(text).evaluate(documents);

describe('compileExpression', () => {
  it.each<{ text: string; is: boolean }>([
    { text: "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')", is: true },
    { text: "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'False')", is: false },
    { text: "status.conditions.filter(e, e.type == 'Synced').all(e, e.status == 'True')", is: true },
    { text: "status.conditions.exists(e, e.type == 'Ready' && e.status == 'True')", is: true },
    { text: "status.conditions.exists(e, e.type == 'Stalled')", is: false },
    { text: "status.conditions.exists_one(e, e.type == 'Ready')", is: true },
    { text: "status.conditions.map(e, e.type) == ['Ready']", is: true },
    { text: 'has(status.phase) && !has(status.nothing)', is: true },
    { text: "has(status.nothing) && status.nothing == 'x'", is: false },
    { text: 'size(status.conditions) == 1 && status.conditions.size() == 1', is: true },
    { text: 'status.replicas == 3 && status.replicas + 1 == 4 && status.replicas > 2', is: true },
    { text: 'status.replicas == 3.0', is: true },
    { text: "status.phase in ['Running', 'Done']", is: true },
    { text: "'phase' in status", is: true },
    {
      text: "status.phase.startsWith('Run') && status.phase.endsWith('ing') && status.phase.contains('nni')",
      is: true,
    },
    { text: "status.phase.matches('^R[a-z]+$')", is: true },
    { text: "status.phase.lowerAscii() == 'running' && status.phase.replace('n', 'm') == 'Rummimg'", is: true },
    { text: "status.phase.replace('n', 'm', 1) == 'Rumning'", is: true },
    {
      text: "status.phase.replace('n', 'm', 0) == 'Running' && status.phase.replace('n', 'm', -1) == 'Rummimg'",
      is: true,
    },
    { text: "'a-b'.split('-').join('+') == 'a+b' && ['a'].join() == 'a'", is: true },
    { text: "status.replicas > 2 ? status.phase == 'Running' : false", is: true },
    { text: "status['phase'] == 'Running' && status.conditions[0].type == 'Ready'", is: true },
    { text: "timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z')", is: true },
    { text: "duration('1h') > duration('59m')", is: true },
    { text: 'true || status.nothing == 1', is: true },
  ])('$text', ({ text, is }) => {
    expect(of(text, { status: ready })).toBe(is);
  });

  it('reads whole numbers of JSON as ints, those beyond 2^53 exactly', () => {
    const status = JSON.parse('{"big":1}') as Record<string, Json>;
    status['big'] = JSON.rawJSON('9007199254740993') as unknown as Json;
    expect(of('status.big == 9007199254740993 && status.big % 10 == 3', { status })).toBe(true);
    expect(of('status.half == 1.5', { status: { half: 1.5 } })).toBe(true);
  });

  it.each<{ title: string; text: string; says: RegExp }>([
    { title: 'a field that is not there', text: "status.nothing == 'x'", says: /nothing/ },
    { title: 'a document that is not there', text: 'spec.x == 1', says: /./ },
    { title: 'a value that is no boolean', text: 'status.phase', says: /true or false/ },
    { title: 'no overload', text: 'status.phase > 1', says: /./ },
    { title: 'an index too far', text: "status.conditions[7].type == 'Ready'", says: /./ },
    { title: 'a pattern that RE2 has not', text: "status.phase.matches('(?=x)')", says: /./ },
  ])('fails, and may succeed later, on $title', ({ text, says }) => {
    expect(() => of(text, { status: ready })).toThrow(ExpressionFailure);
    expect(() => of(text, { status: ready })).toThrow(says);
  });

  it.each<{ title: string; text: string; variables?: string[] }>([
    { title: 'nothing', text: '' },
    { title: 'half an expression', text: 'status.phase ==' },
    { title: 'another language', text: 'status.phase === "x"' },
    { title: 'a function that is not there', text: 'system("rm")' },
    { title: 'a method that is not there', text: 'status.phase.eval()' },
    { title: 'a function in a key that is not there', text: '{nope(1): 2} == {1: 2}' },
    { title: 'has() of a variable', text: 'has(status)' },
    { title: 'format', text: "'%s'.format([status])" },
    { title: 'a variable that is not bound', text: 'self.x == 1 && other.x == 1', variables: ['self', 'dep'] },
    { title: 'too long a text', text: `'${'a'.repeat(9_000)}' == ''` },
    { title: 'a megabyte', text: '('.repeat(1_000_000) },
    { title: 'a NUL', text: 'true\u0000' },
  ])('refuses $title for good', ({ text, variables }) => {
    const error = caught(() => compileExpression(text, variables));
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: 'deploy.expression', kind: 'terminal' });
    expect((error as Error).message.length).toBeLessThan(1_000);
  });

  it('takes 8,192 characters and no more', () => {
    expect(compileExpression(`true${' '.repeat(8_188)}`).evaluate({})).toBe(true);
    expect(() => compileExpression(`true${' '.repeat(8_189)}`)).toThrow(SluiceError);
  });

  it('binds the variables of loops, and types, where the others are known', () => {
    const expression = compileExpression('dep.list.all(x, x > 0) && type(1) == int && self.ok', ['self', 'dep']);
    expect(expression.evaluate({ self: { ok: true }, dep: { list: [1, 2] } })).toBe(true);
  });
});

describe('the budget', () => {
  const many = Array.from({ length: 20_000 }, (_one, index) => ({ type: `T${index}`, status: 'True' }));
  const long = 'a'.repeat(500_000);
  const doubled = (start: string, times: number): string =>
    `[${start}]${Array.from({ length: times }, () => '.map(x, x + x)').join('')}`;

  it.each<{ title: string; text: string; documents: Record<string, Json> }>([
    { title: 'loops in loops', text: 'l.all(a, l.all(b, l.all(c, a != b || b != c || true)))', documents: { l: many } },
    {
      title: 'loops over its own lists',
      text: `${'[0,1,2,3,4,5,6,7,8,9].all(x, '.repeat(12)}true${')'.repeat(12)}`,
      documents: {},
    },
    { title: 'comparisons in loops', text: 'l.all(a, l == l)', documents: { l: many } },
    { title: 'membership in loops', text: 'l.exists(a, "x" in l)', documents: { l: many } },
    { title: 'a string that doubles', text: `${doubled("'ab'", 60)}[0].contains('c')`, documents: {} },
    { title: 'a list that doubles', text: `${doubled('[1]', 60)}[0].all(x, x > 1)`, documents: {} },
    { title: 'a string that replaces', text: `'a'${".replace('a', 'aaaaaaaaaa')".repeat(40)} == ''`, documents: {} },
    { title: 'a map over much', text: 'l.map(a, a.type).size() == 1', documents: { l: many } },
    { title: 'a pattern out of the document', text: "'x'.matches(p)", documents: { p: long } },
    { title: 'a costly pattern', text: "s.matches('(((a{100}){100}){100})')", documents: { s: long } },
    { title: 'matches in loops', text: "l.exists(x, s.matches('(a|aa)*b'))", documents: { l: many, s: long } },
    { title: 'searches in loops', text: "l.exists(x, s.contains('b'))", documents: { l: many, s: long } },
    { title: 'work that nobody waits for', text: 'l.all(a, l == l) || true', documents: { l: many } },
    { title: 'splits', text: "s.split('').all(a, s.split('').all(b, true))", documents: { s: long } },
  ])('ends $title soon', { timeout: 20_000 }, ({ text, documents }) => {
    const start = performance.now();
    expect(() => of(text, documents)).toThrow(ExpressionFailure);
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it('is whole again for the next one', () => {
    expect(() => of('l.all(a, l == l)', { l: many })).toThrow(ExpressionFailure);
    expect(of("status.conditions.all(e, e.status == 'True')", { status: ready })).toBe(true);
  });

  it('is enough for a thousand conditions', () => {
    const conditions = many.slice(0, 1_000);
    expect(
      of("status.conditions.filter(e, e.type != 'T1').all(e, e.status == 'True')", { status: { conditions } }),
    ).toBe(true);
  });
});

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (thrown) {
    return thrown;
  }
}
