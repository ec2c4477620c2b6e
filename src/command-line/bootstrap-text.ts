// What `sluice bootstrap` says: of each object what was done, what may surprise, and what comes next.
import { stringify } from 'yaml';
import type { BootstrapAction } from '../bootstrap/apply.ts';
import type { Bootstrapped } from '../bootstrap.ts';
import { stringAt } from '../flux/read.ts';
import type { BootstrapArguments } from './bootstrap-arguments.ts';

/** Plain text, a line an object, ending in a newline. */
export function renderBootstrap(asked: BootstrapArguments, { root, steps, warnings }: Bootstrapped): string {
  const path = stringAt(root.kustomization['spec'], 'path') ?? '';
  const url = stringAt(root.source['spec'], 'url') ?? '';
  const said = root.file === undefined ? 'by these options' : `by ${root.file}`;
  const lines = [
    `Cluster ${asked.cluster}: ${path} of ${url}, ${said}`,
    '',
    ...steps.map(
      ({ object, action, note }) => `  ${action.padEnd(11)}${object}${note === undefined ? '' : `  (${note})`}`,
    ),
    '',
    summary(steps.map(({ action }) => action)),
    ...warnings.flatMap((warning) => ['', `Mind: ${warning}`]),
    ...(asked.dryRun ? ['', 'This was a dry run: nothing was written.'] : next(asked, root)),
  ];
  return `${lines.join('\n')}\n`;
}

function summary(actions: readonly BootstrapAction[]): string {
  const count = (action: BootstrapAction): string => `${actions.filter((one) => one === action).length} ${action}`;
  return (['created', 'configured', 'unchanged', 'kept'] as const).map(count).join(', ');
}

function next({ cluster }: BootstrapArguments, root: Bootstrapped['root']): readonly string[] {
  const word = /^[A-Za-z0-9._-]+$/.test(cluster) ? cluster : `'${cluster.replaceAll("'", String.raw`'\''`)}'`;
  return [
    ...(root.file === undefined ? commit(root) : []),
    '',
    'Next, an agent for this cluster. In it:',
    '  kubectl -n sluice-system create secret generic sluice-queue --from-literal=url=redis://…',
    `  kubectl -n sluice-system create configmap sluice --from-literal=SLUICE_CLUSTER=${word}`,
    '  kubectl apply -k deploy/overlays/agent',
    'Or beside it, with a kubeconfig that holds a token of its account, made as docs/bootstrap.md says:',
    `  SLUICE_QUEUE=redis://… SLUICE_KUBECONFIG=FILE npx sluice agent --cluster ${word}`,
  ];
}

/** A cluster whose root is in Git can be made again from the repository alone. */
function commit({ source, kustomization }: Bootstrapped['root']): readonly string[] {
  const path = (stringAt(kustomization['spec'], 'path') ?? '').replace(/^\.\//, '');
  const documents = [source, kustomization].map((object) => stringify(object)).join('---\n');
  return [
    '',
    `The root is not in Git yet. Commit it as ${path}/flux-system/gotk-sync.yaml, so that the repository alone is enough:`,
    '',
    ...documents
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}
