// Builds the renderer once before the real tests and tells them where it is.
import { fileURLToPath } from 'node:url';
import { ensureBinary } from '../../src/adapters/renderer/binary.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Absolute path of the renderer's program: `inject('renderer')`. */
    renderer: string;
  }
}

/** Returns the renderer of this checkout, building it where its sources changed. */
export async function buildRenderer(): Promise<string> {
  const override = process.env['SLUICE_RENDERER'];
  return await ensureBinary({
    sources: fileURLToPath(new URL('../../renderer', import.meta.url)),
    cache: fileURLToPath(new URL('../../.cache/renderer', import.meta.url)),
    environment: process.env,
    progress: (step) => process.stderr.write(`${step}\n`),
    ...(override !== undefined && { override }),
  });
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('renderer', await buildRenderer());
}
