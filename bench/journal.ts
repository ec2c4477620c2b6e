// Every sample as one JSON line, so that a run can be looked at again.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Round } from './pairing/rounds.ts';

export interface Journal {
  readonly file: string;
  round(contest: string, round: Round): void;
  write(line: object): void;
}

/** Begins `<folder>/<time>.jsonl` with a line that says on what it was measured. */
export function openJournal(folder: string, begun: Date): Journal {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${begun.toISOString().replaceAll(':', '-')}.jsonl`);
  const write = (line: object): void => appendFileSync(file, `${JSON.stringify(line)}\n`);
  writeFileSync(file, '');
  write({ machine: machine(), begun: begun.toISOString() });
  return {
    file,
    write,
    round(contest, { product, peer }) {
      write({ contest, side: 'product', ...product });
      write({ contest, side: 'peer', ...peer });
    },
  };
}

function machine(): object {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    git: execFileSync('git', ['--version'], { encoding: 'utf8' }).trim(),
  };
}
