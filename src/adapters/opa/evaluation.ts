// The worker thread: holds compiled modules, evaluates one object at a time, and trusts nothing it gets back.
import { parentPort, workerData } from 'node:worker_threads';
import { type LoadedPolicy, loadPolicy } from '@open-policy-agent/opa-wasm';
import type { PolicyFinding } from '../../ports.ts';
import { AnswerFault, readAnswer } from './answer.ts';
import { type BatchAnswer, type BatchFailure, type BatchRequest, maxModules, type WorkerSettings } from './protocol.ts';

const entrypoint = 'sluice_entry/answer';
const pageBytes = 65_536;

const settings = workerData as WorkerSettings;
const progress = new Int32Array(settings.progress);
const held = new Map<string, { readonly wasm: Uint8Array; policy: LoadedPolicy | undefined }>();
const encoder = new TextEncoder();

async function instance({ key, wasm }: BatchRequest): Promise<LoadedPolicy> {
  let module = held.get(key);
  if (module === undefined) {
    if (wasm === undefined) throw new Error('the module was not sent');
    if (held.size >= maxModules) held.clear();
    module = { wasm, policy: undefined };
    held.set(key, module);
  }
  const { policy } = module;
  // Wasm memory grows and never shrinks, so an instance that has grown is thrown away.
  if (policy !== undefined && memoryOf(policy) <= settings.recyclePages * pageBytes) return policy;
  module.policy = await loadPolicy(module.wasm, { initial: 8, maximum: settings.maxPages });
  return module.policy;
}

function memoryOf(policy: LoadedPolicy): number {
  return (policy as unknown as { readonly mem: { readonly buffer: ArrayBuffer } }).mem.buffer.byteLength;
}

// OPA's wasm host throws strings, plain objects and WebAssembly's own errors.
function wordsOf(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  if (typeof thrown === 'string') return thrown;
  const message = (thrown as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : 'an unknown failure';
}

async function evaluate(request: BatchRequest): Promise<BatchAnswer> {
  const findings: (readonly PolicyFinding[])[] = [];
  const failed = (failure: BatchFailure): BatchAnswer => {
    held.clear();
    return { type: 'failure', failure };
  };
  for (const [index, text] of request.inputs.entries()) {
    Atomics.store(progress, 0, index);
    let policy: LoadedPolicy;
    try {
      policy = await instance(request);
    } catch (thrown) {
      return failed({ code: 'policy.crashed', message: `the module does not load: ${wordsOf(thrown)}`, index: -1 });
    }
    if (!Object.hasOwn(policy.entrypoints as object, entrypoint)) {
      return failed({ code: 'policy.undefined', message: `the module has no entrypoint ${entrypoint}`, index: -1 });
    }
    try {
      const answer = readAnswer(policy.evaluate(encoder.encode(text).buffer, entrypoint), request.rules);
      if (answer instanceof AnswerFault) return failed({ code: answer.code, message: answer.message, index });
      findings.push(answer);
    } catch (thrown) {
      return failed({ code: 'policy.crashed', message: wordsOf(thrown), index });
    }
  }
  return { type: 'findings', findings };
}

parentPort?.on('message', (request: BatchRequest) => {
  void evaluate(request).then((answer) => parentPort?.postMessage(answer));
});
parentPort?.postMessage({ type: 'ready' } satisfies BatchAnswer);
