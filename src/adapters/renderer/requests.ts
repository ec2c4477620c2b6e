// What is sent to a renderer process, as JSON text (renderer/PROTOCOL.md, "Requests").
import type { BuildRequest, LocateRequest } from '../../ports.ts';

const locateBatchBytes = 8 * 1024 * 1024;

/** The request as JSON text; `have` holds answers by path, JSON text themselves. */
export function requestText(op: string, request: BuildRequest, have: ReadonlyMap<string, string>): string {
  const { path, spec, substitution } = request;
  const head = JSON.stringify({
    op,
    path,
    spec,
    ...(op === 'build' && substitution !== undefined && { substitution }),
  });
  const answers = Array.from(have, ([name, answer]) => `${JSON.stringify(name)}:${answer}`);
  return `${head.slice(0, -1)},"have":{${answers.join(',')}}}`;
}

/** All that a result depends on beside the tree, in one spelling: the order of keys does not matter. */
export function inputOf(op: string, { path, spec, substitution }: BuildRequest): string {
  return JSON.stringify([op, path, sorted(spec), substitution === undefined ? null : sorted(substitution)]);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** The requests in order, in batches of at most 8 MiB of text, or of one. */
export function batchesOf(requests: readonly LocateRequest[]): LocateRequest[][] {
  const batches: LocateRequest[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const request of requests) {
    size += request.bytes.length;
    if (size > locateBatchBytes) {
      batches.push([]);
      size = request.bytes.length;
    }
    batches.at(-1)?.push(request);
  }
  return batches;
}
