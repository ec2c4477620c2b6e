import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderNotice } from '../../../src/deployment/notice.ts';
import { renderLanding, rowsOf } from '../../../src/deployment/section.ts';
import { splitBody } from '../../../src/deployment/state.ts';
import { inspect, meaningful } from '../report/github-markdown.ts';
import { failed, failure, hostile, landing, landings, later, live, merge, paused, underWay } from './samples.ts';

const folder = new URL('golden/', import.meta.url);
const plenty = 60_000;

function shown(name: string): string {
  const sample = landings[name];
  if (sample === undefined) throw new Error(name);
  const notice = renderNotice(rowsOf(sample), merge, false);
  // What is hidden is looked at by another test.
  const section = renderLanding(sample, plenty).replace(/^<!-- sluice:deploy \S+ -->/, '<!-- sluice:deploy … -->');
  return `${section}\n${notice === undefined ? '' : `\n=== and in a comment of its own ===\n\n${notice}\n`}`;
}

describe('golden sections', () => {
  it.each(Object.keys(landings))('%s', (name) => {
    const place = new URL(`${name}.md`, folder);
    const actual = shown(name);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(folder, { recursive: true });
      writeFileSync(place, actual);
    }
    expect(actual, `${name}.md; UPDATE_GOLDEN=1 writes it anew`).toBe(readFileSync(place, 'utf8'));
  });
});

describe('a section', () => {
  it.each(Object.entries(landings))(
    '%s: nothing of a tenant becomes a link, a mention, a reference or HTML',
    (_, sample) => {
      const notice = renderNotice(rowsOf(sample), merge, false) ?? '';
      for (const text of [renderLanding(sample, plenty), notice]) {
        const { elements, addresses, text: plain } = inspect(text);
        expect({ elements, addresses }).toEqual({ elements: [], addresses: [] });
        expect(plain).not.toMatch(meaningful);
      }
    },
  );

  const sizes = [60_000, 5_000, 2_000, 1_000, 500];
  it.each(sizes)('of many hostile clusters keeps within %i characters, and says what it leaves out', (room) => {
    const clusters = Array.from({ length: 300 }, (_, at): [string, ReturnType<typeof failed>] => [
      `prod-${at}`,
      failed(failure({ message: `${at} ${hostile.repeat(10)}` })),
    ]);
    const text = renderLanding(landing(Object.fromEntries(clusters)), room);
    expect(text.length).toBeLessThanOrEqual(room);
    expect(text).toContain('Not live on 300 of 300 clusters');
    expect(text).toMatch(/\d+ (?:more )?failures are not shown here/);
    expect(inspect(text).elements).toEqual([]);
  });

  it('names the worst first, and every cluster that is to have it', () => {
    const deploys = { b: live(3), a: live(4), c: failed(failure()), d: underWay, e: paused };
    const rows = rowsOf(landing(deploys, ['f', { cluster: 'g', suspended: true }, { cluster: 'd', suspended: true }]));
    expect(rows.map(({ cluster, kind }) => `${cluster} ${kind}`)).toEqual([
      'c failed',
      'f waiting',
      'd under way',
      'e suspended',
      'g suspended',
      'a live',
      'b live',
    ]);
  });
});

describe('what a section hides', () => {
  const body = '<!-- sluice:v1 head=x -->\n\n### Passed\n\n---\n\nfooter';

  it.each(Object.entries(landings))('%s is read back as it was', (_, sample) => {
    const whole = `${body}\n\n${renderLanding(sample, plenty)}`;
    const { review, known } = splitBody(whole, merge);
    expect(review).toBe(body);
    expect(known).toEqual(sample.known);
    expect(renderLanding({ ...sample, known }, plenty)).toBe(renderLanding(sample, plenty));
  });

  it('is another merge’s, or nobody’s: the comment is left as it is', () => {
    const section = renderLanding(landing({ 'prod-eu': live(31) }), plenty);
    const encoded = Buffer.from(JSON.stringify({ commit: merge, clusters: [{ cluster: '' }] })).toString('base64url');
    const foreign = [
      `${body}\n\n${renderLanding({ ...landing({ 'prod-eu': live(3) }), commit: later }, plenty)}`,
      `${body}\n\n<!-- sluice:deploy  -->\n\nx`,
      `${body}\n\n<!-- sluice:deploy ${encoded} -->`,
      `${body}\n\n<!-- sluice:deploy ${'A'.repeat(50_000)}`,
      body,
    ];
    for (const text of foreign) {
      expect(splitBody(text, merge)).toEqual({ review: text, known: new Map() });
      // What follows one that does not count is still found.
      expect(splitBody(`${text}\n\n${section}`, merge).review).toBe(text);
    }
  });
});

describe('the short comment', () => {
  it('is written for a failure alone, and says when it is over', () => {
    const good = rowsOf(landing({ 'prod-eu': live(31) }));
    expect(renderNotice(good, merge, false)).toBeUndefined();
    expect(renderNotice(good, merge, true)).toBe(
      `<!-- sluice:deploy-failed commit=${merge} -->\n✅ \`9ac1f3e\` is live now where it had failed at first.`,
    );
  });
});
