// A renderer port for trees whose files are JSON documents apart by `---`: it lists a folder as Flux's generator does,
// and knows no overlay, patch or variable. What those do is tried with the real one.
import { createHash } from 'node:crypto';
import { SluiceError } from '../../../src/errors.ts';
import type { BuiltObject, KubeObject } from '../../../src/object/object.ts';
import type { BuildRequest, Document, Renderer, Tree } from '../../../src/ports.ts';

const decoder = new TextDecoder();

export function jsonRenderer(): Renderer {
  const counters = { builds: 0, cacheHits: 0, closures: 0, childrenStarted: 0 };
  const parse = (file: string, bytes: Uint8Array): readonly Document[] => {
    try {
      const texts = decoder.decode(bytes).split('\n---\n');
      return texts.map((text, index) => ({ line: index * 2 + 1, value: JSON.parse(text) }));
    } catch {
      throw new SluiceError('build.yaml', `${file} does not parse`, { place: { file, line: 1 } });
    }
  };
  const read = async ({ tree, path }: BuildRequest): Promise<readonly BuiltObject[]> => {
    const found: BuiltObject[] = [];
    for (const file of await files(tree, path)) {
      for (const [document, { line, value }] of parse(file, await tree.read(file)).entries()) {
        const sources = [{ file, line, document, by: 'declared' as const }];
        found.push({ object: value as unknown as KubeObject, sources });
      }
    }
    return found;
  };
  const digestOf = async (request: BuildRequest): Promise<string> => {
    const { path, spec, substitution } = request;
    const known = JSON.stringify([path, spec, substitution ?? null, await read(request)]);
    return createHash('sha256').update(known).digest('hex');
  };
  return {
    counters,
    build: async (request) => {
      counters.builds += 1;
      const objects = await read(request);
      return { objects, unknownVariables: [], copiesSecrets: false, digest: await digestOf(request) };
    },
    closure: async (request) => {
      counters.closures += 1;
      const objects = await read(request);
      const mentionsFlux = objects.some(({ object }) => object.apiVersion.includes('kustomize.toolkit.fluxcd.io'));
      return { digest: await digestOf(request), files: await files(request.tree, request.path), mentionsFlux };
    },
    parse: async (file, bytes) => parse(file, bytes),
    locate: async (requests) => requests.map(({ paths }) => paths.map(() => ({ line: 1, found: false }))),
    compile: async () => ({ wasm: new Uint8Array(), digest: 'none', rules: [] }),
    close: async () => {},
  };
}

async function files(tree: Tree, path: string): Promise<string[]> {
  const entries = await tree.list(path);
  if (entries === undefined) throw new SluiceError('build.pathMissing', `there is no folder ${path}`);
  const found: string[] = [];
  for (const [name, entry] of entries) {
    const at = path === '' ? name : `${path}/${name}`;
    if (entry.type === 'directory') found.push(...(await files(tree, at)));
    else if (entry.type === 'file' && /\.ya?ml$/.test(name)) found.push(at);
  }
  return found;
}
