// The clock of the machine is set while requests, watches and discovery are under way: nothing hangs, nothing ends early.
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { KubeCluster } from '../../../src/ports/kube.ts';
import {
  at,
  configMap,
  configMaps,
  connect,
  json,
  list,
  type Scripted,
  startScripted,
  status,
  watch,
} from './scripted.ts';

// Before anything is imported that could keep the machine's own.
const clock = vi.hoisted(() => {
  const now = Date.now;
  const set = { byMs: 0, restore: () => void (Date.now = now) };
  Date.now = () => now() + set.byMs;
  return set;
});
afterAll(() => clock.restore());

const hourMs = 60 * 60_000;

let server: Scripted;
let kube: KubeCluster;
let stop: AbortController;
beforeEach(async () => {
  server = await startScripted();
  kube = connect(server, { pauseMs: 5, kinds: { pauseMs: 50 } });
  stop = new AbortController();
});
afterEach(async () => {
  clock.byMs = 0;
  stop.abort();
  kube.close();
  await server.stop();
});

test.each([hourMs, -hourMs])('326: a request whose server is busy is asked again (%i ms)', async (byMs) => {
  server.answer(
    (response, asked) => {
      clock.byMs = byMs;
      status(503)(response, asked);
    },
    json(configMap('web', { data: { a: 'b' } })),
  );
  expect(await kube.get(at('web'))).toMatchObject({ data: { a: 'b' } });
});

test.each([hourMs, -hourMs])('326: a watch that is told to come later comes then (%i ms)', async (byMs) => {
  server.answer(list([]), status(429, 'TooManyRequests', {}, { 'retry-after': '1' }), watch([]));
  const lost = Promise.withResolvers<void>();
  const heard = { listed: () => {}, changed: () => {}, deleted: () => {}, lost: () => lost.resolve() };
  await kube.follow(configMaps, heard, { signal: stop.signal });
  await lost.promise;
  clock.byMs = byMs;
  const asked = server.asked.length;
  await expect.poll(() => server.asked.length).toBeGreaterThan(asked);
});

test.each([hourMs, -hourMs])('326: fresh discovery is asked for at once (%i ms)', async (byMs) => {
  const groups = json({ kind: 'APIGroupDiscoveryList', metadata: {}, items: [] });
  server.answer(groups);
  await kube.kinds(true);
  clock.byMs = byMs;
  const begun = performance.now();
  await kube.kinds(true);
  expect(performance.now() - begun).toBeLessThan(hourMs / 60);
  expect(server.asked).toHaveLength(4);
});
