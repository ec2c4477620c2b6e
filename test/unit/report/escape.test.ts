import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/report/assemble.ts';
import { codeSpan, fenced, html, isRepositoryPath, markdown } from '../../../src/report/escape.ts';
import { renderComment } from '../../../src/report/markdown/comment.ts';
import { linksBelow, table } from '../../../src/report/markdown/table.ts';
import type { Report } from '../../../src/report/report.ts';
import { code, prose } from '../../../src/report/words.ts';
import { inspect, meaningful, toHtml } from './github-markdown.ts';
import { kustomization, outcome, violation } from './samples.ts';

// Everything that Markdown, GFM or GitHub gives a meaning to, to be strewn into random text.
const bait = [
  '@acme/owners',
  '@bob',
  '#1',
  'GH-2',
  'acme/shop#3',
  'deadbeef',
  '3f9c2ab1d4e5',
  'https://evil.example/x',
  'www.evil.example',
  'a@evil.example',
  '![x](//evil.example/i.png)',
  '[x](javascript:alert(1))',
  '[x]: //evil',
  '<img src=x onerror=alert(1)>',
  '<a href="//evil">',
  '</code>',
  '</details>',
  '</summary>',
  '<!--',
  '-->',
  '<script>',
  '`',
  '``',
  '```',
  '````',
  '~~~',
  '|',
  '\\|',
  '\\',
  '\\\\|',
  '`|`',
  '\n',
  '\n\n',
  '\r',
  '\t',
  '# h',
  '- x',
  '1. x',
  '> q',
  '> [!NOTE]',
  '***',
  '__x__',
  ':boom:',
  ':+1:',
  '$x$',
  '$`x`$',
  '&lt;',
  '&#64;bob',
  '&',
  '"',
  "'",
  '"quoted @bob"',
  '\u202e',
  '\u200b',
  '\u200d',
  '\ufeff',
  '\u0000',
  '\u001b[31m',
  '\u2028',
  '\ud800',
  '\u{e0041}',
  '^[1]',
  '[^1]',
  '---',
  '===',
  '| a | b |',
  'e\u0301\u0301\u0301\u0301\u0301\u0301',
  '(',
  ')',
  'word',
  'on',
  ' ',
  '  ',
]; // prettier-ignore
const hostile = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...bait) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
    ),
    { maxLength: 9 },
  )
  .chain((parts) => fc.constantFrom('', ' ').map((separator) => parts.join(separator)));

function clean(text: string): void {
  const found = inspect(text);
  expect(found.elements).toEqual([]);
  expect(found.addresses).toEqual([]);
  expect(found.text).not.toMatch(meaningful);
}

describe('single pieces', () => {
  it('keeps any text in its code span', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = toHtml(`a ${codeSpan(text, 'line')} b`);
        expect(made).toMatch(/^<p>a (?:<code>[^<]*<\/code>|\(empty\)) b<\/p>$/);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps any text in its cell', () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const row = [codeSpan(one, 'cell'), markdown([prose(other)], 'cell'), 'last'];
        const made = table(['A', 'B', 'C'], [row, ['x', 'y', 'z']]);
        clean(made);
        expect(toHtml(made).match(/<td>/g)).toHaveLength(6);
        expect(toHtml(made)).toContain('<td>last</td>');
      }),
      { numRuns: 200 },
    );
  });

  it('keeps any text in its fence', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = toHtml(`${fenced(text, 'diff')}\n\nafter`);
        expect(made).toMatch(/^<pre><code class="language-diff">[^<]*<\/code><\/pre>\n<p>after<\/p>$/);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps any text in its summary', () => {
    fc.assert(
      fc.property(hostile, (text) =>
        clean(`<details><summary>${html([code(text), ' ', prose(text)])}</summary>\n\nx\n\n</details>`),
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['namespace "kube-system" is not yours', 'namespace `kube-system` is not yours'],
    ['set `spec.replicas` to 3, or less', 'set `spec.replicas` to 3, or less'],
    ['image ghcr.io/a/b:1 (see docs) is old.', 'image `ghcr.io/a/b:1` (see docs) is old.'],
    ['ask @platform, see #12', 'ask `@platform`, see `#12`'],
    ['commit deadbeef or feedfacecafe', 'commit `deadbeef` or `feedfacecafe`'],
    ['a "b`c" d', 'a ``b`c`` d'],
    ['two\nlines', 'two lines'],
    ['', ''],
  ])('%j reads %j', (sentence, expected) => {
    expect(markdown([prose(sentence)], 'line')).toBe(expected);
  });

  it.each([
    ['a\\|b', 'cell', '`a\\¦b`'],
    ['a|b', 'cell', '`a\\|b`'],
    ['a|b', 'line', '`a|b`'],
    ['`', 'line', '`` ` ``'],
    ['\u202egpj', 'line', '`\\u{202e}gpj`'],
    ['', 'line', '(empty)'],
    ['x'.repeat(500), 'line', `\`${'x'.repeat(159)}…\``],
  ] as const)('the code span of %j in a %s', (text, where, expected) => {
    expect(codeSpan(text, where)).toBe(expected);
  });
});

describe('paths', () => {
  it.each([
    ['apps/web.yaml', true],
    ['apps/sp ace.yaml', true],
    ['/etc/passwd', false],
    ['../x', false],
    ['a/../../x', false],
    ['a/./x', false],
    ['a//x', false],
    ['a\\x', false],
    ['a\n/x', false],
    ['\u202ex', false],
    ['', false],
    ['x'.repeat(2000), false],
  ])('%j may be linked: %s', (path, expected) => {
    expect(isRepositoryPath(path)).toBe(expected);
    expect(linksBelow('https://github.com/a/b/blob/c')(path, 1) !== undefined).toBe(expected);
  });

  it('links stay below their address', () => {
    const link = linksBelow('https://github.com/a/b/blob/c');
    expect(link('a b/(x)#y?.yaml', 7)).toBe('https://github.com/a/b/blob/c/a%20b/%28x%29%23y%3F.yaml#L7');
  });
});

function reportOf(text: string): Report {
  const place = { file: text, line: 3 };
  return assemble(
    outcome(
      ['one', `two ${text}`].map((cluster) =>
        kustomization(cluster, {
          name: text,
          serviceAccount: text,
          changes: (['grant', 'config'] as const).map((risk) => ({
            action: 'configured',
            id: text,
            object: text,
            risk,
            summary: text,
            diff: `@@ x @@\n-${text}\n+${text}`,
            ...place,
          })),
          violations: ['tenant/cluster-scoped', text].flatMap((rule) => [
            violation({ rule, object: text, message: text, remedy: text, ...place }),
            violation({ rule, object: text, message: text, remedy: text, waivedUntil: text, ...place }),
            violation({ rule, severity: 'warn', object: text, message: text, ...place }),
          ]),
        }),
      ),
      {
        source: text,
        base: text,
        head: text,
        merge: text,
        errors: [
          { code: 'build.yaml', message: text, remedy: text, kustomization: text, cluster: 'one', file: text, line: 1 },
        ],
        unknowns: [{ what: text, effect: text }],
        notes: [text],
      },
    ),
  );
}

describe('whole comments', () => {
  it('hold nothing but text of tenants, on every rung', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(60_000, 12_000, 8_000, 5_000, 3_000, 1_500), (text, maxBytes) => {
        const comment = renderComment(reportOf(text), { marker: `sluice:v1 ${text}`, maxBytes });
        expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(maxBytes);
        clean(comment);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('link to nothing but the address they were given', () => {
    const address = 'https://github.com/acme/shop/blob/main';
    fc.assert(
      fc.property(hostile, (text) => {
        const found = inspect(renderComment(reportOf(text), { link: linksBelow(address) }));
        for (const target of found.addresses) expect(target.startsWith(`${address}/`)).toBe(true);
        expect(found.elements).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
