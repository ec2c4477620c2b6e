// What the pages say about the App and its environment is what the program does.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const text = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const manifest = parse(text('app.yml')) as {
  default_permissions: Record<string, string>;
  default_events: string[];
  hook_attributes: { url: string };
};

test('the link that registers the App asks for what the manifest says', () => {
  const link = /https:\/\/github\.com\/organizations\/ORGANISATION\/settings\/apps\/new\?\S+/.exec(
    text('docs/github-app.md'),
  );
  const query = new URL(link?.[0] ?? '').searchParams;
  expect(query.getAll('events[]')).toEqual(manifest.default_events);
  const notPermissions = ['name', 'url', 'public', 'webhook_active', 'webhook_url', 'events[]'];
  const permissions = [...query].filter(([name]) => !notPermissions.includes(name));
  expect(Object.fromEntries(permissions)).toEqual(manifest.default_permissions);
  expect(query.get('webhook_url')).toBe(manifest.hook_attributes.url);
});

test('the App can write checks, comments and deployments, and nothing else', () => {
  const writes = Object.entries(manifest.default_permissions).filter(([, level]) => level !== 'read');
  expect(writes).toEqual([
    ['checks', 'write'],
    ['pull_requests', 'write'],
    ['deployments', 'write'],
  ]);
});

test('every variable stands in the table, and every one in the table is read', () => {
  const names = (of: string): string[] => [...new Set(of.match(/SLUICE_[A-Z_]+(?<!_FILE)\b/g))].toSorted();
  const table = text('docs/running.md')
    .split('\n')
    .filter((line) => line.startsWith('| `SLUICE_'))
    .map((line) => line.split('|')[1] ?? '');
  expect(names(table.join(' '))).toEqual(names(text('src/configuration.ts')));
});

test('what an example turns off is a rule that ships', () => {
  const pages = readdirSync(new URL('../../../docs', import.meta.url)).filter((name) => name.endsWith('.md'));
  const ids = pages.flatMap((name) =>
    [...text(`docs/${name}`).matchAll(/^ +off: \[(.+)\]/gm)].flatMap(([, list = '']) => list.split(/, */)),
  );
  expect(ids.length).toBeGreaterThan(0);
  for (const id of ids)
    expect([id, existsSync(new URL(`../../../policies/${id}`, import.meta.url))]).toEqual([id, true]);
});

test('what the page says to look for in the log is what is written there', () => {
  const messages = text('docs/running.md')
    .split('\n')
    .filter((line) => /^\| `.*\| (?:error|warn) \|/.test(line))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, message = '']) => message));
  const sources = readdirSync(new URL('../../../src', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => text(`src/${name}`))
    .join('');
  expect(messages.length).toBeGreaterThan(10);
  for (const message of messages) {
    const [, word = message] = /^(?:queue: |… )(.+)$/.exec(message) ?? [];
    const made = /^(review|sweep|deployed) failed$/.test(message) ? '`${job.kind} failed`' : word;
    expect([message, sources.includes(made)]).toEqual([message, true]);
  }
});
