// What an agent is called, and what the platform repository calls its cluster.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMap, Stand, yaml } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  stand = await Stand.start();
  await stand.repository('platform');
  await stand.push('platform', { 'clusters/eu/words.yaml': yaml(configMap('default', 'words', { text: 'hello' })) });
  await stand.bootstrap();
}, 900_000);

afterAll(() => stand?.close());

const told = (): readonly string[] => stand.lines.filter((line) => line.includes('not called as its cluster'));

test('an agent with another name than its cluster says so, names the right one, and deploys all the same', async () => {
  const running = await stand.agent({ cluster: 'ue' });
  await stand.ready('flux-system/flux-system');
  await running.stop();
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatch(/"level":"warn".*--cluster eu\b/);
}, 60_000);

test('one with the right name says nothing', async () => {
  const before = told().length;
  const words = yaml(configMap('default', 'words', { text: 'again' }));
  const commit = await stand.push('platform', { 'clusters/eu/words.yaml': words });
  const running = await stand.agent();
  await stand.ready('flux-system/flux-system', commit, 50_000);
  await running.stop();
  expect(told()).toHaveLength(before);
}, 60_000);
