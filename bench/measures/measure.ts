// What every measure is given and gives.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Count, Timing } from '../gate.ts';
import type { Journal } from '../journal.ts';
import type { Peers } from '../peers/binaries.ts';

export interface Bench {
  readonly quick: boolean;
  readonly peers: Peers;
  /** Absolute path of the renderer's program. */
  readonly renderer: string;
  /** An empty folder of this measure's own. */
  readonly directory: string;
  readonly journal: Journal;
  readonly say: (what: string) => void;
}

export interface Measured {
  readonly timings: readonly Timing[];
  readonly counts: readonly Count[];
}

export async function writeFiles(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** @throws Error when product and peer do not answer the same: then their times say nothing */
export function sameAnswer(what: string, same: boolean): void {
  if (!same) throw new Error(`${what}: product and peer do not give the same answer`);
}
