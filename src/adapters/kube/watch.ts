// One watch: lines of JSON without an end, until the server, the network or we end it.
import { SluiceError } from '../../errors.ts';
import { type JsonMapping, mapping } from '../../object/json.ts';
import type { ListOptions, ServedKind } from '../../ports/kube.ts';
import { type Caller, unusable } from './caller.ts';
import { parseMapping } from './exact.ts';
import { isOpaque } from './lists.ts';
import { apiVersionOf, type Reading, targetOf } from './objects.ts';
import { listPath, queryOf, selectorOf } from './path.ts';
import { refused } from './refusal.ts';
import type { WireStream } from './wire.ts';
import { WireFailure } from './wire-failure.ts';

/** `version` is where a later watch goes on. A bookmark has no item. */
export type WatchEvent<Item> =
  | { readonly type: 'changed' | 'deleted'; readonly item: Item; readonly version: string }
  | { readonly type: 'bookmark'; readonly version: string };

export interface WatchOptions extends ListOptions {
  readonly from: string;
  /** The server ends the watch after this long. */
  readonly lastsMs: number;
  /** Nothing at all for this long, not even a bookmark, is a dead connection. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

/** An object may have 3 MiB; with managed fields and the event around it, never this much. */
const maxLineBytes = 16 * 1024 * 1024;

/**
 * The events of a watch. Ends when the server ends it; half an event at the end was never said.
 * @throws SluiceError `kube.*` for a refusal, an error event (an expired version is `isExpired`), silence, and a line
 *   that cannot be read
 */
export async function* watchObjects<Item>(
  caller: Caller,
  kind: ServedKind,
  options: WatchOptions,
  reading: Reading<Item>,
): AsyncGenerator<WatchEvent<Item>> {
  const { namespace, labels, from, lastsMs, silenceMs, signal } = options;
  const target = targetOf('watch', kind, namespace ?? '', '');
  const query = queryOf({
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion: from,
    timeoutSeconds: String(Math.ceil(lastsMs / 1000)),
    labelSelector: selectorOf(labels),
  });
  const stream = await caller.open({
    count: 'watch',
    target,
    method: 'GET',
    path: listPath(kind, namespace),
    query,
    accept: reading.watchAccept,
    repeatable: 'yes',
  });
  for await (const line of lines(stream, silenceMs, signal)) {
    const json = parseMapping(line);
    if (json === undefined) throw unusable(target, 'a line of it is not JSON');
    yield readEvent(json, kind, target, reading);
  }
}

function readEvent<Item>(
  json: JsonMapping,
  kind: ServedKind,
  target: ReturnType<typeof targetOf>,
  reading: Reading<Item>,
): WatchEvent<Item> {
  const object = mapping(json['object']);
  if (json['type'] === 'ERROR') throw errorEvent(object, target);
  const version = mapping(object['metadata'])['resourceVersion'];
  if (!isOpaque(version)) throw unusable(target, 'an event has no resource version');
  switch (json['type']) {
    case 'BOOKMARK':
      return { type: 'bookmark', version };
    case 'ADDED':
    case 'MODIFIED':
      return { type: 'changed', item: reading.read(object, kind, target), version };
    case 'DELETED':
      return { type: 'deleted', item: reading.read(object, kind, target), version };
    default:
      throw unusable(target, `an event of ${apiVersionOf(kind)} is of no known type`);
  }
}

function errorEvent(status: JsonMapping, target: ReturnType<typeof targetOf>): SluiceError {
  const code = status['code'];
  const known = typeof code === 'number' && code >= 400 && code < 600 ? code : 500;
  return refused({ status: known, text: JSON.stringify(status), retryAt: undefined }, { ...target, user: '' });
}

/** Whole lines. The stream is destroyed by silence, by the signal, and when nobody wants more of it. */
async function* lines(stream: WireStream, silenceMs: number, signal: AbortSignal): AsyncGenerator<string> {
  const stop = (): void => stream.stop(new WireFailure('stopped', 'stopped'));
  const fallSilent = (): void => stream.stop(new WireFailure('timeout', 'nothing was heard for too long'));
  const timer = setTimeout(fallSilent, silenceMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    let rest: Buffer[] = [];
    let held = 0;
    for await (const chunk of stream.chunks) {
      timer.refresh();
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        rest.push(chunk.subarray(start, end));
        const line = rest.length === 1 ? (rest[0] ?? chunk) : Buffer.concat(rest);
        rest = [];
        held = 0;
        start = end + 1;
        if (line.length > 0) yield line.toString('utf8');
      }
      held += chunk.length - start;
      if (held > maxLineBytes) throw new SluiceError('kube.tooLarge', 'an event of a watch is too large');
      if (start < chunk.length) rest.push(chunk.subarray(start));
    }
    const last = Buffer.concat(rest).toString('utf8');
    if (parseMapping(last) !== undefined) yield last;
  } catch (error) {
    throw broken(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    stream.stop(new WireFailure('stopped', 'no longer wanted'));
  }
}

function broken(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const failure = WireFailure.from(error, { reusedSocket: false });
  return new SluiceError('kube.unavailable', `the watch ended: ${failure.message}`, {
    kind: 'transient',
    cause: failure,
  });
}
