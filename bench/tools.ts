// What a check works with, as the command line makes it, with every piece of work counted.
import type { CheckTools } from '../src/checkout/options.ts';
import { createToolbox } from '../src/main.ts';

export interface WorkCounters {
  readonly builds: number;
  readonly cacheHits: number;
  readonly closures: number;
  readonly childrenStarted: number;
  /** Objects that policy was asked about. */
  readonly evaluations: number;
}

export interface CountedTools {
  readonly tools: CheckTools;
  readonly counters: WorkCounters;
  /** The renderer's processes that are alive. */
  pids(): readonly number[];
  close(): Promise<void>;
}

/** Returns tools that stay warm from check to check. The caller must `close` them. */
export async function openTools(): Promise<CountedTools> {
  const toolbox = createToolbox(process.env);
  const made = await toolbox.tools(() => {});
  let evaluations = 0;
  const policyEngine: CheckTools['policyEngine'] = {
    evaluate: async (policy, inputs) => {
      evaluations += inputs.length;
      return await made.policyEngine.evaluate(policy, inputs);
    },
    close: () => made.policyEngine.close(),
  };
  const { renderer } = made;
  return {
    tools: { ...made, policyEngine },
    counters: {
      get builds() {
        return renderer.counters.builds;
      },
      get cacheHits() {
        return renderer.counters.cacheHits;
      },
      get closures() {
        return renderer.counters.closures;
      },
      get childrenStarted() {
        return renderer.counters.childrenStarted;
      },
      get evaluations() {
        return evaluations;
      },
    },
    pids: () => ('pids' in renderer ? (renderer.pids as readonly number[]) : []),
    close: () => toolbox.close(),
  };
}
