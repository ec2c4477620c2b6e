import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/report/assemble.ts';
import { annotationBatches, renderCheckRun } from '../../../src/report/check-run.ts';
import { renderJson } from '../../../src/report/json.ts';
import { renderComment } from '../../../src/report/markdown/comment.ts';
import type { Outcome } from '../../../src/report/outcome.ts';
import { renderText } from '../../../src/report/text.ts';
import { inspect } from './github-markdown.ts';
import { kustomization, manyObjects, outcome, samples, twelveClusters, violation } from './samples.ts';

const error = {
  code: 'build.yaml',
  message: 'line 3 is no YAML',
  remedy: null,
  kustomization: 'shop/shop',
  cluster: 'one',
  file: 'a.yaml',
  line: 3,
} as const;

describe('assembling', () => {
  it('groups what reads the same, with clusters sorted', () => {
    const report = assemble(outcome(['b', 'a'].map((name) => kustomization(name, { violations: [violation({})] }))));
    expect(report.clusters.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(report.violations.map(({ clusters }) => clusters)).toEqual([['a', 'b']]);
  });

  it('keeps apart what differs in any word', () => {
    const of = (name: string, message: string): ReturnType<typeof kustomization> =>
      kustomization(name, { violations: [violation({ message })] });
    expect(assemble(outcome([of('a', 'x'), of('b', 'y')])).violations).toHaveLength(2);
  });

  it.each<[string, Partial<Outcome>, readonly Parameters<typeof violation>[0][], string]>([
    ['nothing', {}, [], 'pass'],
    ['a warning', {}, [{ severity: 'warn' }], 'pass'],
    ['a waived deny', {}, [{ waivedUntil: '2030-01-01' }], 'pass'],
    ['a deny', {}, [{}], 'blocked'],
    ['a deny that was there before', {}, [{ introduced: false }], 'blocked'],
    ['an error', { errors: [error] }, [], 'error'],
    ['an error and a deny', { errors: [error] }, [{}], 'error'],
  ])('the verdict of %s', (_name, more, found, verdict) => {
    const one = kustomization('a', { violations: found.map(violation) });
    expect(assemble(outcome([one], more)).verdict).toBe(verdict);
  });

  it('does not depend on the order of its parts', () => {
    for (const sample of Object.values(samples)) {
      const turned: Outcome = {
        ...sample,
        kustomizations: sample.kustomizations.toReversed().map((one) => ({
          ...one,
          changes: one.changes.toReversed(),
          violations: one.violations.toReversed(),
        })),
        errors: sample.errors.toReversed(),
      };
      expect(renderJson(assemble(turned))).toBe(renderJson(assemble(sample)));
    }
  });

  it('puts what blocks first, and changes by danger', () => {
    const report = assemble(samples['review'] ?? outcome([]));
    expect(report.violations.map(({ rule }) => rule)).toEqual([
      'tenant/cluster-scoped',
      'tenant/namespace',
      'image/registry',
      'workload/limits',
    ]);
    expect(report.changes.map(({ risk }) => risk)).toEqual(['grant', 'delete', 'restart', 'secret', 'config']);
  });

  it('says an error once', () => {
    expect(assemble(outcome([], { errors: [error, { ...error }] })).errors).toHaveLength(1);
  });

  it('prints JSON that reads back as the report, without what the report does not have', () => {
    const report = assemble(samples['review'] ?? outcome([]));
    expect(JSON.parse(renderJson(report))).toEqual(report);
    const extended = { ...report, changes: report.changes.map((one) => ({ ...one, id: 'x', locate: {} })) };
    expect(renderJson(extended)).toBe(renderJson(report));
  });
});

describe('the three renderings say the same', () => {
  it.each(Object.entries(samples).filter(([name]) => name !== 'hostile-names'))('%s', (_name, sample) => {
    const report = assemble(sample);
    const texts = [renderJson(report), renderComment(report), renderText(report, { colour: false, width: 80 })];
    const facts = [
      ...report.violations.flatMap(({ rule, object, file, line }) => [rule, object, `${file}`, `${line}`]),
      ...report.changes.flatMap(({ object, file, risk }) => [object, `${file}`, risk]),
      ...report.errors.flatMap(({ code, file }) => [code, `${file}`]),
      ...report.unknowns.flatMap(({ what }) => what.split(/["\s]+/)),
      ...report.notes.flatMap((note) => note.split(/["\s,]+/)),
      ...report.clusters.map(({ name }) => name),
    ];
    for (const text of texts) for (const fact of facts) expect(text).toContain(fact);
  });

  it.each([
    [
      '4,000 violations',
      outcome([
        kustomization('a', {
          violations: Array.from({ length: 4_000 }, (_item, index) => violation({ object: `Role/x/${index}` })),
        }),
      ]),
    ],
    [
      '3,000 errors',
      outcome([], { errors: Array.from({ length: 3_000 }, (_item, index) => ({ ...error, line: index + 1 })) }),
    ],
    ['2,500 changes', manyObjects(2_500)],
    [
      '2,500 notes',
      outcome([kustomization('a')], { notes: Array.from({ length: 2_500 }, (_item, index) => `note ${index}`) }),
    ],
  ])('%s: what is not shown is counted', (_name, sample) => {
    const report = assemble(sample);
    const all = report.violations.length + report.errors.length + report.changes.length + report.notes.length;
    const rows = (text: string, row: RegExp): number => text.match(row)?.length ?? 0;
    const left = (text: string): number =>
      [...text.matchAll(/^(?:\*| *… )([\d,]+) (?:more|changes? (?:is|are) not)/gm)].reduce(
        (sum, [, count]) => sum + Number(count?.replaceAll(',', '')),
        0,
      );
    const comment = renderComment(report);
    // Rows are findings, but for those of headers, facts and clusters.
    const shown =
      rows(comment, /^\| (?:`tenant|`build|🔑|🗑|♻|🌐|🔁|🔒|📄)/gm) +
      rows(comment, /^- note/gm) +
      rows(comment, /^<details><summary>(?:🔑|🗑|♻|🌐|🔁|🔒|📄)/gm);
    expect(shown + left(comment)).toBe(all);
    const terminal = renderText(report, { colour: false, width: 80 });
    const printed = rows(
      terminal,
      /^ {2}(?:tenant\/|build\.|note |grant|delete|config|secret|restart|exposure|replace)/gm,
    );
    expect(printed + left(terminal)).toBe(all);
  });
});

describe('room', () => {
  it.each([
    ['12 clusters', twelveClusters()],
    ['80 objects', manyObjects(80, { lines: 12 })],
    ['5 MB of diffs', manyObjects(250, { lines: 10, width: 1_000 })],
    ['one diff of 5 MB', manyObjects(1, { lines: 20_000, width: 120 })],
    ['5,000 objects', manyObjects(5_000)],
    [
      '300 clusters',
      outcome(Array.from({ length: 300 }, (_item, index) => kustomization(`c${index}`, { unchanged: index }))),
    ],
    [
      '80 Kustomizations on 12 clusters',
      outcome(
        Array.from({ length: 960 }, (_item, index) =>
          kustomization(`c${index % 12}`, { name: `k${index % 80}`, unchanged: index }),
        ),
      ),
    ],
    [
      'long messages',
      outcome([
        kustomization('a', {
          violations: Array.from({ length: 300 }, (_item, index) =>
            violation({ message: `"${'\u{1f4a9}`|\u202e'.repeat(500)}" ${index}`, file: '\u{1f4a9}'.repeat(900) }),
          ),
        }),
      ]),
    ],
  ])('%s fit, closed and sound, the most dangerous first', (_name, sample) => {
    const report = assemble(sample);
    for (const maxBytes of [60_000, 30_000, 6_000]) {
      const comment = renderComment(report, { maxBytes });
      expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(maxBytes);
      expect(inspect(comment).elements).toEqual([]);
      expect(comment).toContain('**Next:**');
    }
    if (report.changes.some(({ risk }) => risk === 'grant'))
      expect(renderComment(report)).toContain('ClusterRole/late-grant');
    expect(Buffer.byteLength(renderCheckRun(report).summary)).toBeLessThanOrEqual(65_535);
  });

  it('uses its room: as many diffs as fit before it falls back to rows', () => {
    const comment = renderComment(assemble(manyObjects(200, { lines: 12 })));
    expect(Buffer.byteLength(comment)).toBeGreaterThan(40_000);
    expect(comment).toMatch(/Showing \d+ of 202 diffs, the most dangerous first\./);
  });

  it('gives the long diff of one object a row, and keeps the others', () => {
    const long = { ...manyObjects(30, { lines: 300 }) };
    const comment = renderComment(assemble(long));
    expect(comment).toContain('#### Changes without a diff here');
    expect(comment).toContain('Showing 2 of 32 diffs');
  });
});

describe('check runs', () => {
  it.each([
    ['pass', 'success'],
    ['no-cluster', 'success'],
    ['waived', 'success'],
    ['blocked', 'failure'],
    ['render-error', 'failure'],
  ])('%s concludes with %s', (name, conclusion) => {
    const check = renderCheckRun(assemble(samples[name] ?? outcome([])));
    expect(check.conclusion).toBe(conclusion);
    expect(check.title.length).toBeLessThanOrEqual(60);
    expect(check.summary).toContain(check.title.split(':')[0] ?? '');
  });

  it('asks for action where only the platform team can help', () => {
    const report = assemble(
      outcome([kustomization('a', { violations: [violation({ rule: 'tenant/cluster-scoped' })] })]),
    );
    expect(renderCheckRun(report).conclusion).toBe('action_required');
  });

  it.each([
    ['/etc/passwd', 1],
    ['../x.yaml', 1],
    ['a/../../x', 1],
    ['x\n.yaml', 1],
    ['', 1],
    [null, 1],
    ['x.yaml', 0],
    ['x.yaml', -1],
    ['x.yaml', 1.5],
    ['x.yaml', Number.MAX_SAFE_INTEGER],
  ])('annotates nothing at %j:%s', (file, line) => {
    const report = assemble(outcome([kustomization('a', { violations: [violation({ file, line })] })]));
    expect(renderCheckRun(report).annotations).toEqual([]);
  });

  it('annotates the first 200, what blocks first, in batches of 50, and says so', () => {
    const warnings = Array.from({ length: 150 }, (_item, index) => violation({ severity: 'warn', line: index + 1 }));
    const denies = Array.from({ length: 150 }, (_item, index) => violation({ line: index + 1 }));
    const check = renderCheckRun(assemble(outcome([kustomization('a', { violations: [...warnings, ...denies] })])));
    expect(check.annotations.map(({ level }) => level)).toEqual([
      ...Array(150).fill('failure'),
      ...Array(50).fill('warning'),
    ]);
    expect(annotationBatches(check.annotations).map(({ length }) => length)).toEqual([50, 50, 50, 50]);
    expect(annotationBatches([])).toEqual([[]]);
    expect(check.summary).toContain('100 more lines could be annotated');
  });
});

describe('terminal text', () => {
  const report = assemble(samples['hostile-names'] ?? outcome([]));

  it('lets no control character of a tenant through', () => {
    const text = renderText(report, { colour: false, width: 80 });
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('\\u{1b}[31mred');
  });

  it('says in words what it says in colour', () => {
    for (const sample of Object.values(samples)) {
      const one = assemble(sample);
      const coloured = renderText(one, { colour: true, width: 80 });
      expect(stripVTControlCharacters(coloured)).toBe(renderText(one, { colour: false, width: 80 }));
    }
  });

  it('ends in the verdict and the next step', () => {
    const lines = renderText(assemble(samples['review'] ?? outcome([])), { colour: false, width: 80 })
      .trimEnd()
      .split('\n');
    expect(lines.at(-2)).toMatch(/^BLOCKED: /);
    expect(lines.at(-1)).toMatch(/^Next: fix apps\/cart\/role\.yaml:5, then /);
  });

  it('says plainly that nothing was reached', () => {
    const one = assemble(outcome([], { followers: 0 }));
    const other = assemble(outcome([], { followers: 3 }));
    for (const text of [renderText(other, { colour: false, width: 120 }), renderComment(other)]) {
      expect(text).toMatch(/none of the 3 Kustomizations that follow this branch is built from what changed/);
    }
    for (const text of [renderText(one, { colour: false, width: 80 }), renderComment(one)]) {
      expect(text).toMatch(/no cluster follows this branch/);
    }
  });
});
