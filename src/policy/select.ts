// Which Rego is in force: the shipped rules, what the platform repository adds and replaces, and what it turns off.
import { SluiceError } from '../errors.ts';
import type { RegoModule } from '../ports.ts';

export interface PolicySelection {
  /**
   * For `Renderer.compile`; shipped first, then the platform's, each by file. Tests are left out. A shipped file is named
   * `sluice:policies/image/tag/policy.rego`, so that a file of the platform's may have the same path.
   */
  readonly modules: readonly RegoModule[];
  /** Ids of the shipped rules that are in force: their denies become warnings for the platform. */
  readonly shipped: ReadonlySet<string>;
  /** Ids of shipped rules that the platform's own module stands in for. */
  readonly replaced: readonly string[];
}

const configPlace = { file: 'sluice.yaml' } as const;

/**
 * Chooses modules. A platform module replaces every shipped module of the same package; `off` turns shipped rules off.
 *
 * @param own the Rego of the folders that sluice.yaml lists, with files relative to the platform repository's root
 * @throws SluiceError `config.invalid` for an id in `off` that no shipped rule has, for one that is off and replaced,
 *   for one package in two folders, and for a shipped library's name
 */
export function selectPolicies(
  shipped: readonly RegoModule[],
  own: readonly RegoModule[],
  off: readonly string[],
): PolicySelection {
  const sources = shipped.filter(isSource);
  const added = own.filter(isSource);
  const shippedIds = new Set(sources.map((module) => ruleId(packageOf(module))).filter((id) => id !== undefined));
  const ownFolders = foldersByPackage(added);
  for (const [name, folder] of ownFolders) {
    if (name.startsWith('sluice.lib.') && sources.some((module) => packageOf(module) === name)) {
      throw new SluiceError('config.invalid', `package ${name} in ${folder} is the name of a shipped library`, {
        place: { file: added.find((module) => packageOf(module) === name)?.file ?? folder },
        remedy: 'give the library a name of its own',
      });
    }
  }
  const replaced = [...shippedIds].filter((id) => Array.from(ownFolders.keys(), ruleId).includes(id));
  checkOff(off, shippedIds, replaced);
  const gone = new Set([...off, ...replaced]);
  const kept = sources.filter((module) => !gone.has(ruleId(packageOf(module)) ?? ''));
  return {
    modules: [...kept.map(markShipped).toSorted(byFile), ...added.toSorted(byFile)],
    shipped: new Set([...shippedIds].filter((id) => !gone.has(id))),
    replaced: replaced.toSorted(),
  };
}

function checkOff(off: readonly string[], shipped: ReadonlySet<string>, replaced: readonly string[]): void {
  for (const [index, id] of off.entries()) {
    if (off.indexOf(id) !== index) throw offError(id, 'is turned off twice', 'keep one of them');
    if (id.startsWith('tenant/'))
      throw offError(id, 'is a guard rule, which cannot be turned off', 'remove it from policies.off');
    if (!shipped.has(id))
      throw offError(id, 'is not a shipped rule', `shipped rules are ${[...shipped].toSorted().join(', ')}`);
    if (replaced.includes(id))
      throw offError(id, 'is turned off and replaced', 'remove it from policies.off, or remove the module');
  }
}

function offError(id: string, why: string, remedy: string): SluiceError {
  return new SluiceError('config.invalid', `policies.off: ${JSON.stringify(id)} ${why}`, {
    place: configPlace,
    remedy,
  });
}

function foldersByPackage(modules: readonly RegoModule[]): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  const files = new Set<string>();
  for (const module of modules) {
    if (files.has(module.file)) {
      throw new SluiceError('config.invalid', `${module.file} is listed twice`, {
        place: configPlace,
        remedy: 'list each folder once',
      });
    }
    files.add(module.file);
    const name = packageOf(module);
    if (name === undefined) continue;
    const folder = module.file.slice(0, Math.max(0, module.file.lastIndexOf('/')));
    const first = folders.get(name);
    if (first !== undefined && first !== folder) {
      throw new SluiceError(
        'config.invalid',
        `package ${name} is in two folders, ${first || '.'} and ${folder || '.'}`,
        {
          place: { file: module.file },
          remedy: 'keep one of them, or rename one package',
        },
      );
    }
    folders.set(name, folder);
  }
  return folders;
}

/**
 * The package of a module, `sluice.image.tag`, or undefined where the first statement is none; the compiler then says
 * what is wrong with it.
 */
export function packageOf(module: RegoModule): string | undefined {
  const first = module.text.split(/\r?\n/).find((line) => !/^\s*(#.*)?$/.test(line));
  const written = /^\s*package\s+([A-Za-z_][\w]*(?:\s*(?:\.\w+|\["[^"\\]*"\]))*)\s*(?:#.*)?$/.exec(first ?? '')?.[1];
  return written?.replaceAll(/\s+/g, '').replaceAll(/\["([^"]*)"\]/g, '.$1');
}

/** `image/tag` for `sluice.image.tag`; undefined for a library. An underscore of the package is a hyphen of the id. */
export function ruleId(name: string | undefined): string | undefined {
  const parts = name?.split('.') ?? [];
  if (parts.length !== 3 || parts[0] !== 'sluice' || parts[1] === 'lib') return undefined;
  return `${parts[1]}/${parts[2]}`.replaceAll('_', '-');
}

function markShipped(module: RegoModule): RegoModule {
  return { ...module, file: `sluice:${module.file}` };
}

function isSource(module: RegoModule): boolean {
  return module.file.endsWith('.rego') && !module.file.endsWith('_test.rego');
}

function byFile(one: RegoModule, other: RegoModule): number {
  if (one.file === other.file) return 0;
  return one.file < other.file ? -1 : 1;
}
