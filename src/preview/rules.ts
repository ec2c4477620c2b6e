// The rules that a platform tree puts in force: shipped and own Rego, compiled, and waivers.
import { SluiceError } from '../errors.ts';
import type { PlatformConfig } from '../fleet/config.ts';
import { selectPolicies } from '../policy/select.ts';
import { readWaivers, type Waiver, type WaiverFile } from '../policy/waiver.ts';
import type { CompiledPolicy, RegoModule, Renderer, Tree } from '../ports.ts';
import { joinPath, normalizePath } from '../source/paths.ts';

const maxFiles = 2_000;
const decoder = new TextDecoder('utf-8', { fatal: true });

export interface Rules {
  readonly policy: CompiledPolicy;
  readonly shipped: ReadonlySet<string>;
  readonly waivers: readonly Waiver[];
}

/**
 * Reads and compiles.
 *
 * @throws SluiceError `config.*` for sluice.yaml and waivers, `policy.compile` and `policy.builtin` for Rego, all with
 *   file and line
 */
export async function readRules(
  tree: Tree,
  config: PlatformConfig,
  shipped: readonly RegoModule[],
  renderer: Renderer,
): Promise<Rules> {
  const own: RegoModule[] = [];
  for (const folder of config.policyFolders) {
    const path = normalizePath(folder);
    if ((await tree.entry(path))?.type !== 'directory') {
      throw new SluiceError('config.invalid', `policies: there is no folder ${JSON.stringify(folder)}`, {
        place: { file: 'sluice.yaml' },
        remedy: 'name a folder of this repository',
      });
    }
    for (const file of await filesUnder(tree, path, /\.rego$/)) own.push({ file, text: await readText(tree, file) });
  }
  const selection = selectPolicies(shipped, own, config.policiesOff);
  const policy = await renderer.compile(selection.modules);
  const rules = new Set(policy.rules.map((rule) => rule.id));
  const files: WaiverFile[] = [];
  for (const file of await filesUnder(tree, normalizePath(config.waiversFolder), /\.ya?ml$/)) {
    const documents = await renderer.parse(file, await tree.read(file));
    files.push({ file, text: await readText(tree, file), documents });
  }
  return { policy, shipped: selection.shipped, waivers: readWaivers(files, rules) };
}

/** Files below a folder whose name matches, sorted; none where there is no such folder. */
async function filesUnder(tree: Tree, folder: string, pattern: RegExp): Promise<string[]> {
  const out: string[] = [];
  const folders = [folder];
  for (let at = folders.shift(); at !== undefined; at = folders.shift()) {
    for (const [name, entry] of (await tree.list(at)) ?? []) {
      const path = joinPath(at, name);
      if (entry.type === 'directory') folders.push(path);
      else if (entry.type === 'file' && pattern.test(name)) out.push(path);
      if (out.length > maxFiles) {
        throw new SluiceError('config.invalid', `${folder} holds more than ${maxFiles} files`, {
          remedy: 'split the folder',
        });
      }
    }
  }
  return out.toSorted();
}

async function readText(tree: Tree, file: string): Promise<string> {
  try {
    return decoder.decode(await tree.read(file));
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('config.parse', `${file} is not UTF-8`, { place: { file }, remedy: 'save it as UTF-8' });
  }
}
