// Draws the comment of a report as GitHub would show it: `node scripts/picture.ts report.json picture.png`.
// Needs Chromium on the machine (`CHROMIUM`, else `chromium`); the README's picture is made with it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { renderComment } from '../src/report/markdown/comment.ts';
import { linksBelow } from '../src/report/markdown/table.ts';
import type { Report } from '../src/report/report.ts';

const style = `
  body { margin: 0; padding: 24px; background: #fff; color: #1f2328;
    font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Inter, "DejaVu Sans", Helvetica, Arial, sans-serif; }
  .comment { max-width: 900px; margin: auto; border: 1px solid #d1d9e0; border-radius: 6px; }
  .author { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e; }
  .author b { color: #1f2328; } .author i { font-style: normal; border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font-size: 12px; }
  .body { padding: 16px; } .body > :first-child { margin-top: 0; } .body > :last-child { margin-bottom: 0; }
  h3 { font-size: 1.25em; margin: 24px 0 16px; } h4 { font-size: 1em; margin: 24px 0 12px; }
  p, table, pre, details, ul { margin: 0 0 16px; } details > pre { margin-top: 8px; } details { margin-bottom: 8px; }
  a { color: #0969da; text-decoration: none; } hr { border: 0; height: 3px; background: #d1d9e0; margin: 24px 0; }
  code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font: 85% ui-monospace, Menlo, "DejaVu Sans Mono", monospace; }
  pre { background: #f6f8fa; border-radius: 6px; padding: 12px 16px; overflow: hidden; line-height: 1.45; }
  pre code { background: none; padding: 0; } pre .add { color: #116329; background: #dafbe1; } pre .del { color: #82071e; background: #ffebe9; }
  pre .hunk { color: #8250df; font-weight: 600; } pre span { display: block; }
  table { border-collapse: collapse; display: block; } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; vertical-align: top; text-align: left; }
  tr:nth-child(even) td { background: #f6f8fa; } summary { cursor: pointer; }`;

function page(report: Report): string {
  const link = linksBelow(`${report.source}/blob/${report.head ?? 'main'}`);
  const comment = renderComment(report, { marker: 'sluice:v1', link, elsewhere: 'all in the check run' });
  const html = micromark(comment, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true })
    .replaceAll(
      /<code class="language-diff">([\s\S]*?)<\/code>/g,
      (_all, diff: string) => `<code>${coloured(diff)}</code>`,
    )
    // The README shows what a person sees after opening the two most telling diffs.
    .replaceAll(/<details>(?=<summary>(?:🔁|🔒))/g, '<details open>');
  const author = '<div class="author"><b>sluice</b> <i>bot</i> commented 6 seconds ago</div>';
  const body = `<div class="comment">${author}<div class="body">${html}</div></div>`;
  return `<!doctype html><meta charset="utf-8"><style>${style}</style><body>${body}</body>`;
}

function coloured(diff: string): string {
  const kind = (line: string): string => ({ '+': 'add', '-': 'del', '@': 'hunk' })[line[0] ?? ''] ?? '';
  return diff
    .trimEnd()
    .split('\n')
    .map((line) => `<span class="${kind(line)}">${line === '' ? ' ' : line}</span>`)
    .join('');
}

const [from, to, height = '1500'] = process.argv.slice(2);
if (from === undefined || to === undefined)
  throw new Error('usage: node scripts/picture.ts report.json picture.png [height]');
const folder = mkdtempSync(join(tmpdir(), 'sluice-picture-'));
try {
  writeFileSync(join(folder, 'page.html'), page(JSON.parse(readFileSync(from, 'utf8')) as Report));
  const size = `--window-size=960,${height}`;
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', size];
  const files = [`--screenshot=${resolve(to)}`, `file://${join(folder, 'page.html')}`];
  execFileSync(process.env['CHROMIUM'] ?? 'chromium', [...flags, ...files], { stdio: 'ignore', cwd: folder });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
