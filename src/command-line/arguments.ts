// The words after `sluice`.
import { parseArgs } from 'node:util';
import { SluiceError } from '../errors.ts';
import { type BootstrapArguments, bootstrapHelp, readBootstrap } from './bootstrap-arguments.ts';

export type Format = 'text' | 'markdown' | 'json';

export interface CheckArguments {
  readonly command: 'check';
  readonly directory: string;
  readonly platform: string | undefined;
  readonly as: string | undefined;
  readonly base: string | undefined;
  readonly head: string | undefined;
  readonly repositories: readonly { readonly url: string; readonly directory: string }[];
  readonly format: Format;
}

/** `serve` takes webhooks, `worker` reviews, `agent` deploys to one cluster, `start` does all in one process. */
export type Role = 'serve' | 'worker' | 'agent' | 'start';

export type Arguments =
  | CheckArguments
  | BootstrapArguments
  | {
      readonly command: 'role';
      readonly role: Role;
      /** What `--cluster` says; an agent's alone. */
      readonly cluster?: string;
    }
  | { readonly command: 'help' }
  | { readonly command: 'version' };

export const help = `sluice check [DIR] [options]

Reviews what merging a checkout would do to every cluster of the fleet, and whether it may.

  DIR                a Git working tree, a tenant's or the platform's own (default: .)

  --platform DIR|URL the platform repository; left out when DIR is the platform repository
  --as URL           the address of DIR's repository, where its origin is not it
  --base REF         compare with this revision (default: the merge base with the tracked branch)
  --head REF         review this revision (default: the files on disk, committed or not)
  --repo URL=DIR     a local copy of another source; may be repeated
  --format FORMAT    text (default), markdown or json

SLUICE_GIT_TOKEN is the token for a private --platform URL. Exit codes: 0 pass, 1 blocked, 2 could not tell.

sluice start     the GitHub App, in one process: takes webhooks, reviews pull requests, deploys to SLUICE_CLUSTERS
sluice serve     takes webhooks alone            sluice worker    reviews alone
sluice agent     deploys to one cluster alone: --cluster NAME, or SLUICE_CLUSTER

These are configured by the environment: docs/running.md.

${bootstrapHelp}`;

const formats: readonly string[] = ['text', 'markdown', 'json'];

/** @throws SluiceError `usage` with the remedy for whatever does not fit */
export function readArguments(argv: readonly string[]): Arguments {
  const [command, ...rest] = argv;
  switch (command) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      return { command: 'help' };
    case 'version':
    case '--version':
      return { command: 'version' };
    case 'serve':
    case 'worker':
    case 'agent':
    case 'start':
      return readRole(command, rest);
    case 'check':
      return readCheck(rest);
    case 'bootstrap':
      return readBootstrap(rest) ?? { command: 'help' };
    default:
      throw usage(`there is no command ${JSON.stringify(command)}`, 'sluice help');
  }
}

function readRole(role: Role, rest: readonly string[]): Arguments {
  if (rest.some((word) => word === '--help' || word === '-h')) return { command: 'help' };
  if (rest.length === 0) return { command: 'role', role };
  if (role !== 'agent')
    throw usage(`sluice ${role} takes no arguments`, 'it is configured by the environment: docs/running.md');
  try {
    const { values } = parseArgs({ args: [...rest], options: { cluster: { type: 'string' } } });
    return { command: 'role', role, ...(values.cluster === undefined ? {} : { cluster: values.cluster }) };
  } catch {
    throw usage(
      'sluice agent takes --cluster NAME and nothing else',
      'the rest is configured by the environment: docs/running.md',
    );
  }
}

function readCheck(rest: string[]): Arguments {
  const { values, positionals } = parse(rest);
  if (values.help === true) return { command: 'help' };
  if (positionals.length > 1) throw usage(`one directory at a time, not ${positionals.length}`, 'sluice check --help');
  const format = values.format ?? 'text';
  if (!formats.includes(format))
    throw usage(`there is no format ${JSON.stringify(format)}`, 'use text, markdown or json');
  return {
    command: 'check',
    directory: positionals[0] ?? '.',
    platform: values.platform,
    as: values.as,
    base: values.base,
    head: values.head,
    repositories: (values.repo ?? []).map(readRepository),
    format: format as Format,
  };
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        platform: text,
        as: text,
        base: text,
        head: text,
        format: text,
        repo: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error), 'sluice check --help');
  }
}

function readRepository(text: string): { url: string; directory: string } {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1)
    throw usage(`--repo ${JSON.stringify(text)} is not URL=DIR`, 'write --repo https://host/org/name=DIR');
  return { url: text.slice(0, at), directory: text.slice(at + 1) };
}

function usage(message: string, remedy: string): SluiceError {
  return new SluiceError('usage', message, { remedy });
}
