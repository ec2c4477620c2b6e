// `sluice bootstrap`: a cluster is given what an agent needs, and the root that everything else comes from.
import { bring, type BootstrapStep, liveOf, ownerOf } from './bootstrap/apply.ts';
import { planDefinition } from './bootstrap/definitions.ts';
import { refuseRunning, runs } from './bootstrap/flux.ts';
import { type Root, type RootOptions, readRoot } from './bootstrap/root.ts';
import { SluiceError } from './errors.ts';
import { asObject, stringAt, valueAt } from './flux/read.ts';
import { nameOf, namespaceOf, objectLabel } from './object/id.ts';
import type { KubeObject } from './object/object.ts';
import { showIdentifier, showText } from './object/show.ts';
import type { ClusterAdmin } from './ports/kube-admin.ts';
import type { Progress, Renderer, Tree } from './ports.ts';

export interface BootstrapOptions extends RootOptions {
  /** Everything is asked and nothing is written. */
  readonly dryRun: boolean;
}

export interface BootstrapTools {
  readonly admin: ClusterAdmin;
  readonly renderer: Renderer;
  /** The platform repository at a branch. @throws SluiceError `fleet.source` */
  readonly fetch: (repository: string, branch: string) => Promise<Tree>;
  /** Flux's CustomResourceDefinitions. */
  readonly definitions: () => Promise<readonly KubeObject[]>;
  /** Sluice's namespace, accounts and roles. */
  readonly rbac: () => Promise<readonly KubeObject[]>;
  readonly progress: Progress;
}

export interface Bootstrapped {
  readonly root: Root;
  /** In the order in which it was done. */
  readonly steps: readonly BootstrapStep[];
  /** Sentences about what is as it is and may surprise. */
  readonly warnings: readonly string[];
}

/** Looks at discovery again this often, a second apart, until new kinds are served. */
const looks = 30;

/**
 * Idempotent: what is as it should be is left alone, and so is what Git has already.
 *
 * @throws SluiceError `deploy.fluxRunning` where Flux deploys to this cluster, or would; `fleet.*`, `build.*` and
 *   `config.*` for what is wrong in the repository; `kube.*`, of which `kube.config` is an API server that is too old
 */
export async function bootstrap(options: BootstrapOptions, tools: BootstrapTools): Promise<Bootstrapped> {
  const { admin, renderer, progress } = tools;
  const { dryRun } = options;
  // An older one drops fields that it does not know; and two that deploy one fleet would undo each other's work.
  progress('looking at the cluster');
  await admin.version();
  const deployments = await deploymentsOf(admin);
  refuseRunning(deployments);
  // The root, as Git has it or as the options say.
  const tree = await tools.fetch(options.repository, options.branch);
  progress("building the cluster's root");
  const root = await withSecret(await readRoot(options, tree, renderer), admin);
  // Kinds first, then namespaces, who may do what, and the root in the end: an agent that runs already begins with it.
  const definitions = await bringDefinitions(tools, dryRun);
  const steps = [...definitions.steps];
  const namespaces = namespacesOf(root);
  const objects = [...namespaces, ...(await tools.rbac()), ...root.identity, root.source, root.kustomization];
  for (const [index, object] of objects.entries()) {
    progress('applying accounts, roles and the root', index, objects.length);
    steps.push(await bring(admin, object, dryRun));
  }
  const warnings = [...root.notes, ...definitions.warnings, ...(await warningsOf(admin, root, deployments))];
  return { root, steps, warnings };
}

/** Asked again without its Secret, a source that is not in Git keeps the one that it has: it would be cut off otherwise. */
async function withSecret(root: Root, admin: ClusterAdmin): Promise<Root> {
  const { source } = root;
  const spec = asObject(source['spec']) ?? {};
  if (root.sourceInGit || spec['secretRef'] !== undefined) return root;
  const secretRef = valueAt((await liveOf(admin, source))?.['spec'], 'secretRef');
  return secretRef === undefined ? root : { ...root, source: { ...source, spec: { ...spec, secretRef } } };
}

async function deploymentsOf(admin: ClusterAdmin): Promise<readonly KubeObject[]> {
  const kind = (await admin.kinds()).find('apps', 'Deployment');
  if (kind === undefined) throw new SluiceError('kube.gone', 'the cluster serves no Deployments', { kind: 'notReady' });
  return await admin.list(kind);
}

interface BroughtDefinitions {
  readonly steps: readonly BootstrapStep[];
  readonly warnings: readonly string[];
}

async function bringDefinitions(
  { admin, definitions, progress }: BootstrapTools,
  dryRun: boolean,
): Promise<BroughtDefinitions> {
  const steps: BootstrapStep[] = [];
  const warnings: string[] = [];
  const wanted = await definitions();
  for (const [index, ours] of wanted.entries()) {
    progress("applying Flux's kinds", index, wanted.length);
    const live = await liveOf(admin, ours);
    const { apply, lacks } = planDefinition(live, ours);
    if (apply !== undefined) steps.push(await bring(admin, apply, dryRun));
    else steps.push({ object: objectLabel(ours), action: 'kept', note: 'served already' });
    if (lacks.length > 0) warnings.push(lackOf(ours, lacks, live));
    else if (apply !== undefined && live !== undefined && ownerOf(live) !== undefined)
      warnings.push(`${nameOf(ours)} comes from Git in an older version: update Flux's manifests there`);
  }
  if (!dryRun) await served(admin, wanted);
  return { steps, warnings };
}

function lackOf(ours: KubeObject, lacks: readonly string[], live: KubeObject | undefined): string {
  const from = live === undefined ? undefined : ownerOf(live);
  const where = from === undefined ? 'apply a newer one' : `update it in Git (Kustomization/${from})`;
  const more = lacks.length > 4 ? ` and ${lacks.length - 4} more` : '';
  return `${nameOf(ours)} is older than Flux 2.9's and drops ${lacks.slice(0, 4).join(', ')}${more}: ${where}`;
}

/** Waits until the API server serves what was defined. */
async function served(admin: ClusterAdmin, definitions: readonly KubeObject[]): Promise<void> {
  const group = (definition: KubeObject): string => stringAt(definition['spec'], 'group') ?? '';
  const kind = (definition: KubeObject): string => stringAt(definition['spec'], 'names', 'kind') ?? '';
  for (let look = 0; look < looks; look += 1) {
    const kinds = await admin.kinds(true);
    if (definitions.every((one) => kinds.find(group(one), kind(one)) !== undefined)) return;
  }
  throw new SluiceError('kube.unavailable', "the API server does not serve Flux's kinds, though they are defined", {
    kind: 'transient',
    remedy: 'try again; kubectl describe crd kustomizations.kustomize.toolkit.fluxcd.io says what holds it',
  });
}

/** As `flux bootstrap` makes it. */
function namespacesOf({ source, kustomization }: Root): readonly KubeObject[] {
  const names = new Set([namespaceOf(kustomization), namespaceOf(source)]);
  return [...names].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/instance': name,
        'app.kubernetes.io/part-of': 'flux',
        'pod-security.kubernetes.io/warn': 'restricted',
        'pod-security.kubernetes.io/warn-version': 'latest',
      },
    },
  }));
}

async function warningsOf(
  admin: ClusterAdmin,
  root: Root,
  deployments: readonly KubeObject[],
): Promise<readonly string[]> {
  const warnings: string[] = [];
  const fetching = deployments.find((object) => runs('source-controller', object));
  if (fetching !== undefined)
    warnings.push(
      `${objectLabel(fetching)} runs: it fetches the same Git repositories as the agent, and writes the same status; scale it to 0 where nothing else needs its artifacts`,
    );
  const url = stringAt(root.source['spec'], 'url') ?? '';
  if (!/^https?:\/\//.test(url))
    warnings.push(`the agent reads Git over https alone, and the source is ${showText(url)}`);
  const secret = stringAt(root.source['spec'], 'secretRef', 'name');
  const namespace = namespaceOf(root.source);
  if (secret !== undefined && (await liveOf(admin, secretAt(namespace, secret))) === undefined)
    warnings.push(
      `the source is read with Secret/${namespace}/${showIdentifier(secret)}, which is not there: kubectl -n ${namespace} create secret generic ${showIdentifier(secret)} --from-literal=username=git --from-literal=password=TOKEN`,
    );
  if (valueAt((await liveOf(admin, root.kustomization))?.['spec'], 'suspend') === true)
    warnings.push(
      `${objectLabel(root.kustomization)} is suspended: kubectl -n ${namespace} patch kustomization ${nameOf(root.kustomization)} --type=merge -p '{"spec":{"suspend":false}}'`,
    );
  return warnings;
}

function secretAt(namespace: string, name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name } };
}
