import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { visible } from '../../../src/diff/visible.ts';
import { newEffort, unifiedDiff } from '../../../src/diff/unified.ts';
import { yamlLines } from '../../../src/diff/yaml.ts';
import type { JsonMap } from '../../../src/diff/normalise.ts';

function print(manifest: JsonMap): string {
  return yamlLines(manifest)
    .map(({ text }) => text)
    .join('\n');
}

function diff(base: JsonMap, head: JsonMap): string {
  return unifiedDiff(yamlLines(base), yamlLines(head), newEffort());
}

describe('printing', () => {
  it('keeps Kubernetes’ order of keys', () => {
    const manifest = {
      spec: { b: 1, a: 2 },
      kind: 'K',
      zeta: 1,
      metadata: { labels: { a: 'b' }, name: 'nn', annotations: {}, namespace: 's' },
      apiVersion: 'v1',
    };
    expect(print(manifest)).toBe(
      'apiVersion: v1\nkind: K\nmetadata:\n  name: nn\n  namespace: s\n  labels:\n    a: b\n  annotations: {}\nspec:\n  a: 2\n  b: 1\nzeta: 1',
    );
  });

  it.each<[JsonMap, string]>([
    [{ a: [{ z: 1, name: 'nn' }, [1, [2]], {}, []] }, 'a:\n- name: nn\n  z: 1\n-\n  - 1\n  -\n    - 2\n- {}\n- []'],
    [
      { a: 'x\ny\n', b: 'x\ny', c: 'x\n\n\n', d: ' x\ny' },
      'a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\n\nd: |2-\n   x\n  y',
    ],
    [
      { a: 'true', b: '1', c: '', d: 'a: b', e: "it's", f: '-x', g: '#x', h: '1.2.3', i: '100m', j: '0x1', k: 'y' },
      "a: 'true'\nb: '1'\nc: ''\nd: 'a: b'\ne: it's\nf: -x\ng: '#x'\nh: 1.2.3\ni: 100m\nj: '0x1'\nk: 'y'",
    ],
    [
      { a: JSON.rawJSON('12345678901234567890') as never, b: 1e21, c: null, d: true },
      'a: 12345678901234567890\nb: 1e+21\nc: null\nd: true',
    ],
    [{ a: 'x\u202ey', b: 'x\n\u200by\n z' }, 'a: "x\\u202ey"\nb: "\\\n  x\\n\\\n  \\u200by\\n\\\n  \\ z"'],
  ])('%j', (manifest, expected) => {
    expect(print(manifest)).toBe(expected);
  });

  it.each(['\n ', ' \n', 'a\n ', ' \n\t', 'a\n \n', '\n \nb'])('parses back where a line is blank: %j', (root) => {
    expect(parse(`${print({ root })}\n`, { version: '1.2' })).toEqual({ root });
  });

  it('parses back to the same value', () => {
    const key = fc.oneof(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.constantFrom('null', 'y', '1', 'a b', 'a:', '? x', '- x', '__proto__'),
    );
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc
        .array(
          fc.constantFrom('a', ' ', '\n', '\t', '#', ':', '-', '"', "'", '\\', '|', '\u202e', '\u0001', '~', '1'),
          { maxLength: 8 },
        )
        .map((parts) => parts.join('')),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(value, (sample) => {
        const manifest = JSON.parse(JSON.stringify({ root: sample })) as JsonMap;
        expect(parse(`${print(manifest)}\n`, { version: '1.2' })).toEqual(manifest);
      }),
      { numRuns: 500 },
    );
  });
});

describe('unified diffs', () => {
  it('names the place of each hunk', () => {
    const at = (image: string, level: string): JsonMap => ({
      metadata: { name: 'nn', labels: { level } },
      spec: {
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        list: [
          { name: 'web', image },
          { name: 'log', image: 'x' },
        ],
      },
    });
    expect(diff(at('1', 'low'), at('2', 'high'))).toBe(
      '@@ metadata.labels @@\n metadata:\n   name: nn\n   labels:\n-    level: low\n+    level: high\n spec:\n   a: 1\n   b: 2\n' +
        "@@ spec.list[web] @@\n   d: 4\n   list:\n   - name: web\n-    image: '1'\n+    image: '2'\n   - name: log\n     image: x",
    );
  });

  it('is empty for equal sides and has no header for a new or lost one', () => {
    expect(diff({ a: 1 }, { a: 1 })).toBe('');
    expect(unifiedDiff([], yamlLines({ a: 1, b: 2 }), newEffort())).toBe('+a: 1\n+b: 2');
    expect(unifiedDiff(yamlLines({ a: 1 }), [], newEffort())).toBe('-a: 1');
  });

  it('rebuilds either side from its lines', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(list, list, (one, other) => {
        const sides = [{ list: one }, { list: other }] as const;
        const text = diff(...sides);
        const kept = (sign: string): string[] =>
          text
            .split('\n')
            .filter((line) => line.startsWith(sign))
            .map((line) => line.slice(1));
        const lines = sides.map((side) => yamlLines(side).map((line) => line.text));
        for (const [index, sign] of ['-', '+'].entries())
          for (const line of kept(sign)) expect(lines[index]).toContain(line);
        expect((lines[1]?.length ?? 0) - (lines[0]?.length ?? 0)).toBe(kept('+').length - kept('-').length);
      }),
    );
  });

  it('cuts long lines around their difference and says how long they are', () => {
    const text = diff({ a: `${'x'.repeat(900)}1${'y'.repeat(900)}` }, { a: `${'x'.repeat(900)}2${'y'.repeat(900)}` });
    expect(text).toContain('x1y');
    expect(text).toContain('x2y');
    expect(text).toContain('(1,804 characters)');
    expect(text.length).toBeLessThan(1_000);
  });

  it('says how many lines it leaves out', () => {
    const lines = yamlLines({
      data: Object.fromEntries(Array.from({ length: 9_000 }, (_item, index) => [`k${index}`, 'v'])),
    });
    const text = unifiedDiff([], lines, newEffort());
    expect(text.split('\n')).toHaveLength(2_001);
    expect(text.endsWith('\\ 7,001 more lines of this diff are not shown')).toBe(true);
  });

  it('spends bounded effort on hostile input, and shows a coarser difference after', () => {
    const lines = Array.from({ length: 5_000 }, (_item, index) => index);
    const side = (step: number): JsonMap => ({ a: lines.map((index) => (index * step) % 977).join('\n') });
    const effort = newEffort();
    const rounds = Array.from({ length: 14 }, (_item, index) => {
      const text = unifiedDiff(yamlLines(side(3)), yamlLines(side(5 + index)), effort);
      expect(text).toContain('more lines of this diff are not shown');
      return effort.remaining;
    });
    expect(rounds[0]).toBeGreaterThan(3_000_000);
    expect(rounds.at(-1)).toBeLessThanOrEqual(0);
    expect(unifiedDiff(yamlLines({ a: 'b' }), yamlLines({ a: 'c' }), effort)).toContain('-a: b\n+a: c');
  });
});

describe('visible text', () => {
  it.each([
    ['plain', 'plain'],
    ['a\u202eb', 'a\\u{202e}b'],
    ['a\u00a0b', 'a\\u{a0}b'],
    ['a\u{e0041}', 'a\\u{e0041}'],
    ['\u001b[31m', '\\u{1b}[31m'],
    ['\ud800', '\\u{d800}'],
    ['\u3164\u115f\ufe0f', '\\u{3164}\\u{115f}\\u{fe0f}'],
    ['e\u0301', 'e\u0301'],
    ['e\u0301\u0302\u0303\u0304', 'e\u0301\u0302\u0303\\u{304}'],
    ['日本語 ok', '日本語 ok'],
  ])('%j', (text, expected) => {
    expect(visible(text)).toBe(expected);
  });
});
