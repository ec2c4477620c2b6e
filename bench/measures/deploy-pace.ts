// How fast a great many Kustomizations are deployed, in rounds of which those count during which the machine was ours.
import type { Count } from '../gate.ts';
import { machineBusyMs, ownMs } from '../pairing/processor.ts';
import { median } from '../pairing/statistics.ts';

export interface Paced {
  readonly perSecond: number;
  /** What the processor time alone, spread over all processors, would allow. */
  readonly allowedPerSecond: number;
  /** Part of one processor that others kept busy; undefined where the system does not tell. */
  readonly foreign: number | undefined;
}

const maxForeign = 0.15;

/** Times work on so many things; `run` returns when it came to its end. */
export async function paced(
  things: number,
  pids: () => readonly number[],
  processors: number,
  run: () => Promise<number>,
): Promise<Paced> {
  const busy = machineBusyMs();
  const own = ownMs(pids());
  const start = performance.now();
  const wallMs = (await run()) - start;
  const now = performance.now();
  const cpuMs = ownMs(pids()) - own;
  const after = machineBusyMs();
  const foreign =
    busy === undefined || after === undefined ? undefined : Math.max(0, after - busy - cpuMs) / (now - start);
  return { perSecond: (things / wallMs) * 1_000, allowedPerSecond: (things / cpuMs) * 1_000 * processors, foreign };
}

/** The median of the calm rounds against what was promised; of all, and only told, where none was calm. */
export function paceCounts(name: string, rounds: readonly Paced[], least: number): readonly Count[] {
  const calm = rounds.filter(({ foreign }) => foreign === undefined || foreign <= maxForeign);
  const shown = calm.length === 0 ? rounds : calm;
  const of = calm.length === 0 ? 'none calm' : `${calm.length} of ${rounds.length} calm`;
  const counted = median(shown.map(({ perSecond }) => perSecond));
  const allowed = median(shown.map(({ allowedPerSecond }) => allowedPerSecond));
  return [
    { name: `${name} (${of})`, counted, unit: '/s', expected: undefined, ...(calm.length > 0 && { least }) },
    { name: `${name}: what the processor time allows`, counted: allowed, unit: '/s', expected: undefined },
  ];
}
