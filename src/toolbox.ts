// The adapters that every role shares, made once and warm for whoever comes next.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cloneRepository } from './adapters/git/clone.ts';
import { openRepository } from './adapters/git/repository.ts';
import { OpaPolicyEngine } from './adapters/opa/engine.ts';
import { ensureBinary } from './adapters/renderer/binary.ts';
import { createRenderer } from './adapters/renderer/renderer.ts';
import { readShippedPolicies } from './adapters/shipped-policies.ts';
import type { CheckTools } from './checkout/options.ts';
import type { Progress, Repository } from './ports.ts';

const home = fileURLToPath(new URL('..', import.meta.url));

/** Adapters that outlive one command, so that a second one is warm. `close` ends their processes. */
export interface Toolbox {
  tools(progress: Progress): Promise<CheckTools>;
  close(): Promise<void>;
}

/** @param options `frugal`: one renderer for all, with a small heap, where builds are few and small. @defaultValue false */
export function createToolbox(environment: NodeJS.ProcessEnv, options: { readonly frugal?: boolean } = {}): Toolbox {
  let progress: Progress = () => {};
  const override = environment['SLUICE_RENDERER'];
  const renderer = createRenderer({
    ...(options.frugal === true && { children: 1, args: ['-frugal'] }),
    binary: () =>
      ensureBinary({
        sources: join(home, 'renderer'),
        cache: join(home, '.cache', 'renderer'),
        environment,
        progress: (...step) => progress(...step),
        ...(override === undefined ? {} : { override }),
      }),
  });
  // A platform repository may be named by address; its copy is kept and fetched.
  const open = async (where: string): Promise<Repository> => {
    if (!/^https?:\/\//.test(where)) return openRepository(where);
    const cache = join(home, '.cache', 'repositories');
    return openRepository(await cloneRepository(where, { cache, token: environment['SLUICE_GIT_TOKEN'], progress }));
  };
  const policyEngine = new OpaPolicyEngine();
  const shipped = readShippedPolicies(join(home, 'policies'));
  return {
    tools: async (report) => {
      progress = report;
      policyEngine.prewarm();
      return { openRepository: open, renderer, policyEngine, shippedPolicies: await shipped, progress: report };
    },
    close: async () => {
      await Promise.all([renderer.close(), policyEngine.close()]);
    },
  };
}
