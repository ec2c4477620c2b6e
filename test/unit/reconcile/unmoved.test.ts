// What is known of objects whose kind nobody follows just now.
import { expect, test } from 'vitest';
import type { Applied } from '../../../src/agent/touched.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { ReconcileTools } from '../../../src/reconcile/run.ts';
import { moved } from '../../../src/reconcile/unmoved.ts';

const applied: Applied = {
  group: 'going.example',
  kind: 'Widget',
  namespace: 'shop',
  name: 'one',
  uid: 'u',
  resourceVersion: '1',
  generation: 1,
  digest: 'd',
  sent: 's',
};

/** One object was applied, its kind is followed no more, and the list of its kind is refused. */
function refusing(error: SluiceError): ReconcileTools {
  const record = { digest: 'same', objects: new Map([['shop_one_going.example_Widget', applied]]), leaving: new Set() };
  return {
    memory: { record: () => record },
    touched: { find: () => 'unwatched' },
    cluster: {
      kinds: async () => ({ find: () => ({ group: 'going.example', kind: 'Widget' }) }),
      listMetadata: async () => Promise.reject(error),
    },
  } as never;
}

test('objects go with their definition, though the kinds were asked for before it went', async () => {
  const gone = new SluiceError('kube.gone', 'list widgets.going.example: the API server serves no such kind');
  expect(await moved('shop/going', 'same', refusing(gone))).toEqual({ nothing: false, objects: new Map() });
});

test('a server that does not answer is no reason to take objects for gone', async () => {
  const away = new SluiceError('kube.unavailable', 'not now', { kind: 'transient' });
  await expect(moved('shop/going', 'same', refusing(away))).rejects.toBe(away);
});
