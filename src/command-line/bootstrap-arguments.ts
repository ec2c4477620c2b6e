// The words after `sluice bootstrap`.
import { parseArgs } from 'node:util';
import { SluiceError } from '../errors.ts';
import { clusterName } from '../job/job.ts';

export interface BootstrapArguments {
  readonly command: 'bootstrap';
  readonly cluster: string;
  /** Address of the platform repository. */
  readonly repository: string;
  readonly branch: string;
  readonly path: string | undefined;
  readonly secret: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly dryRun: boolean;
}

export const bootstrapHelp = `sluice bootstrap --cluster NAME --repo URL [options]

Makes a cluster ready for its agent: Flux's kinds, accounts and roles, the root source and Kustomization. May be repeated.

  --repo URL         the platform repository, read with SLUICE_GIT_TOKEN where it is private; what it has of this cluster
                     wins over the other options
  --branch NAME      its tracked branch (default: main)
  --path DIR         the cluster's folder in it (default: clusters/NAME)
  --secret NAME      the Secret that the source is read with, in the namespace flux-system
  --kubeconfig FILE  yours, with the rights of cluster-admin (default: KUBECONFIG, ~/.kube/config)
  --context NAME     another than its current one
  --dry-run          ask everything, write nothing
`;

const help = 'sluice help';

/** Undefined where it is help that is asked for. @throws SluiceError `usage` with the remedy for whatever does not fit */
export function readBootstrap(rest: readonly string[]): BootstrapArguments | undefined {
  const values = parse(rest);
  if (values.help === true) return undefined;
  const { cluster, repo, branch = 'main', path, secret, kubeconfig, context } = values;
  if (cluster === undefined) throw usage('which cluster is it?', 'sluice bootstrap --cluster NAME --repo URL');
  if (!clusterName.safeParse(cluster).success) throw usage('--cluster is no name of a cluster', help);
  if (repo === undefined)
    throw usage('where is the platform repository?', `sluice bootstrap --cluster ${cluster} --repo URL`);
  if (!isAddress(repo))
    throw usage('--repo is no address of a Git server', 'write https://github.com/acme/platform, without credentials');
  if (!/^(?!refs\/|-|\/)[^\s\p{Cc}~^:?*[\\]{1,250}$/u.test(branch)) throw usage('--branch is no branch', 'write main');
  if (secret !== undefined && !/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(secret))
    throw usage('--secret is no name of a Secret', 'write flux-system');
  const dryRun = values['dry-run'] === true;
  return { command: 'bootstrap', cluster, repository: repo, branch, path, secret, kubeconfig, context, dryRun };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        cluster: text,
        repo: text,
        branch: text,
        path: text,
        secret: text,
        kubeconfig: text,
        context: text,
        'dry-run': flag,
        help: { ...flag, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error), help);
  }
}

function isAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}` === '';
}

function usage(message: string, remedy: string): SluiceError {
  return new SluiceError('usage', message, { remedy });
}
