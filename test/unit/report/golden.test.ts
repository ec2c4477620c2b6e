import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/report/assemble.ts';
import { renderCheckRun } from '../../../src/report/check-run.ts';
import { renderJson } from '../../../src/report/json.ts';
import { renderComment } from '../../../src/report/markdown/comment.ts';
import { linksBelow } from '../../../src/report/markdown/table.ts';
import type { Report } from '../../../src/report/report.ts';
import { renderText } from '../../../src/report/text.ts';
import { manyObjects, samples, twelveClusters } from './samples.ts';

const folder = new URL('golden/', import.meta.url);
const update = process.env['UPDATE_GOLDEN'] === '1';

function matches(name: string, file: string, actual: string): void {
  const place = new URL(`${name}/${file}`, folder);
  if (update) {
    mkdirSync(new URL('.', place), { recursive: true });
    writeFileSync(place, actual);
  }
  expect(actual, `${name}/${file}; UPDATE_GOLDEN=1 writes it anew`).toBe(readFileSync(place, 'utf8'));
}

function comment(report: Report): string {
  const link = linksBelow(`https://github.com/acme/shop-manifests/blob/${report.head ?? 'main'}`);
  return `${renderComment(report, { marker: 'sluice:v1 pr=482', link })}\n`;
}

/** Headings, rows and folded titles without the diffs, for comments too long to keep. */
function outline(text: string): string {
  const kept = text.split('\n').filter((line) => /^(?:#|\*\*|\*\d|---|<details>|<!--|Showing|[^|+ @-])/.test(line));
  return `${kept.join('\n')}\n${Buffer.byteLength(text).toLocaleString('en-US')} bytes\n`;
}

describe('golden reports', () => {
  it.each(Object.entries(samples))('%s', (name, outcome) => {
    const report = assemble(outcome);
    matches(name, 'report.json', `${renderJson(report)}\n`);
    matches(name, 'comment.md', comment(report));
    matches(name, 'terminal.txt', renderText(report, { colour: false, width: 100 }));
    const { summary: _summary, ...check } = renderCheckRun(report);
    matches(name, 'check.json', `${JSON.stringify(check, null, 2)}\n`);
  });

  it('twelve clusters with the same change', () => {
    const report = assemble(twelveClusters());
    matches('twelve-clusters', 'comment.md', comment(report));
    matches('twelve-clusters', 'terminal.txt', renderText(report, { colour: false, width: 100 }));
  });

  it.each([
    ['80-objects', manyObjects(80, { lines: 12 })],
    ['5-megabytes', manyObjects(250, { lines: 10, width: 1_000 })],
    ['5000-objects', manyObjects(5_000)],
  ])('%s, the outline', (name, outcome) => {
    const report = assemble(outcome);
    matches(name, 'outline.md', outline(comment(report)));
  });
});
