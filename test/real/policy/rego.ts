// What the tests ask OPA itself, through the renderer's program.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { CompiledPolicy, PolicyInput, PolicyRule, RegoModule } from '../../../src/ports.ts';

/** One request to a fresh renderer; the `ok` of its answer, or the error thrown as it is. */
export async function ask(binary: string, requestText: string): Promise<unknown> {
  const child = spawn(binary, [], { env: {}, stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const body = Buffer.from(requestText);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  child.stdin.end(Buffer.concat([head, body]));
  await new Promise((resolve) => child.once('close', resolve));
  let bytes = Buffer.concat(chunks);
  let last: { ok?: unknown; error?: unknown } = {};
  while (bytes.length >= 4) {
    const length = bytes.readUInt32BE(0);
    last = JSON.parse(bytes.subarray(4, 4 + length).toString('utf8')) as typeof last;
    bytes = bytes.subarray(4 + length);
  }
  if (last.error !== undefined) throw new Error(JSON.stringify(last.error));
  return last.ok;
}

export async function compile(binary: string, modules: readonly RegoModule[]): Promise<CompiledPolicy> {
  const { wasm, rules } = (await ask(binary, JSON.stringify({ op: 'compile', modules }))) as {
    wasm: string;
    rules: PolicyRule[];
  };
  const bytes = Uint8Array.from(Buffer.from(wasm, 'base64'));
  return { wasm: bytes, rules, digest: createHash('sha256').update(bytes).digest('hex') };
}

export interface RegoTests {
  readonly results: readonly { readonly name: string; readonly passed: boolean; readonly error?: string }[];
  readonly wasm: string;
}

export async function runTests(binary: string, modules: readonly RegoModule[]): Promise<RegoTests> {
  return (await ask(binary, JSON.stringify({ op: 'rego-test', modules }))) as RegoTests;
}

/** OPA's own answers to JSON texts; texts, because numbers must arrive as they are written. */
export async function evaluate(
  binary: string,
  modules: readonly RegoModule[],
  inputs: readonly string[],
): Promise<readonly unknown[]> {
  const request = `{"op":"rego-eval","modules":${JSON.stringify(modules)},"inputs":[${inputs.join(',')}]}`;
  return ((await ask(binary, request)) as { answers: unknown[] }).answers;
}

/** A policy input about tenant a, which owns a-dev and a-prod. */
export function inputOf(object: unknown, more: Partial<Record<keyof PolicyInput, unknown>> = {}): PolicyInput {
  return {
    object,
    old: null,
    tenant: { name: 'a', namespaces: ['a-dev', 'a-prod'], serviceAccount: 'a-flux' },
    cluster: 'prod',
    kustomization: { namespace: 'a-dev', name: 'apps' },
    source: { url: 'https://git.example/a/apps', revision: 'main@sha1:0' },
    limits: { registries: null, hosts: ['a.example.com'], secretStores: [{ name: '*', keys: ['a/'] }] },
    ...more,
  } as PolicyInput;
}

export const rule = (text: string, name = 'test.probe'): RegoModule => ({
  file: `${name.replaceAll('.', '/')}.rego`,
  text: `package sluice.${name}\n\n${text}\n`,
});

const folder = new URL('../../../policies/', import.meta.url);

/** Every shipped Rego file, tests included, sorted. */
export async function readPolicies(): Promise<readonly RegoModule[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.rego')).toSorted();
  return await Promise.all(
    names.map(async (name) => ({ file: `policies/${name}`, text: await readFile(new URL(name, folder), 'utf8') })),
  );
}
