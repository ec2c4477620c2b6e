// The adapter around test/real/renderer/fake-child.ts, for what the real renderer never does.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRenderer, type RendererOptions } from '../../../src/adapters/renderer/renderer.ts';
import type { BuildRequest, Tree } from '../../../src/ports.ts';

export function fakeRenderer(options: Partial<RendererOptions> = {}, mode?: string): ReturnType<typeof createRenderer> {
  const script = fileURLToPath(new URL('fake-child.ts', import.meta.url));
  const args = mode === undefined ? [script] : [script, mode];
  return createRenderer({ binary: process.execPath, args, children: 1, wallMs: 60_000, ...options });
}

export function request(tree: Tree, path: string): BuildRequest {
  return { tree, path, spec: {} };
}

/** Whether a process is there and not merely waiting to be collected by its parent. */
export function runs(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(statusOf(pid));
}

/** Processes that this one started and that still run. */
export function childProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !runs(pid)) return [];
    return statusOf(pid).includes(`\nPPid:\t${process.pid}\n`) ? [pid] : [];
  });
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
