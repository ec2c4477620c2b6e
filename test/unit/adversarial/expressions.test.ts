// Every regular expression of the sources on hostile texts: none takes more time than the text is long, times something.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Literal, regularExpressions } from './literals.ts';

const sources = join(dirname(fileURLToPath(import.meta.url)), '../../../src');
const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const found = files.flatMap((file) =>
  regularExpressions(readFileSync(join(sources, file), 'utf8')).map((literal) => ({ file, ...literal })),
);

/** Slow on long texts, and never given one; by file, with what bounds the text. */
const bounded: Readonly<Record<string, readonly (readonly [source: string, why: string])[]>> = {
  'flux/duration.ts': [
    ['([0-9]+(?:\\.[0-9]+)?)(ms|s|m|h)', 'a duration of more than 64 characters is none'],
    ['0+$', 'the digits of one number'],
  ],
  'apply/label-selector.ts': [[',(?![^(]*\\))', 'a selector of more than 4,096 characters is none']],
  'source/url.ts': [['\\/+$', 'an address of more than 2,048 characters is none']],
  'adapters/kube/event.ts': [['[-.]+$', 'the first 230 characters of a name']],
  'adapters/kube/kubeconfig.ts': [['^[A-Za-z0-9+/\\s]+={0,2}\\s*$', 'the kubeconfig of whoever runs Sluice']],
  'adapters/log/scrub.ts': [
    [
      '\\beyJ[A-Za-z0-9_-]{10,4096}\\.[A-Za-z0-9_-]{10,4096}(?:\\.[A-Za-z0-9_-]{0,4096})?',
      'each start looks at 4,096 characters at most, and longer texts than 256 KiB are not looked at',
    ],
  ],
};

const usual = ['a', 'A', '0', ' ', '\t', '\n', '-', '.', '_', '/', '"', '\\', '=', '(', '{', ','];
const lengths = [26, 300, 3_000, 20_000];
const mostMs = 100;

/** Pieces that, repeated, lead an expression far before it fails: its own letters, words and pairs of them. */
function pieces(source: string): ReadonlySet<string> {
  const words = source
    .replaceAll(/\\[dwsbDWSB]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\(\?[:=!<]+|[\\^$*+?()[\]{}|]/g, '\u0001')
    .split('\u0001')
    .filter((word) => word !== '');
  const firsts = [...new Set([...words.map((word) => word.slice(0, 1)), 'a', ' '])].slice(0, 5);
  return new Set([
    ...Array.from(words.join('')).slice(0, 12),
    ...usual,
    ...words.slice(0, 5).flatMap((word) => [word, `${word}a`, `${word} `, `${word}-`]),
    ...firsts.flatMap((one) => firsts.map((other) => one + other)),
  ]);
}

/** What takes too long, or undefined. */
function slowOn({ source, flags }: Literal): string | undefined {
  const expression = new RegExp(source, flags);
  for (const piece of pieces(source)) {
    for (const length of lengths) {
      const text = `${piece.repeat(Math.ceil(length / piece.length))}\u0000`;
      let best = Infinity;
      for (let round = 0; round < 3 && best > mostMs; round += 1) {
        const begun = performance.now();
        expression.lastIndex = 0;
        if (flags.includes('g')) text.replaceAll(expression, '');
        else if (source.startsWith('^')) expression.test(text);
        else text.split(expression);
        best = Math.min(best, performance.now() - begun);
      }
      if (best > mostMs) return `${JSON.stringify(piece)} to ${length} characters: ${Math.round(best)} ms`;
    }
  }
  return undefined;
}

test('214: they are found in the sources', () => {
  expect(found.length).toBeGreaterThan(250);
  const text = "const a = b / c; // d / e\nconst f = `x${/y'/.test(g) ? { h: 1 / 2 } : ''}/z/`.split(/[/]\\//g);";
  expect(regularExpressions(text)).toEqual([
    { line: 2, source: "y'", flags: '' },
    { line: 2, source: '[/]\\/', flags: 'g' },
  ]);
});

test.each(['\\/+$', '^(a+)+$', 'a+b', ',(?![^(]*\\))'])('214: /%s/ would be noticed', (source) => {
  expect(slowOn({ line: 1, source, flags: '' })).toBeDefined();
});

test('214: each takes time in proportion to its text', { timeout: 120_000 }, () => {
  const known = (file: string, source: string): boolean =>
    bounded[file.replaceAll('\\', '/')]?.some(([one]) => one === source) === true;
  const slow = found.flatMap((one) => {
    const why = known(one.file, one.source) ? undefined : slowOn(one);
    return why === undefined ? [] : [`${one.file}:${one.line} /${one.source}/${one.flags} on ${why}`];
  });
  expect(slow).toEqual([]);
});

test('214: no reason is about an expression that is not there', () => {
  const gone = Object.entries(bounded).flatMap(([file, list]) =>
    list.filter(([source]) => !found.some((one) => one.file === file && one.source === source)),
  );
  expect(gone).toEqual([]);
});
