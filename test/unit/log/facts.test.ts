import { expect, test } from 'vitest';
import { connectionFailure } from '../../../src/adapters/connection-failure.ts';
import { factsOf, SluiceError } from '../../../src/errors.ts';
import type { Log } from '../../../src/ports/log.ts';
import { logQueueEvent } from '../../../src/queue-log.ts';

test('a line names the place and the remedy of a failure, and where one of our own came from', () => {
  const error = new SluiceError('github.denied', 'the App may not do this', {
    remedy: 'give the App the permission checks=write',
    place: { file: 'sluice.yaml', line: 4 },
  });
  expect(factsOf(error)).toMatchObject({
    code: 'github.denied',
    reason: 'the App may not do this',
    place: 'sluice.yaml:4',
    remedy: 'give the App the permission checks=write',
  });
  expect(factsOf(error).error).toBeUndefined();
  expect(factsOf(new TypeError('x of undefined')).error).toMatchObject({ code: 'internal' });
});

test('a line of the queue names the job, what befell it and why', () => {
  const lines: unknown[] = [];
  const write = (message: string, fields?: object): void => void lines.push({ message, ...fields });
  const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log, hide: () => undefined };
  const of = { version: 1, installation: 1, repository: 2, fullName: 'acme/shop', cause: 'delivery-1' } as const;
  const job = { kind: 'review', pull: 7, ...of } as const;
  const error = new SluiceError('github.unavailable', 'GitHub did not answer', { kind: 'transient', remedy: 'wait' });
  logQueueEvent(log, { event: 'retry', job, attempt: 2, at: new Date(0), error });
  logQueueEvent(log, { event: 'ended', job, attempt: 15, error });
  logQueueEvent(log, { event: 'returned', job, reason: 'stopping' });
  logQueueEvent(log, { event: 'stalled', id: '12' });
  logQueueEvent(log, { event: 'left', version: 9 });
  const about = { job: 'review', repository: 'acme/shop', pull: 7, delivery: 'delivery-1' };
  expect(lines).toMatchObject([
    { message: 'queue: retry', ...about, attempt: 2, at: '1970-01-01T00:00:00.000Z', code: 'github.unavailable' },
    { message: 'queue: ended', ...about, attempt: 15, reason: 'GitHub did not answer', remedy: 'wait' },
    { message: 'queue: returned', ...about, reason: 'stopping' },
    { message: 'queue: stalled', id: '12' },
    { message: 'queue: left', version: 9 },
  ]);
});

test.each([
  ['ECONNREFUSED', 'it cannot be reached (ECONNREFUSED)', 'look'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not trusted (SELF_SIGNED_CERT_IN_CHAIN)', 'NODE_EXTRA_CA_CERTS'],
  ['ETIMEDOUT', 'it does not answer in time (ETIMEDOUT)', 'look'],
  ['UND_ERR_SOCKET', 'the connection broke (UND_ERR_SOCKET)', 'look'],
])('a connection that came to nothing says why, however deep: %s', (code, words, remedy) => {
  const inner = Object.assign(new Error('connect 10.0.0.7:443'), { code });
  const outer = new Error('request failed', { cause: new TypeError('fetch failed', { cause: inner }) });
  const failure = connectionFailure(outer, 'look');
  expect(failure).toMatchObject({ words, remedy: expect.stringContaining(remedy) });
  expect(JSON.stringify(failure)).not.toContain('10.0.0.7');
});

test('what is wrong with the data is not the connection', () => {
  expect(connectionFailure(Object.assign(new Error('bad'), { code: 'Z_DATA_ERROR' }), 'look')).toBeUndefined();
  expect(connectionFailure('gone', 'look')).toBeUndefined();
});
